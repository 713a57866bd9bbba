"""The trained parts of AHIQ: fusion of the two branches, and the rating of every place of a crop.

Lao et al.: Attentions Help CNNs See Better, CVPR workshops 2022, arXiv 2204.10485.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from acutance.models.ahiq.config import AHIQConfig
from acutance.models.ahiq.sampling import TAPS, Offsets, deformable_in_training

TokenMap = Float[Tensor, "batch token_channels token_rows token_columns"]
"""Tokens of all blocks as a map, block after block in its channels."""
CNNMap = Float[Tensor, "batch cnn_channels rows columns"]
"""Outputs of all bottlenecks, one after the other in its channels; twice the rows and columns of tokens."""
FusedMap = Float[Tensor, "batch cnn_channels token_rows token_columns"]
"""The CNN branch after the fusion."""
ReducedMap = Float[Tensor, "batch reduced_channels token_rows token_columns"]
"""Both branches of one picture in few channels: all that a rating needs of it."""
PlaceMap = Float[Tensor, "batch token_rows token_columns"]
"""One number per place of a crop."""


class DeformableFusion(nn.Module):
    """CNN features read where the reference's tokens say, brought to the size of the tokens.

    There is no activation between ``deform`` and ``shrink``, nor after ``mix``.
    """

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.offset = nn.Conv2d(config.token_channels, 2 * TAPS, 3, padding=1)
        self.deform = nn.Conv2d(config.cnn_channels, config.cnn_channels, 3, padding=1)
        self.shrink = nn.Conv2d(config.cnn_channels, config.fusion_width, 3, stride=2, padding=1)
        self.mix = nn.Conv2d(config.fusion_width, config.cnn_channels, 3, padding=1)

    def offsets(self, tokens: TokenMap) -> Offsets:
        """How far each tap is moved, from the tokens of the reference."""
        offsets: Tensor = self.offset(functional.interpolate(tokens, scale_factor=2, mode="nearest"))
        return offsets

    def forward(self, maps: CNNMap, offsets: Offsets) -> FusedMap:
        """The CNN branch of one picture of a pair."""
        fused: Tensor = self.mix(self.shrink(deformable_in_training(maps, offsets, self.deform)).relu())
        return fused


class Regressor(nn.Module):
    """Quality and attention of every place of a pair of crops."""

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(config.token_channels + config.cnn_channels, config.reduced_width, 1)
        self.widen = nn.Conv2d(3 * config.reduced_width, config.smoothing_width, 3, padding=1)
        self.smooth = nn.Conv2d(config.smoothing_width, config.smoothing_width // 2, 3, padding=1)
        self.hidden = nn.Conv2d(config.smoothing_width // 2, config.rating_width, 3, padding=1)
        self.quality = nn.Conv2d(config.rating_width, 1, 1)
        self.attention = nn.Conv2d(config.rating_width, 1, 1)

    def reduced(self, tokens: TokenMap, fused: FusedMap) -> ReducedMap:
        """What a rating needs of one picture."""
        reduced: Tensor = self.reduce(torch.cat([tokens, fused], dim=1))
        return reduced

    def forward(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place."""
        joined = torch.cat([distorted - reference, distorted, reference], dim=1)
        hidden = self.hidden(self.smooth(self.widen(joined).relu())).relu()
        return self.quality(hidden).squeeze(1), self.attention(hidden).sigmoid().squeeze(1)
