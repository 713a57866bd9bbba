import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from acutance.distortions import KINDS, distort
from acutance.distortions.artefacts import denoised

GREY = np.full((300, 400, 3), 0.5)
levels = pytest.mark.parametrize("level", range(1, 6))


@levels
def test_white_noise_has_the_variance_of_the_level(level: int):
    noise = distort(GREY, "noisegauss", level) - GREY
    variance = KINDS["noisegauss"].values[level - 1]
    np.testing.assert_allclose(noise.var(axis=(0, 1)), variance, rtol=0.03)
    np.testing.assert_allclose(noise.mean(axis=(0, 1)), 0, atol=4 * (variance / 120000) ** 0.5)
    np.testing.assert_allclose(np.corrcoef(noise.reshape(-1, 3).T), np.eye(3), atol=0.02)


@levels
def test_noise_in_ycbcr_has_the_variance_of_the_level_there(level: int):
    noisy = distort(GREY, "noisecolorcomp", level).reshape(-1, 3)
    red, green, blue = (noisy - 0.5).T
    variance = KINDS["noisecolorcomp"].values[level - 1]
    luma = (65.481 * red + 128.553 * green + 24.966 * blue) / 255
    blue_difference = (-37.797 * red - 74.203 * green + 112 * blue) / 255
    red_difference = (112 * red - 93.786 * green - 18.214 * blue) / 255
    planes = np.stack([luma, blue_difference, red_difference])
    np.testing.assert_allclose(planes.var(axis=1), variance, rtol=0.03)
    np.testing.assert_allclose(np.corrcoef(planes), np.eye(3), atol=0.02)


@levels
def test_impulse_noise_is_half_black_and_half_white_in_each_channel_for_itself(level: int):
    noisy = distort(GREY, "noiseimpulse", level)
    density = KINDS["noiseimpulse"].values[level - 1]
    expected = density / 2 * GREY.size
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    for value in (0, 1):
        assert abs((noisy == value).sum() - expected) < 4 * expected**0.5
    hit = noisy != 0.5
    assert hit.all(axis=2).mean() < density**2


@levels
def test_multiplicative_noise_is_uniform_and_grows_with_the_value(level: int):
    variance = KINDS["noisemultiplicative"].values[level - 1]
    for grey in (0.2, 0.6):
        noise = distort(np.full_like(GREY, grey), "noisemultiplicative", level) / grey - 1
        assert noise.var() == pytest.approx(variance, rel=0.03)
        assert np.abs(noise).max() == pytest.approx((3 * variance) ** 0.5, rel=0.01)
    black = np.zeros((4, 4, 3))
    np.testing.assert_array_equal(distort(black, "noisemultiplicative", level), black)


@levels
def test_denoised_is_the_wiener_filter_of_scipy_on_noise(level: int, crop: NDArray[np.uint8]):
    variance = KINDS["denoise"].values[level - 1]
    noisy = (
        crop / 255 + np.random.default_rng([0, 15, level]).standard_normal(crop.shape, dtype=np.float32) * variance**0.5
    )
    planes = [signal.wiener(noisy.clip(0, 1)[..., channel], 7, noise=variance) for channel in range(3)]
    got = distort(crop / 255, "denoise", level)
    inner = (slice(3, -3), slice(3, -3))  # SciPy fills up with zeros at the border
    np.testing.assert_allclose(got[inner], np.stack(planes, axis=2)[inner].clip(0, 1), atol=1e-6)


def test_denoising_takes_most_of_the_noise_away():
    for level in range(1, 4):
        noisy = distort(GREY, "denoise", level) - GREY
        assert noisy.var() < 0.1 * KINDS["denoise"].values[level - 1]


def test_a_flat_channel_without_noise_stays_flat():
    flat = np.full((20, 20, 3), 0.25)
    np.testing.assert_allclose(denoised(flat, 0.0001, _Silent()), flat, atol=1e-9)


class _Silent(np.random.Generator):
    """Draws zeros."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def standard_normal(self, size, dtype):  # type: ignore[override]
        return np.zeros(size, dtype)
