"""The heads of A-FINE: naturalness of one picture, fidelity of two, and what makes one score of them.

Chen, Wu, Ma, Zhang: Toward Generalized Image Quality Assessment: Relaxing the Perfect Reference Quality
Assumption, CVPR 2025, arXiv 2503.11221. Every quantity is lower for better pictures.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.models.afine.published import FIDELITY_LIMITS, FIRST_FIDELITY, FIRST_NATURALNESS
from acutance.models.afine.statistics import Moments, PairMoments
from acutance.shapes import ChannelBatch, ScoreBatch

EPSILON = 1e-10
"""Keeps the ratios of the fidelity head and the scales of the logistics from dividing by zero."""
PROJECTED_WIDTH = 128
"""Numbers that the naturalness head makes of one level."""
CALIBRATED_LIMIT = 2.0
"""Calibrated terms lie in (-2, 2)."""
SCORE_CENTRE = -1.9710
"""Fitted by the authors on SRIQA-Bench (afine.py); their fit file says -1.9701."""
SCORE_SCALE = 2.3734
"""Fitted with it."""


class NaturalnessHead(nn.Module):
    """Raw naturalness of a picture, from the moments of its levels; unbounded, lower is better."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.projection = nn.Linear(2 * width, PROJECTED_WIDTH)
        self.hidden = nn.Linear(6 + depth * PROJECTED_WIDTH, width)
        self.output = nn.Linear(width, 1)

    def forward(self, moments: Moments) -> ScoreBatch:
        """(batch,) raw naturalness."""
        both = [torch.cat(pair, dim=1) for pair in zip(moments.means, moments.variances, strict=True)]
        levels = self.projection(torch.stack(both[1:], dim=1))  # (batch, depth, 128)
        joined = torch.cat([both[0], levels.flatten(1)], dim=1)  # (batch, 6 + depth * 128)
        raw: Tensor = self.output(functional.gelu(self.hidden(joined)))
        return raw.squeeze(1)


class FidelityHead(nn.Module):
    """Raw fidelity of a pair: a weighted distance of means and structure, 0 for equal pictures.

    Symmetric in the two pictures; at most a little under 2. The weights of both parts sum to 1, so the
    authors' ``1 - sum(weight * similarity)`` is taken as ``sum(weight * (1 - similarity))``, which is
    exactly 0 for equal pictures.

    Args:
        channels: Of all levels together.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(channels).normal_(0.1, 0.01))
        self.beta = nn.Parameter(torch.empty(channels).normal_(0.1, 0.01))

    def forward(self, pairs: PairMoments) -> ScoreBatch:
        """(batch,) raw fidelity."""
        return self.weigh(*self.distances(pairs))

    def distances(self, pairs: PairMoments) -> tuple[ChannelBatch, ChannelBatch]:
        """How unlike the means and the structure of each channel are, (batch, channels) each; nothing is learned."""
        mean_x, mean_y = torch.cat(pairs.distorted.means, 1), torch.cat(pairs.reference.means, 1)
        variance_x, variance_y = (
            torch.cat(pairs.distorted.variances, 1),
            torch.cat(pairs.reference.variances, 1),
        )
        covariance = torch.cat(pairs.covariances, 1)
        likeness = (2 * mean_x * mean_y + EPSILON) / (mean_x.square() + mean_y.square() + EPSILON)
        structure = (2 * covariance + EPSILON) / (variance_x + variance_y + EPSILON)
        return 1 - likeness, 1 - structure

    def weigh(self, means: ChannelBatch, structures: ChannelBatch) -> ScoreBatch:
        """(batch,) raw fidelity, from the distances of each channel."""
        alpha, beta = functional.softplus(self.alpha), functional.softplus(self.beta)
        total = alpha.sum() + beta.sum() + EPSILON
        return ((alpha * means + beta * structures) / total).sum(1)


class Calibrator(nn.Module):
    """A logistic with ends -2 and 2, its centre and scale learned (equations 7 and 8).

    Args:
        centre: Initial centre.
        scale: Initial scale; its magnitude counts.
        limits: Smallest and largest centre, smallest and largest scale, where they are held to limits.
    """

    def __init__(self, centre: float, scale: float, limits: tuple[float, float, float, float] | None = None) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.tensor(centre))
        self.scale = nn.Parameter(torch.tensor(scale))
        self.limits = limits

    def forward(self, raw: ScoreBatch) -> ScoreBatch:
        """(batch,) in (-2, 2), increasing with ``raw``."""
        centre: Tensor = self.centre
        scale: Tensor = self.scale
        if self.limits is not None:
            centre, scale = centre.clamp(*self.limits[:2]), scale.clamp(*self.limits[2:])
        return 2 * CALIBRATED_LIMIT * logistic(raw, centre, scale.abs() + EPSILON) - CALIBRATED_LIMIT


class Adapter(nn.Module):
    """Weighs naturalness against fidelity by which of the two pictures is more natural (equation 9)."""

    def __init__(self, k: float = 5.0) -> None:
        super().__init__()
        self.k = nn.Parameter(torch.tensor(k))

    def forward(self, naturalness: ScoreBatch, reference_naturalness: ScoreBatch, fidelity: ScoreBatch) -> ScoreBatch:
        """(batch,) the combined quality D, unbounded."""
        weight = torch.exp(functional.softplus(self.k) * (reference_naturalness - naturalness))
        return weight * naturalness + fidelity


def naturalness_calibrator() -> Calibrator:
    """The calibrator of naturalness at the authors' initial values (fitted on PIPAL)."""
    return Calibrator(*FIRST_NATURALNESS)


def fidelity_calibrator() -> Calibrator:
    """The calibrator of fidelity at the authors' initial values and limits."""
    return Calibrator(*FIRST_FIDELITY, limits=FIDELITY_LIMITS)


def final_score(adaptive: ScoreBatch) -> ScoreBatch:
    """(batch,) in (0, 100), of the combined quality D."""
    scale = torch.as_tensor(SCORE_SCALE + EPSILON, dtype=adaptive.dtype, device=adaptive.device)
    return 100 * logistic(adaptive, torch.as_tensor(SCORE_CENTRE).to(scale), scale)


def logistic(values: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """``1 / (1 + exp(-(values - centre) / scale))``, stable at both ends."""
    return torch.sigmoid((values - centre) / scale)
