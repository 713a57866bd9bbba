"""Arrays and tensors as pixels, and pixels over a background."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acutance.errors import InputError

if TYPE_CHECKING:  # a tensor brings torch along; nothing else here needs it
    import torch

Pixels = NDArray[Any]
"""Shape (H, W, C), sRGB, C = 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha; alpha is straight.

uint8 and uint16 over their full range; float32 and float64 in [0, 1].
"""
RANGE_TOLERANCE = 1e-6
"""How far a float may lie outside [0, 1] and be taken for rounding; such values are clipped."""

_ARRAY_TYPES = ("uint8", "uint16", "float16", "float32", "float64")
_TENSOR_TYPES = ("uint8", "uint16", "float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class Decoded:
    """An image as it is compared."""

    pixels: Pixels
    """Shape (H, W, 1..4), upright sRGB: uint8, uint16, float32 or float64."""
    source_bits: int
    """Bits a channel that the file holds."""
    bits: int
    """Bits a channel kept in the pixels: fewer only where no more could be had."""
    later_frames: int = 0
    """Frames of the same size that follow in the file."""


def array_pixels(array: NDArray[Any]) -> Pixels:
    """The pixels of an array.

    Args:
        array: Shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).

    Returns:
        Shape (H, W, C); float16 becomes float32, any other type stays; shares memory where nothing changes.

    Raises:
        InputError: For another shape or type, or floats outside [0, 1].
    """
    if array.dtype.name not in _ARRAY_TYPES:
        raise InputError(
            f"Expected an array of {', '.join(_ARRAY_TYPES)}, got {array.dtype.name}. "
            "Do array.astype(numpy.uint8) for values from 0 to 255."
        )
    pixels = array[..., np.newaxis] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        advice = " Do array.transpose(1, 2, 0)." if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise InputError(
            f"Expected an array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {array.shape}.{advice}"
        )
    _check_not_empty(array.shape)
    if pixels.dtype.name == "float16":
        pixels = pixels.astype(np.float32)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return unit_range(pixels) if pixels.dtype.kind == "f" else pixels


def tensor_pixels(tensor: "torch.Tensor") -> Pixels:
    """The pixels of a tensor, brought to the CPU and cut off from gradients.

    Args:
        tensor: Shape (C, H, W) or (1, C, H, W) with C = 1, 3 or 4.

    Raises:
        InputError: For another shape or type, or floats outside [0, 1].
    """
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in _TENSOR_TYPES:
        raise InputError(
            f"Expected a tensor of {', '.join(_TENSOR_TYPES)}, got {kind}. "
            "Do tensor.to(torch.uint8) for values from 0 to 255."
        )
    planes = tensor.squeeze(0) if tensor.ndim == 4 and tensor.shape[0] == 1 else tensor
    if planes.ndim != 3 or planes.shape[0] not in (1, 3, 4):
        raise InputError(
            "Expected a tensor of shape (3, H, W), (1, H, W), (4, H, W) or (1, C, H, W), "
            f"got {tuple(tensor.shape)}.{_tensor_advice(tensor)}"
        )
    if kind in ("float16", "bfloat16"):
        planes = planes.float()
    return array_pixels(planes.detach().permute(1, 2, 0).cpu().numpy())


def unit_range(pixels: Pixels) -> Pixels:
    """The pixels if they lie in [0, 1], clipped where rounding left it.

    Raises:
        InputError: If a value is further outside, NaN or infinite; says the range found and the cure.
    """
    low, high = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        count = int(np.count_nonzero(~np.isfinite(pixels)))
        raise InputError(
            f"Expected floating values in [0, 1], got {count} that are NaN or infinite. Replace them first."
        )
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        raise InputError(f"Expected floating values in [0, 1], got {low:g} to {high:g}. {_range_advice(low, high)}")
    return pixels.clip(0, 1) if low < 0 or high > 1 else pixels


def levels(values: NDArray[Any], peak: int) -> Pixels:
    """Integers from 0 to ``peak`` as pixels, exact where uint8 or uint16 can be: floats for peaks such as 1023.

    Values that are their own pixels are given back.
    """
    for kind, most in (("uint8", 255), ("uint16", 65535)):
        if most % peak == 0:
            if most == peak and values.dtype == kind:
                return values
            whole: Pixels = np.empty(values.shape, kind)
            np.multiply(values, most // peak, out=whole, dtype=np.uint16, casting="unsafe")
            return whole
    floats: Pixels = np.empty(values.shape, np.float32)
    np.divide(values, peak, out=floats, dtype=np.float64, casting="unsafe")  # NumPy converts a few values at a time
    return floats


def opaque_pixels(pixels: Pixels, background: tuple[int, int, int]) -> Pixels:
    """The pixels without alpha: one channel stays one where the background is grey or nothing shines through.

    Args:
        pixels: Shape (H, W, 1..4).
        background: What shines through, 8-bit sRGB.

    Returns:
        Shape (H, W, 1) or (H, W, 3), of the same type; integers are rounded to the nearest.
    """
    if pixels.shape[2] not in (2, 4):
        return pixels
    is_grey = pixels.shape[2] == 2 and len(set(background)) == 1
    return _composite(pixels[..., :-1], pixels[..., -1:], background[:1] if is_grey else background)


def three_channels(pixels: Pixels) -> NDArray[Any]:
    """Opaque pixels as shape (H, W, 3), contiguous and read-only."""
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    whole = np.ascontiguousarray(pixels).view()
    whole.flags.writeable = False
    return whole


def _composite(colour: Pixels, alpha: Pixels, background: tuple[int, ...]) -> Pixels:
    """Alpha blending in sRGB values, as browsers do it."""
    if colour.dtype.kind == "f":
        behind = np.array(background, dtype=colour.dtype) / 255
        return colour if alpha.min() == 1 else colour * alpha + behind * (1 - alpha)
    peak = int(np.iinfo(colour.dtype).max)
    if alpha.min() == peak:
        return colour
    wide = np.dtype(f"u{2 * colour.itemsize}")  # holds peak * peak + peak // 2
    behind = np.array(background, dtype=wide) * (peak // 255)
    sums = colour.astype(wide) * alpha + behind * (peak - alpha.astype(wide))  # (H, W, 3)
    return np.asarray((sums + peak // 2) // peak, dtype=colour.dtype)


def _check_not_empty(shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise InputError(f"Expected at least one pixel, got shape {shape}.")


def _tensor_advice(tensor: "torch.Tensor") -> str:
    if tensor.ndim == 4 and tensor.shape[0] > 1:
        return " Give the images of a batch one by one."
    if tensor.ndim == 3 and tensor.shape[2] in (1, 3, 4):
        return " Do tensor.permute(2, 0, 1)."
    return " Do tensor[None] for a grey image." if tensor.ndim == 2 else ""


def _range_advice(low: float, high: float) -> str:
    if low >= 0 and high <= 255:
        return "Divide by 255, or give uint8."
    if low >= 0 and high <= 65535:
        return "Divide by 65535, or give uint16."
    if low >= -1 - RANGE_TOLERANCE and high <= 1 + RANGE_TOLERANCE:
        return "Do (values + 1) / 2 if they are normalised to [-1, 1], or clip them."
    return "Undo the normalisation or clip them."
