import numpy as np
import pytest
from numpy.typing import NDArray

from acutance.distortions import KINDS, distort
from acutance.distortions.colour import to_lab
from acutance.distortions.tones import middle_curve

levels = pytest.mark.parametrize("level", range(1, 6))


@levels
def test_brighten_mixes_two_parts_of_srgb_and_one_of_light(level: int):
    grey = np.full((1, 1, 3), 0.4)
    height = 0.5 + KINDS["brighten"].values[level - 1] / 2
    light = to_lab(grey)[0, 0, 0] / 100
    raised = 100 * middle_curve(np.array([light]), height)[0]
    luminance = ((raised + 16) / 116) ** 3  # L* above 8
    encoded = 1.055 * luminance ** (1 / 2.4) - 0.055
    wanted = (2 * middle_curve(grey, height) + encoded) / 3
    np.testing.assert_allclose(distort(grey, "brighten", level), wanted, atol=1e-9)


@levels
def test_darken_lowers_the_middle_and_keeps_the_ends(level: int):
    tones = np.array([0, 0.5, 1])[np.newaxis, :, np.newaxis].repeat(3, axis=2)
    middle = 0.5 - KINDS["darken"].values[level - 1] / 2
    np.testing.assert_allclose(distort(tones, "darken", level)[0, :, 0], [0, middle, 1], atol=1e-12)


@levels
def test_mean_shift_adds_its_amount_and_clips(level: int):
    tones = np.linspace(0, 1, 30).reshape(2, 5, 3)
    wanted = (tones + KINDS["meanshift"].values[level - 1]).clip(0, 1)
    np.testing.assert_allclose(distort(tones, "meanshift", level), wanted, atol=1e-12)


def test_brighten_never_darkens_and_darken_never_brightens(crop: NDArray[np.uint8]):
    for level in range(1, 6):
        assert (distort(crop, "brighten", level) >= crop).all()
        assert (distort(crop, "darken", level) <= crop).all()
