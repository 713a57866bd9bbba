"""Training pictures beside their references: that each has one, and scores with each encoded once."""

from typing import Any

import torch
from torch import Tensor

from acutance.datasets.table import OpinionTable
from acutance.errors import TrainingError
from acutance.models.quality_model import SharesReferences


def demand_references(table: OpinionTable) -> None:
    """Raise unless every picture has a reference.

    Raises:
        TrainingError: One that has none.
    """
    for row in table:
        if not row.reference:
            raise TrainingError(
                f"Expected a reference of every picture of {table.name}, got none of {row.image}. Train on a dataset "
                "with references."
            )


class PairScorer:
    """Scores one picture after the other, keeping the last reference.

    Args:
        model: Full-reference.
    """

    def __init__(self, model: SharesReferences[Any]) -> None:
        self._model = model
        self._last: tuple[Tensor, object] | None = None

    def __call__(self, distorted: Tensor, reference: Tensor | None) -> Tensor:
        """The score of one picture, shape (1,).

        Args:
            distorted: In [0, 1], shape (1, 3, H, W).
            reference: The same.
        """
        if reference is None:
            raise TypeError("expected a reference, got none")
        if self._last is None or not _equal(self._last[0], reference):
            self._last = (reference, self._model.encode_reference(reference))
        scores: Tensor = self._model.terms_against(distorted, [self._last[1]])["score"]
        return scores


def _equal(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and bool(torch.equal(first, second))
