"""VTAMIQ's training targets: scores stretched, made near uniform by a fitted curve, turned so that 0 is best."""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import leastsq
from scipy.special import expit

from acutance.datasets.normalisation import Scores, demand_spread, direction_of, scores_of
from acutance.datasets.splits import Split
from acutance.datasets.table import OpinionTable
from acutance.types import Better

Version = Literal["2024", "2021"]
"""Of the authors' code: 2024 fits the curve by fourth powers of residuals and turns last; 2021 turns first and fits
by squares."""
Parameters = tuple[float, float, float, float, float]
OFFSET = 1e-6
"""What the authors add to the exponent."""


@dataclass(frozen=True)
class QualityTargets:
    """What was fitted, and how it turns scores into targets."""

    low: float
    """Lowest of the scores it was fitted on."""
    high: float
    """Highest of them."""
    curve: Parameters | None
    """The five parameters of the curve; ``None`` if no fit was found and the stretched scores stay."""
    curve_low: float
    """Lowest value on the scores it was fitted on, after the curve."""
    curve_high: float
    """Highest value after the curve."""
    turns: bool
    """Whether higher scores are better, so that targets fall with them."""
    version: Version

    def __call__(self, scores: Scores) -> Scores:
        """The targets of scores: 0 is the best, 1 the worst of those it was fitted on; others may lie beyond."""
        values = (scores - self.low) / (self.high - self.low)
        if self.turns and self.version == "2021":
            values = 1 - values
        if self.curve is not None:
            values = (curve_values(values, self.curve) - self.curve_low) / (self.curve_high - self.curve_low)
        return 1 - values if self.turns and self.version == "2024" else values


def curve_values(values: Scores, parameters: Parameters) -> Scores:
    """The five-parameter curve p0 (1/2 - 1 / (1 + exp(p1 (x - p2) + 1e-6))) + abs(p3) x + p4.

    Args:
        values: x.
        parameters: p0 to p4.
    """
    height, slope, centre, tilt, base = parameters
    bend = height * (0.5 - expit(-(slope * (values - centre) + OFFSET)))
    return np.asarray(bend + abs(tilt) * values + base)


def fit_quality_targets(
    scores: Scores, *, better: Better = "higher", linearise: bool = True, version: Version = "2024"
) -> QualityTargets:
    """Fit VTAMIQ's processing of scores.

    Args:
        scores: Scores to fit on: the training pictures; VTAMIQ itself takes all, its test among them.
        better: Which direction of them means better quality.
        linearise: Fit the curve that makes targets close to uniform; without it they are stretched and turned.
        version: Of the authors' code.

    Raises:
        DatasetError: Scores that are all equal, or not finite.
    """
    demand_spread(scores)
    low, high = float(scores.min()), float(scores.max())
    turns = better == "higher"
    values = (scores - low) / (high - low)
    if turns and version == "2021":
        values = 1 - values
    curve = _fitted(np.sort(values), power=2 if version == "2024" else 1) if linearise else None
    after = curve_values(values, curve) if curve else values
    if np.ptp(after) == 0:
        curve, after = None, values
    return QualityTargets(low, high, curve, float(after.min()), float(after.max()), turns, version)


def quality_targets(
    table: OpinionTable, *, split: Split | None = None, linearise: bool = True, version: Version = "2024"
) -> QualityTargets:
    """Fit VTAMIQ's processing on the training pictures of a table.

    Args:
        table: Table of a dataset.
        split: Which scenes train; without it the column ``split`` decides, and a table without one is taken whole.
        linearise: As in ``fit_quality_targets``.
        version: Of the authors' code.

    Raises:
        DatasetError: No training pictures, one without a score, or scores that are all equal.
    """
    scores = scores_of(table, split=split)
    return fit_quality_targets(scores, better=direction_of(table), linearise=linearise, version=version)


def _fitted(ordered: Scores, *, power: int) -> Parameters | None:
    """The curve from scores in order to k / n, k from 0; ``None`` where the fit fails."""
    uniform = np.arange(len(ordered)) / len(ordered)

    def residuals(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        height, slope, centre, tilt, base = (float(value) for value in parameters)
        return np.asarray((uniform - curve_values(ordered, (height, slope, centre, tilt, base))) ** power)

    start = np.array([1.0, 1.0, np.median(ordered), 1.0, np.median(uniform)])
    if len(ordered) < len(start):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a fit that stops early, which the authors keep
        found = leastsq(residuals, start)[0]
    if not np.isfinite(found).all():
        return None
    height, slope, centre, tilt, base = (float(value) for value in found)
    return height, slope, centre, tilt, base
