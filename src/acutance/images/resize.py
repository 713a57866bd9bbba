"""Bring pictures to a size that a network can take."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.errors import ConfigError, InputError
from acutance.shapes import ImageBatch

EnlargedBatch = Float[Tensor, "batch 3 larger_height larger_width"]
"""Pictures whose size is not that of the pictures they came from."""


MOST_PIXELS = 1 << 26
"""Pixels that a picture may have once it is enlarged: 0.8 GB in float32."""
PILLOW_STEPS = 1 << 22
"""Steps of 1 in which Pillow keeps the weights of a resampling (PRECISION_BITS of its Resample.c)."""


def enlarge_to_multiple(images: ImageBatch, multiple: int) -> EnlargedBatch:
    """The pictures with height and width enlarged to the next multiple, each on its own.

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
    """The pictures with the shorter side enlarged to ``side``, the longer one in proportion.

    Bilinear, half-pixel centres; pictures that are large enough are left exactly as they are. Differentiable.

    Args:
        images: Shape (N, 3, H, W).
        side: Pixels that the shorter side has at least.

    Returns:
        Shape (N, 3, H', W') with min(H', W') = max(side, min(H, W)).

    Raises:
        InputError: A picture so long and thin that it would have more than ``MOST_PIXELS``.

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
            f"Expected a picture whose shorter side can be enlarged to {side} pixels, got height {height} and width "
            f"{width}, which would become {size[0]} x {size[1]}. Cut it into shorter pieces."
        )
    return functional.interpolate(images, size=size, mode="bilinear", align_corners=False)


def resize_like_pillow(images: ImageBatch, height: int, width: int) -> EnlargedBatch:
    """The pictures resized exactly as Pillow's ``BILINEAR`` does: antialiased, 8 bits before and after each pass.

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
