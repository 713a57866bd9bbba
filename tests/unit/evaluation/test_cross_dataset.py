from dataclasses import replace

import pytest

from acutance.catalog import CATALOG, list_records
from acutance.datasets.catalogue import DATASETS
from acutance.errors import ConfigError
from acutance.evaluation.measure import EvaluationOptions
from acutance.evaluation.protocols import find_protocol, training_sets
from acutance.evaluation.results import Evaluation
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of
from tests.unit.evaluation.rated_models import evaluation

PUBLISHED = {"weights": "koniq_pretrained.pkl", "weights_sha256": "0" * 64, "published_sha256": None}
CROSS = find_protocol("cross-dataset")


def measured(model: str, **srcc: float | None) -> list[Evaluation]:
    return [
        evaluation(model, [], dataset=dataset, numbers={"srcc": value, "krcc": 0.5, "plcc": 0.8})
        for dataset, value in srcc.items()
    ]


def test_the_set_a_model_was_trained_with_is_marked_and_left_out_of_the_mean():
    found = CROSS.conclude(measured("hyperiqa", koniq10k=0.9, livec=0.7, spaq=0.8), {"hyperiqa": PUBLISHED})
    assert [one.protocol_results["trained_on"] for one in found] == [1, 0, 0]
    for one in found:
        assert one.protocol_results["mean_srcc"] == pytest.approx(0.75)
        assert one.protocol_results["mean_sets"] == 2


def test_each_model_has_its_own_mean():
    evaluations = measured("hyperiqa", koniq10k=0.9, livec=0.7) + measured("psnr", koniq10k=0.3, livec=0.5)
    found = {one.model: one.protocol_results for one in CROSS.conclude(evaluations, {"hyperiqa": PUBLISHED})}
    assert found["hyperiqa"]["mean_srcc"] == pytest.approx(0.7)
    assert found["psnr"]["mean_srcc"] == pytest.approx(0.4)
    assert found["psnr"]["trained_on"] == 0


@pytest.mark.parametrize("weights", [{}, {"hyperiqa": {**PUBLISHED, "weights": "mine.safetensors"}}])
def test_unknown_weights_are_not_taken_for_the_published_ones(weights: dict[str, dict[str, object]]):
    found = CROSS.conclude(measured("hyperiqa", koniq10k=0.9, livec=0.7), weights)
    assert [one.protocol_results["trained_on"] for one in found] == [None, None]
    assert found[0].protocol_results["mean_srcc"] == pytest.approx(0.8)


def test_a_number_that_is_missing_is_no_part_of_a_mean_of_the_others():
    found = CROSS.conclude(measured("psnr", livec=None, spaq=0.7), {})
    assert found[0].protocol_results["mean_srcc"] is None
    assert found[0].protocol_results["mean_plcc"] == pytest.approx(0.8)


def test_a_model_that_knows_all_sets_has_no_mean():
    (found,) = CROSS.conclude(measured("hyperiqa", koniq10k=0.9), {"hyperiqa": PUBLISHED})
    assert found.protocol_results == {
        "trained_on": 1, "mean_sets": 0, "mean_srcc": None, "mean_krcc": None, "mean_plcc": None
    }  # fmt: skip


def test_the_numbers_of_other_protocols_are_kept():
    (one,) = measured("psnr", livec=0.5)
    (found,) = CROSS.conclude([one.model_copy(update={"protocol_results": {"pairs": 3}})], {})
    assert found.protocol_results["pairs"] == 3


def test_only_rated_pictures_are_needed():
    table = table_of(rated("a.png"), rated("b.png", None))
    assert CROSS.prepare(table, EvaluationOptions(), None).needed == [("a.png", None)]


def test_a_dataset_without_opinions_is_an_error():
    with raises(ConfigError, "fake", "cross-dataset"):
        CROSS.prepare(table_of(rated("b.png", None)), EvaluationOptions(), None)


def test_classic_metrics_were_trained_with_nothing_whoever_computed_them():
    assert training_sets("psnr", None) == ()


def test_models_that_are_not_in_the_catalogue_are_not_known():
    assert training_sets("ours", {"weights": "ours.pth"}) is None


def test_a_checksum_decides_where_the_record_has_one(monkeypatch: pytest.MonkeyPatch):
    entry = CATALOG["hyperiqa"]
    assert entry.weights is not None
    weights = replace(entry.weights, record=replace(entry.weights.record, sha256="a" * 64))
    changed = {**CATALOG, "hyperiqa": replace(entry, weights=weights)}
    monkeypatch.setattr(type(CATALOG), "__getitem__", lambda _, name: changed[name])
    assert training_sets("hyperiqa", {**PUBLISHED, "published_sha256": "a" * 64}) == ("koniq10k",)
    assert training_sets("hyperiqa", PUBLISHED) is None


def test_training_sets_are_of_published_weights_and_known_datasets():
    for record in list_records().values():
        assert set(record.trained_on or ()) <= set(DATASETS)
        assert record.trained_on is None or not record.is_backbone
