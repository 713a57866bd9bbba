"""Accuracy of a model on pairs of images that people compared, with or without ties."""

import numpy as np

from acutance.errors import StatisticsError
from acutance.stats.samples import Numbers, column
from acutance.types import Better


def three_alternative_credit(
    first_scores: Numbers, second_scores: Numbers, first_wins: Numbers, *, margin: float = 0.0, better: Better = "lower"
) -> Numbers:
    """1 for each pair of which a model says first, second or neither as people do, else 0.

    A model says neither where its scores differ by at most the margin; with a margin of 0 only where they are equal.

    Args:
        first_scores: Scores of the first images (pairs,); may be infinite.
        second_scores: Scores of the second images (pairs,).
        first_wins: What people said (pairs,): 1 first, 0 second, 0.5 neither is better.
        margin: Largest difference of a tie, in units of the score, at least 0. A-FINE's published accuracies take 0.
        better: Which direction of the scores means better quality.

    Raises:
        StatisticsError: No pair, unequal lengths, NaN, another label, or a negative margin.

    Example:
        >>> three_alternative_credit(np.array([1.0]), np.array([1.05]), np.array([0.5]), margin=0.1).tolist()
        [1.0]
    """
    labels = column(first_wins)
    said = _preferred(first_scores, second_scores, labels, margin=margin, better=better)
    wrong = labels[~np.isin(labels, (0.0, 0.5, 1.0))]
    if len(wrong):
        raise StatisticsError(f"Expected labels 0, 0.5 or 1, got {wrong[0]:g}. Round shares, or use two alternatives.")
    return np.asarray(said == labels, dtype=np.float64)


def three_alternative_accuracy(
    first_scores: Numbers, second_scores: Numbers, first_wins: Numbers, *, margin: float = 0.0, better: Better = "lower"
) -> float:
    """A-FINE's accuracy, 0 to 1: the mean of ``three_alternative_credit``.

    Example:
        >>> three_alternative_accuracy(np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([1.0, 0.0]))
        0.5
    """
    return float(three_alternative_credit(first_scores, second_scores, first_wins, margin=margin, better=better).mean())


def two_alternative_credit(
    first_scores: Numbers,
    second_scores: Numbers,
    first_share: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> Numbers:
    """The share of people who agree with a model on each pair, 0 to 1.

    A pair counts p q + (1 - p)(1 - q), with q the share of people for the first and p 1 where the model is for the
    first, 0 where it is for the second and 0.5 where its scores differ by at most the margin.

    Args:
        first_scores: Scores of the first images (pairs,); may be infinite.
        second_scores: Scores of the second images (pairs,).
        first_share: Share of people who found the first better (pairs,), 0 to 1.
        margin: Largest difference of a tie, in units of the score, at least 0.
        better: Which direction of the scores means better quality.

    Raises:
        StatisticsError: No pair, unequal lengths, NaN, a share out of range, or a negative margin.

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


def two_alternative_accuracy(
    first_scores: Numbers,
    second_scores: Numbers,
    first_share: Numbers,
    *,
    margin: float = 0.0,
    better: Better = "lower",
) -> float:
    """The mean of ``two_alternative_credit``; 1 is reached only where people are of one mind.

    Example:
        >>> two_alternative_accuracy(np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([0.75, 1.0]))
        0.625
    """
    return float(two_alternative_credit(first_scores, second_scores, first_share, margin=margin, better=better).mean())


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
    lead = np.zeros(len(first))
    np.subtract(first, second, out=lead, where=first != second)  # equal infinities are a tie
    if better == "lower":
        lead = -lead
    return np.asarray(np.where(np.abs(lead) <= margin, 0.5, np.where(lead > 0, 1.0, 0.0)))
