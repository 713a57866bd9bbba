"""Naturalness from the means and deviations of all channels."""

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
        hidden: Width of the layer between.
        dropout: Share of inputs and hidden numbers that are left out in training.
    """

    def __init__(self, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2 * channels)
        self.hidden = nn.Linear(2 * channels, hidden)
        self.output = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, moments: Moments) -> ScoreBatch:
        """(batch,) raw naturalness."""
        known = self.norm(self.inputs(moments)).clamp(-LARGEST, LARGEST)
        hidden = functional.relu(self.hidden(self.dropout(known)))
        raw: Tensor = self.output(self.dropout(hidden))
        return raw.squeeze(1)

    @staticmethod
    def inputs(moments: Moments) -> ChannelBatch:
        """Means and deviations of all channels, (batch, 2 * channels), not normalised yet."""
        variances = torch.cat(moments.variances, 1)
        return torch.cat([*moments.means, (variances + VARIANCE_FLOOR).sqrt()], 1)
