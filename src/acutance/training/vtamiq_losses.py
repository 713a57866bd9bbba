"""VTAMIQ's losses: absolute error, order of pairs, correlation (Chubarau, Clark, arXiv 2110.01655, and its code)."""

import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional

from acutance.training.config import Settings
from acutance.training.losses import Loss, Scores, l1_loss, weighted

EPSILON = 1e-6
"""Keeps denominators from 0 (the authors' code, beside differences of targets and lengths of vectors)."""

Shares = Float[Tensor, " pairs"]
"""A number for each pair."""


class VTAMIQLossWeights(Settings):
    """Weights of the parts; the loss is their weighted mean. The paper's code of 2021 has (1, 1, 0.2)."""

    absolute: float = Field(default=0.75, ge=0)
    """Of the mean absolute error (0.75 is the repository's present setting, which its code then ignores)."""
    rank: float = Field(default=1.0, ge=0)
    """Of the order of pairs."""
    correlation: float = Field(default=0.2, ge=0)
    """Of one minus Pearson's correlation."""

    @model_validator(mode="after")
    def _some(self) -> "VTAMIQLossWeights":
        if self.absolute + self.rank + self.correlation == 0:
            raise ValueError("all weights are 0: set one of absolute, rank and correlation")
        return self


def pair_rank_loss(scores: Scores, targets: Scores) -> Loss:
    """How far pairs are in the wrong order, relative to the larger score of each; 0 for a single sample.

    The mean over all pairs of ``relu(-(y_i - y_j) (p_i - p_j) / (|y_i - y_j| + 1e-6)) / max(|p_i|, |p_j|)``. The
    denominator is at least 1e-6, so that two scores of 0 cost nothing; the authors' code gives NaN for them.

    Args:
        scores: Of a model.
        targets: In the same direction.
    """
    if len(scores) < 2:
        return (scores * 0).sum()
    first, second = torch.triu_indices(len(scores), len(scores), offset=1, device=scores.device)
    wanted, got = targets[first] - targets[second], scores[first] - scores[second]
    wrong = functional.relu(-wanted * got / (wanted.abs() + EPSILON))
    larger = torch.maximum(scores[first].abs(), scores[second].abs())
    return (wrong / larger.clamp(min=EPSILON)).mean()


def correlation_loss(scores: Scores, targets: Scores) -> Loss:
    """One minus Pearson's correlation, 0 to 2; 0 for a single sample.

    The authors' code stops at 1, where the correlation is 0, and so has no gradient where it is negative.

    Args:
        scores: Of a model.
        targets: In the same direction.
    """
    if len(scores) < 2:
        return (scores * 0).sum()
    return 1 - (_direction(scores) * _direction(targets)).sum()


def quality_losses(scores: Scores, targets: Scores, weights: VTAMIQLossWeights) -> dict[str, Tensor]:
    """The three losses and, under ``loss``, their weighted mean.

    Args:
        scores: Of a model.
        targets: Of the same pictures, 0 for the best.
        weights: Of the parts.
    """
    total = weights.absolute + weights.rank + weights.correlation
    return weighted(
        {
            "absolute": (weights.absolute / total, l1_loss(scores, targets)),
            "rank": (weights.rank / total, pair_rank_loss(scores, targets)),
            "correlation": (weights.correlation / total, correlation_loss(scores, targets)),
        }
    )


def preference(first: Shares, second: Shares) -> Shares:
    """The probability that people prefer the first picture of each pair, by scores of which the lower is better.

    ``sigmoid(second - first)`` (the code of 2021; that of 2024 has it the wrong way round).

    Args:
        first: Scores of the first pictures.
        second: Scores of the second pictures.

    Example:
        >>> preference(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]))
        tensor([0.7311, 0.5000])
    """
    return torch.sigmoid(second - first)


def _direction(values: Scores) -> Scores:
    """The values around their mean, divided by their length."""
    centred = values - values.mean()
    length: Tensor = torch.linalg.vector_norm(centred)
    return centred / (length + EPSILON)
