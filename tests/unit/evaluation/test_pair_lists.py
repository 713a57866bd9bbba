from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from acutance.datasets.afine_lists import read_listed
from acutance.datasets.catalogue import read_dataset
from acutance.datasets.comparisons import Triplet, write_pairs
from acutance.datasets.diffiqa import TEST_TYPES, Label, write_types
from acutance.datasets.splits import part_of_table
from acutance.datasets.table import OpinionTable
from acutance.datasets.triplets import PairRules, training_pairs
from acutance.errors import DatasetError, EvaluationError
from acutance.evaluation.pairs import pair_lists
from tests.fakes.datasets.catalogue import FAKES
from tests.fakes.datasets.files import write_images, write_lines
from tests.raising import raises
from tests.unit.datasets.tables import full_reference
from tests.unit.datasets.test_diffiqa_labels import write_labels

SAID: tuple[Label, ...] = ("Positive", "Negative", "Similar", "Positive", "Negative", "Similar")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], OpinionTable]:
    def make(name: str) -> OpinionTable:
        FAKES[name].write(tmp_path / name)
        return read_dataset(name, tmp_path / name)

    return make


@pytest.fixture
def diffiqa_test(fake: Callable[[str], OpinionTable]) -> OpinionTable:
    """The test part, with labels of its six images: two better than their reference, two worse, two similar."""
    table = fake("diffiqa")
    labels = {f"000200x5y9_{number:02}": (said, said, said) for number, said in enumerate(SAID, start=1)}
    write_labels(table.root / "Test" / "trainlabel" / "labels", labels)
    return part_of_table(table, None, "test")


def test_sriqa_bench_has_all_pairs_and_those_of_its_further_lists(fake: Callable[[str], OpinionTable]):
    table = fake("sriqa_bench")
    for scene in ("online15", "canon7"):
        lines = [f"{scene}_{method}.png,{score}" for method, score in (("BSRGANx4", 3), ("HGGTx4", 2), ("Original", 1))]
        write_lines(table.root / f"MOS_Gen/{scene}.txt", lines)
    found = pair_lists(table)
    assert {name: len(pairs) for name, pairs in found.lists.items()} == {"all": 110, "regression": 2, "generative": 6}
    paths = {row.image for row in table}
    assert all(pair.first in paths and pair.reference in paths for pairs in found.lists.values() for pair in pairs)
    assert not found.notes


def test_a_list_of_sriqa_bench_that_is_not_there_is_told(fake: Callable[[str], OpinionTable]):
    found = pair_lists(fake("sriqa_bench"))
    assert [*found.lists] == ["all", "regression"]
    assert "no list generative of sriqa_bench" in found.notes[0]


def test_a_part_of_sriqa_bench_has_its_own_pairs_alone(fake: Callable[[str], OpinionTable]):
    table = fake("sriqa_bench")
    one = OpinionTable([row for row in table if "canon7" in row.image], table.root, table.name)
    assert {name: len(pairs) for name, pairs in pair_lists(one).lists.items()} == {"all": 55, "regression": 1}


def test_diffiqa_has_the_five_types_of_the_test_from_its_labels(diffiqa_test: OpinionTable):
    found = pair_lists(diffiqa_test)
    # by hand: two P, two N, two S; PN, PS and SN pairs are 2 x 2 each, and each alone meets the reference
    counts = {"all": 16, "PSY": 4, "PNY": 4, "PYY": 2, "SNY": 4, "NYY": 2}
    assert {name: len(pairs) for name, pairs in found.lists.items()} == counts
    assert found.averages == {"ref_below_test": ("PSY", "PNY", "PYY"), "ref_above_test": ("SNY", "NYY")}


def test_the_authors_lists_of_types_come_before_labels(diffiqa_test: OpinionTable):
    first, second = "000200x5y9_01.png", "000200x5y9_02.png"
    names = {"PSY": (1.0, 1.0, 0.5), "PNY": (1.0, 1.0, 0.0), "SNY": (1.0, 0.5, 0.0)}
    triplets = [Triplet(first, second, "000200x5y9.png", *values) for values in names.values()]
    triplets += [Triplet(first, "000200x5y9.png", "000200x5y9.png", one, one, 0.5) for one in (1.0, 0.0)]
    write_types(diffiqa_test.root / "Test" / "TripletEachType", triplets)
    found = pair_lists(diffiqa_test)
    assert {name: len(pairs) for name, pairs in found.lists.items()} == {"all": 5, **dict.fromkeys(TEST_TYPES, 1)}
    assert found.lists["PYY"][0].second == "Test/images/Original/000200x5y9.png"
    assert found.notes == ("types as A-FINE's authors listed them",)


def test_half_of_the_authors_lists_is_none(diffiqa_test: OpinionTable):
    write_lines(
        diffiqa_test.root / "Test/TripletEachType/PSY.txt", ["000200x5y9_01.png,000200x5y9_02.png,000200x5y9.png,1"]
    )
    assert len(pair_lists(diffiqa_test).lists["all"]) == 16


def test_a_split_of_ones_own_has_the_labels_of_every_part_of_diffiqa(fake: Callable[[str], OpinionTable]):
    table = fake("diffiqa")
    for part, name in (("Train", "000006x0y770"), ("Test", "000200x5y9")):
        write_labels(table.root / part / "trainlabel" / "labels", {f"{name}_01": ("Positive",) * 3})
    mixed = [row for row in table if "000006x0y770" in row.image or "000200x5y9" in row.image]
    found = pair_lists(OpinionTable(mixed, table.root, table.name))
    assert len(found.lists["PYY"]) == 2


def test_pieapp_has_shares_of_people(fake: Callable[[str], OpinionTable]):
    found = pair_lists(part_of_table(fake("pieapp"), None, "test"))
    assert found.kind == "2afc"
    assert {pair.first_wins for pair in found.lists["all"]} == {0.7}


def test_other_datasets_have_pairs_by_afines_rule_with_the_seed(fake: Callable[[str], OpinionTable]):
    table = fake("tid2013")
    found = pair_lists(table, seed=5)
    assert found.lists["all"] == training_pairs(table, PairRules(seed=5)) != training_pairs(table)
    assert found.notes == ("pairs drawn by A-FINE's rule with seed 5",)


def test_afines_list_of_a_part_is_taken_where_it_lies_beside_it(tmp_path: Path):
    table = full_reference(2, 3, name="tid2013")
    table.root = tmp_path
    listed = [
        Triplet("r000_0.png", "r000_1.png", "r000.png", 0.0, 0.0, 0.0),
        Triplet("r001_2.png", "r001_0.png", "r001.png", 1.0, 0.0, 0.0),
    ]
    write_pairs(tmp_path / "Test/Triplet/Triplet.txt", listed)
    part = OpinionTable([replace(row, split="test") for row in table], tmp_path, "tid2013")
    found = pair_lists(part)
    assert [pair.first for pair in found.lists["all"]] == ["images/r000_0.png", "images/r001_2.png"]
    assert "A-FINE's list" in found.notes[0]
    assert len(pair_lists(table).lists["all"]) == 2 * 4 * 2  # no part: drawn


def test_a_part_without_pairs_is_an_error(tmp_path: Path):
    write_images(tmp_path, [])
    table = full_reference(1, 2, name="diffiqa")
    table.root = tmp_path
    write_labels(tmp_path / "labels", {"r000_1": ("Similar", "Positive", "Negative")})
    with raises((EvaluationError, DatasetError), "diffiqa"):
        pair_lists(table)


def test_a_list_of_ones_own_has_its_own_pairs(tmp_path: Path):
    write_images(tmp_path / "images", ["a.png", "b.png", "r.png"])
    write_lines(tmp_path / "PSY.txt", ["a.png,b.png,r.png,1"])
    table = read_listed(tmp_path / "PSY.txt", tmp_path / "images")
    assert {name: len(pairs) for name, pairs in pair_lists(table).lists.items()} == {"all": 1}
