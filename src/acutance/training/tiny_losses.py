"""What naturalness of afine-tiny is trained by."""

import torch
from torch import Tensor

from acutance.training.losses import l1_loss, weighted
from acutance.training.preferences import preference_loss
from acutance.training.task import Labels, Outputs
from acutance.training.tasks.afine import LABELS, PICTURES
from acutance.training.vtamiq_losses import correlation_loss


def naturalness_losses(
    outputs: Outputs,
    labels: Labels,
    *,
    correlation_weight: float,
    preference_weight: float | None,
    chosen: Tensor | None = None,
) -> dict[str, Tensor]:
    """Mean absolute error, correlation, and the preferences of each two pictures of triplets.

    Args:
        outputs: ``score`` (batch,) in (0, 1), and raw ``first``, ``second`` and ``reference`` (batch,), if any.
        labels: ``score``, and who wins.
        correlation_weight: Of one minus Pearson's correlation.
        preference_weight: Of the fidelity losses; ``None`` without triplets.
        chosen: Which samples have a triplet, (batch,); all if left out.
    """
    scores = outputs["score"].float()
    losses = {
        "l1": (1.0, l1_loss(scores, labels["score"])),
        "correlation": (correlation_weight, correlation_loss(scores, labels["score"])),
    }
    if preference_weight is not None:
        losses["preference"] = (preference_weight, _preferences(outputs, labels, chosen))
    return weighted(losses)


def _preferences(outputs: Outputs, labels: Labels, chosen: Tensor | None) -> Tensor:
    made = slice(None) if chosen is None else chosen
    first, second, reference = (outputs[name][made] for name in PICTURES)
    if not len(first):
        return outputs["first"].sum() * 0
    pairs = ((first, second), (first, reference), (second, reference))
    each = [preference_loss(*pair, labels[name][made]) for pair, name in zip(pairs, LABELS, strict=True)]
    return torch.stack(each).sum()
