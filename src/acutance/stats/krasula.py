"""Krasula's analysis (QoMEX 2016): can a model tell different images from similar ones, and better from worse?

L. Krasula, K. Fliegel, P. Le Callet, M. Klima, "On the accuracy of objective image and video quality models: New
methodology for performance evaluation", QoMEX 2016. Areas under ROC curves are compared by DeLong's test (1988).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Int64
from scipy.stats import norm

from acutance.errors import StatisticsError
from acutance.stats.samples import Numbers, column
from acutance.stats.tests import Outcome

Rows = Float64[np.ndarray, "models cases"]
OtherRows = Float64[np.ndarray, "models others"]
CountRows = Int64[np.ndarray, "models _"]
Covariance = Float64[np.ndarray, "models models"]
Indices = Int64[np.ndarray, "_"]
Labels = Int[np.ndarray, "_"]

SIGNIFICANT = 0.95
"""Value of the normal distribution function at |z| above which two opinions differ (Krasula 2016): |z| > 1.645."""
PERCENTILE = 95
"""Percentile of similar pairs that ``KrasulaFigures.threshold`` is at, as in the authors' program."""
MOST_PAIRS = 5_000_000
"""All pairs of 3,162 images; what is kept of them takes about 40 MB a model."""
CHUNK = 1 << 19
"""Pairs computed at a time."""
ROUNDING = 1e-14
"""A variance of the difference of two areas below this is 0 but for rounding."""


@dataclass(frozen=True, kw_only=True)
class KrasulaFigures:
    """Krasula's figures of one model; 1 is best for all areas and shares."""

    pairs: int
    """How many pairs of images were looked at."""
    different: int
    """Pairs whose opinions differ significantly."""
    similar: int
    """Pairs whose opinions do not."""
    auc_different_similar: float | None
    """Area under the ROC curve of telling different from similar by the size of the score's difference, 0 to 1."""
    auc_better_worse: float
    """Area under the ROC curve of telling better from worse by the score's difference, 0 to 1."""
    correct: float
    """C0: share of different pairs whose better image has the better score; an equal score is wrong."""
    threshold: float | None
    """95 % of similar pairs differ by less, in units of the score: beyond it, two images do differ."""
    sampled: bool
    """Whether only a random part of all pairs was looked at, because there were too many."""
    problem: str = ""
    """Why a figure is missing, in one line; empty if none is."""


@dataclass(frozen=True, kw_only=True)
class KrasulaComparison:
    """Two models on the same pairs. Pairs share images, so p-values are smaller than they should be."""

    first: KrasulaFigures
    second: KrasulaFigures
    different_similar: Outcome | None
    """DeLong's test of the two areas; ``None`` with fewer than two similar pairs or where both models are alike."""
    better_worse: Outcome | None
    """DeLong's test of the two areas; ``None`` where both models are alike."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of images by models and by people."""

    differences: Rows
    """Score of the first image less that of the second (models, pairs)."""
    labels: Labels
    """1 where people found the first significantly better, -1 where worse, 0 where neither (pairs,)."""
    sampled: bool = False
    """Whether these are a random part of all pairs."""


@dataclass(frozen=True)
class Areas:
    """Areas under ROC curves of models on the same cases."""

    areas: Float64[np.ndarray, " models"]
    """The chance that a positive case has the higher value, a tie counting half; 0 to 1."""
    covariance: Covariance | None
    """Of the areas, by DeLong, DeLong and Clarke-Pearson (1988); ``None`` with a single case on one side."""


def compare_krasula(
    first_scores: Numbers,
    second_scores: Numbers,
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers,
    *,
    level: float = SIGNIFICANT,
    most_pairs: int = MOST_PAIRS,
    seed: int = 0,
) -> KrasulaComparison:
    """Compare two models on the same pairs of rated images, by DeLong's test.

    Args:
        first_scores: One score of the first model an image (images,), higher is better; may be infinite.
        second_scores: The same of the second model.
        mos: Opinion of each image (images,), higher is better.
        mos_std: Standard deviation of the opinions of each image (images,), in their unit.
        num_votes: How many people rated each image (images,).
        level: Two opinions differ where the normal distribution function at |z| is above this, 0.5 to 1.
        most_pairs: With more pairs than this, so many of them are drawn at random.
        seed: Of that draw.

    Returns:
        The figures of both and two tests.

    Raises:
        StatisticsError: Columns of unequal length, NaN, no pairs, or none that differs significantly.

    Example:
        >>> mos = np.array([1.0, 2.0, 3.0, 3.1])
        >>> found = compare_krasula(mos**2, -mos, mos, np.full(4, 0.5), np.full(4, 20.0))
        >>> found.first.different, found.first.similar, found.first.correct, found.second.correct
        (5, 1, 1.0, 0.0)
    """
    pairs = opinion_pairs(
        [first_scores, second_scores], mos, mos_std, num_votes, level=level, most_pairs=most_pairs, seed=seed
    )
    different = pairs.labels != 0
    if not different.any():
        raise StatisticsError(
            f"Expected pairs whose opinions differ significantly, got none of {len(different)}. "
            "Take more images or votes."
        )
    leads = pairs.differences[:, different] * pairs.labels[different]  # of the better image
    gaps = np.abs(pairs.differences[:, ~different])
    apart, order = delong(np.abs(leads), gaps) if gaps.size else None, delong(leads)
    first, second = (
        _figures(
            leads[model],
            gaps[model],
            None if apart is None else float(apart.areas[model]),
            float(order.areas[model]),
            sampled=pairs.sampled,
        )
        for model in range(2)
    )
    return KrasulaComparison(first=first, second=second, different_similar=_tested(apart), better_worse=_tested(order))


def opinion_pairs(
    models: Sequence[Numbers],
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers,
    *,
    level: float = SIGNIFICANT,
    most_pairs: int = MOST_PAIRS,
    seed: int = 0,
) -> Pairs:
    """All pairs of images, or a random part of them, by scores of models and by opinions.

    Two opinions differ where z = (MOS_i - MOS_j) / sqrt(s_i^2 / n_i + s_j^2 / n_j) is far enough from 0. A part is
    drawn evenly: one pair out of each of ``most_pairs`` equal stretches of the list of all pairs.

    Args:
        models: Scores of each model, one an image; may be infinite.
        mos: As in ``compare_krasula``, like all others.

    Raises:
        StatisticsError: Columns of unequal length, NaN, negative spreads, votes below 1, or no pairs.

    Example:
        >>> found = opinion_pairs([np.array([9.0, 5.0])], np.array([4.0, 1.0]), np.full(2, 0.5), np.full(2, 15.0))
        >>> found.differences.tolist(), found.labels.tolist()
        ([[4.0]], [1])
    """
    if not 0.5 <= level < 1 or most_pairs < 1:
        raise StatisticsError(f"Expected a level from 0.5 to 1 and some pairs, got {level:g} and {most_pairs}.")
    opinions = column(mos)
    variances = _squared_errors(mos_std, num_votes, len(opinions))
    scores = [column(found, infinite=True) for found in models]
    for one in scores:
        _check_length(len(one), len(opinions), "scores")
    total = len(opinions) * (len(opinions) - 1) // 2
    if not total:
        raise StatisticsError(f"Expected at least 2 images, got {len(opinions)} and no pair. Add images.")
    count = min(total, most_pairs)
    differences, labels = np.empty((len(scores), count)), np.empty(count, dtype=np.int8)
    random = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        numbers = np.arange(part.start, part.stop, dtype=np.int64)
        if count < total:
            # within stretches no pair comes twice, without a list of all that were drawn
            numbers = random.integers(numbers * total // count, (numbers + 1) * total // count)
        first, second = _images(numbers, len(opinions))
        better = opinions[first] - opinions[second]
        significant = np.abs(better) > float(norm.ppf(level)) * np.sqrt(variances[first] + variances[second])
        labels[part] = np.where(significant, np.sign(better), 0.0)
        for row, one in zip(differences, scores, strict=True):
            with np.errstate(invalid="ignore"):  # two equal infinite scores do not differ
                row[part] = np.where(one[first] == one[second], 0.0, one[first] - one[second])
    return Pairs(differences, labels, sampled=count < total)


def delong(positives: Rows, negatives: OtherRows | None = None) -> Areas:
    """The areas under the ROC curves of models, and their covariance.

    Args:
        positives: Values of the positive cases, a row a model (models, positive cases); may be infinite.
        negatives: Values of the negative cases by the same models (models, negative cases). Left out, each positive
            case has its opposite: the same as ``delong(positives, -positives)`` by half the work.

    Raises:
        StatisticsError: No case on one side, NaN, or another number of models.

    Example:
        >>> found = delong(np.array([[3.0, 2.0]]), np.array([[1.0, 2.0]]))
        >>> found.areas.tolist(), found.covariance.tolist()
        ([0.875], [[0.03125]])
    """
    if negatives is not None and len(positives) != len(negatives):
        raise StatisticsError(
            f"Expected positive and negative cases of the same models, got {len(positives)} and {len(negatives)}."
        )
    others = [None] * len(positives) if negatives is None else negatives
    found = [_placements(ours, theirs) for ours, theirs in zip(positives, others, strict=True)]
    above, below = np.stack([counts for counts, _ in found]), np.stack([counts for _, counts in found])
    cases, against = above.shape[1], below.shape[1]
    spread = _covariance(above, against) + _covariance(below, cases) if min(cases, against) > 1 else None
    return Areas(above.sum(axis=1) / (2 * cases * against), spread)


def delong_test(areas: Areas) -> Outcome:
    """Whether the areas of two models differ, by DeLong's test.

    Args:
        areas: Of two models on the same cases.

    Returns:
        z, positive where the first is larger, and its p-value in the normal distribution.

    Raises:
        StatisticsError: Not two models, a single case, or two models whose placements of all cases are the same.

    Example:
        >>> positives = np.array([[3.0, 2.0, 5.0], [3.0, 1.0, 2.0]])
        >>> found = delong_test(delong(positives, np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 3.0]])))
        >>> round(found.statistic, 4), round(found.p_value, 4)
        (1.5689, 0.1167)
    """
    if len(areas.areas) != 2:
        raise StatisticsError(f"Expected two models to compare, got {len(areas.areas)}. Compare them two by two.")
    if areas.covariance is None:
        raise StatisticsError("Expected at least 2 cases on both sides for a test of areas, got 1. Add cases.")
    difference = float(areas.areas[0] - areas.areas[1])
    variance = float(areas.covariance[0, 0] + areas.covariance[1, 1] - 2 * areas.covariance[0, 1])
    if variance <= ROUNDING:
        raise StatisticsError(
            "Expected models that place cases differently, got none of whose difference varies. "
            f"The areas differ by {difference:g} without any spread."
        )
    z = difference / variance**0.5
    return Outcome(z, float(2 * norm.sf(abs(z))))


def _figures(leads: Numbers, gaps: Numbers, apart: float | None, order: float, *, sampled: bool) -> KrasulaFigures:
    """The figures of one model.

    Args:
        leads: By how much the better image leads, of different pairs.
        gaps: By how much scores of similar pairs differ.
        apart: Area of different against similar.
        order: Area of better against worse.
        sampled: Whether these are a random part of all pairs.
    """
    threshold = None
    if len(gaps):  # no value lies halfway between a finite and an infinite gap
        threshold = float(np.percentile(gaps, PERCENTILE, method="linear" if np.isfinite(gaps).all() else "higher"))
    return KrasulaFigures(
        pairs=len(leads) + len(gaps),
        different=len(leads),
        similar=len(gaps),
        auc_different_similar=apart,
        auc_better_worse=order,
        correct=float((leads > 0).mean()),
        threshold=threshold,
        sampled=sampled,
        problem="" if len(gaps) else f"Expected similar pairs, got {len(leads)} pairs that all differ significantly.",
    )


def _tested(areas: Areas | None) -> Outcome | None:
    try:
        return None if areas is None else delong_test(areas)
    except StatisticsError:  # too few cases, or nothing varies between the models
        return None


def _placements(positives: Numbers, negatives: Numbers | None) -> tuple[Indices, Indices]:
    """How many negatives are lower than each positive case, and how many positives higher than each negative.

    Times two, an equal one counting one: twice the mid-ranks of all less those of one side (Sun and Xu 2014). Whole
    numbers, so that their sum does not depend on the order of cases.
    """
    ours = column(positives, infinite=True)
    theirs = ours if negatives is None else column(negatives, infinite=True)
    if not len(ours) or not len(theirs):
        raise StatisticsError(
            f"Expected at least 1 positive and 1 negative case, got {len(ours)} and {len(theirs)}. Add cases."
        )
    order = np.argsort(ours)
    ordered = ours[order]  # a search for sorted values is several times faster
    above, below = np.empty(len(ours), dtype=np.int64), np.empty(len(theirs), dtype=np.int64)
    if negatives is None:  # opposites below a case are as many as cases above its opposite
        above[order] = _lower(-ordered[::-1], ordered)
        return above, above
    other_order = np.argsort(theirs)
    others = theirs[other_order]
    above[order] = _lower(others, ordered)
    below[other_order] = 2 * len(ours) - _lower(ordered, others)
    return above, below


def _lower(values: Numbers, than: Numbers) -> Indices:
    """How many values are lower than each of others, times two; both sorted."""
    return np.asarray(np.searchsorted(values, than, side="left") + np.searchsorted(values, than, side="right"))


def _covariance(counts: CountRows, others: int) -> Covariance:
    """Of the means of placements, from the spread within them."""
    return np.asarray(np.atleast_2d(np.cov(counts / (2.0 * others))) / counts.shape[1])


def _squared_errors(mos_std: Numbers, num_votes: Numbers, count: int) -> Numbers:
    """Squared standard error of each opinion."""
    spreads, votes = column(mos_std), column(num_votes)
    _check_length(len(spreads), count, "standard deviations")
    _check_length(len(votes), count, "numbers of votes")
    if count and (spreads.min() < 0 or votes.min() < 1):
        raise StatisticsError(
            f"Expected standard deviations of at least 0 and at least 1 vote, got {spreads.min():g} and "
            f"{votes.min():g}. Check the opinions."
        )
    return np.asarray(spreads**2 / votes)


def _images(numbers: Indices, count: int) -> tuple[Indices, Indices]:
    """The two images of each pair of the list, in which each image's pairs with later ones stand together."""
    # image i has count - 1 - i later ones: its pairs end at ends[i], and the last of them is with the last image
    ends = np.cumsum(np.arange(count - 1, -1, -1))
    first = np.searchsorted(ends, numbers, side="right")
    return first, np.asarray(numbers - ends[first] + count)


def _check_length(found: int, count: int, what: str) -> None:
    if found != count:
        raise StatisticsError(f"Expected {count} {what}, as many as opinions, got {found}. Give one of each.")
