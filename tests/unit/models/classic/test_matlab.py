"""The default scores against the authors' MATLAB, as the oracles compute it."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from acutance.models.classic.metrics import build
from acutance.models.quality_model import PairDepth
from tests.unit.models.classic import oracles
from tests.unit.models.classic.oracles import ImageArray
from tests.unit.models.classic.pictures import as_batch, example_pair

Oracle = Callable[[ImageArray, ImageArray], float]


def on_grey(oracle: Oracle) -> Oracle:
    return lambda distorted, reference: oracle(oracles.rgb2gray(distorted), oracles.rgb2gray(reference))


def on_luma(oracle: Oracle) -> Oracle:
    return lambda distorted, reference: oracle(oracles.rgb2ycbcr_luma(distorted), oracles.rgb2ycbcr_luma(reference))


def ssim(distorted: ImageArray, reference: ImageArray) -> float:
    return oracles.ssim_index(distorted, reference)[0]


# Measured on these images: psnr 2e-6 dB, ssim and ms_ssim 3e-8, vif_p 2e-8, gmsd 6e-6 (n against n - 1),
# mdsi 2e-8, haarpsi 6e-5 (YIQ matrix); what is left of the small ones is the rounding of scores to float32.
DEFAULTS: dict[str, tuple[Oracle, float]] = {
    "psnr": (oracles.psnr, 1e-5),
    "ssim": (on_grey(ssim), 1e-6),
    "ms_ssim": (on_grey(oracles.msssim), 1e-6),
    "vif_p": (on_grey(oracles.vifp_mscale), 1e-6),
    "gmsd": (on_grey(oracles.gmsd), 1e-5),
    "mdsi": (oracles.mdsi, 1e-6),
    "haarpsi": (oracles.haarpsi, 1e-4),
}


def cropped(name: str, height: int, width: int) -> tuple[ImageArray, ImageArray]:
    distorted, reference = example_pair(name)
    return distorted[:height, :width], reference[:height, :width]


def tiled(name: str, height: int, width: int) -> tuple[ImageArray, ImageArray]:
    distorted, reference = example_pair(name)
    more = ((0, height - reference.shape[0]), (0, width - reference.shape[1]), (0, 0))
    return np.pad(distorted, more, mode="wrap"), np.pad(reference, more, mode="wrap")


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
def test_defaults_follow_matlab(name: str, picture: str) -> None:
    oracle, tolerance = DEFAULTS[name]
    distorted, reference = example_pair(picture)
    assert score(name, distorted, reference) == pytest.approx(oracle(distorted, reference), abs=tolerance)


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize(("picture", "height", "width"), [("coffee", 173, 201), ("astronaut", 201, 256)])
def test_odd_sides_follow_matlab(name: str, picture: str, height: int, width: int) -> None:
    oracle, tolerance = DEFAULTS[name]
    distorted, reference = cropped(picture, height, width)
    assert score(name, distorted, reference) == pytest.approx(oracle(distorted, reference), abs=tolerance)


@pytest.mark.parametrize(("height", "width"), [(401, 450), (640, 700)])  # factors 2 and 3: 2.5 rounds up
def test_downsampling_follows_matlab(height: int, width: int) -> None:
    distorted, reference = tiled("astronaut", height, width)
    expected = on_grey(oracles.ssim_m)(distorted, reference)
    assert score("ssim", distorted, reference, downsample=True) == pytest.approx(expected, abs=1e-6)
    expected = oracles.mdsi(distorted, reference)
    assert score("mdsi", distorted, reference) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("channel", ["grey", "luma"])
def test_psnr_of_one_channel_follows_matlab(channel: str) -> None:
    distorted, reference = example_pair("astronaut")
    oracle = {"grey": on_grey, "luma": on_luma}[channel](oracles.psnr)
    expected = oracle(distorted, reference)
    assert score("psnr", distorted, reference, channel=channel) == pytest.approx(expected, abs=1e-5)


def test_ssim_of_luma_follows_matlab() -> None:
    distorted, reference = example_pair("astronaut")
    expected = on_luma(ssim)(distorted, reference)
    assert score("ssim", distorted, reference, channel="luma") == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["ssim", "ms_ssim"])
def test_rgb_is_the_mean_over_the_colours(name: str) -> None:
    distorted, reference = example_pair("coffee")
    oracle = {"ssim": ssim, "ms_ssim": oracles.msssim}[name]
    expected = np.mean([oracle(distorted[..., colour], reference[..., colour]) for colour in range(3)])
    assert score(name, distorted, reference, channel="rgb") == pytest.approx(expected, abs=1e-6)


def test_psnr_is_exact_where_piq_adds_an_epsilon() -> None:
    _, reference = example_pair("coffee")
    distorted = reference.copy()
    distorted[0, 0, 0] += 1 if distorted[0, 0, 0] < 255 else -1
    expected = 10 * math.log10(255**2 * reference.size)  # 103 dB
    assert score("psnr", distorted, reference) == pytest.approx(expected, abs=1e-4)
    assert score("psnr", reference, reference) == math.inf


def score(name: str, distorted: ImageArray, reference: ImageArray, **options: object) -> float:
    pair = as_batch(distorted), as_batch(reference)
    return float(build(name, **options).terms_at_depth(*pair, PairDepth(eight_bits=True))["score"])
