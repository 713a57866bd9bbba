"""One table for every dataset: images, their references, and what people said of them."""

import csv
import math
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

from pydantic import AfterValidator

from acutance.errors import DatasetError
from acutance.tables.atomic import atomic_write, not_utf8
from acutance.tables.read import Number, Whole, check_ending, read_rows
from acutance.tables.text import shown
from acutance.tables.write import Kind, write_parquet
from acutance.types import Better

TABLE_ENDINGS = (".csv", ".parquet")
SHOWN_PROBLEMS = 3
"""How many problems one error names before it only counts."""


def _known_part(split: str) -> str:
    if split not in ("train", "validation", "test"):
        raise ValueError("train, validation or test")
    return split


@dataclass(frozen=True, kw_only=True, slots=True)
class RatedImage:
    """One row: an image and the opinion of it."""

    image: str
    """Path of the image, relative to the root of the dataset, with ``/``, as it is on this disk."""
    reference: str | None = None
    """Path of its reference, if it has one."""
    mos: Number = None
    """Mean opinion score as published; ``None`` where there is none."""
    mos_std: Number = None
    """Standard deviation of the opinions."""
    num_votes: Whole = None
    """How many people were asked."""
    better: Better = "higher"
    """Which direction of ``mos`` means better quality."""
    low: Number = None
    """Lowest value of the scale of ``mos``."""
    high: Number = None
    """Highest value of the scale."""
    distortion: str | None = None
    """What was done to the image, in the dataset's own words."""
    level: Whole = None
    """How strongly, 1 for least."""
    scene: str | None = None
    """What must not stand on two sides of a split: the reference, or the image itself."""
    split: Annotated[str | None, AfterValidator(_known_part)] = None
    """``train``, ``validation`` or ``test``, where the dataset says so."""


COLUMNS = tuple(field.name for field in fields(RatedImage))
"""Names of the columns, in their order in files."""
KINDS: dict[str, Kind] = {
    **dict.fromkeys(COLUMNS, "text"),
    **dict.fromkeys(("mos", "mos_std", "low", "high"), "number"),
    **dict.fromkeys(("num_votes", "level"), "whole"),
}
"""What the columns hold."""


class OpinionTable:
    """Rated images of one root folder.

    Args:
        rows: The images, in an order that does not depend on the file system.
        root: Folder that their paths start from.
        name: Name of the dataset.
        notes: What a user should know of it, a line each: images that are not there, columns that were not read.
    """

    def __init__(self, rows: Iterable[RatedImage], root: Path, name: str, notes: Sequence[str] = ()) -> None:
        self.rows = list(rows)
        self.root = root
        self.name = name
        self.notes = tuple(notes)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RatedImage]:
        return iter(self.rows)

    def path(self, relative: str) -> Path:
        """Path of an image of the table."""
        return self.root / relative

    def paths(self) -> list[Path]:
        """Paths of the images, in the order of the rows."""
        return [self.path(row.image) for row in self.rows]


def write_table(table: OpinionTable, path: str | Path) -> None:
    """Write a table, whole or not at all, so that it is read back the same to the last bit.

    CSV has a header, empty cells for what is not known and the shortest digits that make the same number.

    Args:
        table: Paths stay as they are, relative to the table's root.
        path: Where to write; its ending, ``.csv`` or ``.parquet``, chooses the format.

    Raises:
        UnknownNameError: Another ending.
        DatasetError: The file cannot be written, or a name in the table is not UTF-8.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    is_parquet = check_ending(path, TABLE_ENDINGS) == ".parquet"
    try:
        with atomic_write(path) as temporary:
            if is_parquet:
                write_parquet(temporary, KINDS, ({name: getattr(row, name) for name in COLUMNS} for row in table.rows))
            else:
                _write_csv(table.rows, temporary)
    except OSError as error:
        raise DatasetError(f"Expected to write a table to {path}, got: {error.strerror or error}.") from error
    except UnicodeEncodeError as error:
        raise DatasetError(not_utf8(path, error)) from error


def read_table(path: str | Path, root: str | Path | None = None) -> OpinionTable:
    """The table that was written to a file.

    Args:
        path: A CSV or Parquet file with exactly the columns of a table.
        root: The folder that its paths start from; by default the folder of the file.

    Raises:
        UnknownNameError: Another ending.
        DatasetError: No such file, other columns, or a cell that is not what its column holds.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    check_ending(path, TABLE_ENDINGS)
    if not path.is_file():
        raise DatasetError(f"Expected a table at {path}, got no such file. Check the path.")

    def header(columns: list[str]) -> list[str]:
        if sorted(columns) != sorted(COLUMNS):
            got = shown(", ".join(columns)) or "nothing"
            raise DatasetError(
                f"Expected the columns {', '.join(COLUMNS)} in {path}, got {got}. Make a table of "
                "another list: acutance data table LIST -o table.csv."
            )
        return columns

    rows = read_rows(path, RatedImage, header=header, is_exact=True)
    return OpinionTable(rows, path.parent if root is None else Path(root), path.stem)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a table."""

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

    Looked for are images and references that are not on disk, rows that stand twice, scores that are no
    numbers or lie outside ``low`` to ``high``, scales whose ends are the wrong way round, negative deviations,
    levels and votes below 1, and images, references or scenes on two sides of a split. Those are held against
    each other without regard to case and to ``./`` in paths.
    """
    problems: list[Problem] = []
    rows_by_key: dict[tuple[str, str | None], int] = {}
    sides: dict[tuple[str, str], tuple[str, int]] = {}
    on_disk: dict[str, bool] = {}
    for number, row in enumerate(table, start=1):
        found = [*_wrong_values(row)]
        reference = None if row.reference is None else posixpath.normpath(row.reference)
        first = rows_by_key.setdefault((posixpath.normpath(row.image), reference), number)
        if first != number:
            found.append(("image", f"{row.image} stands in row {first} too"))
        found += _leaks(row, number, sides)
        if look_for_files:
            found += _missing_files(table, row, on_disk)
        problems += [Problem(table.name, number, column, what) for column, what in found]
    return problems


def require_sound(table: OpinionTable, *, look_for_files: bool = True) -> None:
    """Raise one line if ``check_table`` finds anything.

    Raises:
        DatasetError: Naming the first problems and counting the others.
    """
    if problems := check_table(table, look_for_files=look_for_files):
        more = len(problems) - SHOWN_PROBLEMS
        told = "; ".join(map(str, problems[:SHOWN_PROBLEMS])) + (f"; and {more} more" if more > 0 else "")
        raise DatasetError(f"Expected a sound table, got {told}. Mend these rows.")


def _write_csv(rows: Iterable[RatedImage], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = SimpleNamespace(write=lambda line: file.write(line.removesuffix("\r\n") + "\n"))
        writer = csv.writer(lines, lineterminator="\r\n")  # with this ending, both its characters are quoted
        writer.writerow(COLUMNS)
        writer.writerows(map(attrgetter(*COLUMNS), rows))  # None becomes an empty cell, a float its repr


def _wrong_values(row: RatedImage) -> Iterator[tuple[str, str]]:
    if row.low is not None and row.high is not None and not row.low < row.high:
        yield "low", f"{row.low:g} is not below the high end, {row.high:g}"
    if row.mos is not None:
        if not math.isfinite(row.mos):
            yield "mos", f"{row.mos} is no score"
        elif (row.low is not None and row.mos < row.low) or (row.high is not None and row.mos > row.high):
            low, high = ("no end" if end is None else f"{end:g}" for end in (row.low, row.high))
            yield "mos", f"{row.mos:g} lies outside {low} to {high}"
    if row.mos_std is not None and not 0 <= row.mos_std < math.inf:
        yield "mos_std", f"{row.mos_std} is no standard deviation"
    for column in ("num_votes", "level"):
        value = getattr(row, column)
        if value is not None and value < 1:
            yield column, f"{value} is less than 1"


def _leaks(row: RatedImage, number: int, sides: dict[tuple[str, str], tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """What stands in another split too; each row is held against the first of its kind."""
    for column in ("image", "scene", "reference"):
        name = getattr(row, column)
        if name is not None and row.split is not None:
            split, first = sides.setdefault((column, posixpath.normpath(name).casefold()), (row.split, number))
            if split != row.split:
                yield column, f"{name} is in {row.split} here and in {split} in row {first}"


def _missing_files(table: OpinionTable, row: RatedImage, on_disk: dict[str, bool]) -> Iterator[tuple[str, str]]:
    for column in ("image", "reference"):
        name = getattr(row, column)
        if name is not None:
            if name not in on_disk:
                on_disk[name] = table.path(name).is_file()
            if not on_disk[name]:
                yield column, f"{name} is not in {table.root}"
