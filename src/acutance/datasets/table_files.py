"""Tables as CSV and Parquet files: what was written is read back the same, to the last bit."""

import csv
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

from acutance.datasets.table import COLUMNS, OpinionTable, RatedPicture
from acutance.errors import DatasetError, UnknownNameError
from acutance.tables.atomic import atomic_write, not_utf8
from acutance.tables.read import read_rows
from acutance.tables.text import shown
from acutance.tables.write import Kind, write_parquet

TABLE_ENDINGS = (".csv", ".parquet")
KINDS: dict[str, Kind] = {
    **dict.fromkeys(COLUMNS, "text"),
    **dict.fromkeys(("mos", "mos_std", "low", "high"), "number"),
    **dict.fromkeys(("num_votes", "level"), "whole"),
}
"""What the columns of a table hold."""


def write_table(table: OpinionTable, path: str | Path) -> None:
    """Write a table, whole or not at all; a file that is there is replaced.

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
    is_parquet = demand_ending(path) == ".parquet"
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
    demand_ending(path)
    if not path.is_file():
        raise DatasetError(f"Expected a table at {path}, got no such file. Check the path.")
    rows = read_rows(path, RatedPicture, header=lambda names: _known_columns(path, names), is_exact=True)
    return OpinionTable(rows, path.parent if root is None else Path(root), path.stem)


def demand_ending(path: Path) -> str:
    """The ending of a file of a table, in small letters.

    Args:
        path: A name, whether there is such a file or not.

    Raises:
        UnknownNameError: An ending that is not in ``TABLE_ENDINGS``.
    """
    ending = path.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise UnknownNameError("file ending", ending or path.name, TABLE_ENDINGS)
    return ending


def _write_csv(rows: Iterable[RatedPicture], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = SimpleNamespace(write=lambda line: file.write(line.removesuffix("\r\n") + "\n"))
        writer = csv.writer(lines, lineterminator="\r\n")  # with this ending, both its characters are quoted
        writer.writerow(COLUMNS)
        writer.writerows(map(attrgetter(*COLUMNS), rows))  # None becomes an empty cell, a float its repr


def _known_columns(path: Path, columns: list[str]) -> list[str]:
    if sorted(columns) != sorted(COLUMNS):
        got = shown(", ".join(columns)) or "nothing"
        raise DatasetError(
            f"Expected the columns {', '.join(COLUMNS)} in {path}, got {got}. Make a table of "
            "another list: acutance data table LIST -o table.csv."
        )
    return columns
