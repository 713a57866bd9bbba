"""Which crops of an image AHIQ rates: the same positions in both images of a pair; loads no torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from acutance.images.crops import Position, covering_positions, random_positions
from acutance.models.ahiq.weights import AHIQConfig
from acutance.models.entry import UsedBy
from acutance.types import JSON

NORMALISATIONS = {"half": "mean 0.5, standard deviation 0.5", "imagenet": "ImageNet"}
"""``AHIQConfig.normalisation`` in the words of every model's provenance."""


class AHIQViews(BaseModel):
    """Which crops are rated; an image's score is the mean over them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    protocol: Literal["cover", "random", "five-point", "nine-point"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the authors' test. ``five-point`` and
    ``nine-point``: the authors' fixed positions, five of them in their validation."""
    crops: Annotated[int, UsedBy("random")] = Field(default=20, ge=1)
    """How many crops with ``random`` (the authors' default)."""
    seed: Annotated[int, UsedBy("random")] = Field(default=0, ge=0)
    """Where the crops of ``random`` lie: it and the size of the image decide."""


def crop_positions(views: AHIQViews, height: int, width: int, side: int) -> list[Position]:
    """Where the crops lie in an image; a position may come more than once and then counts as often.

    Args:
        height: Of the image, in pixels, at least ``side``.
        width: The same.
        side: Of a crop, in pixels.

    Raises:
        ConfigError: A crop larger than the image.
    """
    if views.protocol == "cover":
        return covering_positions(height, width, side)
    if views.protocol == "random":
        return random_positions(height, width, side, count=views.crops, seed=views.seed)
    # the authors' nine positions in their order: corners, centre, middles of left, right, top and bottom
    bottom, right = height - side, width - side
    middle, centre = height // 2 - side // 2, width // 2 - side // 2
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    nine = [*corners, (middle, centre), (middle, 0), (middle, right), (0, centre), (bottom, centre)]
    return nine[: 5 if views.protocol == "five-point" else 9]


def view_settings(views: AHIQViews, config: AHIQConfig) -> dict[str, JSON]:
    """What the inputs of the network depend on, for the provenance of a score."""
    drawn: dict[str, JSON] = {"crops": views.crops, "seed": views.seed} if views.protocol == "random" else {}
    return {
        "protocol": views.protocol,
        "crop": config.side,
        "normalisation": NORMALISATIONS[config.normalisation],
        "small pictures": f"shorter side enlarged to {config.side}, bilinear",
        **drawn,
    }
