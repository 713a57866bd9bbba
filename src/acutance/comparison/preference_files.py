"""What people prefer, written down in a CSV file: two methods a line, and which of them won."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import connected_components

from acutance.comparison.scores import Scores
from acutance.errors import EvaluationError, UnknownNameError
from acutance.tables.read import read_cells, row_place

COLUMNS = "first, second, and first_wins or winner"
TIE = "tie"
"""What stands in the column ``winner`` where nobody won."""


@dataclass(frozen=True)
class Preferences:
    """Who was preferred to whom."""

    methods: list[str]
    """In the order in which they were asked for or first named."""
    wins: Scores
    """How often the row method was preferred to the column method; a tie is half a win for both (methods, methods)."""
    count: int
    """How many comparisons."""


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
    wins = _counted(compared, votes)
    _demand_connected(path, compared, wins)
    return Preferences(compared, wins, len(votes))


def _counted(methods: Sequence[str], votes: Iterable[tuple[str, str, float]]) -> Scores:
    places = {name: place for place, name in enumerate(methods)}
    wins = np.zeros((len(methods), len(methods)))
    for first, second, share in votes:
        wins[places[first], places[second]] += share
        wins[places[second], places[first]] += 1 - share
    return wins


def _demand_connected(path: Path, methods: Sequence[str], wins: Scores) -> None:
    count, groups = connected_components(wins + wins.T > 0, directed=False)
    if count > 1:
        names = [", ".join(name for name, own in zip(methods, groups, strict=True) if own == group) for group in (0, 1)]
        raise EvaluationError(
            f"Expected comparisons that connect all methods in {path}, got {count} groups that never met: "
            f"{names[0]} and {names[1]}{' and others' if count > 2 else ''}. Compare them too, or order each alone."
        )


def _votes(path: Path) -> Iterator[tuple[str, str, float]]:
    for number, row in read_cells(path, EvaluationError, header=lambda names: _columns(path, names)):
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


def _columns(path: Path, names: list[str]) -> list[str]:
    if not {"first", "second"} <= set(names) or ("winner" in names) == ("first_wins" in names):
        got = ", ".join(names) or "nothing"
        raise EvaluationError(f"Expected the columns {COLUMNS} in {path}, got {got}. Name them in the first line.")
    if len(set(names)) < len(names):
        raise EvaluationError(f"Expected columns of different names in {path}, got {', '.join(names)}. Rename one.")
    return names


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
