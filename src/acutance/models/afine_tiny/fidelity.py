"""Fidelity to which faint differences count."""

import torch
from torch import nn

from acutance.models.afine.heads import FidelityHead
from acutance.models.afine.statistics import PairMoments
from acutance.shapes import ChannelBatch, ScoreBatch

FAINT = 1e-3
"""Distances of means and structures count in proportion below it, and by their logarithm above."""
GAIN = 4.0
"""Makes differences of one out of what Thurstone's model takes for certain."""
FEW = -4.0
"""First weights of all channels before softplus, so low that those of a few can grow far above."""


class FaintFidelityHead(FidelityHead):
    """Raw fidelity of a pair as A-FINE's, a weighted distance of means and structure, but of their logarithms.

    A-FINE's own sum is ruled by the largest of the distances, which lie between 0 and 2; here a distance of 0.01 beside
    0.001 counts as much as one of 1 beside 0.1. 0 for equal pictures, symmetric, and never less for a larger distance.

    Args:
        channels: Of all levels together.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        for weights in (self.alpha, self.beta):
            nn.init.normal_(weights, FEW, 0.01)

    def distances(self, pairs: PairMoments) -> tuple[ChannelBatch, ChannelBatch]:
        """Logarithms ``log(1 + distance / FAINT)`` of means and of structures, (batch, channels) each."""
        means, structures = super().distances(pairs)
        return _logarithms(means), _logarithms(structures)

    def weigh(self, means: ChannelBatch, structures: ChannelBatch) -> ScoreBatch:
        """(batch,) raw fidelity, from the logarithms of each channel."""
        return GAIN * super().weigh(means, structures)


def _logarithms(distances: ChannelBatch) -> ChannelBatch:
    return torch.log1p(distances.clamp_min(0) / FAINT)
