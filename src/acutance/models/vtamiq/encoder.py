"""The vision transformer of VTAMIQ: patches at free positions in, one class token out (arXiv 2110.01655).

The encoder is ViT's (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929), with registers (Darcet et al., ICLR 2024,
arXiv 2309.16588), gains (LayerScale, arXiv 2103.17239) and adapters where the configuration has them.
"""

from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from acutance.layers.products import product, wants_derivative
from acutance.models.vtamiq.config import VTAMIQConfig
from acutance.models.vtamiq.layer import NORM_EPSILON, START_STD, Layer
from acutance.models.vtamiq.sampling import PATCH
from acutance.shapes import ChannelBatch, TokenBatch

PatchBatch = Float[Tensor, "batch patches 3 side side"]
"""Patches of each picture, normalised."""
PlaceBatch = Float[Tensor, "batch patches 2"]
"""Row and column of each patch: in [0, 1) by its centre, in [-1, 1] by its corner."""
ScaleBatch = Int[Tensor, "batch patches"]
"""Scale of each patch, 0 the finest."""
RowBatch = Int[Tensor, "batch patches"]
"""Row of a table for each patch."""

CORNER_RANGE = 2 + 1e-6
"""What corners in [-1, 1], moved to [0, 2], are divided by, so that 2 falls into the last cell (2021)."""


class Embedding(nn.Module):
    """Tokens: the class token, registers, and each patch with the rows of its position and scale added."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.config = config
        width, std = config.width, 0.0 if config.start == "zeros" else START_STD
        self.patches = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.class_token = nn.Parameter(START_STD * torch.randn(1, 1, width))
        self.positions = nn.Parameter(std * torch.randn(1, config.grid**2 + 1, width))
        self.scales = nn.Parameter(std * torch.randn(1, config.scales + 1, width)) if config.scales else None
        self.registers = nn.Parameter(START_STD * torch.randn(1, config.registers, width)) if config.registers else None
        self.dropout = nn.Dropout(config.embedding_dropout)

    def forward(self, patches: PatchBatch, places: PlaceBatch, scales: ScaleBatch | None = None) -> TokenBatch:
        """(batch, 1 + registers + patches, width).

        Args:
            patches: Normalised.
            places: Row and column of each.
            scales: Scale of each; ``None`` is the finest for all.
        """
        batch = len(patches)
        tokens = product(patches.flatten(2), self.patches) + self.positions[0, self.rows(places)]
        first: Tensor = self.class_token
        if self.config.class_has_position:
            first = first + self.positions[:, :1]
        if self.scales is not None:
            tokens = tokens + self._scale_rows(self.scales[0], scales)
            first = first + self.scales[:, :1] if self.config.class_has_scale else first
        extra = [] if self.registers is None else [self.registers.expand(batch, -1, -1)]
        embedded: Tensor = self.dropout(torch.cat([first.expand(batch, -1, -1), *extra, tokens], dim=1))
        return embedded

    def rows(self, places: PlaceBatch) -> RowBatch:
        """Row of the table of positions for each place: that of the nearest cell, no interpolation."""
        places = places.float()
        corner = self.config.position_from == "corner"
        cells = (self.config.grid * ((places + 1) / CORNER_RANGE if corner else places)).floor().long()
        return cells[..., 0] * self.config.grid + cells[..., 1] + (0 if corner else 1)

    def _scale_rows(self, table: Tensor, scales: Tensor | None) -> Tensor:
        """Row 0 belongs to the class token."""
        return table[1] if scales is None else table[scales.long().clamp(0, self.config.scales - 1) + 1]


class Encoder(nn.Module):
    """Patches in, the class token after the last layer out.

    In the last layer only the class token is computed: no score depends on the others there.
    """

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.embedding = Embedding(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, eps=NORM_EPSILON)

    def forward(
        self, patches: PatchBatch, places: PlaceBatch, scales: ScaleBatch | None = None, *, adapter: int | None = 0
    ) -> ChannelBatch:
        """The class token of each picture, (batch, width).

        A CPU computes one picture at a time where no derivative is wanted: what it needs stays in the caches, and a
        product's rounding, which bfloat16 makes large, does not depend on how many pictures there are.

        Args:
            patches: Normalised; their order makes no difference.
            places: Row and column of each, as ``config.position_from`` has them.
            scales: Scale of each; ``None`` is the finest for all.
            adapter: Set of adapters to use where the network has some; ``None`` for none.
        """
        if patches.device.type != "cpu" or wants_derivative(patches, *self.parameters()):
            return self._read(self.embedding(patches, places, scales), adapter)
        scales_of_each = [None] * len(patches) if scales is None else torch.split(scales, 1)
        one_by_one = zip(torch.split(patches, 1), torch.split(places, 1), scales_of_each, strict=True)
        return torch.cat([self._read(self.embedding(*picture), adapter) for picture in one_by_one])

    def use_bfloat16_products(self) -> None:
        """Take the products in bfloat16, but those of class tokens."""
        for layer in self.layers:
            cast("Layer", layer).use_bfloat16_products()

    def _read(self, tokens: Tensor, adapter: int | None) -> Tensor:
        *layers, last = self.layers
        for layer in layers:
            tokens = layer(tokens, adapter)
        read: Tensor = self.norm(cast("Layer", last).class_token(tokens, adapter))
        return read
