"""Brightness, contrast and sharpness of KADID-10k, and the tone curves under them."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from acutance.distortions.blurs import gaussian_blurred
from acutance.distortions.colour import from_lab, to_lab
from acutance.distortions.pixels import Pixels

_SIGMA = 3
"""Standard deviation of KADID's unsharp mask in pixels; the filter reaches twice as far (``imsharpen``)."""


def middle_curve(values: Pixels, height: float) -> Pixels:
    """The values on the parabola through (0, 0), (1/2, height) and (1, 1), clipped to [0, 1]."""
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


def brighten(image: Pixels, amount: float) -> Pixels:
    """The image with raised middle tones, 1/2 to 1/2 + amount / 2: two parts raised in sRGB, one part in L*."""
    height = 0.5 + amount / 2
    lab = to_lab(image)
    lab[..., 0] = 100 * middle_curve(lab[..., 0] / 100, height)
    return (2 * middle_curve(image, height) + from_lab(lab)) / 3


def darken(image: Pixels, amount: float) -> Pixels:
    """The image with lowered middle tones: 1/2 becomes 1/2 - amount / 2."""
    return middle_curve(image, 0.5 - amount / 2)


def mean_shift(image: Pixels, amount: float) -> Pixels:
    """The image with a number added."""
    return np.asarray(image + image.dtype.type(amount))


def high_sharpen(image: Pixels, amount: float) -> Pixels:
    """The image behind an unsharp mask on L*: ``amount`` times what the Gaussian takes away is added."""
    lab = to_lab(image)
    light = lab[..., :1]
    lab[..., :1] = light + amount * (light - gaussian_blurred(light, _SIGMA, radius=math.ceil(2 * _SIGMA)))
    return from_lab(lab)


def contrast_change(image: Pixels, amount: float) -> Pixels:
    """The image behind a curve through (0, 0), (0.3, 0.25 - a/4), (0.5, 0.5), (0.7, 0.75 + a/4) and (1, 1).

    With the amount a above -0.2 the contrast of the middle tones rises, below it falls.
    """
    heights = (0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1)
    return spline_curve(image, (0, 0.3, 0.5, 0.7, 1), heights)
