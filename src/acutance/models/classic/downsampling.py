"""Making pictures smaller exactly as the authors' MATLAB does, whatever their size.

piq averages other blocks: for factors over 2 they lie elsewhere, odd borders go to the other end, and Python
rounds 2.5 (a shorter side of 640) to 2 where MATLAB rounds it to 3. That moves scores by up to 0.04.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.models.classic.channels import Planes

SmallerPlanes = Float[Tensor, "batch channels less_height less_width"]
"""Planes after averaging."""

NORMAL_SIDE = 256
"""The shorter side that pictures are brought near to (Wang's ``ssim.m``; FSIM, section IV-A)."""


def averaged(planes: Planes, border: Literal["zero", "symmetric"]) -> SmallerPlanes:
    """Means of f x f pixels, every f-th of them, f = round(shorter side / 256).

    Args:
        planes: Planes of any size.
        border: What lies outside: zeros (``conv2(..., 'same')``) or the picture mirrored
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
