"""Images as tensors: batches made from arrays, resized, cropped and clipped, differentiably."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from acutance.errors import ConfigError, InputError
from acutance.images.crops import Position
from acutance.shapes import ImageBatch

EnlargedBatch = Float[Tensor, "batch 3 larger_height larger_width"]
"""Images whose size is not that of the images they came from."""
CropBatch = Float[Tensor, "crops 3 side side"]
"""Crops of images, all crops of an image together, in [0, 1]."""

MOST_PIXELS = 1 << 26
"""Pixels that an image may have once it is enlarged: 0.8 GB in float32."""
PILLOW_STEPS = 1 << 22
"""Steps of 1 in which Pillow keeps the weights of a resampling (PRECISION_BITS of its Resample.c)."""
_PEAKS = {torch.uint8: 255, torch.uint16: 65535}


def to_batch(
    images: Sequence[NDArray[Any]],
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> ImageBatch:
    """Images of one size as one batch in [0, 1].

    In float32 and float64 the values are ``array.astype(dtype) / 255`` (or ``/ 65535``) to the last bit;
    narrower types are rounded from float32.

    Args:
        images: Images from ``read_image``, shape (H, W, 3), all of one size: uint8, uint16, or floats in
            [0, 1].
        dtype: A floating type.
        device: Where the batch shall be; images travel there in their own, narrower type.

    Returns:
        Shape (N, 3, H, W), contiguous; shares no memory with the images.

    Raises:
        InputError: If there is no image, one is not (H, W, 3), or two differ in size.
        ConfigError: If ``dtype`` is not floating.

    Example:
        >>> to_batch([np.full((4, 6, 3), 255, np.uint8)]).shape
        torch.Size([1, 3, 4, 6])
    """
    if not dtype.is_floating_point:
        raise ConfigError(f"Expected a floating dtype, got {dtype}. Do dtype=torch.float32.")
    _check_shapes([image.shape for image in images])
    if len({image.dtype for image in images}) > 1:
        return torch.cat([_batch_of_one_kind([image], dtype, device) for image in images])
    return _batch_of_one_kind(images, dtype, device)


def clipped(values: Tensor) -> Tensor:
    """The values clipped to [0, 1]; 0 and 1 themselves keep their gradient, values outside have none.

    ``clamp`` is no way to that: in PyTorch 2.14 it stops the gradient at its bounds too.

    Example:
        >>> values = torch.tensor([-0.5, 0.0, 1.0, 1.5], requires_grad=True)
        >>> torch.autograd.grad(clipped(values).sum(), values)[0].tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    if not values.requires_grad:
        return values.clamp(0, 1)
    return values.masked_fill(values < 0, 0).masked_fill(values > 1, 1)


def cut(images: ImageBatch, positions: Sequence[Position], side: int) -> CropBatch:
    """The crops of each image, one image after the other: shape (N * positions, 3, side, side).

    Args:
        images: Shape (N, 3, H, W).
        positions: Of the crops, the same for every image.
        side: Of a crop, in pixels.
    """
    crops = [images[:, :, top : top + side, left : left + side] for top, left in positions]
    return torch.stack(crops, dim=1).flatten(0, 1)


def enlarge_to_multiple(images: ImageBatch, multiple: int) -> EnlargedBatch:
    """The images with height and width enlarged to the next multiple, each on its own.

    Bicubic with a = -0.75, half-pixel centres, edge samples repeated, no antialiasing and no clamping of the
    overshoot, as the authors of A-FINE do it (arXiv 2503.11221, public code). A side that fits already is
    left exactly as it is. Differentiable.

    Args:
        images: Shape (N, 3, H, W).
        multiple: What both sides must be a multiple of, at least 1.

    Returns:
        Shape (N, 3, H', W') with H' - H and W' - W below ``multiple``; may leave [0, 1] at edges. The batch
        itself, not a copy, when both sides fit.

    Raises:
        ConfigError: If ``multiple`` is below 1.

    Example:
        >>> import torch
        >>> enlarge_to_multiple(torch.rand(1, 3, 40, 64), 32).shape
        torch.Size([1, 3, 64, 64])
    """
    if multiple < 1:
        raise ConfigError(f"Expected a multiple of at least 1, got {multiple}.")
    height, width = images.shape[-2:]
    size = (-(-height // multiple) * multiple, -(-width // multiple) * multiple)
    if size == (height, width):
        return images
    return functional.interpolate(images, size=size, mode="bicubic", align_corners=False)


def enlarge_to_at_least(images: ImageBatch, side: int) -> EnlargedBatch:
    """The images with the shorter side enlarged to ``side``, the longer one in proportion.

    Bilinear, half-pixel centres; images that are large enough are left exactly as they are. Differentiable.

    Args:
        images: Shape (N, 3, H, W).
        side: Pixels that the shorter side has at least.

    Returns:
        Shape (N, 3, H', W') with min(H', W') = max(side, min(H, W)).

    Raises:
        InputError: An image so long and thin that it would have more than ``MOST_PIXELS``.

    Example:
        >>> import torch
        >>> enlarge_to_at_least(torch.rand(1, 3, 100, 150), 224).shape
        torch.Size([1, 3, 224, 336])
    """
    height, width = images.shape[-2:]
    shorter = min(height, width)
    if shorter >= side:
        return images
    size = (max(side, round(height * side / shorter)), max(side, round(width * side / shorter)))
    if size[0] * size[1] > MOST_PIXELS:
        raise InputError(
            f"Expected an image whose shorter side can be enlarged to {side} pixels, got height {height} and width "
            f"{width}, which would become {size[0]} x {size[1]}. Cut it into shorter pieces."
        )
    return functional.interpolate(images, size=size, mode="bilinear", align_corners=False)


def resize_like_pillow(images: ImageBatch, height: int, width: int) -> EnlargedBatch:
    """The images resized exactly as Pillow's ``BILINEAR`` does: antialiased, 8 bits before and after each pass.

    Columns first, then rows; a pass is left out where that side fits already. The derivative passes through
    the rounding as if it were not there.

    Args:
        images: Shape (N, 3, H, W), in [0, 1]; more than 8 bits a channel are rounded to 8.
        height: In pixels, at least 1.
        width: The same.

    Example:
        >>> import torch
        >>> resize_like_pillow(torch.rand(1, 3, 30, 40), 20, 10).shape
        torch.Size([1, 3, 20, 10])
    """
    if images.shape[2:] == (height, width):
        return images
    levels = _rounded(images.double() * 255)  # of 8 bits
    if images.shape[3] != width:
        levels = _rounded(levels @ _pillow_weights(images.shape[3], width).to(levels.device).T)
    if images.shape[2] != height:
        levels = _rounded(_pillow_weights(images.shape[2], height).to(levels.device) @ levels)
    return (levels / 255).to(images.dtype)


def _check_shapes(shapes: Sequence[tuple[int, ...]]) -> None:
    if not shapes:
        raise InputError("Expected at least one image, got none.")
    for index, shape in enumerate(shapes):
        if len(shape) != 3 or shape[2] != 3:
            raise InputError(f"Expected images of shape (H, W, 3), got {shape} at index {index}. Do read_image first.")
        if shape != shapes[0]:
            raise InputError(
                f"Expected images of one size, got {shapes[0]} and, at index {index}, {shape}. Do one batch per size."
            )


def _batch_of_one_kind(images: Sequence[NDArray[Any]], dtype: torch.dtype, device: torch.device | str) -> ImageBatch:
    """Stack in the images' own type, move, then convert and scale: the least to copy."""
    stacked = torch.from_numpy(np.stack(images)).to(device)  # (N, H, W, 3)
    peak = _PEAKS.get(stacked.dtype)
    exact = dtype if dtype.itemsize >= torch.float32.itemsize else torch.float32
    batch = stacked.permute(0, 3, 1, 2).to(exact, memory_format=torch.contiguous_format)  # (N, 3, H, W)
    if peak is not None:
        # a tensor on the device: CUDA multiplies by the rounded reciprocal of a plain number
        batch = batch.div_(torch.tensor(peak, dtype=exact, device=device))
    return batch.to(dtype)


@lru_cache(maxsize=16)
def _pillow_weights(length: int, target: int) -> Tensor:
    """Rows that resample one line as Pillow's Resample.c does: a triangle, in steps of 2**-22."""
    scale = length / target
    support = max(scale, 1.0)
    with torch.inference_mode(mode=False), torch.no_grad():  # kept, and used with derivatives later
        centres = (torch.arange(target, dtype=torch.float64)[:, None] + 0.5) * scale
        first, last = ((centres + side * support + 0.5).floor().clamp(0, length) for side in (-1, 1))
        places = torch.arange(length, dtype=torch.float64)[None]
        weights = (1 - ((places - centres + 0.5) / support).abs()).clamp(min=0) * ((places >= first) & (places < last))
        return (weights / weights.sum(1, keepdim=True) * PILLOW_STEPS + 0.5).floor() / PILLOW_STEPS


def _rounded(levels: Tensor) -> Tensor:
    """Rounded half up to 8 bits; the derivative sees no rounding."""
    whole = (levels.detach() + 0.5).floor_().clamp_(0, 255)
    return levels + (whole - levels.detach())
