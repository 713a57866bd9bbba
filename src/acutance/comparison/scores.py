"""The scores of methods by one model, over the pictures that every method has a score for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acutance.comparison.results import PictureScores
from acutance.types import Better

Scores = NDArray[np.float64]
"""(pictures, methods)"""


@dataclass(frozen=True)
class CompleteScores:
    """Scores of one model without gaps.

    Infinite scores, as PSNR has them for identical pictures, stay infinite in means, and ahead of every finite score
    where only the order counts. Where the sizes of differences choose pictures to look at, they take the best finite
    score of the model over all methods (the worst, if they are infinitely bad).
    """

    model: str
    better: Better
    methods: tuple[str, ...]
    pictures: tuple[str, ...]
    values: Scores
    """As the model gave them."""

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.better == "higher" else -1

    @cached_property
    def quality(self) -> Scores:
        """The scores turned so that higher is better."""
        return self.sign * self.values

    @cached_property
    def infinite(self) -> int:
        """How many scores are infinite."""
        return int(np.isinf(self.values).sum())

    @cached_property
    def has_finite(self) -> bool:
        """Whether any score is finite."""
        return bool(np.isfinite(self.values).any())

    @cached_property
    def finite(self) -> Scores:
        """The scores with a size: infinite ones take the highest or lowest finite one.

        Where none is finite there is no such score; 1 and -1 then stand for the two infinities.
        """
        if not self.infinite:
            return self.values
        finite = self.values[np.isfinite(self.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
        return np.nan_to_num(self.values, posinf=high, neginf=low)

    @cached_property
    def wins(self) -> NDArray[np.bool_]:
        """On which pictures no method is better than this one, and not all are equal (pictures, methods)."""
        best, worst = self.quality.max(axis=1, keepdims=True), self.quality.min(axis=1, keepdims=True)
        return np.asarray((self.quality == best) & (best > worst))


def complete_scores(
    pictures: Sequence[PictureScores], methods: Sequence[str], model: str, better: Better
) -> CompleteScores:
    """The scores of one model on the pictures that every method has a score for, in their order.

    Args:
        pictures: Every picture by every method.
        methods: Names of the methods, the columns.
        model: Name of the model.
        better: Which direction of its scores is better.
    """
    names, rows = [], []
    for picture in pictures:
        scores = [picture.scores.get(model, {}).get(method) for method in methods]
        known = [score for score in scores if score is not None]
        if len(known) == len(methods):
            names.append(picture.picture)
            rows.append(known)
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(methods))
    return CompleteScores(model, better, tuple(methods), tuple(names), values)
