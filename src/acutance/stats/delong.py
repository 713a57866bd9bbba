"""The area under a ROC curve, and DeLong's test (1988) for two areas, by placements as fast as sorting."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.stats import norm

from acutance.stats.faults import StatisticsError
from acutance.stats.samples import Numbers, column
from acutance.stats.significance import Outcome

Rows = Float64[np.ndarray, "models cases"]
OtherRows = Float64[np.ndarray, "models others"]
Counts = Int64[np.ndarray, "_"]
CountRows = Int64[np.ndarray, "models _"]
Covariance = Float64[np.ndarray, "models models"]

ROUNDING = 1e-14
"""A variance of the difference of two areas below this is 0 but for rounding."""


@dataclass(frozen=True)
class Areas:
    """Areas under ROC curves of models on the same cases."""

    areas: Float64[np.ndarray, " models"]
    """The chance that a positive case has the higher value, a tie counting half; 0 to 1."""
    covariance: Covariance
    """Of the areas, by DeLong, DeLong and Clarke-Pearson (1988)."""


def area_under_curve(positives: Numbers, negatives: Numbers) -> float:
    """The chance that a positive case has a higher value than a negative one, a tie counting half.

    Args:
        positives: Values of the positive cases; may be infinite.
        negatives: Values of the negative cases.

    Returns:
        From 0 to 1; 0.5 is chance.

    Raises:
        StatisticsError: No case on one side, or NaN.

    Example:
        >>> area_under_curve(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
        0.875
    """
    ours, theirs = _sides(positives, negatives)
    return int(_counts(np.sort(ours), np.sort(theirs)).sum()) / (2 * len(ours) * len(theirs))


def delong(positives: Rows, negatives: OtherRows) -> Areas:
    """The areas under the ROC curves of models, and their covariance.

    Args:
        positives: Values of the positive cases, a row a model (models, positive cases); may be infinite.
        negatives: Values of the negative cases by the same models (models, negative cases).

    Returns:
        Areas (models,) and covariance (models, models).

    Raises:
        StatisticsError: Fewer than two cases on one side, NaN, or another number of models.

    Example:
        >>> found = delong(np.array([[3.0, 2.0]]), np.array([[1.0, 2.0]]))
        >>> found.areas.tolist(), found.covariance.tolist()
        ([0.875], [[0.03125]])
    """
    if len(positives) != len(negatives):
        raise StatisticsError(
            f"Expected positive and negative cases of the same models, got {len(positives)} and {len(negatives)}."
        )
    sides = [_sides(ours, theirs, least=2) for ours, theirs in zip(positives, negatives, strict=True)]
    above = np.stack([placement_counts(ours, theirs) for ours, theirs in sides])
    below = np.stack([placement_counts(theirs, ours) for ours, theirs in sides])
    return Areas(_means(above, below.shape[1]), _covariance(above, below.shape[1]) + _covariance(below, above.shape[1]))


def delong_mirrored(values: Rows) -> Areas:
    """The same as ``delong(values, -values)``, by half the work.

    The share of negatives below a positive case and the share of positives above its mirror image are one number, so
    that both sides of the covariance are equal.

    Args:
        values: Values of the positive cases, a row a model (models, cases); may be infinite.

    Returns:
        Areas (models,) and covariance (models, models).

    Raises:
        StatisticsError: Fewer than two cases, or NaN.

    Example:
        >>> delong_mirrored(np.array([[1.0, 2.0, -0.5]])).areas.round(4).tolist()
        [0.8889]
    """
    above = np.stack([_mirrored_counts(_sides(row, row, least=2)[0]) for row in values])
    return Areas(_means(above, above.shape[1]), 2.0 * _covariance(above, above.shape[1]))


def delong_test(areas: Areas) -> Outcome:
    """Whether the areas of two models differ, by DeLong's test.

    Args:
        areas: Of two models on the same cases.

    Returns:
        z, positive where the first is larger, and its p-value in the normal distribution.

    Raises:
        StatisticsError: Not two models, or two models whose placements of all cases are the same.

    Example:
        >>> positives = np.array([[3.0, 2.0, 5.0], [3.0, 1.0, 2.0]])
        >>> found = delong_test(delong(positives, np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 3.0]])))
        >>> round(found.statistic, 4), round(found.p_value, 4)
        (1.5689, 0.1167)
    """
    if len(areas.areas) != 2:
        raise StatisticsError(f"Expected two models to compare, got {len(areas.areas)}. Compare them two by two.")
    difference = float(areas.areas[0] - areas.areas[1])
    variance = float(areas.covariance[0, 0] + areas.covariance[1, 1] - 2 * areas.covariance[0, 1])
    if variance <= ROUNDING:
        raise StatisticsError(
            "Expected models that place cases differently, got none of whose difference varies. "
            f"The areas differ by {difference:g} without any spread."
        )
    z = difference / variance**0.5
    return Outcome(z, float(2 * norm.sf(abs(z))))


def placement_counts(ours: Numbers, theirs: Numbers) -> Counts:
    """For each of our values how many of theirs are lower, times two; an equal one counts one.

    The same as twice the mid-ranks of all less those of ours (Sun and Xu 2014). Whole numbers, so that their sum does
    not depend on the order of cases.

    Args:
        ours: Values without NaN (cases,).
        theirs: Values without NaN.

    Returns:
        From 0 to twice the number of theirs, in our order (cases,).

    Example:
        >>> placement_counts(np.array([3.0, 2.0]), np.array([1.0, 2.0])).tolist()
        [4, 3]
    """
    order = np.argsort(ours)
    found = np.empty(len(ours), dtype=np.int64)
    found[order] = _counts(ours[order], np.sort(theirs))
    return found


def _mirrored_counts(ours: Numbers) -> Counts:
    order = np.argsort(ours)
    ordered = ours[order]
    found = np.empty(len(ours), dtype=np.int64)
    found[order] = _counts(ordered, -ordered[::-1])
    return found


def _counts(ordered: Numbers, others: Numbers) -> Counts:
    """Of both sides sorted, which makes the search several times faster."""
    return np.asarray(np.searchsorted(others, ordered, side="left") + np.searchsorted(others, ordered, side="right"))


def _means(counts: CountRows, others: int) -> Float64[np.ndarray, " models"]:
    return np.asarray(counts.sum(axis=1) / (2 * counts.shape[1] * others))


def _covariance(counts: CountRows, others: int) -> Covariance:
    """Of the means of placements, from the spread within them."""
    return np.asarray(np.atleast_2d(np.cov(counts / (2.0 * others))) / counts.shape[1])


def _sides(positives: Numbers, negatives: Numbers, *, least: int = 1) -> tuple[Numbers, Numbers]:
    ours, theirs = column(positives, infinite=True), column(negatives, infinite=True)
    if min(len(ours), len(theirs)) < least:
        raise StatisticsError(
            f"Expected at least {least} positive and {least} negative cases, got {len(ours)} and {len(theirs)}. "
            "Add cases."
        )
    return ours, theirs
