"""Naturalness from the means and deviations of all channels."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.models.afine.statistics import Moments
from acutance.shapes import ChannelBatch, ScoreBatch

LARGEST = 5.0
"""Normalised inputs lie within so many deviations of their mean, so that no picture is outside of what was learned."""
VARIANCE_FLOOR = 1e-6
"""Keeps the derivative of a deviation finite where a channel is constant."""


class MomentsHead(nn.Module):
    """Raw naturalness of a picture from the means and deviations of its levels; unbounded, lower is better.

    Args:
        channels: Of all levels together.
        hidden: Width of each layer between.
        layers: How many of them.
        directions: Directions of the inputs that those see; 0 for all inputs.
        dropout: Share of what goes into each layer that is left out in training.
    """

    def __init__(self, channels: int, hidden: int, dropout: float, layers: int = 1, directions: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2 * channels)
        self.directions = nn.Linear(2 * channels, directions, bias=False) if directions else nn.Identity()
        self.regressor = Regressor(directions or 2 * channels, hidden, layers, dropout)

    def forward(self, moments: Moments) -> ScoreBatch:
        """(batch,) raw naturalness."""
        raw: Tensor = self.regressor(self.directed(moments))
        return raw

    def directed(self, moments: Moments) -> ChannelBatch:
        """What the regressor reads, (batch, directions), or all inputs."""
        known: Tensor = self.directions(self.normalised(moments))
        return known

    def normalised(self, moments: Moments) -> ChannelBatch:
        """Inputs, (batch, 2 * channels), in deviations from their mean."""
        known: Tensor = self.norm(self.inputs(moments))
        return known.clamp(-LARGEST, LARGEST)

    @staticmethod
    def inputs(moments: Moments) -> ChannelBatch:
        """Means and deviations of all channels, (batch, 2 * channels), not normalised yet."""
        variances = torch.cat(moments.variances, 1)
        return torch.cat([*moments.means, (variances + VARIANCE_FLOOR).sqrt()], 1)


class Regressor(nn.Module):
    """One number of many.

    Args:
        inputs: How many.
        hidden: Width of each layer between.
        layers: How many of them.
        dropout: Share of what goes into each layer that is left out in training.
    """

    def __init__(self, inputs: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.inputs = inputs
        widths = (inputs, *(hidden,) * layers)
        self.hidden = nn.ModuleList(nn.Linear(*each) for each in pairwise(widths))
        self.output = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, known: ChannelBatch) -> ScoreBatch:
        """(batch,) of (batch, inputs)."""
        for layer in self.hidden:
            known = functional.relu(layer(self.dropout(known)))
        number: Tensor = self.output(self.dropout(known))
        return number.squeeze(1)
