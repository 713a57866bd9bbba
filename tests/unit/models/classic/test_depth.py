"""Deeper images than 8 bits: every metric beside an evaluation in float64 that rounds nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import piq
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

import acutance
from acutance.catalog import find_model
from acutance.cli.app import app
from acutance.models.classic.entry import CLASSIC, ENTRIES
from acutance.models.classic.metrics import build
from acutance.models.quality_model import PairDepth
from tests.unit.models.classic import oracles
from tests.unit.models.classic.oracles import ImageArray
from tests.unit.models.classic.pictures import as_batch, example_pair

Deep = NDArray[np.uint16]
Evaluation = Callable[[ImageArray, ImageArray], float]

DATA = Path(__file__).parents[3] / "data"
FILES = (DATA / "depth16_distorted.png", DATA / "depth16_reference.png")
PSNR, SSIM = 68.93468014357398, 0.9999218848180333
"""Of those files, as NumPy in float64 and scikit-image have them."""
GREY = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103])
WITH_CHANNELS = [entry.name for entry in ENTRIES if "channel" in entry.choices]


def grey(picture: ImageArray) -> ImageArray:
    return np.asarray(picture @ GREY)


def on_grey(evaluation: Evaluation) -> Evaluation:
    return lambda distorted, reference: evaluation(grey(distorted), grey(reference))


def by_piq(function: Callable[..., Any], **options: bool) -> Evaluation:
    """piq itself, on planes in float64."""

    def evaluate(distorted: ImageArray, reference: ImageArray) -> float:
        planes = [torch.from_numpy(np.atleast_3d(one) / 255).permute(2, 0, 1)[None] for one in (distorted, reference)]
        return float(function(*planes, data_range=1.0, **options))

    return evaluate


def gmsd(distorted: ImageArray, reference: ImageArray) -> float:
    """As MATLAB's, but for the deviation, which divides by n."""
    count = (distorted.shape[0] // 2) * (distorted.shape[1] // 2)
    return oracles.gmsd(distorted, reference) * float(np.sqrt((count - 1) / count))


# The tolerances are relative. vif_p: its thresholds lie at other scales; haarpsi: the YIQ matrix has other digits;
# sr_sim and dss: piq itself computes a part in float32.
EVALUATIONS: dict[str, tuple[Evaluation, float]] = {
    "psnr": (oracles.psnr, 1e-12),
    "ssim": (on_grey(lambda distorted, reference: oracles.ssim_index(distorted, reference)[0]), 1e-12),
    "ms_ssim": (on_grey(oracles.msssim), 1e-12),
    "iw_ssim": (on_grey(by_piq(piq.information_weighted_ssim)), 1e-12),
    "vif_p": (on_grey(oracles.vifp_mscale), 1e-8),
    "fsim": (by_piq(piq.fsim, chromatic=True), 1e-12),
    "sr_sim": (by_piq(piq.srsim), 3e-7),
    "gmsd": (on_grey(gmsd), 1e-12),
    "ms_gmsd": (on_grey(by_piq(piq.multi_scale_gmsd)), 1e-12),
    "vsi": (by_piq(piq.vsi), 1e-12),
    "mdsi": (oracles.mdsi, 1e-12),
    "haarpsi": (oracles.haarpsi, 1e-4),
    "dss": (on_grey(by_piq(piq.dss)), 3e-7),
}


def deep_pair(side: int = 176) -> tuple[Deep, Deep]:
    """A pair of colour images that use all 16 bits."""
    random = np.random.default_rng(0)
    pair = (image[:side, :side] * 257 + random.integers(-128, 129, (side, side, 3)) for image in example_pair("coffee"))
    distorted, reference = (one.clip(0, 65535).astype(np.uint16) for one in pair)
    return distorted, reference


def value(distorted: Any, reference: Any, model: str, **options: Any) -> float:
    score = acutance.score(distorted, reference=reference, model=model, options={model: options})
    assert isinstance(score, acutance.Score)
    return score.value


@pytest.mark.parametrize("name", CLASSIC)
def test_16_bits_score_as_in_float64_without_rounding(name: str) -> None:
    evaluation, tolerance = EVALUATIONS[name]
    distorted, reference = deep_pair()
    expected = evaluation(distorted / 257, reference / 257)
    assert value(distorted, reference, name) == pytest.approx(expected, rel=tolerance, abs=0)


@pytest.mark.parametrize("name", CLASSIC)
def test_floats_score_as_the_16_bits_they_are_made_of(name: str) -> None:
    distorted, reference = deep_pair()
    expected = value(distorted, reference, name)
    assert value(distorted / 65535, reference / 65535, name) == pytest.approx(expected, rel=1e-12, abs=0)
    tensors = [torch.from_numpy(one / 65535).permute(2, 0, 1)[None] for one in (distorted, reference)]
    assert acutance.load(name)(*tensors).item() == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("channel", ["rgb", "grey", "luma"])
def test_a_grey_16_bit_file_is_compared_as_its_channel(channel: str) -> None:
    assert value(*FILES, "psnr", channel=channel) == pytest.approx(PSNR, rel=0, abs=1e-9)
    assert value(*FILES, "ssim", channel=channel) == pytest.approx(SSIM, rel=1e-9)


@pytest.mark.parametrize("channel", ["rgb", "grey", "luma"])
def test_the_command_line_scores_a_grey_16_bit_file_as_its_channel(channel: str) -> None:
    both = [f"--set={name}.channel={channel}" for name in ("psnr", "ssim")]
    models = ["-m", "psnr", "-m", "ssim", *both, "--format", "json"]
    result = CliRunner().invoke(app, ["score", str(FILES[0]), "--reference", str(FILES[1]), *models])
    psnr, ssim = (row["score"] for row in json.loads(result.stdout))
    assert psnr == pytest.approx(PSNR, rel=0, abs=1e-9)
    assert ssim == pytest.approx(SSIM, rel=1e-9)


@pytest.mark.parametrize("name", [*WITH_CHANNELS])
def test_one_deep_channel_scores_the_same_by_every_name(name: str) -> None:
    distorted, reference = (image[..., 1] for image in deep_pair())
    channels = find_model(name).choices["channel"].words
    first, *others = (value(distorted, reference, name, channel=channel) for channel in channels)
    assert others == [first] * (len(channels) - 1)


def test_one_deep_channel_beside_an_8_bit_one_is_compared_as_that_channel() -> None:
    distorted, reference = (image[..., 1] for image in deep_pair())
    shallow = (distorted >> 8).astype(np.uint8)
    expected = oracles.psnr(shallow.astype(np.float64), reference / 257)
    assert value(shallow, reference, "psnr", channel="luma") == pytest.approx(expected, rel=1e-12)


def test_one_deep_channel_beside_colour_is_compared_as_grey() -> None:
    distorted, reference = deep_pair()
    expected = oracles.psnr(grey(distorted / 257), np.asarray(reference[..., 1] / 257))
    assert value(distorted, reference[..., 1], "psnr", channel="grey") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", CLASSIC)
def test_8_bit_pictures_score_as_before(name: str) -> None:
    distorted, reference = (image[:176, :176].astype(np.uint8) for image in example_pair("coffee"))
    one, other = (torch.from_numpy(image).permute(2, 0, 1)[None].double() / 255 for image in (distorted, reference))
    expected = build(name).terms_at_depth(one, other, PairDepth(eight_bits=True))["score"].item()
    assert value(distorted, reference, name) == expected


@pytest.mark.parametrize("name", WITH_CHANNELS)
def test_levels_decide_whether_tensors_are_rounded(name: str) -> None:
    one, other = (as_batch(image[:176, :176]).double() for image in example_pair("coffee"))
    scores = {levels: build(name, channel="grey", levels=levels)(one, other).item() for levels in ("auto", 256, "none")}
    eight_bits = build(name, channel="grey").terms_at_depth(one, other, PairDepth(eight_bits=True))["score"].item()
    assert scores["auto"] == scores["none"]
    assert scores["auto"] != scores[256]
    assert scores[256] == pytest.approx(eight_bits, rel=1e-7)


def test_levels_none_leaves_luma_of_8_bit_pictures_unrounded() -> None:
    one, other = (image.astype(np.uint8) for image in example_pair("coffee"))
    luma = [16 + image @ np.array([65.481, 128.553, 24.966]) / 255 for image in (one, other)]
    expected = oracles.psnr(luma[0], luma[1])
    assert value(one, other, "psnr", channel="luma", levels="none") == pytest.approx(expected, rel=1e-12)
    assert value(one, other, "psnr", channel="luma") != pytest.approx(expected, rel=1e-6)


def test_grey_weights_that_are_not_rounded_add_up_to_one() -> None:
    flat = torch.full((1, 3, 16, 16), 0.7, dtype=torch.float64)
    assert build("psnr", channel="grey")(flat, torch.zeros_like(flat)).item() == pytest.approx(
        -20 * np.log10(0.7), rel=1e-14
    )


def test_provenance_says_when_levels_are_rounded() -> None:
    levels = {given: build("ssim", levels=given).preprocessing()["levels"] for given in ("auto", 256, "none")}
    assert len(set(levels.values())) == 3
    assert (levels[256], levels["none"]) == (256, "none")
    assert "levels" not in build("vsi").preprocessing()
