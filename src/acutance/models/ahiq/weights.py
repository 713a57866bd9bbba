"""The size of an AHIQ network and what it takes in."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PATCH = 8
"""Pixels of a ViT patch: both branches meet at an eighth of the crop's size."""
BLOCKS = 5
"""Blocks of the ViT that are used, the first ones (section 3.2 of the paper)."""
BOTTLENECKS = 3
"""Bottlenecks of the ResNet that are used: all of its first stage."""
EXPANSION = 4
"""Channels of a bottleneck's output by those within (He et al., CVPR 2016)."""


class AHIQConfig(BaseModel):
    """What the weights of an AHIQ are made for; the defaults are the published network's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: int = Field(default=224, ge=16, multiple_of=16)
    """Pixels a side of a crop."""
    token_width: int = Field(default=768, ge=1)
    """Channels of a ViT token."""
    heads: int = Field(default=12, ge=1)
    """Attention heads of the ViT; a divisor of ``token_width``."""
    cnn_width: int = Field(default=64, ge=1)
    """Channels within a bottleneck of the ResNet."""
    fusion_width: int = Field(default=512, ge=1)
    """Channels between the two convolutions after the deformable one."""
    reduced_width: int = Field(default=256, ge=1)
    """Channels that a picture is reduced to."""
    smoothing_width: int = Field(default=1024, ge=2, multiple_of=2)
    """Channels that the pair is widened to; half of them after the next convolution."""
    rating_width: int = Field(default=256, ge=1)
    """Channels that quality and weight are read from."""

    normalisation: Literal["half", "imagenet"] = "half"
    """Mean and deviation that crops are normalised with for both trunks: 0.5, or ImageNet's as in PyIQA."""

    @property
    def token_channels(self) -> int:
        """Channels of the tokens of all blocks."""
        return BLOCKS * self.token_width

    @property
    def cnn_channels(self) -> int:
        """Channels of the outputs of all bottlenecks."""
        return BOTTLENECKS * EXPANSION * self.cnn_width

    @property
    def places(self) -> int:
        """Rows, and columns, of the places of a crop that are rated."""
        return self.side // PATCH
