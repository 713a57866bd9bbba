"""MS-HyperIQA gives the reference code's numbers: recipe weights as it files them, through the real loader."""

from pathlib import Path
from typing import Any

import pytest
import torch

from acutance import load
from acutance.models.hyperiqa.model import target_network
from acutance.models.ms_hyperiqa.model import MSHyperIQA, PyramidContent
from tests.fakes.hyperiqa_checkpoint import WEIGHT_SETS, golden, write_official
from tests.golden.hyper_networks import (
    check_distortion_vector,
    check_features,
    check_generated_layers,
    check_moments,
    check_target_network,
    cropped,
    described,
    resized_and_cropped,
    score_of,
    stage_outputs,
    wrong_scores,
)

pytestmark = pytest.mark.slow

GOLDEN = golden("ms_hyperiqa")
CASES = range(12)
RESIZED_CASES = range(6)
TOLERANCE = 5e-4
"""Suggested with the golden values for float32; the largest difference seen is 3.5e-5."""
TOLERANCE_IN_DOUBLE = 2e-6
DRAWS = 200


@pytest.fixture(scope="module", params=WEIGHT_SETS)
def weight_set(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def best_model(weight_set: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "best_model.pkl"
    write_official(path, "ms_hyperiqa", weight_set)
    return path


@pytest.fixture(scope="module")
def expected(weight_set: str) -> dict[str, Any]:
    return dict(GOLDEN["weight_sets"][weight_set])


@pytest.fixture(scope="module")
def model(best_model: Path) -> MSHyperIQA:
    return loaded(best_model)


@pytest.fixture(scope="module")
def double(best_model: Path) -> MSHyperIQA:
    return loaded(best_model, precision="float64")


@pytest.fixture(scope="module")
def rounded(best_model: Path) -> MSHyperIQA:
    return loaded(best_model, precision="bfloat16")


def loaded(path: Path, **settings: Any) -> MSHyperIQA:
    model = load("ms_hyperiqa", path, **settings)
    assert isinstance(model, MSHyperIQA)
    return model


@pytest.mark.parametrize("index", CASES)
def test_gives_the_references_score_of_a_crop(model: MSHyperIQA, expected: dict[str, Any], index: int) -> None:
    case = expected["cases"][index]
    assert score_of(model, cropped(case)) == pytest.approx(case["score"], abs=TOLERANCE)


@pytest.mark.parametrize("index", CASES)
def test_gives_the_references_score_in_double(double: MSHyperIQA, expected: dict[str, Any], index: int) -> None:
    case = expected["cases"][index]
    score = score_of(double, cropped(case, torch.float64))
    assert score == pytest.approx(case["score_float64"], abs=TOLERANCE_IN_DOUBLE)


@pytest.mark.parametrize("index", RESIZED_CASES)
def test_resizes_as_the_reference_does(
    model: MSHyperIQA, double: MSHyperIQA, expected: dict[str, Any], index: int
) -> None:
    case = expected["resized_to_height512_width384"]["cases"][index]
    assert score_of(model, resized_and_cropped(case)) == pytest.approx(case["score"], abs=TOLERANCE)
    score = score_of(double, resized_and_cropped(case, torch.float64))
    assert score == pytest.approx(case["score_float64"], abs=TOLERANCE_IN_DOUBLE)


@pytest.mark.parametrize("index", CASES)
def test_every_stage_gives_the_references_features(model: MSHyperIQA, expected: dict[str, Any], index: int) -> None:
    check_features(model, expected["cases"][index])


@pytest.mark.parametrize("index", CASES)
def test_every_level_of_the_pyramid_gives_the_references_maps(
    model: MSHyperIQA, expected: dict[str, Any], index: int
) -> None:
    case, content = expected["cases"][index], model.network.content
    assert isinstance(content, PyramidContent)
    with torch.no_grad():
        levels = content.pyramid(stage_outputs(model, cropped(case))[1:])
        for number, level, attend in zip((2, 3, 4), levels, content.attentions, strict=True):
            check_moments(level, case["features"][f"p{number}_fpn"])
            weighted = attend.attend_to_channels(level)  # type: ignore[operator]
            check_moments(weighted, case["features"][f"p{number}_after_channel_attention"])
            check_moments(attend(level), case["features"][f"p{number}_after_cbam"])


@pytest.mark.parametrize("index", CASES)
def test_gives_the_references_distortion_vector(model: MSHyperIQA, expected: dict[str, Any], index: int) -> None:
    check_distortion_vector(model, expected["cases"][index])


@pytest.mark.parametrize("index", CASES)
def test_generates_the_references_target_network(model: MSHyperIQA, expected: dict[str, Any], index: int) -> None:
    check_generated_layers(model, expected["cases"][index])


def test_a_batch_of_two_gives_the_scores_of_each(model: MSHyperIQA, expected: dict[str, Any]) -> None:
    crops = torch.cat([cropped(expected["cases"][index]) for index in (1, 3)])
    with torch.no_grad():
        scores = model.score_crops(crops).tolist()
    assert scores == pytest.approx(expected["batch_of_2_vs_single"]["batch"], abs=TOLERANCE)
    alone = [score_of(model, crop[None]) for crop in crops]
    assert alone == pytest.approx(expected["batch_of_2_vs_single"]["single"], abs=TOLERANCE)


def test_wrong_readings_give_the_wrong_scores_they_are_known_by(model: MSHyperIQA, expected: dict[str, Any]) -> None:
    known = expected["diagnosis_astronaut_ref_center"]["scores"]
    scores = wrong_scores(model, cropped(expected["cases"][1]))
    assert scores == pytest.approx(known, abs=TOLERANCE)
    assert all(abs(score - known["correct"]) > TOLERANCE for name, score in scores.items() if name != "correct")


@pytest.mark.parametrize("index", CASES)
def test_bfloat16_stays_near_the_references_score(
    rounded: MSHyperIQA, expected: dict[str, Any], weight_set: str, index: int
) -> None:
    case = expected["cases"][index]
    allowed = {"plain": 0.006, "sensitive": 0.3}[weight_set]
    assert score_of(rounded, cropped(case)) == pytest.approx(case["score"], abs=allowed)


def test_dropout_left_on_scatters_scores_as_in_the_reference(
    model: MSHyperIQA, expected: dict[str, Any], weight_set: str
) -> None:
    known = GOLDEN["dropout_left_on"][weight_set]
    vectors, layers = described(model, cropped(expected["cases"][1]))
    torch.manual_seed(0)
    drawn = [float(target_network(vectors, layers, dropout=0.5, training=True)) for _ in range(DRAWS)]
    scores = torch.tensor(drawn)
    assert float(scores.std()) == pytest.approx(known["std"], rel=0.25)
    assert float(scores.mean()) == pytest.approx(known["mean"], abs=4 * known["std"] / DRAWS**0.5)
    assert score_of(model, cropped(expected["cases"][1])) == pytest.approx(known["eval_score"], abs=TOLERANCE)


def test_the_target_network_alone_gives_the_references_scores() -> None:
    check_target_network(GOLDEN)
