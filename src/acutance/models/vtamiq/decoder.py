"""What makes one number of the difference of two class tokens: modulation by residual groups, and a predictor.

Chubarau, Clark: VTAMIQ, arXiv 2110.01655. The 1x1 convolutions of the paper work on one vector a picture and are
linear layers here.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from acutance.layers.products import product
from acutance.models.vtamiq.config import VTAMIQConfig
from acutance.shapes import ChannelBatch, ScoreBatch

PREDICTOR_REDUCTION = 4
"""The predictor's hidden layer has a quarter of the channels: 192 of 768 (published weights)."""


class ChannelGate(nn.Module):
    """Channels weighted by a sigmoid of themselves (channel attention over a single position)."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.squeeze = nn.Linear(config.width, config.width // config.reduction)
        self.activation = nn.PReLU() if config.gate == "prelu" else nn.ReLU()
        self.excite = nn.Linear(config.width // config.reduction, config.width)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        squeezed = self.activation(product(values, self.squeeze))
        return values * torch.sigmoid(product(squeezed, self.excite))


class AttentionBlock(nn.Module):
    """``x + gate(linear(prelu(x)))``: a residual channel attention block."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.activation = nn.PReLU()
        self.mix = nn.Linear(config.width, config.width)
        self.gate = ChannelGate(config)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        gated: Tensor = self.gate(product(self.activation(values), self.mix))
        return values + gated


class ResidualGroup(nn.Module):
    """Attention blocks and a linear layer; ``forward`` has a skip around them, ``body`` has not."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(AttentionBlock(config) for _ in range(config.blocks))
        self.mix = nn.Linear(config.width, config.width)
        self.drop = config.group_drop

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        return values + self._dropped(self.body(values))

    def body(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels), without the skip."""
        return product(in_turn(self.blocks, values), self.mix)

    def _dropped(self, branch: Tensor) -> Tensor:
        """In training, zeros for some rows and more for the others (drop path)."""
        if not self.training or self.drop == 0:
            return branch
        kept = torch.rand(len(branch), 1, dtype=branch.dtype, device=branch.device) >= self.drop
        return branch * kept / (1 - self.drop)


class Decoder(nn.Module):
    """The quality decoder, called DiffNet in the paper: residual groups, then a linear layer."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.groups = nn.ModuleList(ResidualGroup(config) for _ in range(config.groups))
        self.mix = nn.Linear(config.width, config.width)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        return product(in_turn(self.groups, values), self.mix)


class Predictor(nn.Module):
    """Reads the modulated difference: one unbounded number a pair, lower for better pictures."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        narrow = config.width // PREDICTOR_REDUCTION
        self.dropout = nn.Dropout(config.predictor_dropout)
        self.hidden = nn.Linear(config.width, narrow)
        self.activation = nn.PReLU()
        self.output = nn.Linear(narrow, 1)

    def forward(self, values: ChannelBatch) -> ScoreBatch:
        """(batch,)."""
        hidden = self.activation(product(self.dropout(values), self.hidden))
        return product(self.dropout(hidden), self.output).squeeze(1)


def in_turn(modules: Iterable[nn.Module], values: Tensor) -> Tensor:
    """What the modules make of ``values``, each of what the one before it made."""
    for module in modules:
        values = module(values)
    return values
