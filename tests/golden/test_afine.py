"""A-FINE gives the authors' numbers: recipe weights in the published layout, through the real loader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.layers.clip import ClipImageEncoder
from acutance.layers.images import enlarge_to_multiple
from acutance.models.afine.heads import Adapter, Calibrator, fidelity_calibrator, final_score
from acutance.models.afine.model import AFINE, AFINEFidelity, AFINENaturalness
from acutance.models.afine.weights import PUBLISHED_ANCHOR
from acutance.models.quality_model import QualityModel
from tests.golden.conftest import picture

CASES = range(12)
TERMS = {
    "natural_dis": "raw_naturalness",
    "natural_ref": "raw_reference_naturalness",
    "natural_dis_scale": "naturalness",
    "natural_ref_scale": "reference_naturalness",
    "fidelity": "raw_fidelity",
    "fidelity_scale": "fidelity",
    "D": "adaptive",
    "score": "score",
}
"""Our names for the golden file's."""


def tolerance(golden: dict[str, Any], key: str) -> float:
    suggested = golden["tolerance"]["suggested_absolute"]
    return float(suggested[key.replace("_dis", "").replace("_ref", "")])


def terms_of(model: AFINE, distorted: Tensor, reference: Tensor) -> dict[str, float]:
    with torch.no_grad():
        return {name: float(value) for name, value in model.terms(distorted, reference).items()}


@pytest.mark.parametrize("index", CASES)
def test_gives_every_number_of_the_authors_code(golden: dict[str, Any], afine: AFINE, index: int) -> None:
    case = golden["cases"][index]
    terms = terms_of(afine, picture(case["dis"]), picture(case["ref"]))
    assert set(terms) == set(TERMS.values())
    for key, name in TERMS.items():
        assert terms[name] == pytest.approx(case[key], abs=tolerance(golden, key)), name


@pytest.mark.parametrize("index", CASES)
def test_gives_the_authors_numbers_in_double(golden: dict[str, Any], afine_double: AFINE, index: int) -> None:
    case = golden["cases"][index]
    terms = terms_of(afine_double, picture(case["dis"]), picture(case["ref"]))
    for key, name in TERMS.items():
        assert terms[name] == pytest.approx(case["float64"][key], abs=tolerance(golden, key)), name


@pytest.mark.parametrize("index", CASES)
def test_bfloat16_stays_near_the_authors_score(golden: dict[str, Any], afine_rounded: AFINE, index: int) -> None:
    case = golden["cases"][index]
    score = terms_of(afine_rounded, picture(case["dis"]), picture(case["ref"]))["score"]
    assert score == pytest.approx(case["score"], abs=0.3)


def test_bfloat16_stays_nearer_with_the_authors_initial_calibrators(golden: dict[str, Any], afine_pth: Path) -> None:
    models = [with_initial_calibrators(load("afine", afine_pth, precision=p)) for p in ("float32", "bfloat16")]
    for case in golden["cases"]:
        pair = picture(case["dis"]), picture(case["ref"])
        exact, rounded = (terms_of(model, *pair)["score"] for model in models)
        assert rounded == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("index", CASES)
def test_naturalness_alone_is_the_naturalness_of_the_pair(
    golden: dict[str, Any], afine_naturalness: AFINENaturalness, index: int
) -> None:
    case = golden["cases"][index]
    with torch.no_grad():
        terms = afine_naturalness.terms(picture(case["dis"]))
    assert float(terms["raw_naturalness"]) == pytest.approx(case["natural_dis"], abs=tolerance(golden, "natural"))
    assert float(terms["score"]) == pytest.approx(case["natural_dis_scale"], abs=tolerance(golden, "natural_scale"))


@pytest.mark.parametrize("index", CASES)
def test_fidelity_without_naturalness_is_the_fidelity_of_the_pair(
    golden: dict[str, Any], afine_fidelity: AFINEFidelity, index: int
) -> None:
    case = golden["cases"][index]
    with torch.no_grad():
        terms = afine_fidelity.terms(picture(case["dis"]), picture(case["ref"]))
    for key, name in TERMS.items():
        if name in ("raw_fidelity", "fidelity"):
            assert float(terms[name]) == pytest.approx(case[key], abs=tolerance(golden, key)), name
    assert terms["score"] == terms["fidelity"]


@pytest.mark.parametrize("case", [0, 1])
def test_gives_the_authors_numbers_on_ramps(golden: dict[str, Any], afine: AFINE, case: int) -> None:
    expected = golden["synthetic"]["cases"][case]
    images = ramps()
    terms = terms_of(afine, images[expected["dis"]], images[expected["ref"]])
    for key, name in TERMS.items():
        assert terms[name] == pytest.approx(expected[key], abs=tolerance(golden, key)), name


def test_scores_a_batch_as_its_pictures_alone(golden: dict[str, Any], afine: AFINE) -> None:
    cases = [case for case in golden["cases"] if case["dis"].startswith("coffee")]
    with torch.no_grad():
        scores = afine(*(torch.cat([picture(case[role]) for case in cases]) for role in ("dis", "ref")))
    assert scores.tolist() == pytest.approx([case["score"] for case in cases], abs=1e-3)


def test_kept_references_give_the_same_scores(golden: dict[str, Any], afine: AFINE) -> None:
    cases = [case for case in golden["cases"] if case["dis"].startswith("chelsea")]
    with torch.no_grad():
        features = [afine.encode_reference(picture(case["ref"])) for case in cases]
        scores = afine.terms_against(torch.cat([picture(case["dis"]) for case in cases]), features)["score"]
    assert scores.tolist() == pytest.approx([case["score"] for case in cases], abs=1e-3)


def test_what_needs_a_gradient_scores_the_same(golden: dict[str, Any], afine: AFINE) -> None:
    case = golden["cases"][0]
    distorted = picture(case["dis"]).requires_grad_()
    score = afine(distorted, picture(case["ref"]))
    score.sum().backward()
    assert float(score.detach()) == pytest.approx(case["score"], abs=1e-3)
    assert distorted.grad is not None
    assert bool(torch.isfinite(distorted.grad).all())


def test_a_flat_picture_is_faithful_to_itself(afine: AFINE) -> None:
    flat = torch.full((1, 3, 224, 224), 0.9)
    assert terms_of(afine, flat, flat)["raw_fidelity"] == 0.0


@pytest.mark.parametrize("shape", [(33, 64), (100, 47), (31, 17), (1, 1)])
def test_scores_pictures_of_any_size(afine: AFINE, shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    distorted, reference = torch.rand(2, 1, 3, *shape, generator=generator)
    assert 0 < terms_of(afine, distorted, reference)["score"] < 100


INPUTS: dict[str, Callable[[], Tensor]] = {
    "astronaut_ref_256x256": lambda: picture("astronaut_ref.png"),
    "astronaut_ref_centre_224x224": lambda: picture("astronaut_ref.png")[:, :, 16:240, 16:240],
    "coffee_ref_288x352": lambda: picture("coffee_ref.png"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_every_block_gives_the_authors_tokens(arrays: dict[str, Any], afine: AFINE, name: str) -> None:
    expected = torch.from_numpy(arrays[f"{name}.tokens_first_mid_last_ch0_31"])
    with torch.no_grad():
        blocks = list(afine.encoder.blocks(INPUTS[name]()))
    count = blocks[0].shape[1]
    ours = torch.stack([tokens[0, [0, count // 2, count - 1], :32] for tokens in blocks])
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", INPUTS)
def test_every_level_has_the_authors_moments(arrays: dict[str, Any], afine: AFINE, name: str) -> None:
    with torch.no_grad():
        levels = list(afine.levels(INPUTS[name]()))[1:]
    for index, level in enumerate(levels):
        mean, variance = (torch.from_numpy(arrays[f"{name}.relu_{what}"][index]).float() for what in ("mean", "var"))
        torch.testing.assert_close(level.mean[0], mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(level.variance[0], variance, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", INPUTS)
def test_positions_are_stretched_along_one_dimension(arrays: dict[str, Any], afine: AFINE, name: str) -> None:
    expected = torch.from_numpy(arrays[f"{name}.pos_embed_ch0_15"])
    ours = afine.encoder.positions(len(expected)).detach()[0, :, :16]
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-6)


def test_odd_sizes_are_enlarged_as_the_authors_do(arrays: dict[str, Any], afine: AFINE) -> None:
    encoder = afine.encoder
    view = (enlarge_to_multiple(picture("chelsea_ref.png"), 32) - encoder.mean) / encoder.std
    assert view.shape == (1, 3, 320, 352)
    expected = torch.from_numpy(arrays["chelsea_ref_resized_rows_cols_0_7"])
    torch.testing.assert_close(view[0, :, :8, :8], expected, rtol=0, atol=2e-6)


def test_naturalness_calibrator_gives_the_authors_values(golden: dict[str, Any]) -> None:
    for unit in golden["units"]["nr_calibrator"]:
        calibrate = Calibrator(unit["yita3"], unit["yita4"])
        assert float(calibrate(torch.tensor([unit["x"]])).detach()) == pytest.approx(unit["out"], abs=2e-6)


def test_fidelity_calibrator_gives_the_authors_values(golden: dict[str, Any]) -> None:
    for unit in golden["units"]["fr_calibrator"]:
        calibrate = fidelity_calibrator()
        calibrate.centre.data.fill_(unit["yita3"])
        calibrate.scale.data.fill_(unit["yita4"])
        assert float(calibrate(torch.tensor([unit["x"]])).detach()) == pytest.approx(unit["out"], abs=2e-6)


def test_adapter_gives_the_authors_values(golden: dict[str, Any]) -> None:
    for unit in golden["units"]["adapter"]:
        ours = Adapter(unit["k"])(*(torch.tensor([unit[name]]) for name in ("dis", "ref", "fidelity")))
        assert float(ours.detach()) == pytest.approx(unit["out"], rel=2e-6)


def test_final_score_gives_the_authors_values(golden: dict[str, Any]) -> None:
    for unit in golden["units"]["final_scale"]:
        assert float(final_score(torch.tensor([unit["D"]]))) == pytest.approx(unit["out"], rel=1e-5, abs=1e-12)


@pytest.fixture(scope="module")
def afine_double(afine_pth: Path) -> AFINE:
    model = load("afine", afine_pth, precision="float64")
    assert isinstance(model, AFINE)
    return model


@pytest.fixture(scope="module")
def afine_rounded(afine_pth: Path) -> AFINE:
    model = load("afine", afine_pth, precision="bfloat16")
    assert isinstance(model, AFINE)
    return model


def with_initial_calibrators(model: QualityModel) -> AFINE:
    """The golden weights make steep calibrators; these are the ones that training starts from."""
    assert isinstance(model, AFINE)
    fresh = AFINE(ClipImageEncoder(embed_dim=48, depth=1, num_heads=3)).requires_grad_(requires_grad=False)
    model.naturalness_calibrator = fresh.naturalness_calibrator
    model.fidelity_calibrator = fresh.fidelity_calibrator
    model.adapter = fresh.adapter
    return model


def ramps() -> dict[str, Tensor]:
    count = 3 * 224 * 224
    numbers = np.arange(count, dtype=np.float32)
    ramp = {"a": numbers / np.float32(count - 1), "b": numbers / np.float32(count)}
    return {name: torch.from_numpy(values).view(1, 3, 224, 224) for name, values in ramp.items()}


@pytest.mark.weights
def test_published_weights_give_the_published_anchor() -> None:
    images = ramps()
    with torch.no_grad():
        score = load("afine")(images["a"], images["b"])
    assert float(score) == pytest.approx(PUBLISHED_ANCHOR, abs=1e-3)
