"""Pictures as floats for the maths, and the result in the picture's own type, under a mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.errors import InputError
from acutance.images.arrays import unit_range

Pixels = NDArray[Any]
"""Shape (H, W, 3), sRGB in [0, 1], float32 or float64; inside this room always read-only on the way in."""

_PEAKS = {"uint8": 255, "uint16": 65535}
_TYPES = (*_PEAKS, "float32", "float64")


def as_floats(picture: NDArray[Any]) -> Pixels:
    """The picture in [0, 1], as a read-only view: float64 stays, everything else becomes float32.

    Args:
        picture: Shape (H, W, 3): uint8, uint16, or float32 or float64 in [0, 1].

    Raises:
        InputError: For another shape or type, no pixel, or floats outside [0, 1].
    """
    if picture.dtype.name not in _TYPES:
        raise InputError(
            f"Expected a picture of {', '.join(_TYPES)}, got {picture.dtype.name}. Do read_image, or convert it first."
        )
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise InputError(
            f"Expected a picture of shape (H, W, 3) with at least one pixel, got {picture.shape}. Do read_image first."
        )
    peak = _PEAKS.get(picture.dtype.name)
    if peak is None:
        native = picture.astype(picture.dtype.newbyteorder("="), copy=False)
        floats = np.ascontiguousarray(unit_range(native)).view()
    else:
        floats = picture.astype(np.float32, order="C") / np.float32(peak)
    floats.flags.writeable = False
    return floats


def as_bytes(picture: Pixels) -> NDArray[np.uint8]:
    """The picture in 8 bits, rounded to the nearest; what codecs and palettes work on."""
    return np.asarray(np.rint(picture.clip(0, 1) * 255), dtype=np.uint8)


def from_bytes(pixels: NDArray[np.uint8], picture: Pixels) -> Pixels:
    """8 bits as floats in [0, 1] of the picture's type."""
    return np.asarray(pixels / picture.dtype.type(255), dtype=picture.dtype)


def like(distorted: Pixels, picture: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any]:
    """The distorted picture in the type of the picture, where the mask says so.

    Args:
        distorted: Shape (H, W, 3); values outside [0, 1] are clipped.
        picture: The picture it was made of, in its own type; copied bit for bit where the mask is 0.
        mask: Shape (H, W): bool, or floats in [0, 1] that blend the two; ``None`` is everywhere.

    Raises:
        InputError: If the mask has another shape or type, or a value outside [0, 1].
    """
    whole = _in_type_of(picture, distorted)
    if mask is None:
        return whole
    if mask.dtype != np.bool_ and mask.dtype.kind != "f":
        raise InputError(
            f"Expected a mask of bool or of floats in [0, 1], got {mask.dtype.name}. Do mask.astype(bool)."
        )
    if mask.shape != picture.shape[:2]:
        raise InputError(f"Expected a mask of shape {picture.shape[:2]}, that of the picture, got {mask.shape}.")
    weights = mask[..., np.newaxis]
    if mask.dtype == np.bool_:
        return np.where(weights, whole, picture)
    weights = unit_range(weights)
    start = as_floats(picture)
    blended = _in_type_of(picture, start + weights * (distorted.clip(0, 1) - start))
    return np.where(weights == 0, picture, np.where(weights == 1, whole, blended))


def _in_type_of(picture: NDArray[Any], floats: Pixels) -> NDArray[Any]:
    """Clipped, and rounded to the nearest where the picture has integers."""
    peak = _PEAKS.get(picture.dtype.name)
    clipped = floats.clip(0, 1)
    return (clipped if peak is None else np.rint(clipped * peak)).astype(picture.dtype)
