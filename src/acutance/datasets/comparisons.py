"""Two pictures of one reference and which of them is better; lists of them in A-FINE's layout."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import TypeVar

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError
from acutance.tables.atomic import write_text
from acutance.tables.match import PathIndex
from acutance.tables.read import csv_lines

WINS, TIES, LOSES = 1.0, 0.5, 0.0
"""The first is better, none is, the second is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pictures and who wins."""

    first: str
    second: str
    reference: str
    first_wins: float
    """Whether the first is better than the second: 1 yes, 0.5 equal, 0 no; in between a share of people."""


@dataclass(frozen=True, slots=True)
class Triplet(Comparison):
    """Two pictures and their reference, and who wins of each two."""

    first_beats_reference: float
    """Whether the first is better than the reference: 1, 0.5 or 0."""
    second_beats_reference: float
    """Whether the second is better than the reference: 1, 0.5 or 0."""


Listed = TypeVar("Listed", bound=Comparison)


def outcome(first: float, second: float) -> float:
    """Who wins by two scores of which the higher is better: 1, 0.5 or 0."""
    if first == second:
        return TIES
    return WINS if first > second else LOSES


def quality_of(row: RatedPicture, dataset: str) -> float:
    """The opinion of a picture, turned so that higher is better.

    Raises:
        DatasetError: A picture without opinion.
    """
    if row.mos is None or row.mos != row.mos:
        raise DatasetError(
            f"Expected a score of {row.image} in the table of {dataset}, column mos, got none. "
            "Leave out pictures nobody rated."
        )
    return row.mos if row.better == "higher" else -row.mos


def by_reference(table: OpinionTable) -> dict[str, list[RatedPicture]]:
    """The rated pictures of each reference, in the order of the table; references come sorted.

    Rows that are the reference itself are among them.

    Raises:
        DatasetError: A picture without reference.
    """
    found: dict[str, list[RatedPicture]] = {}
    for row in table:
        if not row.reference:
            raise DatasetError(
                f"Expected a reference of {row.image} in the table of {table.name}, column reference, got none. "
                "Take a dataset with references."
            )
        found.setdefault(row.reference, []).append(row)
    return dict(sorted(found.items()))


def all_pairs(table: OpinionTable) -> list[Comparison]:
    """Every two pictures of each reference, compared by their scores, in the order of the table.

    For SRIQA-Bench, with 11 pictures a content, these are its 55 test pairs a content.

    Raises:
        DatasetError: A picture without reference or score.
    """
    pairs: list[Comparison] = []
    for reference, rows in by_reference(table).items():
        pairs += pairs_of(reference, ((row.image, quality_of(row, table.name)) for row in rows))
    return pairs


def pairs_of(reference: str, scored: Iterable[tuple[str, float]]) -> list[Comparison]:
    """Every two of some scored pictures, higher being better, in their order."""
    return [
        Comparison(first, second, reference, outcome(one, other))
        for (first, one), (second, other) in combinations(scored, 2)
    ]


def renamed(comparisons: Iterable[Listed], find: Callable[[str], str]) -> list[Listed]:
    """Comparisons whose names are replaced by what is found for each."""
    return [
        replace(row, first=find(row.first), second=find(row.second), reference=find(row.reference))
        for row in comparisons
    ]


def located(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """Comparisons whose names are the paths of a table, found as ``PathIndex.by_name`` does.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset.

    Raises:
        DatasetError: A name that no picture has, or several.
    """
    index = PathIndex(sorted({path for row in table for path in (row.image, row.reference) if path}))

    def find(name: str) -> str:
        found = index.by_name(name)
        if len(found) != 1:
            got = f"several: {', '.join(found[:3])}" if found else "none"
            raise DatasetError(
                f"Expected one picture of {table.name} for {name!r} of the list, got {got}. "
                "Take the table of the dataset that the list is for."
            )
        return found[0]

    return renamed(comparisons, find)


def belonging(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """The comparisons whose reference is one of the table's, found without folder, case and ending.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset, or of a part of it.
    """
    references = PathIndex(row.reference for row in table if row.reference)
    return [row for row in comparisons if references.by_stem(row.reference)]


CURE = "Make it again with acutance data triplets, or take A-FINE's list as it is."
SHARE_COLUMNS = 4
"""A list of so many columns may hold shares of people; in triplets everybody agrees."""
TRIPLET_COLUMNS = 6


def write_triplets(path: Path, triplets: Iterable[Triplet], *, names_only: bool = False) -> None:
    """Write triplets in six columns: first, second, reference, and who wins of each two.

    Args:
        path: Where to write, whole or not at all.
        triplets: The triplets.
        names_only: Write file names without folders, as A-FINE's lists are.

    Raises:
        ConfigError: A place that cannot be written to.
    """
    _write(
        path,
        (
            (*_names(row, names_only=names_only), row.first_wins, row.first_beats_reference, row.second_beats_reference)
            for row in triplets
        ),
    )


def write_comparisons(path: Path, comparisons: Iterable[Comparison], *, names_only: bool = False) -> None:
    """Write comparisons in four columns: first, second, reference, and whether the first wins.

    Args:
        path: Where to write, whole or not at all.
        comparisons: The comparisons; triplets too, whose other columns are left out.
        names_only: Write file names without folders, as A-FINE's lists are.

    Raises:
        ConfigError: A place that cannot be written to.
    """
    _write(path, ((*_names(row, names_only=names_only), row.first_wins) for row in comparisons))


def write_pairs(path: Path, pairs: Sequence[Comparison], *, names_only: bool = False) -> None:
    """Write triplets in six columns if all are triplets, else comparisons in four.

    Args:
        path: Where to write, whole or not at all.
        pairs: Triplets or comparisons.
        names_only: Write file names without folders.

    Raises:
        ConfigError: A place that cannot be written to.
    """
    triplets = [pair for pair in pairs if isinstance(pair, Triplet)]
    if len(triplets) == len(pairs):
        write_triplets(path, triplets, names_only=names_only)
    else:
        write_comparisons(path, pairs, names_only=names_only)


def read_triplets(path: Path) -> list[Triplet]:
    """Read six columns: ours, or A-FINE's ``Triplet.txt``.

    Args:
        path: The list. Names stay as they are written; ``located`` finds their pictures.

    Raises:
        DatasetError: A line of another layout, naming line and column.
    """
    return [Triplet(*names, *values) for names, values in _rows(path, TRIPLET_COLUMNS)]


def read_comparisons(path: Path) -> list[Comparison]:
    """Read four columns: ours, or a list of A-FINE's ``TripletEachType``.

    Args:
        path: The list. Names stay as they are written; ``located`` finds their pictures.

    Raises:
        DatasetError: A line of another layout, naming line and column.
    """
    return [Comparison(*names, values[0]) for names, values in _rows(path, SHARE_COLUMNS)]


def read_pairs(path: Path) -> list[Triplet] | list[Comparison]:
    """Read four or six columns, whichever the first line has.

    Raises:
        DatasetError: A line of another layout, naming line and column.
    """
    lines = csv_lines(path, what=f"a list of {SHARE_COLUMNS} or {TRIPLET_COLUMNS} columns", cure=CURE)
    first = next((cells for _, cells in lines if any(cell.strip() for cell in cells)), [])
    return read_triplets(path) if len(first) == TRIPLET_COLUMNS else read_comparisons(path)


def _names(row: Comparison, *, names_only: bool) -> tuple[str, str, str]:
    names = (row.first, row.second, row.reference)
    if not names_only:
        return names
    first, second, reference = (PurePosixPath(name).name for name in names)
    return first, second, reference


def _write(path: Path, lines: Iterable[Sequence[str | float]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [cell if isinstance(cell, str) else _shown(cell) for cell in line] for line in lines
    )
    write_text(path, text.getvalue())


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _rows(path: Path, columns: int) -> Iterator[tuple[tuple[str, str, str], list[float]]]:
    """Names and numbers of each line."""
    count = 0
    for line, cells in _lines(path, columns):
        where = f"in {path}, line {line}"
        for column, name in enumerate(cells[:3], start=1):
            if not name:
                raise DatasetError(f"Expected a file name {where}, column {column}, got none. {CURE}")
        values = [
            _number(cell, f"{where}, column {column}", is_share=columns == SHARE_COLUMNS)
            for column, cell in enumerate(cells[3:], start=4)
        ]
        yield (cells[0], cells[1], cells[2]), values
        count += 1
    if not count:
        raise DatasetError(f"Expected a list of {columns} columns in {path}, got nothing. {CURE}")


def _lines(path: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not empty."""
    for line, cells in csv_lines(path, what=f"a list of {columns} columns", cure=CURE):
        stripped = [cell.strip() for cell in cells]
        if any(stripped) and len(cells) != columns:
            raise DatasetError(f"Expected {columns} columns in {path}, line {line}, got {len(cells)}. {CURE}")
        if any(stripped):
            yield line, stripped


def _number(cell: str, where: str, *, is_share: bool) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (0 <= value <= 1 if is_share else value in (LOSES, TIES, WINS)):
        expected = "a share from 0 to 1" if is_share else "1, 0.5 or 0"
        raise DatasetError(f"Expected {expected} {where}, got {cell!r}. {CURE}")
    return value
