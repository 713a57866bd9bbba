"""Two images of one reference and which of them is better; lists of them in A-FINE's layout."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import TypeVar

from acutance.datasets.annotations import Record, place_records
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import DatasetError
from acutance.tables.atomic import write_text
from acutance.tables.match import PathIndex
from acutance.tables.read import csv_lines

WINS, TIES, LOSES = 1.0, 0.5, 0.0
"""The first is better, none is, the second is."""
COLUMNS = (
    "1 (first)",
    "2 (second)",
    "3 (reference)",
    "4 (first wins)",
    "5 (first beats reference)",
    "6 (second beats reference)",
)
"""Of A-FINE's lists, which have no header. A list of the first four may hold shares of people; in triplets everybody
agrees."""
CURE = "Make it again with acutance data triplets, or take A-FINE's list as it is."


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two images and who wins."""

    first: str
    second: str
    reference: str
    first_wins: float
    """Whether the first is better than the second: 1 yes, 0.5 equal, 0 no; in between a share of people."""


@dataclass(frozen=True, slots=True)
class Triplet(Comparison):
    """Two images and their reference, and who wins of each two."""

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


def quality_of(row: RatedImage, dataset: str) -> float:
    """The opinion of an image, turned so that higher is better."""
    if row.mos is None or row.mos != row.mos:
        raise DatasetError(
            f"Expected a score of {row.image} in the table of {dataset}, column mos, got none. "
            "Leave out images nobody rated."
        )
    return row.mos if row.better == "higher" else -row.mos


def by_reference(table: OpinionTable) -> dict[str, list[RatedImage]]:
    """The rated images of each reference, in the order of the table; references come sorted.

    Rows that are the reference itself are among them.
    """
    found: dict[str, list[RatedImage]] = {}
    for row in table:
        if not row.reference:
            raise DatasetError(
                f"Expected a reference of {row.image} in the table of {table.name}, column reference, got none. "
                "Take a dataset with references."
            )
        found.setdefault(row.reference, []).append(row)
    return dict(sorted(found.items()))


def all_pairs(table: OpinionTable) -> list[Comparison]:
    """Every two images of each reference, compared by their scores, in the order of the table.

    For SRIQA-Bench, with 11 images a content, these are its 55 test pairs a content.
    """
    pairs: list[Comparison] = []
    for reference, rows in by_reference(table).items():
        pairs += pairs_of(reference, ((row.image, quality_of(row, table.name)) for row in rows))
    return pairs


def pairs_of(reference: str, scored: Iterable[tuple[str, float]]) -> list[Comparison]:
    """Every two of some scored images, higher being better, in their order."""
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
    """Comparisons whose names are the paths of a table, found as ``PathIndex.by_name`` does."""
    index = PathIndex(sorted({path for row in table for path in (row.image, row.reference) if path}))
    return renamed(comparisons, lambda name: the_one(index.by_name(name), name, f"the table of {table.name}"))


def the_one(found: Sequence[str], name: str, place: str) -> str:
    """The image that a list means by a name, of those that were found in a place."""
    if len(found) != 1:
        got = f"several: {', '.join(found[:3])}" if found else "none"
        raise DatasetError(
            f"Expected one image in {place} for {name!r} of a list, got {got}. "
            "Take the folder or the dataset that the list is for."
        )
    return found[0]


def belonging(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """The comparisons whose reference is one of the table's, found without folder, case and ending."""
    references = PathIndex(row.reference for row in table if row.reference)
    return [row for row in comparisons if references.by_stem(row.reference)]


def write_pairs(path: Path, pairs: Sequence[Comparison], *, names_only: bool = False) -> None:
    """Write six columns if all pairs are triplets, else four.

    Args:
        path: Where to write, whole or not at all.
        names_only: Write file names without folders, as A-FINE's lists are.
    """
    triplets = [pair for pair in pairs if isinstance(pair, Triplet)]
    if len(triplets) < len(pairs):
        write_comparisons(path, pairs, names_only=names_only)
        return
    results = ((row.first_wins, row.first_beats_reference, row.second_beats_reference) for row in triplets)
    _write(path, triplets, results, names_only=names_only)


def write_comparisons(path: Path, comparisons: Sequence[Comparison], *, names_only: bool = False) -> None:
    """Write four columns: first, second, reference, and whether the first wins; see ``write_pairs``."""
    _write(path, comparisons, ((row.first_wins,) for row in comparisons), names_only=names_only)


def read_pairs(path: Path) -> list[Triplet] | list[Comparison]:
    """Read a list of four or six columns, whichever the first line has."""
    lines = csv_lines(path, what="a list of 4 or 6 columns", cure=CURE)
    first = next((cells for _, cells in lines if any(cell.strip() for cell in cells)), [])
    return read_triplets(path) if len(first) == len(COLUMNS) else read_comparisons(path)


def read_triplets(path: Path) -> list[Triplet]:
    """Read six columns: ours, or A-FINE's ``Triplet.txt``. Names stay as they are written."""
    won, first, second = COLUMNS[3:]
    return [
        Triplet(*_names(record), _outcome(record, won), _outcome(record, first), _outcome(record, second))
        for record in _records(path, COLUMNS)
    ]


def read_comparisons(path: Path) -> list[Comparison]:
    """Read four columns: ours, or a list of A-FINE's ``TripletEachType``. Names stay as they are written."""
    return [Comparison(*_names(record), record.number(COLUMNS[3], (0, 1))) for record in _records(path, COLUMNS[:4])]


def _records(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    record = None
    for record in place_records(path, columns, cure=CURE):
        yield record
    if record is None:
        raise DatasetError(f"Expected a list of {len(columns)} columns in {path}, got nothing. {CURE}")


def _names(record: Record) -> tuple[str, str, str]:
    return record.text(COLUMNS[0]), record.text(COLUMNS[1]), record.text(COLUMNS[2])


def _outcome(record: Record, column: str) -> float:
    with suppress(ValueError):
        if (value := float(str(record.cells[column]))) in (LOSES, TIES, WINS):
            return value
    raise record.fault(column, "1, 0.5 or 0", repr(record.cells[column]))


def _write(path: Path, pairs: Iterable[Comparison], results: Iterable[tuple[float, ...]], *, names_only: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row, values in zip(pairs, results, strict=True):
        names = (row.first, row.second, row.reference)
        writer.writerow(
            [PurePosixPath(name).name if names_only else name for name in names]
            + [str(int(value)) if value == int(value) else repr(float(value)) for value in values]
        )
    write_text(path, text.getvalue())
