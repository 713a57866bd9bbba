"""Losses of the published trainings, each over the samples of a whole batch."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional

from acutance.training.config import Settings

Scores = Float[Tensor, " samples"]
Loss = Float[Tensor, ""]


def l1_loss(scores: Scores, labels: Scores) -> Loss:
    """Mean absolute error."""
    return functional.l1_loss(scores, labels)


def margin_rank_loss(scores: Scores, labels: Scores, *, margin: float = 0.5, gap: float = 0.1) -> Loss:
    """How far pairs are from being in the right order by a margin (MS-HyperIQA's code, ``loss_cases``).

    The mean of ``max(0, margin - sign(y_i - y_j) (p_i - p_j))`` over ordered pairs whose labels differ by more than
    ``gap``; 0 where there is no such pair.
    """
    wanted = labels[:, None] - labels[None, :]
    got = scores[:, None] - scores[None, :]
    counts = wanted.abs() > gap
    each = functional.relu(margin - torch.sign(wanted) * got)
    return (each * counts).sum() / counts.sum().clamp(min=1)


def weighted(losses: Mapping[str, tuple[float, Tensor]]) -> dict[str, Tensor]:
    """Named losses and, under ``loss``, their sum, each with its weight.

    Args:
        losses: Weight and value by name; one of weight 0 is reported and does not count.
    """
    total = torch.stack([weight * value for weight, value in losses.values() if weight]).sum()
    return {"loss": total, **{name: value for name, (_, value) in losses.items()}}


FIDELITY_EPSILON = 1e-8
"""Bounds the gradient where a certain prediction is wrong (the authors' code)."""


def thurstone(first: Scores, second: Scores) -> Scores:
    """Probability that the first image is better, of scores that are lower for better images.

    Each score carries a normal error of variance 1 (Thurstone's case V): Phi((second - first) / sqrt(2)).
    """
    return 0.5 * torch.erfc((first - second) / 2)


def fidelity_loss(probability: Scores, label: Scores) -> Float[Tensor, ""]:
    """Mean of ``1 - sqrt(p g) - sqrt((1 - p)(1 - g))``, computed in float64 (A-FINE, section 3).

    Args:
        probability: That the first image is better.
        label: 1 if it is, 0.5 if both are equal, 0 if it is worse; or a share of people.

    Example:
        >>> round(float(fidelity_loss(torch.tensor([0.9]), torch.tensor([1.0]))), 6)
        0.051217
    """
    p, g = probability.double(), label.double()
    each = 1 - torch.sqrt(p * g + FIDELITY_EPSILON) - torch.sqrt((1 - p) * (1 - g) + FIDELITY_EPSILON)
    return each.mean()


def preference_loss(first: Scores, second: Scores, label: Scores) -> Float[Tensor, ""]:
    """The fidelity loss of the preference that two scores imply, lower being better."""
    return fidelity_loss(thurstone(first, second), label)


VTAMIQ_EPSILON = 1e-6
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
    """
    if len(scores) < 2:
        return (scores * 0).sum()
    first, second = torch.triu_indices(len(scores), len(scores), offset=1, device=scores.device)
    wanted, got = targets[first] - targets[second], scores[first] - scores[second]
    wrong = functional.relu(-wanted * got / (wanted.abs() + VTAMIQ_EPSILON))
    larger = torch.maximum(scores[first].abs(), scores[second].abs())
    return (wrong / larger.clamp(min=VTAMIQ_EPSILON)).mean()


def correlation_loss(scores: Scores, targets: Scores) -> Loss:
    """One minus Pearson's correlation, 0 to 2; 0 for a single sample.

    The authors' code stops at 1, where the correlation is 0, and so has no gradient where it is negative.
    """
    if len(scores) < 2:
        return (scores * 0).sum()
    return 1 - (_direction(scores) * _direction(targets)).sum()


def quality_losses(scores: Scores, targets: Scores, weights: VTAMIQLossWeights) -> dict[str, Tensor]:
    """The three losses and, under ``loss``, their weighted mean."""
    total = weights.absolute + weights.rank + weights.correlation
    return weighted(
        {
            "absolute": (weights.absolute / total, l1_loss(scores, targets)),
            "rank": (weights.rank / total, pair_rank_loss(scores, targets)),
            "correlation": (weights.correlation / total, correlation_loss(scores, targets)),
        }
    )


def preference(first: Shares, second: Shares) -> Shares:
    """The probability that people prefer the first image of each pair, by scores of which the lower is better.

    ``sigmoid(second - first)`` (the code of 2021; that of 2024 has it the wrong way round).

    Example:
        >>> preference(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]))
        tensor([0.7311, 0.5000])
    """
    return torch.sigmoid(second - first)


def _direction(values: Scores) -> Scores:
    """The values around their mean, divided by their length."""
    centred = values - values.mean()
    length: Tensor = torch.linalg.vector_norm(centred)
    return centred / (length + VTAMIQ_EPSILON)
