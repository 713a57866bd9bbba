"""What scores say of methods: means with intervals, wins, and which differences chance does not explain."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from acutance.comparison.results import MethodScores, MethodTest
from acutance.comparison.scores import CompleteScores
from acutance.errors import ConfigError, StatisticsError
from acutance.evaluation.results import Interval
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.samples import Numbers, mean_of
from acutance.stats.tests import holm, wilcoxon_signed_rank

SIGNIFICANCE = 0.05
"""Level of the tests, the convention of ITU-T P.1401, after correction."""
WORST_KEPT = 10
"""Pictures listed on which a method does worst."""


@dataclass(frozen=True)
class Draws:
    """How intervals are drawn by bootstrap."""

    count: int = 1000
    """How many; 0 for no intervals."""
    seed: int = 0
    level: float = 0.95
    """Share of draws inside an interval."""

    def __post_init__(self) -> None:
        if self.count < 0 or self.count == 1:
            raise ConfigError(f"Expected 0 draws for no intervals, or 2 and more, got {self.count}. Change draws.")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"Expected a seed from 0 to 2**32 - 1, got {self.seed}. Choose another.")
        if not 0 < self.level < 1:
            raise ConfigError(f"Expected a level between 0 and 1, got {self.level}. Use 0.95 for 95 %.")


def method_results(scores: CompleteScores, failed: Mapping[str, int], draws: Draws) -> list[MethodScores]:
    """Every method by one model: mean with interval, median, wins, and the pictures on which it is worst.

    Args:
        scores: Without gaps.
        failed: How many pictures of each method have no score.
        draws: How to draw.
    """
    found = []
    for column, method in enumerate(scores.methods):
        values = scores.values[:, column]
        mean = mean_of(values)
        found.append(
            MethodScores(
                method=method,
                model=scores.model,
                count=len(scores.pictures),
                failed=failed[method],
                mean=mean.value,
                interval=interval_of(values[np.isfinite(values)], draws),
                median=_median(values),
                wins=int(scores.wins[:, column].sum()),
                worst=worst_pictures(scores, column),
                finite_mean=mean.finite,
                finite_count=mean.finite_count,
            )
        )
    return found


def method_tests(scores: CompleteScores, draws: Draws) -> list[MethodTest]:
    """Every two methods by one model; p-values are corrected over all of them (Holm).

    The test is Wilcoxon's signed-rank test over pictures; where it has nothing to go on (no picture, or all equal)
    the p-value is 1. The winner is the method that the signed ranks favour.

    Args:
        scores: Without gaps.
        draws: How to draw intervals.
    """
    pairs = list(combinations(range(len(scores.methods)), 2))
    if not pairs or not scores.pictures:
        return []
    signed = [_signed_rank(scores.quality[:, first], scores.quality[:, second]) for first, second in pairs]
    corrected = holm(np.array([p_value for p_value, _ in signed]))
    return [
        _test(scores, pair, p_value, float(p_corrected), is_first=is_first, draws=draws)
        for pair, (p_value, is_first), p_corrected in zip(pairs, signed, corrected, strict=True)
    ]


def worst_pictures(scores: CompleteScores, column: int, *, kept: int = WORST_KEPT) -> list[str]:
    """The pictures on which a method falls farthest below the mean of the others, the worst first.

    Args:
        scores: Without gaps.
        column: Which method.
        kept: How many pictures at most; those where it does not fall below the others are never listed.
    """
    if len(scores.methods) < 2:
        return []
    others = np.delete(scores.finite, column, axis=1).mean(axis=1)
    behind = scores.sign * (others - scores.finite[:, column])
    order = np.argsort(-behind, kind="stable")[:kept]
    return [scores.pictures[index] for index in order if behind[index] > 0]


def interval_of(values: Numbers, draws: Draws) -> Interval | None:
    """Where the mean lies, by bootstrap over pictures; ``None`` for fewer than two pictures or without draws.

    Args:
        values: Finite numbers, one a picture.
        draws: How to draw.
    """
    if len(values) < 2 or not draws.count:
        return None
    low, high = bootstrap_mean(values, draws=draws.count, seed=draws.seed, level=draws.level)
    return Interval(low=low, high=high, level=draws.level)


def _median(values: Numbers) -> float | None:
    """Infinite where the scores in the middle are; ``None`` of nothing, and between both infinities."""
    if not len(values):
        return None
    with np.errstate(invalid="ignore"):
        median = float(np.median(values))
    return None if np.isnan(median) else median


def _signed_rank(first: Numbers, second: Numbers) -> tuple[float, bool]:
    """The p-value, 1 where all pictures are equal, and whether the signed ranks favour the first."""
    try:
        found = wilcoxon_signed_rank(first, second)
    except StatisticsError:  # no two that differ
        return 1.0, False
    unequal = int((first != second).sum())
    return found.p_value, found.statistic > unequal * (unequal + 1) / 4


def _test(
    scores: CompleteScores, pair: tuple[int, int], p_value: float, p_corrected: float, *, is_first: bool, draws: Draws
) -> MethodTest:
    first, second = pair
    values, others, quality = scores.values[:, first], scores.values[:, second], scores.quality
    differences = np.subtract(values, others, out=np.zeros_like(values), where=values != others)
    mean = mean_of(differences)
    return MethodTest(
        model=scores.model,
        first=scores.methods[first],
        second=scores.methods[second],
        difference=mean.value,
        interval=interval_of(differences[np.isfinite(differences)], draws),
        first_wins=int((quality[:, first] > quality[:, second]).sum()),
        ties=int((quality[:, first] == quality[:, second]).sum()),
        second_wins=int((quality[:, first] < quality[:, second]).sum()),
        p_value=p_value,
        p_corrected=p_corrected,
        winner=scores.methods[first if is_first else second] if p_corrected < SIGNIFICANCE else "",
        finite_difference=mean.finite,
        finite_count=mean.finite_count,
    )
