"""The order of methods from who beats whom: the model of Bradley and Terry (1952)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from acutance.comparison.results import Strength
from acutance.comparison.scores import CompleteScores, Scores
from acutance.errors import StatisticsError
from acutance.evaluation.results import Interval
from acutance.stats.ordering import bradley_terry, information, mean_held_inverse
from acutance.stats.samples import Numbers

PREFERENCES = "preferences"
"""Name of the order that people's preferences give, beside those of models."""
ONE_TIE = 0.5
"""Half a win on both sides of every pair, added where a method beats all others or loses to all: without it the
strengths would be infinite."""


@dataclass(frozen=True)
class Order:
    """Methods from the strongest to the weakest."""

    places: list[Strength]
    note: str = ""
    """What had to be assumed; empty if nothing had."""


def order_by_scores(scores: CompleteScores, level: float) -> Order:
    """The order by wins on each picture, a tie being half a win.

    Comparisons on one picture depend on each other, so intervals come from the spread between pictures (the sandwich
    estimator, with pictures as clusters) and not from the number of comparisons; without any spread there are none.

    Args:
        scores: Of at least two methods and one picture.
        level: Share of an interval.

    Raises:
        StatisticsError: Fewer than two methods.
    """
    shares = _shares(scores.quality)
    strengths, _, note = _fitted(shares.sum(axis=0))
    if note or len(scores.pictures) < 2:
        return Order(_places(scores.methods, strengths, None, level), note)
    errors = _errors_between_pictures(shares, strengths)
    return Order(_places(scores.methods, strengths, errors if errors.any() else None, level))


def order_by_wins(methods: Sequence[str], wins: Scores, level: float) -> Order:
    """The order by preferences that do not depend on each other; intervals from the curvature of the likelihood.

    Args:
        methods: Their names.
        wins: How often the row method was preferred to the column method (methods, methods).
        level: Share of an interval.

    Raises:
        StatisticsError: Fewer than two methods, or groups of methods that were never compared.

    Example:
        >>> order = order_by_wins(["a", "b"], np.array([[0.0, 3.0], [1.0, 0.0]]), 0.95)
        >>> [(place.name, round(place.strength, 4)) for place in order.places]
        [('a', 0.5493), ('b', -0.5493)]
    """
    strengths, errors, note = _fitted(wins)
    return Order(_places(methods, strengths, None if note else errors, level), note)


def _shares(quality: Scores) -> np.ndarray:
    """1 where the row method beats the column method, 0.5 where they are equal (pictures, methods, methods)."""
    above = quality[:, :, None] > quality[:, None, :]
    equal = quality[:, :, None] == quality[:, None, :]
    shares = above + 0.5 * equal
    shares[:, range(quality.shape[1]), range(quality.shape[1])] = 0.0
    return np.asarray(shares)


def _fitted(wins: Scores) -> tuple[Numbers, Numbers, str]:
    """Strengths, their standard errors, and what had to be assumed."""
    try:
        found = bradley_terry(wins)
    except StatisticsError:
        if not _all_met(wins):
            raise
        found = bradley_terry(wins, prior=ONE_TIE)
        note = (
            "one tie between every two methods was added to their wins, since some methods are never beaten by the rest"
        )
        return found.strengths, found.standard_errors, note
    return found.strengths, found.standard_errors, ""


def _all_met(wins: Scores) -> bool:
    """Whether a chain of comparisons leads from each method to each other."""
    reached = np.linalg.matrix_power((wins + wins.T > 0) + np.eye(len(wins)), len(wins)) > 0
    return bool(reached.all())


def _errors_between_pictures(shares: np.ndarray, strengths: Numbers) -> Numbers:
    """Standard errors of the strengths by the sandwich estimator (Liang and Zeger 1986), a cluster a picture."""
    met = shares + shares.transpose(0, 2, 1)
    gradients = (shares - met * expit(strengths[:, None] - strengths)).sum(axis=2)  # (pictures, methods)
    inverse = mean_held_inverse(information(shares.sum(axis=0), strengths))
    covariance = inverse @ gradients.T @ gradients @ inverse
    return np.asarray(np.sqrt(np.maximum(0.0, np.diag(covariance))))


def _places(methods: Sequence[str], strengths: Numbers, errors: Numbers | None, level: float) -> list[Strength]:
    reach = float(norm.ppf(0.5 + level / 2))
    places = []
    for place in np.argsort(-strengths, kind="stable"):
        strength = float(strengths[place])
        interval = None
        if errors is not None:
            half = reach * float(errors[place])
            interval = Interval(low=strength - half, high=strength + half, level=level)
        places.append(Strength(name=methods[place], strength=strength, interval=interval))
    return places
