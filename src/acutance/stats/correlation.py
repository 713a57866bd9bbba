"""How well two columns of numbers go together: rank and linear correlation, errors, outliers (ITU-T P.1401)."""

from typing import Literal

import numpy as np
from scipy.stats import rankdata
from scipy.stats import t as student

from acutance.errors import StatisticsError
from acutance.stats.kendall import PairCounter
from acutance.stats.samples import Numbers, check_varies, column, paired

OutlierRule = Literal["p1401", "vqeg"]

CONFIDENCE = 0.95
"""Level of the interval round an opinion beyond which a score is an outlier (ITU-T P.1401, outlier ratio)."""
VQEG_SPREADS = 2.0
"""Standard deviations of the opinions beyond which it is one (VQEG FR-TV phase II, 2003, metric 6)."""


def srcc(first: Numbers, second: Numbers) -> float:
    """Spearman's rank correlation, -1 to 1; equal numbers share the mean of their ranks.

    Args:
        first: One number a picture; only their order counts.
        second: As many.

    Raises:
        StatisticsError: Fewer than 3 pairs, numbers all equal, or not finite.

    Example:
        >>> srcc(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0]))
        1.0
    """
    first, second = _comparable(first, second)
    return _pearson(rankdata(first), rankdata(second))


def krcc(first: Numbers, second: Numbers) -> float:
    """Kendall's tau-b, -1 to 1; pairs equal on one side are taken off as tau-b does.

    Args:
        first: One number a picture; only their order counts.
        second: As many.

    Raises:
        StatisticsError: Fewer than 3 pairs, numbers all equal, or not finite.

    Example:
        >>> krcc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0]))
        0.6666666666666666
    """
    first, second = _comparable(first, second)
    return PairCounter(first, second).tau_b(np.ones(len(first), dtype=np.int64))


def plcc(first: Numbers, second: Numbers) -> float:
    """Pearson's linear correlation, -1 to 1.

    Args:
        first: One number a picture.
        second: As many.

    Raises:
        StatisticsError: Fewer than 3 pairs, numbers all equal, or not finite.

    Example:
        >>> plcc(np.array([1.0, 2.0, 3.0]), np.array([5.0, 3.0, 1.0]))
        -1.0
    """
    return _pearson(*_comparable(first, second))


def rmse(predicted: Numbers, mos: Numbers) -> float:
    """Root of the mean squared error, in units of the opinions.

    The mean is over all pictures; ITU-T P.1401 divides by their number less the parameters of the curve instead.

    Args:
        predicted: Scores on the scale of the opinions: what a curve gave.
        mos: Opinions.

    Raises:
        StatisticsError: Nothing to compare, or numbers that are not finite.

    Example:
        >>> rmse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.4142135623730951
    """
    predicted, mos = paired(predicted, mos, least=1)
    return float(np.sqrt(np.mean((predicted - mos) ** 2)))


def mae(predicted: Numbers, mos: Numbers) -> float:
    """Mean absolute error, in units of the opinions.

    Args:
        predicted: Scores on the scale of the opinions: what a curve gave.
        mos: Opinions.

    Raises:
        StatisticsError: Nothing to compare, or numbers that are not finite.

    Example:
        >>> mae(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.0
    """
    predicted, mos = paired(predicted, mos, least=1)
    return float(np.mean(np.abs(predicted - mos)))


def outlier_ratio(
    predicted: Numbers,
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers | None = None,
    *,
    rule: OutlierRule | None = None,
) -> float:
    """Share of pictures whose error is larger than the uncertainty of their opinion, 0 to 1.

    Args:
        predicted: Scores on the scale of the opinions: what a curve gave.
        mos: Mean opinions.
        mos_std: Standard deviation of the single opinions of each picture, in units of the opinions; at least 0.
        num_votes: How many opinions each picture has, at least 2.
        rule: ``"p1401"``: beyond the 95 % interval of the mean opinion, t(0.975, votes - 1) std / sqrt(votes).
            ``"vqeg"``: beyond two standard deviations of the single opinions. Left out: ``"p1401"`` where votes are
            given, else ``"vqeg"``.

    Raises:
        StatisticsError: Columns that do not fit, negative spreads, fewer than 2 votes, or no votes where they count.

    Example:
        >>> outlier_ratio(np.array([1.0, 2.0]), np.array([1.1, 4.0]), np.array([0.5, 0.5]), np.array([16.0, 16.0]))
        0.5
    """
    predicted, mos = paired(predicted, mos, least=1)
    _, mos_std = paired(mos, mos_std, least=1)
    if mos_std.min() < 0:
        raise StatisticsError(f"Expected spreads of at least 0, got {mos_std.min():g}. Give standard deviations.")
    limit = _half_interval(mos_std, num_votes) if _rule(rule, num_votes) == "p1401" else VQEG_SPREADS * mos_std
    return float(np.mean(np.abs(predicted - mos) > limit))


def _rule(rule: OutlierRule | None, num_votes: Numbers | None) -> OutlierRule:
    return rule or ("vqeg" if num_votes is None else "p1401")


def _half_interval(mos_std: Numbers, num_votes: Numbers | None) -> Numbers:
    """Half the 95 % interval of each mean opinion."""
    if num_votes is None:
        raise StatisticsError('Expected votes for the rule "p1401", got none. Give num_votes or take rule="vqeg".')
    _, votes = paired(mos_std, column(num_votes), least=1)
    if votes.min() < 2:
        raise StatisticsError(f"Expected at least 2 votes a picture, got {votes.min():g}. Leave those pictures out.")
    return np.asarray(student.ppf(0.5 + CONFIDENCE / 2, votes - 1) * mos_std / np.sqrt(votes))


def _comparable(first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
    first, second = paired(first, second)
    check_varies(first, "numbers on the first side")
    check_varies(second, "numbers on the second side")
    return first, second


def _pearson(first: Numbers, second: Numbers) -> float:
    """Pearson's correlation of numbers scaled to their largest deviation, so that no square over- or underflows."""
    first, second = first - first.mean(), second - second.mean()
    first, second = first / np.abs(first).max(), second / np.abs(second).max()
    value = first @ second / np.sqrt((first @ first) * (second @ second))
    return float(np.clip(value, -1.0, 1.0))
