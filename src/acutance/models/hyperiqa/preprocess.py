"""Which crops of an image HyperIQA sees; loads no torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from acutance.images.crops import Position, covering_positions, random_positions
from acutance.models.entry import UsedBy
from acutance.types import JSON

CROP_SIDE = 224
"""Pixels a side of a crop: the network takes no other size."""
GRID_SIDE = 5
"""PyIQA's crops lie on a grid of 5 x 5 (pyiqa, arch_util.uniform_crop with 25 crops)."""


class HyperIQAViews(BaseModel):
    """Where the crops of an image lie; the score is the mean over them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    protocol: Literal["cover", "random", "pyiqa"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the authors' random crops.
    ``pyiqa``: PyIQA's 25 crops on a fixed grid, without resizing first."""
    crops: Annotated[int, UsedBy("random")] = Field(default=25, ge=1)
    """How many crops, where they are random."""
    seed: Annotated[int, UsedBy("random")] = Field(default=0, ge=0)
    """Which random crops; they depend on the size of the image too."""


def positions(height: int, width: int, views: HyperIQAViews) -> list[Position]:
    """Where the crops lie in an image of this size, once it is resized and at least 224 pixels a side."""
    if views.protocol == "random":
        return random_positions(height, width, CROP_SIDE, count=views.crops, seed=views.seed)
    if views.protocol == "pyiqa":
        down, right = ((side - CROP_SIDE) // GRID_SIDE for side in (height, width))
        return [(row * down, column * right) for row in range(GRID_SIDE) for column in range(GRID_SIDE)]
    return covering_positions(height, width, CROP_SIDE)


def view_settings(views: HyperIQAViews, resize: tuple[int, int] | None) -> dict[str, JSON]:
    """All that the crops depend on, for the provenance of a score."""
    settings: dict[str, JSON] = {"protocol": views.protocol, "crop": CROP_SIDE, "normalisation": "ImageNet"}
    if views.protocol == "pyiqa":
        return settings | {
            "crops": GRID_SIDE**2,
            "resize": None,
            "small pictures": f"shorter side up to {CROP_SIDE} enlarged to {CROP_SIDE + 1}, bilinear",
        }
    if views.protocol == "random":
        settings |= {"crops": views.crops, "seed": views.seed}
    if resize is not None:
        settings |= {"resampling": "bilinear, antialiased, 8 bits after each pass"}
    return settings | {
        "resize": None if resize is None else [*resize],
        "small pictures": f"shorter side enlarged to {CROP_SIDE}, bilinear",
    }
