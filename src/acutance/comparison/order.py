"""The order of methods from who beats whom (Bradley and Terry 1952), by scores or by what people prefer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import norm

from acutance.comparison.measure import CompleteScores, Scores
from acutance.comparison.results import Strength
from acutance.errors import EvaluationError, StatisticsError, UnknownNameError
from acutance.evaluation.results import Interval
from acutance.stats.ordering import bradley_terry, information, mean_held_inverse
from acutance.stats.samples import Numbers
from acutance.tables.read import read_cells, row_place

TIE = "tie"
"""What stands in the column ``winner`` where nobody won."""
ONE_TIE = 0.5
"""Half a win on both sides of every pair, added where a method beats all others or loses to all: without it the
strengths would be infinite."""


@dataclass(frozen=True)
class Preferences:
    """Who was preferred to whom."""

    methods: list[str]
    """In the order in which they were asked for or first named."""
    wins: Scores
    """How often the row method was preferred to the column method; a tie is half a win for both (methods, methods)."""
    count: int
    """How many comparisons."""


@dataclass(frozen=True)
class Order:
    """Methods from the strongest to the weakest."""

    places: list[Strength]
    note: str = ""
    """What had to be assumed; empty if nothing had."""


def read_preferences(path: Path, methods: Sequence[str] | None = None) -> Preferences:
    """Count the preferences of a file.

    Args:
        path: A CSV file with the columns ``first`` and ``second``, names of methods, and either ``first_wins``
            (1, 0.5 for a tie, 0, or the share of people who preferred the first) or ``winner`` (one of the two
            names, or ``tie``). Other columns are passed over.
        methods: The methods there may be; by default those that the file names.

    Raises:
        EvaluationError: A file that cannot be read as one, naming the line; or groups of methods that were never
            compared, which no order can hold together.
        UnknownNameError: A method that is not among ``methods``.
    """
    votes = list(_votes(path))
    if not votes:
        raise EvaluationError(f"Expected at least one preference in {path}, got none. Add a line a comparison.")
    named = list(dict.fromkeys(name for first, second, _ in votes for name in (first, second)))
    for name in named if methods is not None else ():
        if name not in (methods or ()):
            raise UnknownNameError("method", name, methods or ())
    compared = named if methods is None else [name for name in methods if name in named]
    index = {name: number for number, name in enumerate(compared)}
    wins = np.zeros((len(compared), len(compared)))
    for first, second, share in votes:
        wins[index[first], index[second]] += share
        wins[index[second], index[first]] += 1 - share
    count, groups = connected_components(wins + wins.T > 0, directed=False)
    if count > 1:
        names = [
            ", ".join(name for name, own in zip(compared, groups, strict=True) if own == group) for group in (0, 1)
        ]
        raise EvaluationError(
            f"Expected comparisons that connect all methods in {path}, got {count} groups that never met: "
            f"{names[0]} and {names[1]}{' and others' if count > 2 else ''}. Compare them too, or order each alone."
        )
    return Preferences(compared, wins, len(votes))


def order_by_scores(scores: CompleteScores, level: float) -> Order:
    """The order of two methods and more by wins on each image, a tie being half a win.

    Comparisons on one image depend on each other, so intervals come from the spread between images (the sandwich
    estimator, with images as clusters) and not from the number of comparisons; without any spread there are none.

    Args:
        scores: Of at least one image.

    Raises:
        StatisticsError: Fewer than two methods.
    """
    shares = _shares(scores.quality)
    strengths, _, note = _fitted(shares.sum(axis=0))
    if note or len(scores.images) < 2:
        return Order(_places(scores.methods, strengths, None, level), note)
    errors = _errors_between_images(shares, strengths)
    return Order(_places(scores.methods, strengths, errors if errors.any() else None, level))


def order_by_wins(methods: Sequence[str], wins: Scores, level: float) -> Order:
    """The order by preferences that do not depend on each other; intervals from the curvature of the likelihood.

    Args:
        wins: How often the row method was preferred to the column method (methods, methods).

    Raises:
        StatisticsError: Fewer than two methods, or groups of methods that were never compared.

    Example:
        >>> order = order_by_wins(["a", "b"], np.array([[0.0, 3.0], [1.0, 0.0]]), 0.95)
        >>> [(place.name, round(place.strength, 4)) for place in order.places]
        [('a', 0.5493), ('b', -0.5493)]
    """
    strengths, errors, note = _fitted(wins)
    return Order(_places(methods, strengths, None if note else errors, level), note)


def _votes(path: Path) -> Iterator[tuple[str, str, float]]:
    """The two methods of each line, and the part of a win that the first has."""

    def checked(names: list[str]) -> list[str]:
        if not {"first", "second"} <= set(names) or ("winner" in names) == ("first_wins" in names):
            raise EvaluationError(
                f"Expected the columns first, second, and first_wins or winner in {path}, got "
                f"{', '.join(names) or 'nothing'}. Name them in the first line."
            )
        if len(set(names)) < len(names):
            raise EvaluationError(f"Expected columns of different names in {path}, got {', '.join(names)}. Rename one.")
        return names

    for number, row in read_cells(path, EvaluationError, header=checked):
        where = f"in {row_place(path, number)}"
        first, second = row["first"].strip(), row["second"].strip()
        if not first or not second or first == second:
            raise EvaluationError(
                f"Expected two different methods {where}, got {first!r} and {second!r}. Mend the line."
            )
        if "winner" in row:
            yield first, second, _winner(row["winner"].strip(), first, second, where)
        else:
            yield first, second, _share(row["first_wins"].strip(), where)


def _winner(name: str, first: str, second: str, where: str) -> float:
    if name not in (first, second, TIE):
        raise EvaluationError(
            f"Expected {first}, {second} or {TIE} as the winner {where}, got {name!r}. Mend the line."
        )
    return {first: 1.0, second: 0.0}.get(name, 0.5)


def _share(text: str, where: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise EvaluationError(f"Expected first_wins from 0 to 1 {where}, got {text!r}. Mend the line.")
    return share


def _shares(quality: Scores) -> np.ndarray:
    """1 where the row method beats the column method, 0.5 where they are equal (images, methods, methods)."""
    above = quality[:, :, None] > quality[:, None, :]
    equal = quality[:, :, None] == quality[:, None, :]
    shares = above + 0.5 * equal
    shares[:, range(quality.shape[1]), range(quality.shape[1])] = 0.0
    return np.asarray(shares)


def _fitted(wins: Scores) -> tuple[Numbers, Numbers, str]:
    """Strengths, their standard errors, and what had to be assumed."""
    try:
        found, note = bradley_terry(wins), ""
    except StatisticsError:
        reached = np.linalg.matrix_power((wins + wins.T > 0) + np.eye(len(wins)), len(wins)) > 0
        if not reached.all():  # no chain of comparisons leads from each method to each other
            raise
        found = bradley_terry(wins, prior=ONE_TIE)
        note = (
            "one tie between every two methods was added to their wins, since some methods are never beaten by the rest"
        )
    return found.strengths, found.standard_errors, note


def _errors_between_images(shares: np.ndarray, strengths: Numbers) -> Numbers:
    """Standard errors of the strengths by the sandwich estimator (Liang and Zeger 1986), a cluster an image."""
    met = shares + shares.transpose(0, 2, 1)
    gradients = (shares - met * expit(strengths[:, None] - strengths)).sum(axis=2)  # (images, methods)
    inverse = mean_held_inverse(information(shares.sum(axis=0), strengths))
    covariance = inverse @ gradients.T @ gradients @ inverse
    return np.asarray(np.sqrt(np.maximum(0.0, np.diag(covariance))))


def _places(methods: Sequence[str], strengths: Numbers, errors: Numbers | None, level: float) -> list[Strength]:
    reach = float(norm.ppf(0.5 + level / 2))
    places = []
    for index in np.argsort(-strengths, kind="stable"):
        strength = float(strengths[index])
        interval = None
        if errors is not None:
            half = reach * float(errors[index])
            interval = Interval(low=strength - half, high=strength + half, level=level)
        places.append(Strength(name=methods[index], strength=strength, interval=interval))
    return places
