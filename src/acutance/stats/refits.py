"""Errors and linear correlation after the curve, fitted anew to each weighting of the pictures."""

from dataclasses import dataclass

import numpy as np

from acutance.stats.curve_search import Sample, Shape, curve_values, descend
from acutance.stats.logistic import PARAMETERS, Curve, Scale, standardised
from acutance.stats.samples import Numbers
from acutance.stats.ties import Indices, Ties

SETTLED = 1e-8
"""To which share of the squared error a curve is fitted anew; an interval of 1,000 draws is known to a few percent."""
CONSTANT = 1e-24
"""A variance, in variances of all pictures, that is rounding: the drawn numbers are all equal."""


@dataclass(frozen=True)
class Figures:
    """What a weighting of the pictures gives; NaN where it cannot be computed."""

    plcc: float = float("nan")
    """Pearson's correlation after the curve; negative if the curve goes down."""
    plcc_unfitted: float = float("nan")
    """Pearson's correlation of scores and opinions as they are."""
    rmse: float = float("nan")
    mae: float = float("nan")


class Refitter:
    """Fits a curve again and again to the same pictures, each as often as it counts.

    The kind of curve stays, and the search starts from the curve of all pictures.

    Args:
        scores: Finite scores, not all equal.
        mos: Opinions of the same pictures, not all equal.
        curve: The curve of all pictures.
        ties: The ties of the scores.
    """

    def __init__(self, scores: Numbers, mos: Numbers, curve: Curve, ties: Ties) -> None:
        self._scale, self._opinions = Scale.of(scores), Scale.of(mos)
        self._sample = Sample.of(self._scale(scores), self._opinions(mos), sloped=curve.kind == "logistic5")
        self._kind, self._ties = curve.kind, ties
        self._errors = curve(scores) - mos if curve.kind == "none" else None
        logistic = curve.kind in ("logistic4", "logistic5")
        self._start = standardised(curve, self._scale, self._opinions) if logistic else None

    def figures(self, counts: Indices, *, fitted: bool = True) -> Figures:
        """Correlations and errors.

        Args:
            counts: How often each picture counts.
            fitted: Whether a curve is fitted; without, all that needs one is NaN.
        """
        weights = counts.astype(np.float64)
        scores, mos = self._sample.scores, self._sample.mos
        unfitted = _weighted_plcc(scores, mos, weights)
        if np.isnan(unfitted) or not fitted:
            return Figures(plcc_unfitted=unfitted)
        if self._errors is not None:
            return Figures(unfitted, unfitted, *_sizes(self._errors, weights))
        predicted = self._line(weights) if self._start is None else self._logistic(counts, weights, self._start)
        if predicted is None:
            return Figures(plcc_unfitted=unfitted)
        plcc = abs(_weighted_plcc(predicted, mos, weights))
        if _weighted_plcc(scores, predicted, weights) < 0:
            plcc = -plcc
        rmse, mae = _sizes(predicted - mos, weights)
        return Figures(plcc, unfitted, self._opinions.spread * rmse, self._opinions.spread * mae)

    def _line(self, weights: Numbers) -> Numbers:
        scores, mos = self._sample.scores, self._sample.mos
        total = float(weights.sum())
        centred = scores - _dot(scores, weights) / total
        weighted = centred * weights
        return np.asarray(_dot(mos, weights) / total + centred * (_dot(weighted, mos) / _dot(weighted, centred)))

    def _logistic(self, counts: Indices, weights: Numbers, start: Shape) -> Numbers | None:
        """What the curve makes of the scores; ``None`` if too few distinct scores are drawn or no curve is found."""
        if np.count_nonzero(self._ties.sums(counts)) <= PARAMETERS[self._kind]:
            return None
        shape = descend(self._sample, start, weights, tolerance=SETTLED)
        return curve_values(shape, self._sample.scores) if shape.converged else None


def _sizes(errors: Numbers, weights: Numbers) -> tuple[float, float]:
    """Root of the mean square, and mean absolute size."""
    total = float(weights.sum())
    return float(np.sqrt(_dot(errors * errors, weights) / total)), _dot(np.abs(errors), weights) / total


def _weighted_plcc(first: Numbers, second: Numbers, weights: Numbers) -> float:
    """Pearson's correlation; NaN if a side is constant where it counts."""
    total = float(weights.sum())
    first = first - _dot(first, weights) / total
    second = second - _dot(second, weights) / total
    weighted = first * weights
    squares, others = _dot(weighted, first), _dot(second * second, weights)
    if squares <= CONSTANT * total or others <= CONSTANT * total:
        return float("nan")
    return float(np.clip(_dot(weighted, second) / np.sqrt(squares) / np.sqrt(others), -1.0, 1.0))


def _dot(first: Numbers, second: Numbers) -> float:
    """The sum of products, in the calling thread: a library of linear algebra would start threads of its own."""
    return float(np.einsum("i,i->", first, second))
