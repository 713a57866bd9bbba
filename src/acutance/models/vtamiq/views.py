"""How pictures become patches: protocols, their settings, cutting and the places that the encoder is told.

``cover`` (the default here) sees every pixel; ``grid`` is the perturbed grid of the authors' present code;
``context-aware`` draws patches where pictures differ, near the centre, and everywhere (CAPS, arXiv 2110.01655).
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from acutance.errors import ConfigError
from acutance.images.resize import EnlargedBatch, enlarge_to_at_least
from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.models.quality_model import JSON
from acutance.models.vtamiq.config import VTAMIQConfig
from acutance.models.vtamiq.sampling import (
    PATCH,
    Positions,
    Size,
    covering_sets,
    grid_sets,
    level_sizes,
    scale_count,
)
from acutance.shapes import ImageBatch

NORMALISATIONS = {"half": "mean 0.5, standard deviation 0.5", "imagenet": "ImageNet"}
"""``VTAMIQConfig.pixels`` in the words of every model's provenance."""
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


class VTAMIQViews(BaseModel):
    """Which patches of a picture are seen; the defaults are those of ``vtamiq.head``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal["cover", "grid", "context-aware"] = "cover"
    """Where patches come from; see the module."""
    patches: int = Field(default=512, ge=1)
    """Patches in a set, all of which the encoder sees at once; in ``cover`` at most so many."""
    repeats: int = Field(default=4, ge=1)
    """Sets whose scores are averaged; ``cover`` has as many as it needs."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the draws; the same for every picture."""
    centre: float = Field(default=0.25, ge=0)
    """Weight of the centre in ``context-aware``."""
    difference: float = Field(default=1.0, ge=0)
    """Weight of the difference of the two pictures."""
    uniform: float = Field(default=0.1, ge=0)
    """Weight of everywhere alike."""
    difference_map: Literal["colour", "ssim"] = "colour"
    """How the difference is measured at each pixel: distance of colours, or 1 - SSIM."""
    stretched: bool = False
    """Whether each picture is stretched to its full range before the difference, as in the code of 2024."""
    sampler: Literal["stratified", "independent"] = "stratified"
    """Patches spread over cells (2022 on), or drawn each on its own (2021)."""
    points: Literal["halton", "perturbed"] = "halton"
    """How ``stratified`` spreads patches within a cell."""
    uv: Literal["published", "centred"] = "published"
    """Places as the authors compute them, a little off to the bottom right, which weights have learned; or centres of
    patches as shares of height and width."""

    def check(self) -> None:
        """Raise ``ConfigError`` if no patch could be drawn."""
        if self.protocol == "context-aware" and not self.centre + self.difference + self.uniform > 0:
            raise ConfigError("Expected a weight above 0 for centre, difference or uniform, got none. Set one of them.")

    def settings(self, config: VTAMIQConfig) -> dict[str, JSON]:
        """All that the inputs of a network depend on, for the provenance of a score."""
        drawn: dict[str, JSON] = {"repeats": self.repeats, "seed": self.seed}
        weights: dict[str, JSON] = {"centre": self.centre, "difference": self.difference, "uniform": self.uniform}
        stratified = self.sampler == "stratified"
        context: dict[str, JSON] = {**weights, "sampler": self.sampler}
        context |= {"points": self.points, "stretched": self.stretched} if stratified else {}
        context |= {} if self.difference_map == "colour" else {"difference_map": self.difference_map}
        own = {"cover": {}, "grid": drawn, "context-aware": {**drawn, **context}}[self.protocol]
        return {
            "protocol": self.protocol,
            "patches": self.patches,
            **own,
            "scales": max(config.scales, 1),
            "uv": self.uv,
            "normalisation": NORMALISATIONS[config.pixels],
            "small pictures": f"shorter side enlarged to {PATCH}, bilinear",
        }


def large_enough(images: ImageBatch) -> EnlargedBatch:
    """The pictures with sides of at least one patch."""
    return enlarge_to_at_least(images, PATCH)


def sizes_of(height: int, width: int, config: VTAMIQConfig) -> list[Size]:
    """Sizes of the scales of a picture, the finest first."""
    shorter = min(height, width)
    if shorter < PATCH:
        height, width = (max(PATCH, round(side * PATCH / shorter)) for side in (height, width))
    count = scale_count(height, width, asked=max(config.scales, 1), more=config.more_scales)
    return level_sizes(height, width, count)


def fixed_sets(height: int, width: int, config: VTAMIQConfig, views: VTAMIQViews) -> list[Positions]:
    """Sets of patches that do not depend on what a picture of this size shows."""
    sizes = sizes_of(height, width, config)
    if views.protocol == "cover":
        return covering_sets(sizes, patches=views.patches)
    return grid_sets(sizes, patches=views.patches, repeats=views.repeats, seed=views.seed)


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
