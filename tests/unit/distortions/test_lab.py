from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acutance.distortions.colour import from_lab, to_lab


@pytest.mark.parametrize(
    ("colour", "lab"),
    [  # Lindbloom's calculator for sRGB and D65, two digits
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
    ],
)
def test_known_colours_have_their_known_values(colour: tuple[float, ...], lab: tuple[float, ...]):
    np.testing.assert_allclose(to_lab(np.array([[colour]], dtype=np.float64))[0, 0], lab, atol=0.03)


@given(grey=st.floats(0, 1))
def test_grey_has_no_colour(grey: float):
    lab = to_lab(np.full((1, 1, 3), grey))
    np.testing.assert_allclose(lab[..., 1:], 0, atol=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_there_and_back_is_the_picture(dtype: type, tolerance: float):
    image: NDArray[Any] = np.random.default_rng(0).random((40, 40, 3)).astype(dtype)
    image[0] = 0
    image[1] = 1
    image[2, :, 0] = 0.01
    back = from_lab(to_lab(image))
    assert back.dtype == dtype
    np.testing.assert_allclose(back, image, atol=tolerance)


def test_colours_that_srgb_cannot_show_are_clipped():
    shown = from_lab(np.array([[[50.0, 200, 200], [50, -300, 0], [120, 0, 0], [-5, 0, 0]]]))
    assert shown.min() == 0
    assert shown.max() == pytest.approx(1)
