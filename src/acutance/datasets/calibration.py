"""The logistic fits that give A-FINE's calibrator its first values, and its last scaling its constants."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.special import expit

from acutance.datasets.normalisation import Scores, demand_spread
from acutance.errors import DatasetError

NATURALNESS = (-2.0, 2.0)
"""Ends of the calibrator of naturalness (A-FINE, eq. 8)."""
FINAL = (0.0, 100.0)
"""Ends of the last scaling."""
EVALUATIONS = 10_000
"""At most, as A-FINE's script."""


@dataclass(frozen=True)
class Logistic:
    """An increasing logistic between two fixed ends."""

    centre: float
    """Where it is half-way: A-FINE's third parameter."""
    scale: float
    """How wide it is, above 0: the magnitude of A-FINE's fourth parameter."""
    low: float
    high: float

    def __call__(self, values: Scores) -> Scores:
        """Low + (high - low) / (1 + exp(-(x - centre) / scale))."""
        return np.asarray(self.low + (self.high - self.low) * expit((values - self.centre) / self.scale))


def fit_logistic(values: Scores, targets: Scores, *, low: float, high: float) -> Logistic:
    """Fit centre and scale of a logistic with fixed ends by least squares (Levenberg-Marquardt).

    The start is A-FINE's: the mean of the values, and a quarter of their population standard deviation.

    Args:
        values: What a model says of pictures, the lower the better.
        targets: What it should be, from ``low``, the best, to ``high``.
        low: Value far to the left.
        high: Value far to the right.

    Raises:
        DatasetError: Other than as many targets as values, values that are all equal or fall, or no fit.
    """
    if values.shape != targets.shape:
        raise DatasetError(f"Expected a target for each value, got {len(targets)} for {len(values)}. Pair them.")
    demand_spread(values)
    demand_spread(targets)
    if np.corrcoef(values, targets)[0, 1] <= 0:
        raise DatasetError(
            f"Expected values that rise with their targets, got {len(values)} that do not. Turn one of them."
        )
    start = (float(values.mean()), float(values.std()) / 4)

    def curve(x: Scores, centre: float, scale: float) -> Scores:
        return Logistic(float(centre), abs(float(scale)) + 1e-10, low, high)(x)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)  # of parameters that these points do not determine
            found, _ = curve_fit(curve, values, targets, p0=start, method="lm", maxfev=EVALUATIONS)
    except (RuntimeError, OptimizeWarning) as error:
        raise DatasetError(
            f"Expected a logistic through {len(values)} values, got none in at most {EVALUATIONS} tries: {error}. "
            "Look at the values beside their targets."
        ) from error
    return Logistic(float(found[0]), abs(float(found[1])), low, high)


def fit_naturalness_calibrator(naturalness: Scores, targets: Scores) -> Logistic:
    """A-FINE's first values of its calibrator of naturalness: 4.9592 and 21.5968 on PIPAL's training part.

    Args:
        naturalness: Raw naturalness of each distorted picture after stage 1, lower better.
        targets: ``afine_naturalness_targets`` of their scores, from -2 to 2.

    Raises:
        DatasetError: As in ``fit_logistic``.
    """
    return fit_logistic(naturalness, targets, low=NATURALNESS[0], high=NATURALNESS[1])


def fit_final_scaling(combined: Scores, targets: Scores) -> Logistic:
    """A-FINE's constants of its last scaling: -1.9701 and 2.3734 on SRIQA-Bench, references included.

    Args:
        combined: Combined score D of each picture, lower better.
        targets: ``afine_final_targets`` of their scores, from 0 to 100.

    Raises:
        DatasetError: As in ``fit_logistic``.
    """
    return fit_logistic(combined, targets, low=FINAL[0], high=FINAL[1])
