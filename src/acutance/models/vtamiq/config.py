"""What a VTAMIQ network is made of: one set of switches for the three states of the authors' repository."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class VTAMIQConfig(BaseModel):
    """Architecture, and what belongs to weights trained with it; the defaults are the repository's present state.

    ``published.PAPER`` and ``published.KADIS700K`` are the two others.

    Example:
        >>> VTAMIQConfig(layers=12).layers
        12
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=768, ge=1)
    """Channels of a token (ViT-B: 768)."""
    heads: int = Field(default=12, ge=1)
    """Attention heads; they divide ``width``."""
    mlp_width: int = Field(default=3072, ge=1)
    """Channels of the hidden layer after attention."""
    layers: int = Field(default=6, ge=1)
    """Encoder layers that are kept: the first 6 of ViT-B's 12."""
    grid: int = Field(default=24, ge=1)
    """Rows and columns of the table of positions: 384 pixels by patches of 16 pixels."""
    registers: int = Field(default=8, ge=0)
    """Learned tokens after the class token that take part in attention only."""
    layer_gains: bool = True
    """Whether both branches of a layer have a gain per channel (LayerScale)."""
    adapters: int = Field(default=0, ge=0)
    """Sets of adapters in each layer."""
    scales: int = Field(default=0, ge=0)
    """Scales that patches come from and that have an embedding; 0 for one scale without."""
    class_has_position: bool = True
    """Whether row 0 of the table of positions is added to the class token."""
    class_has_scale: bool = False
    """Whether row 0 of the table of scales is added to the class token."""
    position_from: Literal["centre", "corner"] = "centre"
    """``centre`` of the patch in [0, 1) and rows from 1 on; ``corner``: its top left corner in [-1, 1] and rows
    from 0 on, so that the first cell reads the row of the class token (2021)."""
    more_scales: bool = False
    """Whether a picture gives one scale more than now (2022)."""
    pixels: Literal["half", "imagenet"] = "half"
    """Normalisation: mean and deviation 0.5, or ImageNet's (2021)."""
    difference_gain: bool = True
    """Whether the difference of the class tokens has a gain per channel."""
    difference_embedding: bool = False
    """Whether the difference is multiplied by what a residual group makes of the reference."""
    decoder: bool = True
    """Whether the difference passes the quality decoder (DiffNet) before it is read."""
    groups: int = Field(default=4, ge=1)
    """Residual groups of the decoder."""
    blocks: int = Field(default=4, ge=1)
    """Blocks with channel attention in each group."""
    reduction: int = Field(default=16, ge=1)
    """By how much channel attention narrows; it divides ``width``."""
    gate: Literal["relu", "prelu"] = "relu"
    """Activation of channel attention: PReLU until 2022."""
    start: Literal["normal", "zeros"] = "normal"
    """Initial tables of positions and scales: normal with deviation 0.02, or zeros (until 2022)."""
    group_drop: float = Field(default=0.1, ge=0, lt=1)
    """Share of residual groups that are left out in training."""
    embedding_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout of embedded tokens in training."""
    mlp_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout in the hidden layer and after it."""
    predictor_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout before both layers of the predictor."""

    @model_validator(mode="after")
    def _divides(self) -> "VTAMIQConfig":
        for name in ("heads", "reduction"):
            if self.width % getattr(self, name):
                raise ValueError(f"width {self.width} is no multiple of {name} {getattr(self, name)}")
        if self.scales == 1:
            raise ValueError("one scale has no embedding: use scales=0")
        return self
