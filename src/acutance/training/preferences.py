"""Which of two pictures is better: Thurstone's model and the fidelity loss of A-FINE."""

import torch
from jaxtyping import Float
from torch import Tensor

Scores = Float[Tensor, " samples"]
EPSILON = 1e-8
"""Bounds the gradient where a certain prediction is wrong (the authors' code)."""


def thurstone(first: Scores, second: Scores) -> Scores:
    """Probability that the first picture is better, of scores that are lower for better pictures.

    Each score carries a normal error of variance 1 (Thurstone's case V): Phi((second - first) / sqrt(2)).

    Args:
        first: Scores of the first pictures.
        second: Scores of the second ones.
    """
    return 0.5 * torch.erfc((first - second) / 2)


def fidelity_loss(probability: Scores, label: Scores) -> Float[Tensor, ""]:
    """Mean of ``1 - sqrt(p g) - sqrt((1 - p)(1 - g))``, computed in float64 (A-FINE, section 3).

    Args:
        probability: That the first picture is better.
        label: 1 if it is, 0.5 if both are equal, 0 if it is worse; or a share of people.

    Example:
        >>> round(float(fidelity_loss(torch.tensor([0.9]), torch.tensor([1.0]))), 6)
        0.051217
    """
    p, g = probability.double(), label.double()
    each = 1 - torch.sqrt(p * g + EPSILON) - torch.sqrt((1 - p) * (1 - g) + EPSILON)
    return each.mean()


def preference_loss(first: Scores, second: Scores, label: Scores) -> Float[Tensor, ""]:
    """The fidelity loss of the preference that two scores imply, lower being better."""
    return fidelity_loss(thurstone(first, second), label)
