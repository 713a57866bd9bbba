"""AHIQ gives the authors' numbers: recipe weights in the published layouts, through the real loader."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import Tensor

from acutance import load
from acutance.models.ahiq.model import AHIQ
from acutance.models.ahiq.network import AHIQNetwork, deformable
from tests.fakes.ahiq_checkpoint import BACKBONES, WEIGHT_SETS, golden, state_dict, write_backbones, write_official
from tests.golden.conftest import picture

pytestmark = pytest.mark.slow

CASES = [(weight_set, index) for weight_set in WEIGHT_SETS for index in range(9)]
TOLERANCE = 1e-5
"""Suggested with the golden file; its float32 and float64 differ by at most 2.3e-7."""
SIDE = 224


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights: both backbones, and the heads of both weight sets."""
    path = tmp_path_factory.mktemp("ahiq")
    write_backbones(path)
    for weight_set in WEIGHT_SETS:
        write_official(path / f"{weight_set}.pth", weight_set)
    return path


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Iterator[Callable[..., AHIQ]]:
    """Loads AHIQ with a weight set, once with each set of options."""
    kept: dict[Any, AHIQ] = {}

    def build(weight_set: str, **options: Any) -> AHIQ:
        key = (weight_set, *options.items())
        if key not in kept:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("ACUTANCE_WEIGHTS", str(folder))
                model = load("ahiq", folder / f"{weight_set}.pth", offline=True, **options)
            assert isinstance(model, AHIQ)
            kept[key] = model
        return kept[key]

    yield build
    kept.clear()


@pytest.mark.parametrize(("weight_set", "index"), CASES)
def test_gives_the_authors_score(loaded: Callable[..., AHIQ], weight_set: str, index: int) -> None:
    case = case_of(weight_set, index)
    assert score_of(loaded(weight_set), case) == pytest.approx(case["score"], abs=TOLERANCE)


@pytest.mark.parametrize(("weight_set", "index"), [("plain", 0), ("plain", 7), ("sensitive", 3), ("sensitive", 8)])
def test_gives_the_authors_score_in_double(loaded: Callable[..., AHIQ], weight_set: str, index: int) -> None:
    case = case_of(weight_set, index)
    pair = (as_the_authors_normalised(crop(case[role])) for role in ("distorted", "reference"))
    with torch.no_grad():
        score = float(loaded(weight_set, precision="float64")(*pair))
    assert score == pytest.approx(case["score_float64"], abs=1e-12)


@pytest.mark.parametrize(("weight_set", "within"), [("plain", 2e-3), ("sensitive", 1e-2)])
@pytest.mark.parametrize("index", [0, 3, 6])
def test_bfloat16_stays_near_the_authors_score(
    loaded: Callable[..., AHIQ], weight_set: str, within: float, index: int
) -> None:
    case = case_of(weight_set, index)
    assert score_of(loaded(weight_set, precision="bfloat16"), case) == pytest.approx(case["score"], abs=within)


@pytest.mark.parametrize("weight_set", WEIGHT_SETS)
def test_what_needs_a_gradient_scores_the_same(loaded: Callable[..., AHIQ], weight_set: str) -> None:
    case = case_of(weight_set, 3)
    pair = [crop(case[role]).requires_grad_() for role in ("distorted", "reference")]
    score = loaded(weight_set)(*pair)
    score.sum().backward()
    assert float(score.detach()) == pytest.approx(case["score"], abs=TOLERANCE)
    for images in pair:
        assert images.grad is not None
        assert bool(torch.isfinite(images.grad).all())
        assert bool((images.grad != 0).any())


@pytest.mark.parametrize("weight_set", WEIGHT_SETS)
def test_what_trains_scores_the_same(loaded: Callable[..., AHIQ], weight_set: str) -> None:
    case = case_of(weight_set, 3)
    model = loaded(weight_set).requires_grad_(requires_grad=True)
    score = model(*(crop(case[role]) for role in ("distorted", "reference")))
    model.requires_grad_(requires_grad=False)
    assert score.requires_grad
    assert float(score.detach()) == pytest.approx(case["score"], abs=TOLERANCE)


@pytest.mark.parametrize("weight_set", WEIGHT_SETS)
def test_scores_a_batch_as_the_authors_do(loaded: Callable[..., AHIQ], weight_set: str) -> None:
    expected = golden()["weight_sets"][weight_set]["batch_of_2_vs_single"]["batch"]
    distorted, reference = (
        torch.cat([crop(case_of(weight_set, index)[role]) for index in (0, 3)]) for role in ("distorted", "reference")
    )
    with torch.no_grad():
        assert loaded(weight_set)(distorted, reference).tolist() == pytest.approx(expected, abs=TOLERANCE)


def test_kept_references_give_the_same_scores(loaded: Callable[..., AHIQ]) -> None:
    model, cases = loaded("sensitive"), [case_of("sensitive", index) for index in (0, 6)]
    with torch.no_grad():
        features = [model.encode_reference(crop(case["reference"])) for case in cases]
        scores = model.terms_against(torch.cat([crop(case["distorted"]) for case in cases]), features)["score"]
    assert scores.tolist() == pytest.approx([case["score"] for case in cases], abs=TOLERANCE)


def test_gives_the_authors_five_point_score(loaded: Callable[..., AHIQ]) -> None:
    points = golden()["multi_point_crops"]
    with torch.no_grad():
        terms = loaded("sensitive", protocol="five-point").terms(picture("coffee_blur.png"), picture("coffee_ref.png"))
    expected = {
        "score": points["five_point_score"],
        "lowest_crop": min(points["scores_0_to_4"]),
        "highest_crop": max(points["scores_0_to_4"]),
    }
    assert {name: float(value) for name, value in terms.items()} == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("index", range(5))
def test_gives_the_authors_score_at_each_point(loaded: Callable[..., AHIQ], index: int) -> None:
    points = golden()["multi_point_crops"]
    top, left = points["positions"][index]
    pair = [cut(picture(f"{name}.png"), top, left) for name in ("coffee_blur", "coffee_ref")]
    with torch.no_grad():
        score = float(loaded("sensitive")(*pair))
    assert score == pytest.approx(points["scores_0_to_4"][index], abs=TOLERANCE)


@pytest.mark.parametrize("name", golden()["features"])
def test_both_trunks_give_the_authors_features(loaded: Callable[..., AHIQ], name: str) -> None:
    expected = golden()["features"][name]
    tokens, maps = features_of(loaded("plain").network, name)
    blocks, bottlenecks = tokens.chunk(5, dim=1), maps.chunk(3, dim=1)
    for ours, theirs in zip(blocks, expected["vit_blocks_0_to_4"], strict=True):
        check_statistics(ours, theirs)
    for ours, theirs in zip(bottlenecks, expected["layer1_bottlenecks_0_to_2"], strict=True):
        check_statistics(ours, theirs)
    check_first(blocks[0][0, :, 0, 0], expected["vit_block0_token_row0_col0_first_4"])
    check_first(blocks[4][0, :, 0, 1], expected["vit_block4_token_row0_col1_first_4"])
    check_first(bottlenecks[0][0, :, 0, 0], expected["layer1_bottleneck0_row0_col0_first_4"])
    check_first(bottlenecks[2][0, :, 5, 9], expected["layer1_bottleneck2_row5_col9_first_4"])


@pytest.mark.parametrize(("weight_set", "index"), CASES)
def test_the_trained_layers_give_the_authors_numbers(loaded: Callable[..., AHIQ], weight_set: str, index: int) -> None:
    case, network = case_of(weight_set, index), loaded(weight_set).network
    expected = case["intermediate"]
    (tokens, maps), (reference_tokens, reference_maps) = (
        features_of(network, case[role]) for role in ("distorted", "reference")
    )
    with torch.no_grad():
        offsets = network.fusion.offsets(reference_tokens)
        check_offsets(offsets, expected["offset"])
        check_statistics(deformable(maps, offsets, network.fusion.deform), expected["deform_output_distorted"])
        fused, reference_fused = network.fusion(maps, offsets), network.fusion(reference_maps, offsets)
        check_statistics(fused, expected["cnn_branch_distorted"])
        check_statistics(reference_fused, expected["cnn_branch_reference"])
        reduced = network.regressor.reduced(tokens, fused)
        reference_reduced = network.regressor.reduced(reference_tokens, reference_fused)
        check_pair(reduced, reference_reduced, network.regressor(reduced, reference_reduced), expected)


@pytest.mark.parametrize(("weight_set", "index"), CASES)
def test_the_merged_layers_give_the_authors_numbers(loaded: Callable[..., AHIQ], weight_set: str, index: int) -> None:
    case, network = case_of(weight_set, index), loaded(weight_set).network
    with torch.no_grad():
        reference = network.encode(crop(case["reference"]))
        distorted = network.encode(crop(case["distorted"]), reference.offsets)
        rated = network.rate(distorted.reduced, reference.reduced)
    check_offsets(reference.offsets, case["intermediate"]["offset"])
    check_pair(distorted.reduced, reference.reduced, rated, case["intermediate"])


def test_five_blocks_give_what_the_whole_transformer_gives_up_to_rounding(loaded: Callable[..., AHIQ]) -> None:
    whole: Any = timm.create_model(BACKBONES["vit"].name.partition(".")[0]).eval()
    whole.load_state_dict(state_dict("vit"))
    images = 2 * crop("coffee_ref") - 1
    with torch.no_grad():
        theirs = whole.forward_intermediates(images, indices=list(range(12)), output_fmt="NLC", intermediates_only=True)
        for ours, twelve in zip(loaded("plain").network.vit.blocks(images), theirs[:5], strict=True):
            torch.testing.assert_close(ours, twelve, rtol=0, atol=5e-5)


def test_five_blocks_are_bit_for_bit_those_of_the_whole_transformer(loaded: Callable[..., AHIQ]) -> None:
    whole: Any = timm.create_model(BACKBONES["vit"].name.partition(".")[0]).eval()
    whole.load_state_dict(state_dict("vit"))
    backbone = loaded("plain").network.vit.trunk
    tokens = torch.randn(1, 785, 768, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for five, twelve in zip(backbone.blocks, whole.blocks[:5], strict=True):
            tokens, theirs = five(tokens), twelve(tokens)
            assert torch.equal(tokens, theirs)


def test_one_stage_gives_what_the_whole_resnet_gives(loaded: Callable[..., AHIQ]) -> None:
    whole: Any = timm.create_model(BACKBONES["resnet50"].name.partition(".")[0]).eval()
    whole.load_state_dict(state_dict("resnet50"))
    images = 2 * crop("coffee_ref") - 1
    with torch.no_grad():
        stem = whole.maxpool(whole.act1(whole.bn1(whole.conv1(images))))
        theirs = [stem := block(stem) for block in whole.layer1]
    ours = loaded("plain").network.resnet.bottlenecks(images.requires_grad_())
    for first, all_stages in zip(ours, theirs, strict=True):
        assert torch.equal(first.detach(), all_stages)


@pytest.mark.parametrize("weight_set", WEIGHT_SETS)
def test_a_file_of_pyiqa_gives_the_same_weights_and_pyiqas_scores(
    loaded: Callable[..., AHIQ], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weight_set: str
) -> None:
    parts = {part: state_dict(part, weight_set) for part in golden()["layouts"]}
    whole = {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}
    torch.save({"params": whole}, tmp_path / "whole.pth")
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))  # no backbones there
    model = load("ahiq", tmp_path / "whole.pth", offline=True)
    (tmp_path / "whole.pth").unlink()
    assert isinstance(model, AHIQ)
    expected = loaded(weight_set).state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    known = golden()["pyiqa"][weight_set]["scores_with_its_default_normalisation"]
    cases = {case["distorted"]: case for case in golden()["weight_sets"][weight_set]["cases"] if is_a_pair(case)}
    scores = {name: score_of(model, cases[name]) for name in known}
    assert scores == pytest.approx(known, abs=TOLERANCE)


def case_of(weight_set: str, index: int) -> dict[str, Any]:
    return dict(golden()["weight_sets"][weight_set]["cases"][index])


def is_a_pair(case: dict[str, Any]) -> bool:
    """Whether it compares a distorted image with its own reference."""
    scene, _, distortion = case["distorted"].partition("_")
    return distortion != "ref" and str(case["reference"]) == f"{scene}_ref"


def crop(name: str) -> Tensor:
    """The crop of a golden image that its numbers are of."""
    place = golden()["features"][name]
    return cut(picture(f"{name}.png"), place["top"], place["left"])


def as_the_authors_normalised(images: Tensor) -> Tensor:
    """In double, with the rounding that normalising in float32 leaves: their float64 numbers are of such inputs."""
    normalised = ((images - 0.5) / 0.5).double()
    return (normalised + 1) / 2


def cut(images: Tensor, top: int, left: int) -> Tensor:
    return images[:, :, top : top + SIDE, left : left + SIDE].clone()


def score_of(model: AHIQ, case: dict[str, Any]) -> float:
    with torch.no_grad():
        return float(model(crop(case["distorted"]), crop(case["reference"])))


def features_of(network: AHIQNetwork, name: str) -> tuple[Tensor, Tensor]:
    """What both backbones, the same in both weight sets, give of a golden crop."""
    if name not in FEATURES:
        images = 2 * crop(name) - 1
        with torch.no_grad():
            FEATURES[name] = network.tokens(images), network.maps(images)
    return FEATURES[name]


FEATURES: dict[str, tuple[Tensor, Tensor]] = {}


def check_statistics(values: Tensor, expected: dict[str, float]) -> None:
    got = [float(values.double().mean()), float(values.double().std(correction=0))]
    assert got == pytest.approx([expected["mean"], expected["std"]], abs=TOLERANCE, rel=1e-6)


def check_first(values: Tensor, expected: list[float]) -> None:
    assert values[:4].tolist() == pytest.approx(expected, abs=TOLERANCE)


def check_offsets(offsets: Tensor, expected: dict[str, Any]) -> None:
    check_statistics(offsets, expected)
    check_first(offsets[0, :, 0, 0], expected["first_4_at_row0_col0"])
    # a sum of 34,560 products: its rounding grows with its size, which is 5 here
    assert float(offsets.abs().max()) == pytest.approx(expected["abs_max"], abs=TOLERANCE, rel=1e-5)


def check_pair(distorted: Tensor, reference: Tensor, rated: tuple[Tensor, Tensor], expected: dict[str, Any]) -> None:
    check_statistics(distorted, expected["fused_distorted"])
    check_statistics(reference, expected["fused_reference"])
    for values, name in zip(rated, ("score_map", "weight_map"), strict=True):
        check_statistics(values, expected[name])
        assert float(values[0, 0, 0]) == pytest.approx(expected[name]["at_0_0"], abs=TOLERANCE)
