import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline

from acutance.distortions import KINDS, distort
from acutance.distortions.colour import from_lab, to_lab

levels = pytest.mark.parametrize("level", range(1, 6))


@levels
def test_high_sharpen_is_an_unsharp_mask_of_light(level: int, crop: NDArray[np.uint8]):
    line = np.exp(-(np.arange(-6, 7) ** 2) / 18)
    lab = to_lab(crop / 255)
    blurred = ndimage.correlate(lab[..., 0], np.outer(line, line) / line.sum() ** 2, mode="nearest")
    lab[..., 0] += KINDS["sharpenHi"].values[level - 1] * (lab[..., 0] - blurred)
    np.testing.assert_allclose(distort(crop / 255, "sharpenHi", level), from_lab(lab), atol=1e-9)


@levels
def test_high_sharpen_leaves_flat_parts_alone(level: int):
    flat = np.full((30, 30, 3), (40, 120, 200), np.uint8)
    np.testing.assert_array_equal(distort(flat, "sharpenHi", level), flat)


@levels
def test_contrast_change_is_the_spline_through_five_points(level: int):
    amount = KINDS["contrastchange"].values[level - 1]
    tones = np.linspace(0, 1, 300).reshape(10, 10, 3)
    spline = CubicSpline([0, 0.3, 0.5, 0.7, 1], [0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1])
    np.testing.assert_allclose(distort(tones, "contrastchange", level), spline(tones).clip(0, 1), atol=1e-12)


def test_contrast_rises_up_to_level_3_and_falls_from_level_4_on():
    tones = np.array([0.4, 0.6])[np.newaxis, :, np.newaxis].repeat(3, axis=2)
    spans = [np.ptp(distort(tones, "contrastchange", level)) for level in range(1, 6)]
    assert spans == sorted(spans, reverse=True)
    assert spans[2] > 0.2 > spans[3]
