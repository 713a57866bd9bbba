"""Patches of a reference and of distorted pictures beside it for VTAMIQ: other places in every epoch, one for all."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from acutance.errors import InputError
from acutance.models.vtamiq.context import context_sets
from acutance.models.vtamiq.patches import cut_patches, large_enough, places, pyramid, scales_of
from acutance.models.vtamiq.preprocess import Positions, VTAMIQViews, grid_sets, sizes_of
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.training.config import Settings
from acutance.training.pictures import Pixels
from acutance.training.task import Inputs


class PatchDraws(Settings):
    """Which patches of a picture are trained on, drawn anew each time."""

    protocol: Literal["grid", "context-aware"] = "grid"
    """A perturbed grid, as in the authors' present code; or places where pictures differ, the centre and everywhere
    (arXiv 2110.01655)."""
    patches: int = Field(default=384, ge=1)
    """Patches of a picture (the authors' setting for training)."""
    horizontal_flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning left and right round."""
    vertical_flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning top and bottom round (since May 2022)."""
    centre: float = Field(default=0.25, ge=0)
    """Weight of the centre in ``context-aware``."""
    difference: float = Field(default=1.0, ge=0)
    """Weight of the difference of the pictures."""
    uniform: float = Field(default=0.1, ge=0)
    """Weight of everywhere alike."""
    difference_map: Literal["colour", "ssim"] = "colour"
    """How the difference is measured at each pixel: distance of colours, or 1 - SSIM."""
    sampler: Literal["stratified", "independent"] = "stratified"
    """Patches spread over cells (2022 on), or drawn each on its own (2021)."""
    points: Literal["halton", "perturbed"] = "halton"
    """How ``stratified`` spreads patches within a cell."""

    @model_validator(mode="after")
    def _possible(self) -> "PatchDraws":
        if self.protocol == "context-aware" and not self.centre + self.difference + self.uniform > 0:
            raise ValueError("no patch could be drawn: set one of centre, difference and uniform above 0")
        return self

    def views(self, seed: int) -> VTAMIQViews:
        """One set of patches.

        Args:
            seed: Of its draws.
        """
        own = self.model_dump(exclude={"horizontal_flip", "vertical_flip"})
        return VTAMIQViews(**own, repeats=1, seed=seed)


def patch_sample(
    pictures: Sequence[Pixels], draws: PatchDraws, config: VTAMIQConfig, generator: np.random.Generator
) -> dict[str, Tensor]:
    """The patches of some pictures, all at the same places, and all flipped alike before they are chosen.

    Args:
        pictures: The reference, then the pictures distorted from it; of one size.
        draws: How patches are chosen.
        config: Of the network.
        generator: Draws the flips, then a seed of the places.

    Returns:
        ``patches`` (pictures, patches, 3, 16, 16), normalised; ``places`` (patches, 2); ``scales`` (patches,) where
        the network has scales.

    Raises:
        InputError: Pictures of different sizes.
    """
    images = large_enough(_flipped(pictures, draws, generator))
    views = draws.views(int(generator.integers(2**32)))
    sizes = sizes_of(images.shape[2], images.shape[3], config)
    positions = _positions(images, views, sizes)
    sample = {
        "patches": cut_patches(pyramid(images, len(sizes), config), positions),
        "places": places(positions, config, views, sizes),
    }
    return sample | ({"scales": scales_of(positions)} if config.scales else {})


def patch_inputs(samples: Sequence[Mapping[str, Any]]) -> Inputs:
    """The patches of a batch, each tensor (batch, ...)."""
    names = [name for name in ("patches", "places", "scales") if name in samples[0]]
    return {name: torch.stack([sample[name] for sample in samples]) for name in names}


def _flipped(pictures: Sequence[Pixels], draws: PatchDraws, generator: np.random.Generator) -> Tensor:
    """The pictures in [0, 1], shape (pictures, 3, H, W)."""
    sizes = sorted({picture.shape[:2] for picture in pictures})
    if len(sizes) > 1:
        raise InputError(
            f"Expected a picture of the size of its reference, got {sizes[0]} and {sizes[1]}. Leave it out."
        )
    across, down = generator.random() < draws.horizontal_flip, generator.random() < draws.vertical_flip
    turn = (slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1))
    levels = torch.from_numpy(np.stack([picture[turn] for picture in pictures]))
    return levels.permute(0, 3, 1, 2).float() / 255


def _positions(images: Tensor, views: VTAMIQViews, sizes: list[tuple[int, int]]) -> Positions:
    if views.protocol == "grid":
        return grid_sets(sizes, patches=views.patches, repeats=1, seed=views.seed)[0]
    reference, distorted = images[0], images[1:]
    if views.difference_map == "colour":  # the length of what two distorted pictures differ by on average
        distorted = reference - (distorted - reference).abs().mean(0, keepdim=True)
    return context_sets(reference, distorted, len(sizes), views)[0]
