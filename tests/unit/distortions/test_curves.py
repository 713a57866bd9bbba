from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from acutance.distortions.tones import middle_curve, spline_curve


@given(height=st.floats(0.1, 0.9))
def test_the_middle_curve_goes_through_its_three_points(height: float):
    np.testing.assert_allclose(middle_curve(np.array([0, 0.5, 1]), height), [0, height, 1], atol=1e-12)


@pytest.mark.parametrize("height", [0.1, 0.4, 0.55, 1.05])
def test_the_middle_curve_is_the_spline_through_three_points(height: float):
    values = np.linspace(0, 1, 101)
    wanted = CubicSpline([0, 0.5, 1], [0, height, 1])(values).clip(0, 1)  # three points: a parabola, as in MATLAB
    np.testing.assert_allclose(middle_curve(values, height), wanted, atol=1e-12)


@pytest.mark.parametrize("heights", [(0, 0.175, 0.5, 0.825, 1), (0, 0.4, 0.5, 0.6, 1), (0, 0.9, 0.1, 0.9, 1)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_the_spline_curve_is_that_of_scipy(heights: tuple[float, ...], dtype: type, tolerance: float):
    places = (0, 0.3, 0.5, 0.7, 1)
    values: NDArray[Any] = np.linspace(0, 1, 1001).astype(dtype)
    curve = spline_curve(values, places, heights)
    assert curve.dtype == dtype
    np.testing.assert_allclose(curve, CubicSpline(places, heights)(values).clip(0, 1), atol=tolerance)
