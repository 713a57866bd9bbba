"""An order from pairwise wins: the model of Bradley and Terry (1952), by Newton's method on its likelihood."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, log_expit

from acutance.errors import StatisticsError

Wins = Float64[np.ndarray, "players players"]
PerPlayer = Float64[np.ndarray, " players"]

GRADIENT_LIMIT = 1e-10
"""Largest entry of the gradient at the maximum, relative to the number of comparisons."""
STEP_LIMIT = 200
"""Newton steps; a dozen are usual."""


class Strengths(NamedTuple):
    """Where each player stands."""

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
    counts = _checked(wins, prior)
    counts = counts + prior
    np.fill_diagonal(counts, 0.0)
    _demand_chains(counts)
    strengths = np.zeros(len(counts))
    limit = GRADIENT_LIMIT * float(counts.sum())
    for _ in range(STEP_LIMIT):
        gradient, curvature = _derivatives(counts, strengths)
        if np.abs(gradient).max() <= limit:
            break
        step = np.linalg.solve(curvature + 1.0 / len(counts), gradient)  # + J/n: the mean stays
        strengths = _climbed(counts, strengths, step, float(gradient @ step))
    _, curvature = _derivatives(counts, strengths)
    covariance = np.linalg.inv(curvature + 1.0 / len(counts)) - 1.0 / len(counts)
    return Strengths(strengths - strengths.mean(), np.sqrt(np.maximum(0.0, np.diag(covariance))))


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


def _climbed(counts: Wins, strengths: PerPlayer, step: PerPlayer, slope: float) -> PerPlayer:
    """A Newton step, halved until it climbs as its slope promises."""
    value = log_likelihood(counts, strengths)
    length = 1.0
    while length > 1e-12:
        further = strengths + length * step
        if log_likelihood(counts, further) >= value + 1e-4 * length * slope:
            return np.asarray(further)
        length /= 2
    return np.asarray(strengths + step)  # at the maximum, where only rounding is left


def _derivatives(counts: Wins, strengths: PerPlayer) -> tuple[PerPlayer, Wins]:
    """Gradient, and the negative matrix of second derivatives."""
    chances = expit(strengths[:, None] - strengths)
    met = counts + counts.T
    gradient = (counts - met * chances).sum(axis=1)
    bends = met * chances * (1 - chances)
    return np.asarray(gradient), np.asarray(np.diag(bends.sum(axis=1)) - bends)


def _checked(wins: Wins, prior: float) -> Wins:
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1]:
        raise StatisticsError(f"Expected a square of wins, got shape {wins.shape}. Give a row and column a player.")
    if len(wins) < 2:
        raise StatisticsError(f"Expected at least 2 players, got {len(wins)}. Add players.")
    counts = wins.astype(np.float64)
    np.fill_diagonal(counts, 0.0)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise StatisticsError("Expected wins of at least 0, got others. Count wins again.")
    if not 0 <= prior < np.inf:
        raise StatisticsError(f"Expected a prior of at least 0, got {prior:g}. Choose another.")
    return counts


def _demand_chains(counts: Wins) -> None:
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
