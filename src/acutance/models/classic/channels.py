"""Colours to the channel that is compared, and images made smaller as the authors do."""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.layers.images import clipped
from acutance.shapes import ImageBatch

Channel = Literal["rgb", "grey", "luma"]
Planes = Float[Tensor, "batch channels height width"]
"""What a metric compares: one plane or three, in [0, 1]."""

GREY_WEIGHTS = (0.298936021293775, 0.587043074451121, 0.114020904255103)
"""MATLAB's ``rgb2gray`` in full precision: they add up to 1."""
LEVEL_WEIGHTS = (0.2989, 0.5870, 0.1140)
"""The same as its documentation prints them, which gives its rounded grey; they add up to 0.9999."""
LUMA_WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)
"""MATLAB's ``rgb2ycbcr`` (ITU-R BT.601): weights of the first plane, exact."""
LUMA_BLACK = 16.0
"""Luma of black; white is 235."""
EIGHT_BIT_SLACK = 1e-3
"""How far, in levels, a value may lie from one of the 256 and still be taken for it (float32: 1.5e-5)."""
TIE_SLACK = 1e-9
"""Lifts a half that float64 stores a little too low, so that it rounds up as in MATLAB."""


def in_channel(images: ImageBatch, channel: Channel, *, rounded: bool = False) -> Planes:
    """The planes of one kind, clipped to [0, 1] and in float64, as MATLAB computes.

    Where the device has no float64 (mps), float32 serves.

    Args:
        images: Images, in [0, 1].
        rounded: Round grey and luma to the 256 levels of an 8-bit image, as MATLAB does with one; the
            gradient passes on as if that had not been done.

    Returns:
        Three planes for ``rgb``, one for ``grey`` and ``luma``, in [0, 1].

    Example:
        >>> orange = torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1)
        >>> [round(255 * in_channel(orange, "grey", rounded=rounded).item(), 6) for rounded in (False, True)]
        [151.076677, 151.0]
    """
    inside = in_range(images)
    if channel == "rgb":
        return inside
    weights = LUMA_WEIGHTS if channel == "luma" else LEVEL_WEIGHTS if rounded else GREY_WEIGHTS
    black = LUMA_BLACK if channel == "luma" else 0.0
    shares = inside.new_tensor(weights).reshape(3, 1, 1)
    if rounded:
        return _rounded(255 * inside, shares, black) / 255
    return _weighted(inside, shares) + black / 255


def in_range(images: Planes) -> Planes:
    """The planes in float64, clipped to [0, 1]."""
    return clipped(images.float() if images.device.type == "mps" else images.double())


def _rounded(levels: ImageBatch, weights: Float[Tensor, "3 1 1"], black: float) -> Planes:
    """Weighted sum of channels in 0..255, rounded half up, with the gradient of the sum."""
    rounded = _weighted(_snapped(levels.detach()), weights).add_(black + 0.5 + TIE_SLACK).floor_()
    if not levels.requires_grad:
        return rounded
    smooth = (levels * weights).sum(1, keepdim=True)
    return rounded + (smooth - smooth.detach())


def _snapped(levels: Tensor) -> Tensor:
    """The levels, those near one of the 256 put on it."""
    nearest = levels.round()
    distance = (levels - nearest).abs_()
    if bool(distance.amax() < EIGHT_BIT_SLACK):
        return nearest
    return torch.where(distance < EIGHT_BIT_SLACK, nearest, levels)


def _weighted(levels: Tensor, weights: Tensor) -> Tensor:
    """The sum over channels as one product, (batch, 1, height, width); its rounding is far below ``TIE_SLACK``."""
    batch, channels, height, width = levels.shape
    return (weights.reshape(1, channels) @ levels.reshape(batch, channels, -1)).view(batch, 1, height, width)


SmallerPlanes = Float[Tensor, "batch channels less_height less_width"]
"""Planes after averaging."""

NORMAL_SIDE = 256
"""The shorter side that images are brought near to (Wang's ``ssim.m``; FSIM, section IV-A)."""


def averaged(planes: Planes, border: Literal["zero", "symmetric"]) -> SmallerPlanes:
    """Means of f x f pixels, every f-th of them, f = round(shorter side / 256).

    Args:
        border: What lies outside: zeros (``conv2(..., 'same')``) or the image mirrored
            (``imfilter(..., 'symmetric')``).

    Returns:
        Planes of 1/f of the size, rounded up; the same planes where f is 1.

    Example:
        >>> averaged(torch.rand(1, 3, 640, 900), "zero").shape
        torch.Size([1, 3, 214, 300])
    """
    height, width = planes.shape[2:]
    factor = max(1, math.floor(min(height, width) / NORMAL_SIDE + 0.5))
    if factor == 1:
        return planes
    before = (factor - 1) // 2  # both MATLAB functions centre an even window left of its middle
    below, right = (math.ceil(side / factor) * factor - side - before for side in (height, width))
    if border == "zero":
        padded = functional.pad(planes, (before, right, before, below))
    else:
        rows, columns = (_mirrored(side, before, after) for side, after in ((height, below), (width, right)))
        padded = planes[:, :, rows.to(planes.device)][..., columns.to(planes.device)]
    return _means(padded, factor)


def halved(planes: Planes) -> SmallerPlanes:
    """Half as large, rounded up: ``imfilter(planes, ones(2) / 4, 'symmetric')`` and every second sample."""
    height, width = planes.shape[2:]
    padded = functional.pad(planes, (0, width % 2, 0, height % 2), mode="replicate")
    return _means(padded, 2)


def _means(planes: Tensor, factor: int) -> Tensor:
    """Means of blocks of f x f; for f = 2 as four sums, which is the same to the bit and faster."""
    if factor != 2:
        return functional.avg_pool2d(planes, kernel_size=factor)
    even, odd = planes[:, :, ::2], planes[:, :, 1::2]
    return (even[..., ::2] + even[..., 1::2] + odd[..., ::2] + odd[..., 1::2]) / 4


def _mirrored(side: int, before: int, after: int) -> Tensor:
    """Indices from ``-before`` to ``side + after``, mirrored at the ends with the edge repeated."""
    index = torch.arange(-before, side + after)
    index = torch.where(index < 0, -1 - index, index)
    return torch.where(index >= side, 2 * side - 1 - index, index)
