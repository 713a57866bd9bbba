"""Sizes of afine-tiny."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Stages = tuple[Count, Count, Count, Count]


class AFINETinyConfig(BaseModel):
    """How large the two trunks and the head are, and how small the whole picture is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem: Count = 24
    """Channels of the first convolution of each trunk."""
    channels: Stages = (32, 64, 128, 224)
    """Channels of the four stages of each trunk."""
    blocks: Stages = (1, 2, 2, 2)
    """Blocks of each stage."""
    directions: int = Field(default=0, ge=0)
    """Directions of its inputs that the naturalness head sees; 0 for all of them."""
    hidden: Count = 128
    """Width of the naturalness head."""
    layers: Count = 1
    """Of that width, one after the other."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the head's inputs that are left out in training."""
    damage_hidden: Count = 128
    """Width of the damage head."""
    damage_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of its inputs that are left out in training."""
    whole_side: int = Field(default=256, ge=32)
    """Side in pixels of the square that has the area of the small copy of the whole picture."""
