"""Is one model better than another: tests on residuals, on correlations of the same images, and on paired figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, isfinite, sqrt

import numpy as np
from scipy.stats import f as f_distribution
from scipy.stats import norm, rankdata
from scipy.stats import t as t_distribution

from acutance.errors import StatisticsError
from acutance.stats.samples import Numbers, column

EXACT_PAIRS = 50
"""Up to so many pairs that differ, Wilcoxon's p-value is exact; scipy changes over at the same number."""
ROUNDING = 1e-9
"""How far below 0 the determinant of three correlations may be by rounding alone."""


@dataclass(frozen=True)
class Outcome:
    """Result of a test."""

    statistic: float
    """Positive, or for a ratio above 1, where the first is larger; see each test."""
    p_value: float
    """Two-sided, uncorrected, 0 to 1."""


def f_test(
    residuals_first: Numbers, residuals_second: Numbers, *, parameters_first: int = 1, parameters_second: int = 1
) -> Outcome:
    """Whether the squared errors of two models differ, as in ITU-T P.1401.

    The statistic is the ratio of mean squared errors, each divided by its degrees of freedom: images less parameters
    of the fitted curve. The p-value is of both tails: the larger over the smaller against the upper 5 % point of a
    table is p < 0.10 here.

    Args:
        residuals_first: Opinion less fitted score of each image, in units of the opinions.
        residuals_second: The same of the other model; may be of other images.
        parameters_first: How many parameters the curve of the first model has, 1 without a curve.
        parameters_second: The same of the other model.

    Returns:
        The ratio, above 1 where the first errs more, and its p-value in the F distribution.

    Raises:
        StatisticsError: Too few images, residuals that are not finite, or no error on both sides.

    Example:
        >>> found = f_test(np.array([1.0, -1.0, 2.0, -2.0]), np.array([0.5, -0.5, 1.0, -1.0]))
        >>> found.statistic, round(found.p_value, 4)
        (4.0, 0.2848)
    """
    first, freedom_first = _mean_square(residuals_first, parameters_first)
    second, freedom_second = _mean_square(residuals_second, parameters_second)
    if first == second == 0.0:
        raise StatisticsError("Expected residuals, got two models without any error. There is nothing to test.")
    ratio = first / second if second else float("inf")
    below = float(f_distribution.cdf(ratio, freedom_first, freedom_second))
    above = float(f_distribution.sf(ratio, freedom_first, freedom_second))
    return Outcome(ratio, min(1.0, 2.0 * min(below, above)))


def williams(r_first: float, r_second: float, r_between: float, count: int) -> Outcome:
    """Williams' t: whether two correlations with the same opinions differ (Steiger 1980, equation 7).

    Args:
        r_first: Correlation of the first model with the opinions, signed so that agreement is positive.
        r_second: The same of the other model.
        r_between: Correlation of the two models with each other, signed in the same way.
        count: How many images, the same for all three; at least 4.

    Returns:
        t, positive where the first is larger, and its p-value with ``count - 3`` degrees of freedom.

    Raises:
        StatisticsError: Too few images, correlations that cannot occur together, or two models of one order.

    Example:
        >>> found = williams(0.3, 0.4, 0.5, 100)
        >>> round(found.statistic, 4), round(found.p_value, 4)
        (-1.0767, 0.2843)
    """
    _check_correlations(r_first, r_second, r_between, count)
    determinant = max(0.0, _determinant(r_first, r_second, r_between))
    average = (r_first + r_second) / 2
    spread = 2 * (count - 1) / (count - 3) * determinant + average**2 * (1 - r_between) ** 3
    if spread <= 0 or r_between == -1:
        raise StatisticsError(
            f"Expected correlations with some error, got {r_first:g}, {r_second:g} and {r_between:g}. "
            "Compare these models by another test."
        )
    t = (r_first - r_second) * sqrt((count - 1) * (1 + r_between) / spread)
    return Outcome(t, float(2 * t_distribution.sf(abs(t), count - 3)))


def meng_rosenthal_rubin(r_first: float, r_second: float, r_between: float, count: int) -> Outcome:
    """The z of Meng, Rosenthal and Rubin (1992): whether two correlations with the same opinions differ.

    For rank correlations it is an approximation, as the variance of Fisher's z is somewhat above 1 / (count - 3).

    Args:
        r_first: Correlation of the first model with the opinions, signed so that agreement is positive; not 1 or -1.
        r_second: The same of the other model.
        r_between: Correlation of the two models with each other, signed in the same way.
        count: How many images, the same for all three; at least 4.

    Returns:
        z, positive where the first is larger, and its p-value in the normal distribution.

    Raises:
        StatisticsError: Too few images, a correlation of 1 or -1, or correlations that cannot occur together.

    Example:
        >>> round(meng_rosenthal_rubin(0.63, -0.03, -0.19, 15).statistic, 2)
        1.68
    """
    _check_correlations(r_first, r_second, r_between, count)
    if max(abs(r_first), abs(r_second)) == 1:
        raise StatisticsError(
            f"Expected correlations between -1 and 1, got {r_first:g} and {r_second:g}. Use Williams' test."
        )
    square = (r_first**2 + r_second**2) / 2
    factor = min(1.0, (1 - r_between) / (2 * (1 - square)))  # equation 3; "f must be at most 1"
    h = (1 - factor * square) / (1 - square)  # equation 2
    z = (atanh(r_first) - atanh(r_second)) * sqrt((count - 3) / (2 * (1 - r_between) * h))  # equation 1
    return Outcome(z, float(2 * norm.sf(abs(z))))


def wilcoxon_signed_rank(first: Numbers, second: Numbers) -> Outcome:
    """Whether paired figures differ, by Wilcoxon's signed ranks.

    Equal pairs are left out, as Wilcoxon did; equal sizes share their mean rank. Up to 50 pairs that differ the p-value
    counts all signs of the ranks there are, ties or not; above, it is normal with the variance of the ranks and without
    a correction for continuity.

    Args:
        first: One figure a split or image; may be infinite.
        second: The same of the other model or method, in the same order.

    Returns:
        The sum of ranks of pairs where the first is larger, and the p-value.

    Raises:
        StatisticsError: Unequal lengths, NaN, or no pair that differs.

    Example:
        >>> found = wilcoxon_signed_rank(np.array([0.91, 0.88, 0.93]), np.array([0.90, 0.85, 0.89]))
        >>> found.statistic, found.p_value
        (6.0, 0.25)
    """
    differences = _differences(column(first, infinite=True), column(second, infinite=True))
    ranks = np.asarray(rankdata(np.abs(differences)), dtype=np.float64)
    positive = float(ranks[differences > 0].sum())
    if len(ranks) <= EXACT_PAIRS:
        return Outcome(positive, _exact_p_value(ranks, positive))
    z = (positive - ranks.sum() / 2) / sqrt(float((ranks**2).sum()) / 4)
    return Outcome(positive, float(2 * norm.sf(abs(z))))


def holm(p_values: Numbers | Sequence[float]) -> Numbers:
    """P-values corrected for how many tests were made, by Holm's step-down method (1979).

    The smallest is multiplied by the number of tests, the next by one less, and so on; none is below one that was
    smaller before, and none above 1. At most 5 % of families have a false finding at 0.05.

    Args:
        p_values: From 0 to 1, one a test (tests,); may be empty.

    Raises:
        StatisticsError: A p-value that is none.

    Example:
        >>> holm(np.array([0.03, 0.01, 0.04])).tolist()
        [0.06, 0.03, 0.06]
    """
    found = np.asarray(p_values, dtype=np.float64)
    wrong = found[~((found >= 0) & (found <= 1))]  # NaN is neither
    if len(wrong):
        raise StatisticsError(f"Expected p-values from 0 to 1, got {wrong[0]:g}. Leave tests without one out.")
    order = np.argsort(found, kind="stable")
    corrected = np.empty(len(found))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1)))
    return corrected


def _mean_square(residuals: Numbers, parameters: int) -> tuple[float, int]:
    """Mean squared error by degrees of freedom, and these."""
    found = column(residuals)
    freedom = len(found) - parameters
    if parameters < 0 or freedom < 1:
        raise StatisticsError(
            f"Expected more residuals than the {parameters} parameters of a curve, got {len(found)}. Add images."
        )
    return float((found**2).sum()) / freedom, freedom


def _check_correlations(r_first: float, r_second: float, r_between: float, count: int) -> None:
    if count < 4:
        raise StatisticsError(f"Expected at least 4 images for a test of correlations, got {count}. Add images.")
    found = (r_first, r_second, r_between)
    if not all(isfinite(one) and abs(one) <= 1 for one in found):
        raise StatisticsError(f"Expected correlations from -1 to 1, got {r_first:g}, {r_second:g} and {r_between:g}.")
    if r_between == 1:
        raise StatisticsError("Expected two models, got correlation 1 between them. They order images alike.")
    if _determinant(*found) < -ROUNDING:
        raise StatisticsError(
            f"Expected correlations of the same images, got {r_first:g}, {r_second:g} and {r_between:g}, "
            "which cannot occur together. Compute all three from one set of images."
        )


def _determinant(r_first: float, r_second: float, r_between: float) -> float:
    """Of the matrix of the three correlations."""
    return 1 + 2 * r_first * r_second * r_between - r_first**2 - r_second**2 - r_between**2


def _differences(first: Numbers, second: Numbers) -> Numbers:
    """First less second where they differ; equal infinities do not."""
    if len(first) != len(second):
        raise StatisticsError(f"Expected as many numbers on both sides, got {len(first)} and {len(second)}. Pair them.")
    unequal = first != second
    if not unequal.any():
        raise StatisticsError(f"Expected pairs that differ, got {len(first)} equal ones. There is nothing to test.")
    return np.asarray(first[unequal] - second[unequal])


def _exact_p_value(ranks: Numbers, positive: float) -> float:
    """Two-sided share of signs at least as extreme, all equally likely."""
    doubled = np.rint(2 * ranks).astype(np.int64)  # mean ranks of ties are halves
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled:
        ways[rank:] = ways[rank:] + ways[: len(ways) - rank]
    place = round(2 * positive)
    least = min(float(ways[: place + 1].sum()), float(ways[place:].sum()))
    return min(1.0, 2.0 * least / float(ways.sum()))
