"""Images as floats for the maths, and the result in the image's own type, under a mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.errors import InputError
from acutance.images.arrays import unit_range

Pixels = NDArray[Any]
"""Shape (H, W, 3), sRGB in [0, 1], float32 or float64; inside this room always read-only on the way in."""

_PEAKS = {"uint8": 255, "uint16": 65535}
_TYPES = (*_PEAKS, "float32", "float64")


def as_floats(image: NDArray[Any]) -> Pixels:
    """The image in [0, 1], as a read-only view: float64 stays, everything else becomes float32.

    Args:
        image: Shape (H, W, 3): uint8, uint16, or float32 or float64 in [0, 1].

    Raises:
        InputError: For another shape or type, no pixel, or floats outside [0, 1].
    """
    if image.dtype.name not in _TYPES:
        raise InputError(
            f"Expected an image of {', '.join(_TYPES)}, got {image.dtype.name}. Do read_image, or convert it first."
        )
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise InputError(
            f"Expected an image of shape (H, W, 3) with at least one pixel, got {image.shape}. Do read_image first."
        )
    peak = _PEAKS.get(image.dtype.name)
    if peak is None:
        native = image.astype(image.dtype.newbyteorder("="), copy=False)
        floats = np.ascontiguousarray(unit_range(native)).view()
    else:
        floats = image.astype(np.float32, order="C") / np.float32(peak)
    floats.flags.writeable = False
    return floats


def as_bytes(image: Pixels) -> NDArray[np.uint8]:
    """The image in 8 bits, rounded to the nearest; what codecs and palettes work on."""
    return np.asarray(np.rint(image.clip(0, 1) * 255), dtype=np.uint8)


def from_bytes(pixels: NDArray[np.uint8], image: Pixels) -> Pixels:
    """8 bits as floats in [0, 1] of the image's type."""
    return np.asarray(pixels / image.dtype.type(255), dtype=image.dtype)


def like(distorted: Pixels, image: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any]:
    """The distorted image in the type of the image, where the mask says so.

    Args:
        distorted: Shape (H, W, 3); values outside [0, 1] are clipped.
        image: The image it was made of, in its own type; copied bit for bit where the mask is 0.
        mask: Shape (H, W): bool, or floats in [0, 1] that blend the two; ``None`` is everywhere.

    Raises:
        InputError: If the mask has another shape or type, or a value outside [0, 1].
    """
    whole = _in_type_of(image, distorted)
    if mask is None:
        return whole
    if mask.dtype != np.bool_ and mask.dtype.kind != "f":
        raise InputError(
            f"Expected a mask of bool or of floats in [0, 1], got {mask.dtype.name}. Do mask.astype(bool)."
        )
    if mask.shape != image.shape[:2]:
        raise InputError(f"Expected a mask of shape {image.shape[:2]}, that of the image, got {mask.shape}.")
    weights = mask[..., np.newaxis]
    if mask.dtype == np.bool_:
        return np.where(weights, whole, image)
    weights = unit_range(weights)
    start = as_floats(image)
    blended = _in_type_of(image, start + weights * (distorted.clip(0, 1) - start))
    return np.where(weights == 0, image, np.where(weights == 1, whole, blended))


def _in_type_of(image: NDArray[Any], floats: Pixels) -> NDArray[Any]:
    """Clipped, and rounded to the nearest where the image has integers."""
    peak = _PEAKS.get(image.dtype.name)
    clipped = floats.clip(0, 1)
    return (clipped if peak is None else np.rint(clipped * peak)).astype(image.dtype)
