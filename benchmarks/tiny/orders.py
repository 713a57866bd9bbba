"""How well scores keep the order of made pictures: ladders of levels, and pairs of which one is better."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.correlation import srcc
from acutance.stats.samples import Numbers

TWO_SIDED = ("meanshift", "contrastchange", "colorblock")
"""Kinds whose levels are not in the order of strength: docs/distortions.md, "Ladders that are not monotone"."""
LEAST_LEVELS = 3
"""Levels that a ladder needs, since two always have an order."""


@dataclass(frozen=True)
class Rung:
    """One made picture."""

    reference: str
    kind: str
    level: int
    quality: float
    """Its score, turned so that higher is better; may be infinite."""


@dataclass(frozen=True)
class Ladder:
    """One kind of distortion of one reference."""

    reference: str
    kind: str
    levels: int
    """How many different levels it has."""
    fall: float
    """Spearman's correlation of level and score, turned round: 1 where the score falls at every step."""


@dataclass(frozen=True)
class Shares:
    """In how many pairs the better picture wins; all from 0 to 1."""

    wins: float
    ties: float
    losses: float
    count: int
    """How many pairs."""
    low: float | None
    """Of the interval of ``wins``; none of a single scene."""
    high: float | None


def ladders(rungs: Iterable[Rung]) -> list[Ladder]:
    """The ladders of at least 3 levels, sorted by kind and reference.

    Args:
        rungs: Pictures in any order; a level may be there more than once, or not at all.
    """
    groups: dict[tuple[str, str], list[Rung]] = {}
    for rung in rungs:
        groups.setdefault((rung.kind, rung.reference), []).append(rung)
    found = []
    for (kind, reference), group in sorted(groups.items()):
        levels = len({rung.level for rung in group})
        if levels >= LEAST_LEVELS:
            fall = fall_with_level([rung.level for rung in group], [rung.quality for rung in group])
            found.append(Ladder(reference, kind, levels, fall))
    return found


def by_strength(rungs: Iterable[Rung], likeness: Iterable[Rung]) -> list[Rung]:
    """The same pictures; the levels of two-sided kinds are in the order of how unlike the reference they are.

    Args:
        rungs: Pictures.
        likeness: The same ones, by a score of how like they are to their references.
    """
    known: dict[tuple[str, str], dict[int, float]] = {}
    for rung in likeness:
        known.setdefault((rung.kind, rung.reference), {})[rung.level] = rung.quality
    found = []
    for rung in rungs:
        if rung.kind in TWO_SIDED:
            others = known[rung.kind, rung.reference]
            rung = replace(rung, level=1 + sum(other > others[rung.level] for other in others.values()))
        found.append(rung)
    return found


def fall_with_level(levels: Sequence[int], qualities: Sequence[float]) -> float:
    """Spearman's correlation of level and score, turned round; 0 where all scores are equal."""
    order = np.unique(qualities, return_inverse=True)[1].astype(np.float64)  # infinite scores have ranks too
    if order.max() == order.min():
        return 0.0
    return -srcc(np.asarray(levels, dtype=np.float64), order)


def mean_fall(found: Sequence[Ladder], *, without: Sequence[str] = ()) -> tuple[float, float | None, float | None]:
    """Mean over ladders and the ends of its interval, drawn by reference.

    Args:
        found: Ladders.
        without: Kinds to leave out.
    """
    kept = [ladder for ladder in found if ladder.kind not in without]
    falls = np.array([ladder.fall for ladder in kept])
    return float(falls.mean()), *mean_interval(falls, [ladder.reference for ladder in kept])


def falls_by_kind(found: Sequence[Ladder]) -> dict[str, tuple[float, float | None, float | None]]:
    """``mean_fall`` of each kind, worst first."""
    kinds = dict.fromkeys(ladder.kind for ladder in found)
    means = {kind: mean_fall([ladder for ladder in found if ladder.kind == kind]) for kind in kinds}
    return dict(sorted(means.items(), key=lambda item: item[1][0]))


def preference_shares(better: Numbers, worse: Numbers, scenes: Sequence[Hashable]) -> Shares:
    """How often the score prefers the better picture of a pair; equal scores are ties.

    Args:
        better: Scores of the better pictures (pairs,), higher is better.
        worse: Scores of the others (pairs,).
        scenes: What each pair belongs to.
    """
    wins = (better > worse).astype(np.float64)
    low, high = mean_interval(wins, scenes)
    return Shares(
        wins=float(wins.mean()),
        ties=float((better == worse).mean()),
        losses=float((better < worse).mean()),
        count=len(wins),
        low=low,
        high=high,
    )


def mean_interval(values: Numbers, scenes: Sequence[Hashable]) -> tuple[float | None, float | None]:
    """95 % interval of a mean, drawn by scene; none of a single scene."""
    return (None, None) if len(set(scenes)) < 2 else bootstrap_mean(values, scenes)
