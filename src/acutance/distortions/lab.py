"""sRGB to CIE L*a*b* and back, as MATLAB's ``rgb2lab`` and ``lab2rgb`` (white point D65)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.distortions.pixels import Pixels

Lab = NDArray[Any]
"""Shape (H, W, 3): L* from 0 to 100, a* and b* about -128 to 127."""

_TO_XYZ = np.array(
    [
        [0.4123907992659595, 0.35758433938387796, 0.1804807884018343],
        [0.21263900587151036, 0.7151686787677559, 0.07219231536073371],
        [0.01933081871559185, 0.11919477979462599, 0.9505321522496606],
    ]
)
"""Linear sRGB to XYZ, from the primaries and the white point (0.3127, 0.3290) of IEC 61966-2-1."""
_TO_RELATIVE = _TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)
"""XYZ divided by that of white, so that grey has no colour to the last bit."""
_FROM_RELATIVE = np.linalg.inv(_TO_RELATIVE)
_LINE_END = 0.0031308
"""Where sRGB's curve begins to be a power (IEC 61966-2-1)."""
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
"""Where the cube root becomes a line, and its slope (CIE 15:2004)."""


def to_lab(picture: Pixels) -> Lab:
    """L*a*b* of an sRGB picture.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
    """
    relative = _linear(picture) @ _TO_RELATIVE.T.astype(picture.dtype)
    roots = np.where(relative > _EPSILON, np.cbrt(relative), (_KAPPA * relative + 16) / 116)
    x, y, z = roots[..., 0], roots[..., 1], roots[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def from_lab(lab: Lab) -> Pixels:
    """The sRGB picture of an L*a*b* one; what sRGB cannot show is clipped to [0, 1].

    Args:
        lab: Shape (H, W, 3).
    """
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=2)
    cubes = roots * roots * roots
    relative = np.where(cubes > _EPSILON, cubes, (116 * roots - 16) / _KAPPA)
    return _encoded((relative @ _FROM_RELATIVE.T.astype(lab.dtype)).clip(0, 1))


def _linear(encoded: Pixels) -> Pixels:
    """Light of sRGB values (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Pixels) -> Pixels:
    """Values in sRGB of light in [0, 1]."""
    curved = 1.055 * np.maximum(linear, _LINE_END) ** (1 / 2.4) - 0.055  # powers of 0 are slow
    return np.where(linear <= _LINE_END, linear * 12.92, curved)
