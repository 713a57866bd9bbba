"""An order from pairwise wins: the models of Bradley and Terry (1952) and of Thurstone (1927), most likely by scipy."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, log_expit, log_ndtr

from acutance.errors import StatisticsError

Wins = Float64[np.ndarray, "players players"]
PerPlayer = Float64[np.ndarray, " players"]

GRADIENT_LIMIT = 1e-12
"""Largest entry of the gradient at the maximum, relative to the number of comparisons."""
MAX_STEPS = 200
"""Of the search; a dozen are usual."""


class Strengths(NamedTuple):
    """Strength of each player."""

    strengths: PerPlayer
    """Natural logarithm of the odds against an average player; their mean is 0."""
    standard_errors: PerPlayer
    """Of the strengths, from the curvature of the likelihood with the mean held at 0."""


def bradley_terry(wins: Wins, *, prior: float = 0.0) -> Strengths:
    """The strengths that make wins most likely, where i beats j with odds exp(s_i - s_j).

    A finite maximum needs a chain of wins from every player to every other (Ford 1957). A prior above 0 always gives
    one: every two players get so many more wins over each other, which draws strengths together.

    Args:
        wins: How often the player of a row beat the player of a column (players, players), at least 0; a tie is half
            a win for both. The diagonal does not count.
        prior: Wins added to both sides of every pair, at least 0; 0.5 is one tie.

    Returns:
        Strengths and their standard errors (players,); the higher the better.

    Raises:
        StatisticsError: No square of numbers of at least 0, fewer than two players, or players without a chain of wins
            between them and no prior.

    Example:
        >>> found = bradley_terry(np.array([[0.0, 3.0], [1.0, 0.0]]))
        >>> [round(float(one), 4) for one in found.strengths]  # half of log 3
        [0.5493, -0.5493]
    """
    counts = _checked(wins)
    if len(counts) < 2:
        raise StatisticsError(f"Expected at least 2 players, got {len(counts)}. Add players.")
    if not 0 <= prior < np.inf:
        raise StatisticsError(f"Expected a prior of at least 0, got {prior:g}. Choose another.")
    counts = counts + prior
    np.fill_diagonal(counts, 0.0)
    _check_chains(counts)
    players = len(counts)

    def value(strengths: PerPlayer) -> float:  # the last part holds the mean at 0, which the likelihood leaves open
        return log_likelihood(counts, strengths) - float(strengths.sum()) ** 2 / (2 * players)

    def gradient(strengths: PerPlayer) -> PerPlayer:
        chances = expit(strengths[:, None] - strengths)
        return np.asarray((counts - (counts + counts.T) * chances).sum(axis=1) - strengths.sum() / players)

    found = _maximum(value, gradient, lambda strengths: information(counts, strengths) + 1.0 / players, counts)
    covariance = mean_held_inverse(information(counts, found))
    return Strengths(found - found.mean(), np.sqrt(np.maximum(0.0, np.diag(covariance))))


def thurstone_scores(wins: Wins) -> PerPlayer:
    """The scores that make wins most likely, where i beats j with chance Phi(s_i - s_j), with a Gaussian prior.

    The prior makes the function strictly concave: there is one maximum, finite whatever the wins, and its mean is 0.

    Args:
        wins: How often the player of a row beat the player of a column (players, players), at least 0.

    Raises:
        StatisticsError: No square of numbers of at least 0.

    Example:
        >>> scores = thurstone_scores(np.array([[0.0, 3.0], [1.0, 0.0]]))
        >>> bool(scores[0] > 0), round(float(scores.sum()), 9)
        (True, 0.0)
    """
    counts = _checked(wins)

    def derivatives(scores: PerPlayer) -> tuple[Wins, Wins]:
        """Of log Phi by each difference, and the negative second derivatives."""
        differences = scores[:, None] - scores
        ratio = np.exp(-0.5 * differences**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(differences))  # phi / Phi
        return counts * ratio, counts * ratio * (differences + ratio)

    def gradient(scores: PerPlayer) -> PerPlayer:
        first, _ = derivatives(scores)
        return np.asarray(first.sum(axis=1) - first.sum(axis=0) - scores)

    def curvature(scores: PerPlayer) -> Wins:
        _, second = derivatives(scores)
        second = second + second.T
        return np.asarray(np.diag(second.sum(axis=1) + 1.0) - second)

    found = _maximum(lambda scores: log_posterior(counts, scores), gradient, curvature, counts)
    return np.asarray(found - found.mean())


def log_likelihood(wins: Wins, strengths: PerPlayer) -> float:
    """The logarithm of the likelihood of wins, sum_ij w_ij log(1 / (1 + exp(s_j - s_i))).

    Args:
        wins: As in ``bradley_terry``, with 0 on the diagonal.
        strengths: Natural logarithm of odds (players,).

    Example:
        >>> round(log_likelihood(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)), 4)  # 2 log(1/2)
        -1.3863
    """
    return float((wins * log_expit(strengths[:, None] - strengths)).sum())


def log_posterior(wins: Wins, scores: PerPlayer) -> float:
    """The logarithm of Thurstone's likelihood and its prior, sum_ij w_ij log Phi(s_i - s_j) - 1/2 sum_i s_i^2.

    A-FINE's authors cut Phi off below 1e-6, which makes a flat tail and is not done here.

    Example:
        >>> round(log_posterior(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)), 4)  # 2 log(1/2)
        -1.3863
    """
    return float((wins * log_ndtr(scores[:, None] - scores)).sum() - 0.5 * (scores**2).sum())


def information(wins: Wins, strengths: PerPlayer) -> Wins:
    """Fisher's information on the strengths: the negative matrix of second derivatives of ``log_likelihood``.

    Example:
        >>> information(np.array([[0.0, 3.0], [1.0, 0.0]]), np.zeros(2)).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    chances = expit(strengths[:, None] - strengths)
    pairs = (wins + wins.T) * chances * (1 - chances)
    return np.asarray(np.diag(pairs.sum(axis=1)) - pairs)


def mean_held_inverse(matrix: Wins) -> Wins:
    """The inverse of an information matrix where the mean of the strengths is known to be 0.

    Example:
        >>> mean_held_inverse(np.array([[1.0, -1.0], [-1.0, 1.0]])).round(12).tolist()
        [[0.25, -0.25], [-0.25, 0.25]]
    """
    players = len(matrix)
    return np.asarray(np.linalg.inv(matrix + 1.0 / players) - 1.0 / players)


def _maximum(
    value: Callable[[PerPlayer], float],
    gradient: Callable[[PerPlayer], PerPlayer],
    curvature: Callable[[PerPlayer], Wins],
    counts: Wins,
) -> PerPlayer:
    """Where a concave function of the strengths is largest; the curvature is the negative second derivatives."""
    found = minimize(
        lambda strengths: -value(strengths),
        np.zeros(len(counts)),
        jac=lambda strengths: -gradient(strengths),
        hess=curvature,
        method="trust-exact",
        options={"gtol": GRADIENT_LIMIT * max(1.0, float(counts.sum())), "maxiter": MAX_STEPS},
    ).x
    return np.asarray(found + np.linalg.solve(curvature(found), gradient(found)))  # what rounding of the value hid


def _checked(wins: Wins) -> Wins:
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1]:
        raise StatisticsError(f"Expected a square of wins, got shape {wins.shape}. Give a row and column a player.")
    counts = wins.astype(np.float64)
    np.fill_diagonal(counts, 0.0)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise StatisticsError("Expected wins of at least 0, got others. Count wins again.")
    return counts


def _check_chains(counts: Wins) -> None:
    cure = "Add comparisons, or a prior."
    parts, _ = connected_components(counts > 0, directed=True, connection="weak")
    if parts > 1:
        raise StatisticsError(f"Expected players that all met, got {parts} groups that never did. {cure}")
    for lost, kind in (((counts.sum(axis=0) == 0), "lost"), ((counts.sum(axis=1) == 0), "won")):
        if lost.any():
            raise StatisticsError(
                f"Expected every player to win and to lose, got {int(lost.sum())} that never {kind} "
                f"(the first is number {int(np.argmax(lost))}, counted from 0). {cure}"
            )
    if connected_components(counts > 0, directed=True, connection="strong")[0] > 1:
        raise StatisticsError(f"Expected wins both ways between groups of players, got none one way. {cure}")
