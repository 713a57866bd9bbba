from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.diffiqa import Label
from acutance.datasets.splits import part_of_table
from acutance.datasets.table import OpinionTable
from acutance.evaluation.measure import EvaluationOptions, Scores
from acutance.evaluation.pairs import pair_lists
from acutance.evaluation.protocols import Prepared, find_protocol
from tests.fakes.datasets.catalogue import FAKES
from tests.unit.datasets.tables import full_reference
from tests.unit.datasets.test_diffiqa_labels import write_labels

NO_DRAWS = EvaluationOptions(draws=0)


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], OpinionTable]:
    def make(name: str) -> OpinionTable:
        FAKES[name].write(tmp_path / name)
        return read_dataset(name, tmp_path / name)

    return make


def prepared(table: OpinionTable, settings: EvaluationOptions = NO_DRAWS, name: str = "pairs") -> Prepared:
    return find_protocol(name).prepare(table, settings, None)


def oracle(table: OpinionTable, needed: Prepared) -> Scores:
    """Opinions as scores; a reference that is not rated is the best of all."""
    mos = {row.image: row.mos for row in table}
    return {key: mos.get(key[0], 1e9) for key in needed.needed}


def test_a_model_that_knows_the_opinions_of_sriqa_bench_is_always_right(fake: Callable[[str], OpinionTable]):
    table = fake("sriqa_bench")
    plan = prepared(table)
    found = plan.outcome(oracle(table, plan), "higher").results
    assert (found["accuracy"], found["pairs"], found["missing"]) == (1.0, 110, 0)
    assert (found["accuracy_regression"], found["pairs_regression"]) == (1.0, 2)
    reverse = plan.outcome(oracle(table, plan), "lower").results
    assert (reverse["accuracy"], reverse["accuracy_regression"]) == (0.0, 0.0)


def test_a_reference_that_stands_in_pairs_is_scored_beside_itself(fake: Callable[[str], OpinionTable]):
    for name in ("sriqa_bench", "tid2013"):
        needed = prepared(fake(name)).needed
        assert len(needed) == len(set(needed))
        assert {image for image, reference in needed if image == reference} == {reference for _, reference in needed}


def test_every_picture_of_a_pair_is_needed_and_no_other():
    table = full_reference(3, 6, name="tid2013")
    plan = prepared(table)
    images = {(name, pair.reference) for pair in pair_lists(table).lists["all"] for name in (pair.first, pair.second)}
    assert set(plan.needed) == images


def test_types_of_diffiqa_are_averaged_each_counting_the_same(fake: Callable[[str], OpinionTable]):
    """By hand: _01 and _02 beat their reference, _03 is like it, _04 is worse; the model puts _01 last."""
    table = fake("diffiqa")
    said: dict[str, Label] = {"01": "Positive", "02": "Positive", "03": "Similar", "04": "Negative"}
    labels = {f"000200x5y9_{number}": (label, label, label) for number, label in said.items()}
    write_labels(table.root / "Test" / "trainlabel" / "labels", labels)
    plan = prepared(part_of_table(table, None, "test"), EvaluationOptions(part="test", draws=0))
    order = {"02": 5.0, "reference": 4.0, "03": 3.0, "04": 2.0, "01": 1.0}
    scores = {key: order["reference" if key[0] == key[1] else key[0][-6:-4]] for key in plan.needed}
    found = plan.outcome(scores, "higher").results
    names = ("PSY", "PNY", "PYY", "SNY", "NYY")
    assert [found[f"accuracy_{name}"] for name in names] == [0.5, 0.5, 0.5, 1.0, 1.0]
    assert [found[f"pairs_{name}"] for name in names] == [2, 2, 2, 1, 1]
    assert (found["accuracy_ref_below_test"], found["accuracy_ref_above_test"]) == (0.5, 1.0)
    assert (found["accuracy"], found["pairs"]) == (5 / 8, 8)


def test_a_type_without_pairs_leaves_no_average_of_the_others(fake: Callable[[str], OpinionTable]):
    table = fake("diffiqa")
    labels = table.root / "Test" / "trainlabel" / "labels"
    write_labels(labels, {f"000200x5y9_{number}": ("Negative",) * 3 for number in ("01", "02")})
    plan = prepared(part_of_table(table, None, "test"), EvaluationOptions(part="test", draws=0))
    found = plan.outcome(dict.fromkeys(plan.needed, 1.0), "higher").results
    assert (found["pairs_NYY"], found["pairs_SNY"], found["accuracy_SNY"]) == (2, 0, None)
    assert found["accuracy_ref_above_test"] is None


def test_shares_of_people_are_averaged_on_pieapp(fake: Callable[[str], OpinionTable]):
    """By hand: 70 % of people are for the first image of each pair."""
    table = part_of_table(fake("pieapp"), None, "test")
    plan = prepared(table, EvaluationOptions(part="test", draws=0))
    first = {pair.first for pair in pair_lists(table).lists["all"]}
    scores = {key: 1.0 if key[0] in first else 0.0 for key in plan.needed}
    assert plan.outcome(scores, "higher").results["accuracy"] == pytest.approx(0.7)
    assert plan.outcome(scores, "lower").results["accuracy"] == pytest.approx(0.3)


def test_failed_pictures_make_their_pairs_wrong_and_are_counted():
    table = full_reference(4, 5, name="tid2013")
    plan = prepared(table)
    scores = {key: (None if key[0] == "images/r002_3.png" else score) for key, score in oracle(table, plan).items()}
    touched = sum("images/r002_3.png" in (pair.first, pair.second) for pair in pair_lists(table).lists["all"])
    found = plan.outcome(scores, "higher").results
    assert found["missing"] == touched > 0
    assert found["accuracy"] == pytest.approx(1 - touched / (found["pairs"] or 0))


def test_the_margin_makes_ties():
    table = full_reference(2, 4, name="tid2013")
    plan = prepared(table, EvaluationOptions(draws=0, margin=1e12))
    assert plan.outcome(oracle(table, plan), "higher").results["accuracy"] == 0.0  # no pair of these ties


def test_every_list_has_its_interval(fake: Callable[[str], OpinionTable]):
    table = fake("sriqa_bench")
    plan = prepared(table, EvaluationOptions(draws=200))
    draw = np.random.default_rng(0)
    found = plan.outcome({key: float(draw.normal()) for key in plan.needed}, "higher").results
    for ending in ("", "_regression"):
        low, value, high = (found[f"accuracy{ending}{which}"] for which in ("_low", "", "_high"))
        assert low is not None
        assert value is not None
        assert high is not None
        assert low <= value <= high
    assert found["accuracy_low"] != found["accuracy_high"]


@pytest.mark.parametrize(
    ("name", "dataset", "part"),
    [
        ("afine-stage1", "sriqa_bench", "all"),
        ("afine-stage3", "kadid10k", "test"),
        ("afine-stage2", "diffiqa", "test"),
        ("pairs", "tid2013", "all"),
        ("pairs", "pieapp", "test"),
    ],
)
def test_each_protocol_has_a_usual_part(name: str, dataset: str, part: str):
    assert find_protocol(name).usual_part(dataset) == part
