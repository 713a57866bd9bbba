"""How often a model prefers the picture of a pair that people prefer, with or without ties."""

from typing import Literal

import numpy as np

from acutance.stats.faults import StatisticsError
from acutance.stats.samples import Numbers, column

Better = Literal["higher", "lower"]

WINNERS = (0.0, 0.5, 1.0)
"""The second is better, neither, the first: labels of three alternatives."""


def three_alternative_accuracy(
    first_scores: Numbers,
    second_scores: Numbers,
    first_wins: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> float:
    """The share of pairs on which a model says first, second or neither as people do: A-FINE's accuracy.

    A model says neither where its scores differ by at most the margin; with a margin of 0 only where they are equal.

    Args:
        first_scores: Scores of the first pictures (pairs,); may be infinite.
        second_scores: Scores of the second pictures (pairs,).
        first_wins: What people said (pairs,): 1 first, 0 second, 0.5 neither is better.
        margin: Largest difference of a tie, in units of the score, at least 0. A-FINE's published accuracies take 0.
        better: Which direction of the scores means better quality.

    Returns:
        From 0 to 1; 1 is best.

    Raises:
        StatisticsError: No pair, unequal lengths, NaN, another label, or a negative margin.

    Example:
        >>> three_alternative_accuracy(np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([1.0, 0.0]))
        0.5
    """
    return float(three_alternative_credit(first_scores, second_scores, first_wins, margin=margin, better=better).mean())


def three_alternative_credit(
    first_scores: Numbers,
    second_scores: Numbers,
    first_wins: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> Numbers:
    """What each pair counts in ``three_alternative_accuracy``: 1 where the model says as people do, else 0.

    Args:
        first_scores: As there.
        second_scores: As there.
        first_wins: As there.
        margin: As there.
        better: As there.

    Returns:
        One number a pair (pairs,).

    Raises:
        StatisticsError: As there.

    Example:
        >>> three_alternative_credit(np.array([1.0]), np.array([1.05]), np.array([0.5]), margin=0.1).tolist()
        [1.0]
    """
    labels = column(first_wins)
    said = _preferred(first_scores, second_scores, labels, margin=margin, better=better)
    wrong = labels[~np.isin(labels, WINNERS)]
    if len(wrong):
        raise StatisticsError(f"Expected labels 0, 0.5 or 1, got {wrong[0]:g}. Round shares, or use two alternatives.")
    return np.asarray(said == labels, dtype=np.float64)


def two_alternative_accuracy(
    first_scores: Numbers,
    second_scores: Numbers,
    first_share: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> float:
    """The mean share of people who prefer the picture that a model prefers: soft agreement.

    A pair counts p q + (1 - p)(1 - q), with q the share of people for the first and p 1 where the model is for the
    first, 0 where it is for the second and 0.5 where its scores differ by at most the margin.

    Args:
        first_scores: Scores of the first pictures (pairs,); may be infinite.
        second_scores: Scores of the second pictures (pairs,).
        first_share: Share of people who found the first better (pairs,), 0 to 1.
        margin: Largest difference of a tie, in units of the score, at least 0.
        better: Which direction of the scores means better quality.

    Returns:
        From 0 to 1; 1 is best, and reached only where people are of one mind.

    Raises:
        StatisticsError: No pair, unequal lengths, NaN, a share out of range, or a negative margin.

    Example:
        >>> two_alternative_accuracy(np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([0.75, 1.0]))
        0.625
    """
    return float(two_alternative_credit(first_scores, second_scores, first_share, margin=margin, better=better).mean())


def two_alternative_credit(
    first_scores: Numbers,
    second_scores: Numbers,
    first_share: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> Numbers:
    """What each pair counts in ``two_alternative_accuracy``.

    Args:
        first_scores: As there.
        second_scores: As there.
        first_share: As there.
        margin: As there.
        better: As there.

    Returns:
        From 0 to 1, one number a pair (pairs,).

    Raises:
        StatisticsError: As there.

    Example:
        >>> two_alternative_credit(np.array([1.0]), np.array([2.0]), np.array([0.75])).tolist()
        [0.75]
    """
    shares = column(first_share)
    said = _preferred(first_scores, second_scores, shares, margin=margin, better=better)
    wrong = shares[(shares < 0) | (shares > 1)]
    if len(wrong):
        raise StatisticsError(f"Expected shares from 0 to 1, got {wrong[0]:g}. Divide votes by their sum.")
    return np.asarray(said * shares + (1 - said) * (1 - shares))


def _preferred(
    first_scores: Numbers, second_scores: Numbers, labels: Numbers, *, margin: float, better: Better
) -> Numbers:
    """What a model says of each pair: 1 first, 0 second, 0.5 neither."""
    first, second = column(first_scores, infinite=True), column(second_scores, infinite=True)
    if not len(first) == len(second) == len(labels):
        raise StatisticsError(
            f"Expected as many first scores, second scores and labels, got {len(first)}, {len(second)} and "
            f"{len(labels)}. Give one of each a pair."
        )
    if not len(first):
        raise StatisticsError("Expected at least 1 pair, got none. Add pairs.")
    if not margin >= 0:
        raise StatisticsError(f"Expected a margin of at least 0, got {margin:g}. Choose another.")
    unequal = first != second  # equal infinities are a tie
    lead = np.zeros(len(first))
    lead[unequal] = first[unequal] - second[unequal]
    if better == "lower":
        lead = -lead
    return np.asarray(np.where(np.abs(lead) <= margin, 0.5, np.where(lead > 0, 1.0, 0.0)))
