"""How a picture becomes the crops that HyperIQA sees."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from acutance.images.crops import Position, covering_positions, random_positions
from acutance.models.entry import UsedBy

if TYPE_CHECKING:  # its options are listed without torch
    from acutance.layers.images import EnlargedBatch
    from acutance.models.quality_model import JSON
    from acutance.shapes import ImageBatch

CROP_SIDE = 224
"""Pixels a side of a crop: the network takes no other size."""
GRID_SIDE = 5
"""PyIQA's crops lie on a grid of 5 x 5 (pyiqa, arch_util.uniform_crop with 25 crops)."""

Size = tuple[int, int]
"""Height and width in pixels."""


class HyperIQAViews(BaseModel):
    """Where the crops of a picture lie; the score is the mean over them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    protocol: Literal["cover", "random", "pyiqa"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the authors' random crops.
    ``pyiqa``: PyIQA's 25 crops on a fixed grid, without resizing first."""
    crops: Annotated[int, UsedBy("random")] = Field(default=25, ge=1)
    """How many crops, where they are random."""
    seed: Annotated[int, UsedBy("random")] = Field(default=0, ge=0)
    """Which random crops; they depend on the size of the picture too."""


def seen(images: "ImageBatch", views: HyperIQAViews, resize: Size | None) -> "EnlargedBatch":
    """The pictures that crops are cut from, at least 224 pixels a side.

    Args:
        images: Pictures in [0, 1].
        views: The protocol.
        resize: Height and width that pictures are brought to first, whatever their shape; ``None`` leaves them.
    """
    from acutance.layers.images import enlarge_to_at_least, resize_like_pillow

    if views.protocol == "pyiqa":
        return _enlarged_as_pyiqa(images)
    if resize is not None:
        images = resize_like_pillow(images, *resize)
    return enlarge_to_at_least(images, CROP_SIDE)


def positions(height: int, width: int, views: HyperIQAViews) -> list[Position]:
    """Where the crops of a picture lie.

    Args:
        height: Of the picture that ``seen`` gave, in pixels.
        width: The same.
        views: The protocol.
    """
    if views.protocol == "random":
        return random_positions(height, width, CROP_SIDE, count=views.crops, seed=views.seed)
    if views.protocol == "pyiqa":
        down, right = ((side - CROP_SIDE) // GRID_SIDE for side in (height, width))
        return [(row * down, column * right) for row in range(GRID_SIDE) for column in range(GRID_SIDE)]
    return covering_positions(height, width, CROP_SIDE)


def view_settings(views: HyperIQAViews, resize: Size | None) -> "dict[str, JSON]":
    """All that the crops depend on, for the provenance of a score."""
    settings: dict[str, JSON] = {"protocol": views.protocol, "crop": CROP_SIDE, "normalisation": "ImageNet"}
    if views.protocol == "random":
        settings |= {"crops": views.crops, "seed": views.seed}
    if views.protocol == "pyiqa":
        return settings | {
            "crops": GRID_SIDE**2,
            "resize": None,
            "small pictures": f"shorter side up to {CROP_SIDE} enlarged to {CROP_SIDE + 1}, bilinear",
        }
    if resize is not None:
        settings |= {"resampling": "bilinear, antialiased, 8 bits after each pass"}
    return settings | {
        "resize": None if resize is None else [*resize],
        "small pictures": f"shorter side enlarged to {CROP_SIDE}, bilinear",
    }


def _enlarged_as_pyiqa(images: "ImageBatch") -> "EnlargedBatch":
    """The pictures, bilinearly enlarged where the shorter side is no longer than a crop.

    The factor and not the size is what samples are placed by, as in PyIQA; rounding may make 224 of the 225 pixels.
    """
    from torch.nn import functional

    shorter = min(images.shape[2:])
    if shorter > CROP_SIDE:
        return images
    factor = (CROP_SIDE + 1) / shorter
    return functional.interpolate(images, scale_factor=factor, mode="bilinear")
