"""Tables of any kind, row by row: CSV, JSON lines, JSON and Parquet; errors name file, line and column."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from acutance.errors import AcutanceError, DatasetError, UnknownNameError
from acutance.extras import require
from acutance.tables.strict_json import restored
from acutance.tables.text import shown

Row = TypeVar("Row")
Cells = Mapping[str, Any]
Header = Callable[[list[str]], list[str]]
UNITS = {".csv": "line", ".jsonl": "line", ".json": "item", ".parquet": "row"}
"""What the rows of a file are counted in, by its ending."""
EMPTY = (None, "")
CURE = "Mend the line or get the file again."


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Number = Annotated[float | None, BeforeValidator(_no_truth_value), Field(allow_inf_nan=False)]
"""A cell with a finite number, or nothing."""
Whole = Annotated[int | None, BeforeValidator(_no_truth_value)]
"""A cell with a whole number, or nothing."""

_EXPECTED = {
    "missing": "a value",
    "string_type": "a text",
    "finite_number": "a finite number, or an empty cell where there is none,",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
}
"""What pydantic misses, by the name of its error."""


def read_rows(
    path: Path,
    kind: type[Row],
    error: type[AcutanceError] = DatasetError,
    *,
    header: Header | None = None,
    is_exact: bool = False,
) -> Iterator[Row]:
    r"""The rows of a file, checked.

    Args:
        path: Its ending says what it is: CSV with a header, JSON lines, a JSON list of objects, or Parquet.
        kind: A dataclass or pydantic model; columns that it doesn't have are passed over, empty cells are as absent.
        header: As in ``read_cells``.
        is_exact: As in ``read_cells``.

    Raises:
        AcutanceError: ``error``, for a file that cannot be read, or a cell that is not what its column holds.
        MissingExtraError: Parquet without pyarrow.

    Example:
        >>> import dataclasses, tempfile
        >>> @dataclasses.dataclass
        ... class Rated:
        ...     image: str
        ...     mos: Number = None
        >>> path = Path(tempfile.mkdtemp()) / "t.csv"
        >>> _ = path.write_text("image,mos\na.png,3\nb.png,\n")
        >>> [row.mos for row in read_rows(path, Rated)]
        [3.0, None]
    """
    parse = parser(kind, error)
    for number, cells in read_cells(path, error, header=header, is_exact=is_exact):
        yield parse(cells, row_place(path, number))


def parser(
    kind: type[Row], error: type[AcutanceError] = DatasetError, cure: str = "Mend the cell."
) -> Callable[[Cells, str], Row]:
    """What makes a row from cells, and names the place of a cell that doesn't fit.

    Args:
        kind: A dataclass or pydantic model.
    """
    adapter: TypeAdapter[Row] = TypeAdapter(kind)

    def parse(cells: Cells, where: str) -> Row:
        filled = {name: value for name, value in cells.items() if value not in EMPTY}
        try:
            return adapter.validate_python(filled)
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            column = str(first["loc"][0]) if first["loc"] else "?"
            told = first.get("ctx", {})
            expected = str(told.get("error") or told.get("expected") or _EXPECTED.get(first["type"]) or first["msg"])
            got = shown(repr(filled[column])) if column in filled else "nothing"
            raise error(f"Expected {expected} in {where}, column {column}, got {got}. {cure}") from failure

    return parse


def check_ending(path: Path, known: Sequence[str]) -> str:
    """The ending of a file in small letters, such as ``".csv"``.

    Raises:
        UnknownNameError: It is none of the known ones.
    """
    ending = path.suffix.lower()
    if ending not in known:
        raise UnknownNameError("file ending", ending or path.name, known)
    return ending


def row_place(path: Path, number: int) -> str:
    """A row of a file as errors name it."""
    return f"{path}, {UNITS.get(path.suffix.lower(), 'line')} {number}"


def read_cells(
    path: Path,
    error: type[AcutanceError] = DatasetError,
    *,
    delimiter: str = ",",
    header: Header | None = None,
    is_exact: bool = False,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file as they stand, with their numbers from 1; empty lines are passed over.

    Args:
        path: CSV with a header, JSON lines, a JSON list of objects, or Parquet.
        delimiter: What parts the cells of CSV.
        header: Gets the columns of CSV or Parquet and gives their names; may raise. Columns named ``""`` are left out.
            By default names stay, and each must be there once.
        is_exact: A line of CSV with fewer cells than columns is an error too; otherwise what it lacks is empty.

    Raises:
        AcutanceError: ``error``, for a file that cannot be read or a line of CSV with more cells than columns.
        MissingExtraError: Parquet without pyarrow.
    """
    ending = path.suffix.lower()
    if ending == ".parquet":
        yield from _parquet_cells(path, error, header)
    elif ending == ".json":
        yield from _json_items(path, error)
    elif ending == ".jsonl":
        yield from _json_lines(path, error)
    else:
        header = header or (lambda names: _distinct(path, names, error))
        yield from _csv_cells(path, error, delimiter, header, is_exact=is_exact)


def csv_lines(
    path: Path, error: type[AcutanceError] = DatasetError, *, delimiter: str = ",", what: str = "CSV", cure: str = CURE
) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file as they stand, numbered from 1.

    Raises:
        AcutanceError: ``error``, for a file that is no text or no CSV.
    """
    reader = csv.reader(io.StringIO(read_text(path, what, cure, error), newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise error(f"Expected {what} in {path}, line {reader.line_num}, got: {fault}. {cure}") from fault
        yield reader.line_num, cells


def read_text(path: Path, what: str, cure: str, error: type[AcutanceError] = DatasetError) -> str:
    """The text of a file, without a byte order mark; line ends stay.

    Args:
        path: File in UTF-8.
        what: What it should be, for the error, such as ``"the labels of DiffIQA"``.
        cure: What to do if it is not, such as where to get it.

    Raises:
        AcutanceError: ``error``, for a file that is missing, unreadable or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as fault:
        raise error(f"Expected {what} at {path}, got no such file. {cure}") from fault
    except OSError as fault:
        raise error(f"Expected {what} at {path}, got: {fault.strerror or fault}. {cure}") from fault
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        start = fault.start + (len(data) - len(fault.object))  # a byte order mark is not in what was decoded
        line = data.count(b"\n", 0, start) + 1
        raise error(
            f"Expected {what} in UTF-8 in {path}, line {line}, got the byte {data[start]:#04x} at {start}. {cure}"
        ) from fault


def read_json(
    path: Path, what: str, cure: str, error: type[AcutanceError] = DatasetError, *, is_noted: bool = False
) -> Any:  # noqa: ANN401 (JSON)
    """What stands in a file of JSON.

    Args:
        path: File in UTF-8.
        is_noted: Infinite numbers stand in notes, as ``strict_json`` writes them.

    Raises:
        AcutanceError: ``error``, for a file that is no JSON, naming the line.
    """
    return _json(path, read_text(path, what, cure, error), what, cure, error, is_noted=is_noted)


def read_json_object(
    path: Path, what: str, cure: str, error: type[AcutanceError] = DatasetError, *, is_noted: bool = False
) -> dict[str, Any]:
    """The JSON object of a file; arguments and errors are those of ``read_json``."""
    found = read_json(path, what, cure, error, is_noted=is_noted)
    if not isinstance(found, dict):
        raise error(f"Expected {what} as a JSON object at {path}, got a {type(found).__name__}. {cure}")
    return found


def _csv_cells(
    path: Path, error: type[AcutanceError], delimiter: str, header: Header, *, is_exact: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = csv_lines(path, error, delimiter=delimiter)
    names = header(next(lines, (1, []))[1])
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(names) :]) or (is_exact and len(cells) != len(names)):
            raise error(
                f"Expected {len(names)} columns in {path}, line {number}, got {len(cells)}. "
                "Mend the line; texts that hold a comma stand in double quotes."
            )
        cells += [""] * (len(names) - len(cells))
        yield number, {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _json_lines(path: Path, error: type[AcutanceError]) -> Iterator[tuple[int, dict[str, Any]]]:
    text = read_text(path, "JSON lines", CURE, error)
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = _json(path, line, "an object", CURE, error, number, is_noted=True)
            if not isinstance(row, dict):
                raise error(f"Expected a JSON object in {path}, line {number}, got {shown(line.strip())}. {CURE}")
            yield number, row


def _json_items(path: Path, error: type[AcutanceError]) -> Iterator[tuple[int, dict[str, Any]]]:
    such = 'such as [{"image": "a.png", "score": 3.5}]'
    items = read_json(path, "a list", CURE, error)
    if not isinstance(items, list):
        raise error(f"Expected a list {such} in {path}, got a {type(items).__name__}. {CURE}")
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise error(f"Expected a list of objects {such} in {path}, got another value as item {number}. {CURE}")
        yield number, item


def _json(
    path: Path,
    text: str,
    what: str,
    cure: str,
    error: type[AcutanceError],
    line: int = 1,
    *,
    is_noted: bool = False,
) -> Any:  # noqa: ANN401
    try:
        return json.loads(text, object_hook=restored if is_noted else None)
    except json.JSONDecodeError as fault:
        raise error(
            f"Expected {what} in JSON in {path}, line {line + fault.lineno - 1}, got: {fault.msg}. {cure}"
        ) from fault
    except (ValueError, RecursionError) as fault:
        raise error(f"Expected {what} in JSON in {path}, line {line}, got: {fault}. {cure}") from fault


def _parquet_cells(
    path: Path, error: type[AcutanceError], header: Header | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    parquet, arrow = require("pyarrow.parquet", extra="parquet"), require("pyarrow", extra="parquet")
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            if header is not None:
                header(list(file.schema_arrow.names))
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    number += 1
                    yield number, cells
    except (OSError, ValueError, arrow.ArrowException) as fault:
        if isinstance(fault, AcutanceError):
            raise
        reason = " ".join(str(fault).split())
        raise error(f"Expected a Parquet file at {path}, got one that cannot be read: {reason}. {CURE}") from fault


def _distinct(path: Path, names: Sequence[str], error: type[AcutanceError]) -> list[str]:
    for name in names:
        if name and names.count(name) > 1:
            raise error(f"Expected columns of different names in {path}, got {name!r} twice. Rename one.")
    return list(names)
