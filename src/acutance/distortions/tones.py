"""Brightness, contrast and sharpness of KADID-10k, and the tone curves under them."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from acutance.distortions.blurs import gaussian_blurred
from acutance.distortions.colour import from_lab, to_lab
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


def brighten(picture: Pixels, amount: float) -> Pixels:
    """The picture with raised middle tones: two parts raised in sRGB, one part in L*.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: A middle of 1/2 becomes 1/2 + amount / 2; 0 is none.
    """
    height = 0.5 + amount / 2
    lab = to_lab(picture)
    lab[..., 0] = 100 * middle_curve(lab[..., 0] / 100, height)
    return (2 * middle_curve(picture, height) + from_lab(lab)) / 3


def darken(picture: Pixels, amount: float) -> Pixels:
    """The picture with lowered middle tones.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: A middle of 1/2 becomes 1/2 - amount / 2; 0 is none.
    """
    return middle_curve(picture, 0.5 - amount / 2)


def mean_shift(picture: Pixels, amount: float) -> Pixels:
    """The picture with a number added, clipped to [0, 1].

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: What is added; 0 is none.
    """
    return np.asarray(picture + picture.dtype.type(amount))


_SIGMA = 3
"""Standard deviation of KADID's unsharp mask in pixels; the filter reaches twice as far (``imsharpen``)."""


def high_sharpen(picture: Pixels, amount: float) -> Pixels:
    """The picture behind an unsharp mask on L*.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: How many times what the Gaussian takes away is added; 0 is none.
    """
    lab = to_lab(picture)
    light = lab[..., :1]
    lab[..., :1] = light + amount * (light - gaussian_blurred(light, _SIGMA, radius=math.ceil(2 * _SIGMA)))
    return from_lab(lab)


def contrast_change(picture: Pixels, amount: float) -> Pixels:
    """The picture behind a curve through (0, 0), (0.3, 0.25 - a/4), (0.5, 0.5), (0.7, 0.75 + a/4) and (1, 1).

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: The a above, -1 to 1: above -0.2 the contrast of the middle tones rises, below it falls.
    """
    heights = (0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1)
    return spline_curve(picture, (0, 0.3, 0.5, 0.7, 1), heights)
