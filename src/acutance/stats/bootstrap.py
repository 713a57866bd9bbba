"""Intervals of statistics by drawing whole scenes with replacement again and again (percentile bootstrap).

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; scenes are the clusters.
"""

import os
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64
from scipy.stats import kendalltau

from acutance.errors import StatisticsError
from acutance.stats.correlation import check_scores, clipped_scores
from acutance.stats.curves import Counts, Curve, Refit, Scale, fit_curve
from acutance.stats.samples import Numbers, column
from acutance.types import Better, CurveKind, OnProgress

Statistic = Literal["srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae"]
Drawn = Float64[np.ndarray, "draws statistics"]

FITTED = ("plcc", "rmse", "mae")
"""Statistics that need a curve."""
CONSTANT = 1e-24
"""A variance, in variances of all images, that is rounding: the drawn numbers are all equal."""
BLOCK = 8
"""Draws that a worker makes at a time."""


class Intervals(dict[str, tuple[float, float]]):
    """Lower and upper end by name of the statistic; one that no draw gave is missing.

    Args:
        left_out: In how many draws a statistic could not be computed, by its name.
    """

    def __init__(self, ends: dict[str, tuple[float, float]], draws: int, left_out: dict[str, int]) -> None:
        super().__init__(ends)
        self.draws = draws
        self.left_out = left_out

    @property
    def note(self) -> str:
        """Note on the draws that were left out, in one line; empty if none was."""
        found = [f"{name} in {count}" for name, count in self.left_out.items() if count]
        if not found:
            return ""
        return f"Of {self.draws} draws, these gave no number and are not in the interval: {', '.join(found)}."


def bootstrap_agreement(
    scores: Numbers,
    mos: Numbers,
    scenes: Sequence[Hashable] | None,
    *,
    better: Better,
    mos_better: Better,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    curve: CurveKind | Curve = "logistic4",
    statistics: tuple[Statistic, ...] = ("srcc", "krcc", "plcc", "rmse", "mae"),
    workers: int | None = None,
    on_progress: OnProgress | None = None,
) -> Intervals:
    """Intervals of how well scores agree with opinions, were other scenes photographed.

    A draw takes as many scenes as there are, with replacement, each with all its images. Correlations with ties are
    those of the drawn sample, and the curve is fitted anew in each. The same seed gives the same numbers whatever the
    workers.

    Args:
        scores: Scores of a model, one an image; infinite ones are allowed.
        mos: Opinions of the same images.
        scenes: What images belong to, such as their reference; left out, each image stands alone.
        better: Which direction of the scores means better quality.
        mos_better: Which direction of the opinions does.
        draws: How many draws.
        seed: Which draws, at least 0.
        level: Share of draws inside, between 0 and 1; as many are above as below.
        curve: Which curve is fitted, or the fitted curve of all images: its kind is kept in every draw.
        statistics: Which intervals are wanted.
        workers: Threads; left out, one per core.
        on_progress: Called with the draws done and all of them.

    Raises:
        StatisticsError: Numbers from which nothing can be computed, fewer than 2 scenes, or settings out of range.

    Example:
        >>> scores = np.arange(20.0)
        >>> mos = scores + np.tile([0.0, 3.0], 10)
        >>> found = bootstrap_agreement(scores, mos, None, better="higher", mos_better="higher", statistics=("srcc",))
        >>> low, high = found["srcc"]
        >>> 0.8 < low < high <= 1.0
        True
    """
    _check_settings(draws, level, statistics)
    scores, mos = check_scores(scores, mos)
    picked = _Scenes(scenes, len(scores), seed)
    sampler = _Sampler(scores, mos, curve, statistics, 1.0 if better == mos_better else -1.0)
    drawn = np.empty((draws, len(statistics)))
    blocks = [range(start, min(start + BLOCK, draws)) for start in range(0, draws, BLOCK)]

    def of_block(block: range) -> Drawn:
        return np.array([sampler.draw(picked.counts(number)) for number in block])

    with ThreadPoolExecutor(workers or _cores()) as pool:
        for block, rows in zip(blocks, pool.map(of_block, blocks), strict=True):
            drawn[block.start : block.stop] = rows
            if on_progress is not None:
                on_progress(block.stop, draws)
    return _intervals(drawn, statistics, level)


def bootstrap_mean(
    values: Numbers,
    scenes: Sequence[Hashable] | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """The interval of the mean over images, were other scenes photographed.

    Args:
        values: One finite number an image.
        scenes: What images belong to; left out, each image stands alone.
        seed: Which draws, at least 0; the same as of ``bootstrap_agreement``.
        level: Share of draws inside, between 0 and 1.

    Raises:
        StatisticsError: No numbers, numbers that are not finite, fewer than 2 scenes, or settings out of range.

    Example:
        >>> low, high = bootstrap_mean(np.arange(100.0))
        >>> 43 < low < 49.5 < high < 56
        True
    """
    _check_settings(draws, level, ())
    values = column(values)
    picked = _Scenes(scenes, len(values), seed)
    sizes = np.bincount(picked.rows, minlength=picked.number).astype(np.float64)
    sums = np.bincount(picked.rows, weights=values - values.mean(), minlength=picked.number)
    means = np.empty(draws)
    for number in range(draws):
        counts = picked.of_scenes(number)
        means[number] = values.mean() + (counts @ sums) / (counts @ sizes)
    low, high = np.quantile(means, _tails(level))
    return float(low), float(high)


class _Scenes:
    """The scene of each image, and how often each is drawn."""

    def __init__(self, scenes: Sequence[Hashable] | None, count: int, seed: int) -> None:
        if seed < 0:
            raise StatisticsError(f"Expected a seed of at least 0, got {seed}. Give a whole number such as 0.")
        if scenes is not None and len(scenes) != count:
            raise StatisticsError(f"Expected a scene for each of {count} images, got {len(scenes)}. Pair them.")
        names: dict[Hashable, int] = {}
        found = range(count) if scenes is None else [names.setdefault(scene, len(names)) for scene in scenes]
        self.rows = np.array(found, dtype=np.int64)
        self.number = count if scenes is None else len(names)
        self._seed = seed
        if self.number < 2:
            raise StatisticsError(f"Expected at least 2 scenes to draw from, got {self.number}. Add scenes.")

    def of_scenes(self, number: int) -> Counts:
        """Count of each scene in a draw; depends on the seed and the draw's number alone."""
        generator = np.random.default_rng((self._seed, number))
        return np.bincount(generator.integers(0, self.number, self.number), minlength=self.number)

    def counts(self, number: int) -> Counts:
        """Count of each image in a draw."""
        return np.asarray(self.of_scenes(number).take(self.rows), dtype=np.int64)


class _Sampler:
    """All wanted statistics of the images of a draw; what can be prepared once is."""

    def __init__(
        self, scores: Numbers, mos: Numbers, curve: CurveKind | Curve, statistics: Sequence[Statistic], sign: float
    ) -> None:
        self._statistics, self._sign = statistics, sign
        self._ranks, self._mos_ranks = (np.unique(side, return_inverse=True)[1] for side in (scores, mos))
        self._sorted = np.argsort(self._ranks, kind="stable")
        finite, _ = clipped_scores(scores)
        self._opinions, self._raw_mos = Scale.of(mos), mos
        self._scores, self._mos = Scale.of(finite)(finite), self._opinions(mos)
        self._refit, self._is_fitted = None, True
        if any(name in FITTED for name in statistics):
            fitted = fit_curve(finite, mos, kind=curve) if isinstance(curve, str) else curve
            self._refit, self._is_fitted = Refit(finite, mos, fitted), fitted.kind != "none"

    def draw(self, counts: Counts) -> list[float]:
        """The statistics in their order; NaN where one cannot be computed."""
        values = dict(self._values(counts))
        return [values.get(name, np.nan) for name in self._statistics]

    def _values(self, counts: Counts) -> Iterator[tuple[str, float]]:
        if "srcc" in self._statistics:
            yield "srcc", self._sign * _weighted_srcc(self._ranks, self._mos_ranks, counts)
        if "krcc" in self._statistics:
            drawn = np.repeat(self._sorted, counts[self._sorted])  # in order of the scores, which is sorted faster
            yield "krcc", self._sign * _tau_b(self._ranks[drawn], self._mos_ranks[drawn])
        weights = counts.astype(np.float64)
        unfitted = _weighted_plcc(self._scores, self._mos, weights)
        yield "plcc_unfitted", self._sign * unfitted
        predicted = None if self._refit is None or np.isnan(unfitted) else self._refit(counts)
        if predicted is None:
            return
        errors = predicted - self._raw_mos
        yield "rmse", float(np.sqrt(_dot(errors * errors, weights) / weights.sum()))
        yield "mae", _dot(np.abs(errors), weights) / float(weights.sum())
        if self._is_fitted:
            predicted = self._opinions(predicted)
            fitted = abs(_weighted_plcc(predicted, self._mos, weights))
            unfitted = -fitted if _weighted_plcc(self._scores, predicted, weights) < 0 else fitted
        yield "plcc", self._sign * unfitted


def _weighted_srcc(first: Counts, second: Counts, counts: Counts) -> float:
    """Spearman's correlation of the sample in which each image occurs as often as it counts; NaN if one is constant.

    Args:
        first: Dense ranks of one column, from 0.
        counts: Whole numbers of at least 0, one an image.
    """
    weights = counts.astype(np.float64)
    sides = []
    for ranks in (first, second):
        ties = np.bincount(ranks, weights)
        sides.append((np.cumsum(ties) - ties / 2 - weights.sum() / 2)[ranks])  # mean ranks, less the middle rank
    squares = [_dot(side * side, weights) for side in sides]
    if min(squares) <= 0:
        return float("nan")
    return float(np.clip(_dot(sides[0] * sides[1], weights) / np.sqrt(squares[0] * squares[1]), -1.0, 1.0))


def _tau_b(first: Counts, second: Counts) -> float:
    """Kendall's tau-b; NaN if one side is constant."""
    return float(kendalltau(first, second, method="asymptotic").statistic)


def _weighted_plcc(first: Numbers, second: Numbers, weights: Numbers) -> float:
    """Pearson's correlation of standardised columns; NaN if a side is constant where it counts."""
    total = float(weights.sum())
    first = first - _dot(first, weights) / total
    second = second - _dot(second, weights) / total
    squares, others = _dot(first * first, weights), _dot(second * second, weights)
    if min(squares, others) <= CONSTANT * total:
        return float("nan")
    return float(np.clip(_dot(first * second, weights) / np.sqrt(squares) / np.sqrt(others), -1.0, 1.0))


def _dot(first: Numbers, second: Numbers) -> float:
    """The sum of products, in the calling thread: a library of linear algebra would start threads of its own."""
    return float(np.einsum("i,i->", first, second))


def _intervals(drawn: Drawn, statistics: Sequence[str], level: float) -> Intervals:
    ends, left_out = {}, {}
    for name, values in zip(statistics, drawn.T, strict=True):
        known = values[np.isfinite(values)]
        left_out[name] = len(values) - len(known)
        if len(known):
            low, high = np.quantile(known, _tails(level))
            ends[name] = (float(low), float(high))
    return Intervals(ends, len(drawn), left_out)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _check_settings(draws: int, level: float, statistics: Sequence[str]) -> None:
    if draws < 1:
        raise StatisticsError(f"Expected at least 1 draw, got {draws}. Take 1000.")
    if not 0 < level < 1:
        raise StatisticsError(f"Expected a level between 0 and 1, got {level:g}. Take 0.95.")
    if unknown := [name for name in statistics if name not in get_args(Statistic)]:
        raise StatisticsError(
            f"Expected statistics of {', '.join(get_args(Statistic))}, got {', '.join(unknown)}. Correct it."
        )


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
