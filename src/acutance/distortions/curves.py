"""Tone curves through a few points, as MATLAB's ``spline``."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from acutance.distortions.pixels import Pixels


def middle_curve(values: Pixels, height: float) -> Pixels:
    """The values on the parabola through (0, 0), (1/2, height) and (1, 1), clipped to [0, 1].

    Args:
        values: In [0, 1].
        height: Above 1/2 brightens, below darkens.
    """
    bend = values.dtype.type(2 - 4 * height)
    return np.asarray(values * (bend * values + (1 - bend))).clip(0, 1)


def spline_curve(values: Pixels, places: Sequence[float], heights: Sequence[float]) -> Pixels:
    """The values on the cubic spline through some points, clipped to [0, 1].

    The first two and the last two pieces are one polynomial each (not-a-knot).

    Args:
        values: In [0, 1].
        places: Where the points lie, rising from 0 to 1, at least four.
        heights: Values of the curve there.
    """
    pieces = CubicSpline(places, heights, bc_type="not-a-knot").c.astype(values.dtype)  # (4, pieces)
    which = np.searchsorted(np.asarray(places[1:-1], dtype=values.dtype), values, side="right")
    offset = values - np.asarray(places, dtype=values.dtype)[which]
    cubic, square, slope, start = (coefficients[which] for coefficients in pieces)
    return np.asarray(((cubic * offset + square) * offset + slope) * offset + start).clip(0, 1)
