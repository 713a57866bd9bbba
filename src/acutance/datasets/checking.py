"""What is wrong with a table: file, row, column and what."""

import math
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError

SHOWN_PROBLEMS = 3
"""How many problems one error names before it only counts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    table: str
    """Name of the table or of its file."""
    row: int
    """Number of the row, from 1."""
    column: str
    what: str
    """In a few words."""

    def __str__(self) -> str:
        return f"{self.table}, row {self.row}, column {self.column}: {self.what}"


def check_table(table: OpinionTable, *, look_for_files: bool = True) -> list[Problem]:
    """Everything that is wrong with a table, in the order of its rows.

    Looked for are pictures and references that are not on disk, rows that stand twice, scores that are no
    numbers or lie outside ``low`` to ``high``, scales whose ends are the wrong way round, negative deviations,
    levels and votes below 1, and pictures, references or scenes on two sides of a split. Those are held against
    each other without regard to case and to ``./`` in paths.

    Args:
        table: The table.
        look_for_files: Whether to look on the disk.
    """
    problems: list[Problem] = []
    rows_by_key: dict[tuple[str, str | None], int] = {}
    sides: dict[tuple[str, str], tuple[str, int]] = {}
    on_disk: dict[str, bool] = {}
    for number, row in enumerate(table, start=1):
        found = [*_values(row)]
        first = rows_by_key.setdefault((posixpath.normpath(row.image), _path(row.reference)), number)
        if first != number:
            found.append(("image", f"{row.image} stands in row {first} too"))
        found += _leaks(row, number, sides)
        if look_for_files:
            found += _files(table, row, on_disk)
        problems += [Problem(table.name, number, column, what) for column, what in found]
    return problems


def demand_sound(table: OpinionTable, *, look_for_files: bool = True) -> None:
    """Raise one line if anything is wrong with a table.

    Args:
        table: The table.
        look_for_files: Whether to look on the disk.

    Raises:
        DatasetError: Naming the first problems and counting the others.
    """
    if problems := check_table(table, look_for_files=look_for_files):
        more = len(problems) - SHOWN_PROBLEMS
        shown = "; ".join(map(str, problems[:SHOWN_PROBLEMS])) + (f"; and {more} more" if more > 0 else "")
        raise DatasetError(f"Expected a sound table, got {shown}. Mend these rows.")


def _values(row: RatedPicture) -> Iterator[tuple[str, str]]:
    if row.low is not None and row.high is not None and not row.low < row.high:
        yield "low", f"{row.low:g} is not below the high end, {row.high:g}"
    if row.mos is not None:
        if not math.isfinite(row.mos):
            yield "mos", f"{row.mos} is no score"
        elif (row.low is not None and row.mos < row.low) or (row.high is not None and row.mos > row.high):
            yield "mos", f"{row.mos:g} lies outside {_end(row.low)} to {_end(row.high)}"
    if row.mos_std is not None and not 0 <= row.mos_std < math.inf:
        yield "mos_std", f"{row.mos_std} is no standard deviation"
    if row.num_votes is not None and row.num_votes < 1:
        yield "num_votes", f"{row.num_votes} is less than 1"
    if row.level is not None and row.level < 1:
        yield "level", f"{row.level} is less than 1"


def _path(name: str | None) -> str | None:
    return None if name is None else posixpath.normpath(name)


def _end(value: float | None) -> str:
    return "no end" if value is None else f"{value:g}"


def _leaks(row: RatedPicture, number: int, sides: dict[tuple[str, str], tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """What stands in another split too; each row is held against the first of its kind."""
    for column in ("image", "scene", "reference"):
        name = getattr(row, column)
        if name is not None and row.split is not None:
            split, first = sides.setdefault((column, posixpath.normpath(name).casefold()), (row.split, number))
            if split != row.split:
                yield column, f"{name} is in {row.split} here and in {split} in row {first}"


def _files(table: OpinionTable, row: RatedPicture, on_disk: dict[str, bool]) -> Iterator[tuple[str, str]]:
    for column in ("image", "reference"):
        name = getattr(row, column)
        if name is None:
            continue
        if name not in on_disk:
            on_disk[name] = table.path(name).is_file()
        if not on_disk[name]:
            yield column, f"{name} is not in {table.root}"
