"""Brightness of KADID-10k: brighten, darken, mean shift."""

import numpy as np

from acutance.distortions.curves import middle_curve
from acutance.distortions.lab import from_lab, to_lab
from acutance.distortions.pixels import Pixels


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
