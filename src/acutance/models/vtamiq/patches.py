"""Patches cut from images, and the places and scales that the encoder takes with them."""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.images import EnlargedBatch, enlarge_to_at_least
from acutance.models.vtamiq.preprocess import PATCH, Positions, Size, VTAMIQViews
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.shapes import ImageBatch

BELOW_ONE = 1 - 1e-6
"""Largest place: the last cell of the table of positions ends below 1 (the authors' code)."""

Picture = Float[Tensor, "3 height width"]
"""One picture in [0, 1]."""
Places = Float[Tensor, "patches 2"]
"""Row and column of each patch as the encoder takes them."""
Scales = Int[Tensor, " patches"]
"""Scale of each patch, 0 the finest."""
CutPatches = Float[Tensor, "batch patches 3 side side"]
"""Patches of pictures."""


def large_enough(images: ImageBatch) -> EnlargedBatch:
    """The pictures with sides of at least one patch."""
    return enlarge_to_at_least(images, PATCH)


def pyramid(images: ImageBatch, count: int, config: VTAMIQConfig) -> list[Tensor]:
    """The normalised pictures on each scale, the finest first: 2 x 2 means, odd edges dropped."""
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if config.pixels == "imagenet" else ((0.5,) * 3, (0.5,) * 3)
    middle, spread = (images.new_tensor(values).view(1, 3, 1, 1) for values in (mean, std))
    levels = [(images - middle) / spread]
    for _ in range(count - 1):
        levels.append(functional.avg_pool2d(levels[-1], 2))
    return levels


def cut_patches(levels: Iterable[Tensor], positions: Positions) -> CutPatches:
    """The patches at these positions of each picture, scale by scale."""
    return torch.cat([_cut(level, corners) for level, corners in zip(levels, positions, strict=True)], dim=1)


def places(positions: Positions, config: VTAMIQConfig, views: VTAMIQViews, sizes: Iterable[Size]) -> Places:
    """Where each patch lies, as the encoder was trained to be told."""
    told = [_place(corners, np.array(size), config, views) for corners, size in zip(positions, sizes, strict=True)]
    return torch.from_numpy(np.concatenate(told).astype(np.float32))


def scales_of(positions: Positions) -> Scales:
    """The scale of each patch."""
    return torch.repeat_interleave(torch.arange(len(positions)), torch.tensor([len(level) for level in positions]))


def _place(corners: np.ndarray, size: np.ndarray, config: VTAMIQConfig, views: VTAMIQViews) -> np.ndarray:
    """From the whole corner in 2021, from the drawn one since (the authors' code)."""
    corner = config.position_from == "corner"
    if views.uv == "centred":
        shares = (corners.astype(np.int64) + PATCH / 2) / size
    elif corner:
        shares = corners.astype(np.int64) / np.maximum(size - PATCH, 1)
    else:
        shares = (corners + PATCH / 2) / (size - PATCH / 2)
    told: np.ndarray = 2 * shares - 1 if corner else np.clip(shares, 0, BELOW_ONE)
    return told


def _cut(level: Tensor, corners: np.ndarray) -> Tensor:
    """(batch, patches, 3, 16, 16)."""
    top_left = torch.from_numpy(corners.astype(np.int64)).to(level.device)
    steps = torch.arange(PATCH, device=level.device)
    rows, columns = (top_left[:, axis, None] + steps for axis in (0, 1))  # (patches, 16) each
    return level[:, :, rows[:, :, None], columns[:, None, :]].transpose(1, 2)
