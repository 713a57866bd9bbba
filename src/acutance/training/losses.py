"""Losses of the published trainings, each over the samples of a whole batch."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Scores = Float[Tensor, " samples"]
Loss = Float[Tensor, ""]


def l1_loss(scores: Scores, labels: Scores) -> Loss:
    """Mean absolute error."""
    return functional.l1_loss(scores, labels)


def margin_rank_loss(scores: Scores, labels: Scores, *, margin: float = 0.5, gap: float = 0.1) -> Loss:
    """How far pairs are from being in the right order by a margin (MS-HyperIQA's code, ``loss_cases``).

    The mean of ``max(0, margin - sign(y_i - y_j) (p_i - p_j))`` over ordered pairs whose labels differ by more than
    ``gap``; 0 where there is no such pair.

    Args:
        scores: Of a model.
        labels: Of people, on a scale of about 0 to 100.
        margin: In units of the labels.
        gap: In units of the labels.
    """
    wanted = labels[:, None] - labels[None, :]
    got = scores[:, None] - scores[None, :]
    counts = wanted.abs() > gap
    each = functional.relu(margin - torch.sign(wanted) * got)
    return (each * counts).sum() / counts.sum().clamp(min=1)


def weighted(losses: Mapping[str, tuple[float, Tensor]]) -> dict[str, Tensor]:
    """Named losses and, under ``loss``, their sum, each with its weight.

    Args:
        losses: Weight and value by name; one of weight 0 is told and does not count.
    """
    total = torch.stack([weight * value for weight, value in losses.values() if weight]).sum()
    return {"loss": total, **{name: value for name, (_, value) in losses.items()}}
