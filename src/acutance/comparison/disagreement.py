"""On which pictures models order the methods most differently."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acutance.comparison.results import Disagreement
from acutance.comparison.scores import CompleteScores, Scores

KEPT = 20
"""Pictures kept of each two models."""


def disagreements(by_model: Mapping[str, CompleteScores], *, kept: int = KEPT) -> list[Disagreement]:
    """The pictures on which two models disagree most about the order of the methods, the worst first.

    The measure is Kendall's tau-b of the two orders, better methods first by both models. Among equal ones
    come first those where the scores that are ordered differently lie farther apart, each model's scores in units
    of their standard deviation. Pictures whose methods are all equal by one model are left out, and so are those on
    which the models agree (1).

    Args:
        by_model: Scores by model.
        kept: How many pictures of each two models.
    """
    found: list[tuple[float, float, Disagreement]] = []
    for first, second in combinations(by_model.values(), 2):
        found += _of_two(first, second)[:kept]
    found.sort(key=lambda one: (one[0], -one[1]))
    return [one for _, _, one in found]


def order_agreement(first: Scores, second: Scores) -> Scores:
    """Kendall's tau-b of two orders in every row.

    Args:
        first: Quality by one model (pictures, methods), the higher the better; may be infinite.
        second: Quality by the other, of the same shape.

    Returns:
        From -1, the reverse order, to 1 (pictures,); NaN where all methods are equal by one model.

    Example:
        >>> order_agreement(np.array([[1.0, 2.0, 3.0]]), np.array([[9.0, 8.0, 7.0]]))
        array([-1.])
    """
    signs, others = _signs(first), _signs(second)
    scale = np.sqrt((signs**2).sum(axis=1) * (others**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((signs * others).sum(axis=1) / scale)


def _of_two(first: CompleteScores, second: CompleteScores) -> list[tuple[float, float, Disagreement]]:
    """Tau-b, size of the disagreement and record of each picture, the worst first."""
    rows, others = _shared(first.pictures, second.pictures)
    if not len(rows) or len(first.methods) < 2:
        return []
    tau = order_agreement(first.quality[rows], second.quality[others])
    steps, opposed = _steps(first)[rows], _steps(second)[others]
    size = np.where(steps * opposed < 0, np.abs(steps) + np.abs(opposed), 0.0).sum(axis=1)
    disagreeing = [index for index in np.lexsort((-size, tau)) if tau[index] < 1]  # not true of NaN
    return [
        (
            float(tau[index]),
            float(size[index]),
            Disagreement(
                picture=first.pictures[rows[index]],
                first_model=first.model,
                second_model=second.model,
                agreement=float(tau[index]),
            ),
        )
        for index in disagreeing
    ]


def _shared(first: Sequence[str], second: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the pictures that both have, in the order of the first."""
    places = {name: place for place, name in enumerate(second)}
    both = [(index, places[name]) for index, name in enumerate(first) if name in places]
    return np.array([one for one, _ in both], dtype=np.intp), np.array([other for _, other in both], dtype=np.intp)


def _steps(scores: CompleteScores) -> Scores:
    """Differences between methods in standard deviations of the model's scores (pictures, pairs of methods)."""
    spread = float(scores.finite.std())
    return _differences(scores.sign * scores.finite) / (spread or 1.0)


def _signs(quality: Scores) -> Scores:
    one, other = np.triu_indices(quality.shape[1], k=1)
    return np.asarray((quality[:, one] > quality[:, other]).astype(np.float64) - (quality[:, one] < quality[:, other]))


def _differences(quality: Scores) -> Scores:
    one, other = np.triu_indices(quality.shape[1], k=1)
    return np.asarray(quality[:, one] - quality[:, other])
