"""Lists of comparisons and triplets as A-FINE publishes them: four or six columns with commas, no header."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from acutance.datasets.comparisons import LOSES, TIES, WINS, Comparison, Triplet
from acutance.datasets.diffiqa_triplets import TYPES, by_type
from acutance.errors import ConfigError, DatasetError
from acutance.tables.atomic import write_text
from acutance.tables.read import csv_lines

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


def write_types(folder: Path, pairs: Iterable[Comparison], *, names_only: bool = False) -> None:
    """Write DiffIQA's triplets type by type, as ``PSY.txt`` and so on in four columns.

    Args:
        folder: Where to write; files of types that are there are replaced, or removed where a type does not occur.
        pairs: Triplets of DiffIQA.
        names_only: Write file names without folders.

    Raises:
        DatasetError: Pairs that are no triplets of DiffIQA.
        ConfigError: A place that cannot be written to.
    """
    for path, triplets in zip(type_files(folder), by_type(pairs).values(), strict=True):
        if triplets:
            write_comparisons(path, triplets, names_only=names_only)
        else:
            _remove(path)


def type_files(folder: Path) -> list[Path]:
    """The files that ``write_types`` may write or remove in a folder."""
    return [folder / f"{name}.txt" for name in TYPES]


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


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"Expected to remove {path}, got: {error.strerror or error}. Choose another place."
        ) from error


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
