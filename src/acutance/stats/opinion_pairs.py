"""All pairs of rated pictures: whose opinions differ significantly, and by how much scores lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int, Int64
from scipy.stats import norm

from acutance.stats.delong import Rows
from acutance.stats.faults import StatisticsError
from acutance.stats.samples import Numbers, column

Better = Literal["higher", "lower"]
Labels = Int[np.ndarray, "_"]
Places = Int64[np.ndarray, "_"]

SIGNIFICANT = 0.95
"""Value of the normal distribution function at |z| above which two opinions differ (Krasula 2016): |z| > 1.645."""
MOST_PAIRS = 5_000_000
"""All pairs of 3,162 pictures; what is kept of them takes about 40 MB a model."""
CHUNK = 1 << 19
"""Pairs computed at a time."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures by models and by people."""

    leads: Rows
    """By how much the first picture leads in quality, in units of each score (models, pairs)."""
    labels: Labels
    """1 where people found the first significantly better, -1 where worse, 0 where neither (pairs,)."""
    sampled: bool = False
    """Whether these are a random part of all pairs."""


def opinion_pairs(
    models: Sequence[tuple[Numbers, Better]],
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers | float,
    *,
    mos_better: Better = "higher",
    scenes: Sequence[str] | None = None,
    level: float = SIGNIFICANT,
    most_pairs: int = MOST_PAIRS,
    seed: int = 0,
) -> Pairs:
    """All pairs of pictures, or a random part of them, by scores of models and by opinions.

    Two opinions differ where z = (MOS_i - MOS_j) / sqrt(s_i^2 / n_i + s_j^2 / n_j) is far enough from 0. A part is
    drawn evenly: one pair out of each of ``most_pairs`` equal stretches of the list of all pairs.

    Args:
        models: Scores of each model, one a picture, and which direction is better; scores may be infinite.
        mos: Opinion of each picture (pictures,).
        mos_std: Standard deviation of the opinions of each picture (pictures,), in their unit.
        num_votes: How many people rated each picture (pictures,), or one number for all.
        mos_better: Which direction of the opinions means better quality.
        scenes: What each picture shows; if given, only pictures of one scene make pairs.
        level: Two opinions differ where the normal distribution function at |z| is above this, 0.5 to 1.
        most_pairs: With more pairs than this, so many of them are drawn.
        seed: Of that draw.

    Raises:
        StatisticsError: Columns of unequal length, NaN, negative spreads, votes below 1, or no pairs.

    Example:
        >>> found = opinion_pairs([(np.array([5.0, 9.0]), "lower")], np.array([4.0, 1.0]), np.array([0.5, 0.5]), 15)
        >>> found.leads.tolist(), found.labels.tolist()
        ([[4.0]], [1])
    """
    if not 0.5 <= level < 1 or most_pairs < 1:
        raise StatisticsError(f"Expected a level from 0.5 to 1 and some pairs, got {level:g} and {most_pairs}.")
    opinions = _quality(column(mos), mos_better)
    variances = _variances(mos_std, num_votes, len(opinions))
    scores = [_quality(column(found, infinite=True), better) for found, better in models]
    for one in scores:
        _demand_length(len(one), len(opinions), "scores")
    order, partners = _partners(scenes, len(opinions))
    total = int(partners.sum())
    if not total:
        raise StatisticsError(f"Expected at least 2 pictures of one scene, got {len(opinions)} pictures and no pair.")
    count = min(total, most_pairs)
    leads, labels = np.empty((len(scores), count)), np.empty(count, dtype=np.int8)
    draw = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        first, second = _pictures(_stretch(part, count, total, draw), order, partners)
        labels[part] = _labels(opinions, variances, first, second, float(norm.ppf(level)))
        for row, one in zip(leads, scores, strict=True):
            row[part] = lead(one[first], one[second])
    return Pairs(leads, labels, sampled=count < total)


def pairs_of_scores(models: Sequence[tuple[Numbers, Numbers, Better]], labels: Labels) -> Pairs:
    """Pairs of which it is known what people said.

    Args:
        models: Of each model, scores of the first pictures, of the second, and which direction is better.
        labels: 1 where the first is significantly better, -1 where it is worse, 0 where neither (pairs,).

    Raises:
        StatisticsError: Columns of unequal length, NaN, or other labels.

    Example:
        >>> pairs_of_scores([(np.array([1.0]), np.array([3.0]), "higher")], np.array([-1])).leads.tolist()
        [[-2.0]]
    """
    if not np.isin(labels, (-1, 0, 1)).all():
        raise StatisticsError("Expected labels -1, 0 or 1, got others. Label the first picture.")
    leads = []
    for first, second, better in models:
        ours, theirs = column(first, infinite=True), column(second, infinite=True)
        _demand_length(len(ours), len(labels), "first scores")
        _demand_length(len(theirs), len(labels), "second scores")
        leads.append(lead(_quality(ours, better), _quality(theirs, better)))
    return Pairs(np.stack(leads), labels)


def lead(first: Numbers, second: Numbers) -> Numbers:
    """First less second, and 0 where both are the same infinity.

    Args:
        first: Quality of the first pictures (pairs,), higher is better.
        second: Quality of the second pictures (pairs,).

    Example:
        >>> lead(np.array([np.inf, 2.0]), np.array([np.inf, 1.0])).tolist()
        [0.0, 1.0]
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(first == second, 0.0, first - second))


def _quality(numbers: Numbers, better: Better) -> Numbers:
    return numbers if better == "higher" else -numbers


def _variances(mos_std: Numbers, num_votes: Numbers | float, count: int) -> Numbers:
    """Squared standard error of each opinion."""
    spreads = column(mos_std)
    _demand_length(len(spreads), count, "standard deviations")
    votes = column(np.full(count, float(num_votes)) if isinstance(num_votes, float | int) else num_votes)
    _demand_length(len(votes), count, "numbers of votes")
    if count and (spreads.min() < 0 or votes.min() < 1):
        raise StatisticsError(
            f"Expected standard deviations of at least 0 and at least 1 vote, got {spreads.min():g} and "
            f"{votes.min():g}. Check the opinions."
        )
    return np.asarray(spreads**2 / votes)


def _partners(scenes: Sequence[str] | None, count: int) -> tuple[Places, Places]:
    """Pictures sorted by scene, and how many pictures of its scene come after each."""
    if scenes is None:
        return np.arange(count), np.arange(count - 1, -1, -1)
    _demand_length(len(scenes), count, "scenes")
    if not count:
        return np.arange(0), np.arange(0)
    _, codes, sizes = np.unique(np.asarray(scenes, dtype=np.str_), return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable").astype(np.int64)
    ends = np.repeat(np.cumsum(sizes), sizes)
    return order, np.asarray(ends - 1 - np.arange(count), dtype=np.int64)


def _stretch(part: slice, count: int, total: int, draw: np.random.Generator) -> Places:
    """Numbers of the pairs of one part, in the list of all pairs."""
    places = np.arange(part.start, part.stop, dtype=np.int64)
    if count == total:
        return places
    starts, ends = places * total // count, (places + 1) * total // count
    return np.asarray(draw.integers(starts, ends), dtype=np.int64)


def _pictures(numbers: Places, order: Places, partners: Places) -> tuple[Places, Places]:
    """The two pictures of each pair of the list, in which each picture's pairs with later ones stand together."""
    ends = np.cumsum(partners)
    rows = np.searchsorted(ends, numbers, side="right")
    behind = rows + 1 + numbers - (ends[rows] - partners[rows])
    return order[rows], order[behind]


def _labels(opinions: Numbers, variances: Numbers, first: Places, second: Places, limit: float) -> Labels:
    differences = opinions[first] - opinions[second]
    errors = np.sqrt(variances[first] + variances[second])
    return np.asarray(np.where(np.abs(differences) > limit * errors, np.sign(differences), 0.0), dtype=np.int8)


def _demand_length(found: int, count: int, what: str) -> None:
    if found != count:
        raise StatisticsError(f"Expected {count} {what}, as many as opinions, got {found}. Give one of each.")
