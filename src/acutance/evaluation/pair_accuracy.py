"""How often a model picks the picture of a pair that people prefer: 3AFC with ties, 2AFC by shares of people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from acutance.datasets.comparisons import LOSES, TIES, WINS, Comparison
from acutance.evaluation.inputs import Numbers
from acutance.evaluation.protocol import PictureKey, Scores
from acutance.evaluation.results import Interval
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.preferences import three_alternative_credit, two_alternative_credit
from acutance.types import Better

Kind = Literal["3afc", "2afc"]
LEAST_REFERENCES = 2
"""One reference drawn again and again gives an interval of no width, which would say the wrong thing."""


@dataclass(frozen=True, kw_only=True)
class PairAccuracy:
    """How often a model is right about pairs."""

    kind: Kind
    """``3afc``: first, second or a tie. ``2afc``: shares of people, whose agreement with the model is averaged."""
    count: int
    """How many pairs."""
    missing: int
    """Pairs of which a picture has no score: they count, and they count as wrong."""
    accuracy: float | None
    """Mean credit of all pairs, 0 to 1; ``None`` without pairs."""
    interval: Interval | None
    """By bootstrap over references; ``None`` with fewer than two of them, or none asked for."""
    credits: tuple[float, ...] = ()
    """Credit of each pair, 0 to 1."""

    @property
    def of_scored(self) -> float | None:
        """Mean credit of the pairs whose pictures both have scores."""
        scored = self.count - self.missing
        return sum(self.credits) / scored if scored else None


def pair_accuracy(
    pairs: Sequence[Comparison],
    scores: Scores,
    *,
    better: Better,
    margin: float = 0.0,
    kind: Kind | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> PairAccuracy:
    """How often the picture with the better score is the one people prefer.

    Args:
        pairs: By paths; both pictures are looked up beside the pair's reference.
        scores: Score of each picture beside its reference; missing, ``None`` and NaN mean that it failed.
        better: Which direction of the scores means better quality.
        margin: Two scores that differ by no more are a tie, at least 0, in units of the scores.
        kind: ``"2afc"`` if ``first_wins`` is a share of people; by default that is seen by its values.
        draws: Bootstrap draws of the interval; 0 for none.
        seed: Seed of the draws.
        level: Share of draws inside the interval.

    Returns:
        The accuracy, 0 to 1, higher is better. 3AFC by A-FINE's rule: a pair is right if the model prefers the
        winner by more than the margin, and a tie if it stays within.

    Example:
        >>> pairs = [Comparison("a", "b", "r", 1.0), Comparison("a", "c", "r", 0.5), Comparison("b", "d", "r", 0.0)]
        >>> scores = {("a", "r"): 1.0, ("b", "r"): 2.0, ("c", "r"): 1.0}
        >>> found = pair_accuracy(pairs, scores, better="lower", draws=0)
        >>> found.count, found.missing, round(found.accuracy, 3), found.of_scored
        (3, 1, 0.667, 1.0)
    """
    chosen = kind or ("3afc" if all(pair.first_wins in (WINS, TIES, LOSES) for pair in pairs) else "2afc")
    first = _scores(((pair.first, pair.reference) for pair in pairs), scores, len(pairs))
    second = _scores(((pair.second, pair.reference) for pair in pairs), scores, len(pairs))
    wins = np.array([pair.first_wins for pair in pairs], dtype=np.float64)
    scored = ~(np.isnan(first) | np.isnan(second))
    credit = np.zeros(len(pairs))
    if scored.any():
        judge = three_alternative_credit if chosen == "3afc" else two_alternative_credit
        credit[scored] = judge(first[scored], second[scored], wins[scored], margin=margin, better=better)
    return PairAccuracy(
        kind=chosen,
        count=len(pairs),
        missing=int((~scored).sum()),
        accuracy=float(credit.mean()) if len(pairs) else None,
        interval=_interval(credit, [pair.reference for pair in pairs], draws=draws, seed=seed, level=level),
        credits=tuple(credit.tolist()),
    )


def pictures_of(pairs: Sequence[Comparison]) -> list[PictureKey]:
    """Every picture of some pairs beside its reference, each once, sorted by reference.

    A picture that is the reference itself comes beside itself. Sorted, pictures of one reference stand together,
    so that a model that keeps references computes each once.
    """
    found = {(name, pair.reference) for pair in pairs for name in (pair.first, pair.second)}
    return sorted(found, key=lambda key: (key[1], key[0]))


def _scores(keys: Iterable[PictureKey], scores: Scores, count: int) -> Numbers:
    found = (scores.get(key) for key in keys)
    return np.fromiter((np.nan if score is None else score for score in found), np.float64, count)


def _interval(credit: Numbers, references: Sequence[str], *, draws: int, seed: int, level: float) -> Interval | None:
    if draws == 0 or len(set(references)) < LEAST_REFERENCES:
        return None
    low, high = bootstrap_mean(credit, references, draws=draws, seed=seed, level=level)
    return Interval(low=low, high=high, level=level)
