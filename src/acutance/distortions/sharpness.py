"""Sharpness and contrast of KADID-10k: high sharpen, contrast change."""

import math

from acutance.distortions.curves import spline_curve
from acutance.distortions.filters import gaussian_blurred
from acutance.distortions.lab import from_lab, to_lab
from acutance.distortions.pixels import Pixels

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
