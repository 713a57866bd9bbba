"""Scores from pairwise labels: the maximum of Thurstone's likelihood with a Gaussian prior, as for SRIQA-Bench."""

import numpy as np
from jaxtyping import Float64
from scipy.special import log_ndtr

from acutance.datasets.faults import DatasetError

Counts = Float64[np.ndarray, " pictures pictures"]
Scores = Float64[np.ndarray, " pictures"]

GRADIENT_LIMIT = 1e-10
"""Largest entry of the gradient at the maximum, relative to the number of labels."""
STEP_LIMIT = 200
"""Newton steps; a dozen are usual."""
TOP = 100.0
"""The best picture of a content; the worst has 0."""


def likelihood(counts: Counts, scores: Scores) -> float:
    """The logarithm of the likelihood of labels and of the prior, up to a constant.

    sum_ij C_ij log Phi(s_i - s_j) - 1/2 sum_i s_i^2; the authors cut Phi off below 1e-6, which makes a flat tail
    and is not done here.

    Args:
        counts: How often picture i was found better than picture j; an equal counts for both. At least 0.
        scores: Score of each picture.
    """
    return float((counts * log_ndtr(_differences(scores))).sum() - 0.5 * (scores**2).sum())


def most_likely_scores(counts: Counts) -> Scores:
    """The scores that make the labels most likely; the higher the better, their sum is 0.

    The function is strictly concave, so its maximum is the only one and no start matters; that its scores sum to 0
    follows from the prior.

    Args:
        counts: As in ``likelihood``.

    Raises:
        DatasetError: Counts that are no square of finite numbers of at least 0.
    """
    _check(counts)
    scores = np.zeros(len(counts))
    value = likelihood(counts, scores)
    limit = GRADIENT_LIMIT * max(1.0, float(counts.sum()))
    for _ in range(STEP_LIMIT):
        gradient, curvature = _derivatives(counts, scores)
        if np.abs(gradient).max(initial=0.0) <= limit:
            break
        step = np.linalg.solve(curvature, gradient)
        scores, value = _climbed(counts, scores, value, step, float(gradient @ step))
    return scores - scores.mean() if len(scores) else scores


def mos_from_counts(counts: Counts) -> Scores:
    """Scores from 0, the worst picture of a content, to 100, the best.

    Args:
        counts: As in ``likelihood``, of the pictures of one content.

    Raises:
        DatasetError: Labels by which all pictures are equal.
    """
    scores = most_likely_scores(counts)
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    if spread <= GRADIENT_LIMIT:
        raise DatasetError(
            f"Expected labels that prefer one of {len(counts)} pictures, got none. Leave this content out."
        )
    return np.asarray(TOP * (scores - scores.min()) / spread)


def _climbed(counts: Counts, scores: Scores, value: float, step: Scores, slope: float) -> tuple[Scores, float]:
    """A Newton step, halved until it climbs as its slope promises."""
    length = 1.0
    while length > 1e-12:
        further = scores + length * step
        reached = likelihood(counts, further)
        if reached >= value + 1e-4 * length * slope:
            return further, reached
        length /= 2
    return scores + step, likelihood(counts, scores + step)  # at the maximum, where only rounding is left


def _derivatives(counts: Counts, scores: Scores) -> tuple[Scores, Counts]:
    """Gradient, and the negative matrix of second derivatives."""
    differences = _differences(scores)
    ratio = np.exp(-0.5 * differences**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(differences))  # phi / Phi
    slopes = counts * ratio
    bends = counts * ratio * (differences + ratio)
    bends = bends + bends.T
    curvature = np.diag(bends.sum(axis=1) + 1.0) - bends
    return np.asarray(slopes.sum(axis=1) - slopes.sum(axis=0) - scores), curvature


def _differences(scores: Scores) -> Counts:
    return np.asarray(scores[:, None] - scores[None, :])


def _check(counts: Counts) -> None:
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise DatasetError(f"Expected a square of counts, got shape {counts.shape}. Give a row and column a picture.")
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise DatasetError("Expected counts of at least 0, got others. Count labels again.")
