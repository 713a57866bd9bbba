"""Any list of pictures with scores: CSV with a header, or JSON such as ``[{"image": ..., "score": ...}]``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from acutance.datasets.annotations import csv_lines
from acutance.datasets.cells import rated_picture
from acutance.datasets.faults import DatasetError
from acutance.datasets.table import COLUMNS, OpinionTable
from acutance.errors import ConfigError, UnknownNameError

LIST_ENDINGS = (".csv", ".json")
SCORE = "score"
"""What MS-HyperIQA's lists call ``mos``."""

_Cells = tuple[str, Mapping[str, object]]


def read_list(
    path: str | Path,
    root: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    better: Literal["higher", "lower"] | None = None,
    low: float | None = None,
    high: float | None = None,
) -> OpinionTable:
    """The table of a list, in its order.

    Args:
        path: ``.csv`` with a header, or ``.json`` with a list of objects. A score may be a number or a text.
        root: The folder that its paths start from; by default the folder of the list.
        columns: Names in the list by column of the table, such as ``{"image": "file", "mos": "MOS"}``. Others are
            found under their own name, ``mos`` also as ``score``; what the table does not have is passed over.
        better: Which direction is better quality, where the list has no such column; by default ``"higher"``.
        low: Lowest value of the scale, where the list has no such column.
        high: Highest value of the scale, where the list has no such column.

    Raises:
        UnknownNameError: Another ending, or a column that a table does not have.
        ConfigError: A scale whose low end is not below its high end.
        DatasetError: No such file, an empty or damaged one, a named column that is missing, or a bad cell.
    """
    path, columns = Path(path), columns or {}
    for name in columns:
        if name not in COLUMNS:
            raise UnknownNameError("column", name, COLUMNS)
    if low is not None and high is not None and not low < high:
        raise ConfigError(f"Expected low below high, got {low:g} and {high:g}.")
    ending = path.suffix.lower()
    if ending not in LIST_ENDINGS:
        raise UnknownNameError("file ending", ending or path.name, LIST_ENDINGS)
    if not path.is_file():
        raise DatasetError(f"Expected a list at {path}, got no such file. Check the path.")
    scale = {"better": better, "low": low, "high": high}
    source = _csv_cells(path) if ending == ".csv" else _json_cells(path)
    rows = [rated_picture(_renamed(cells, columns, scale, place), place) for place, cells in source]
    if not rows:
        raise DatasetError(f"Expected at least one picture in {path}, got none.")
    return OpinionTable(rows, path.parent if root is None else Path(root), path.stem)


def _renamed(
    cells: Mapping[str, object], columns: Mapping[str, str], scale: Mapping[str, object], place: str
) -> dict[str, object]:
    renamed: dict[str, object] = {}
    for column in COLUMNS:
        name = columns.get(column, column)
        if name not in cells and column == "mos" and column not in columns:
            name = SCORE
        if name in cells:
            renamed[column] = cells[name]
        elif column in columns or column == "image":
            got = ", ".join(cells) or "nothing"
            raise DatasetError(f"Expected the column {name} in {place}, got {got}. Name it with columns.")
        if renamed.get(column) in (None, "") and scale.get(column) is not None:
            renamed[column] = scale[column]
    return renamed


def _csv_cells(path: Path) -> Iterator[_Cells]:
    lines = csv_lines(path)
    _, header = next(lines, (1, []))
    names = [name.strip() for name in header]
    for line, cells in lines:
        place = f"{path}, line {line}"
        if any(cell.strip() for cell in cells[len(names) :]):
            raise DatasetError(
                f"Expected {len(names)} columns in {place}, got {len(cells)}. "
                "Put paths that hold a comma in double quotes."
            )
        if any(cell.strip() for cell in cells):
            yield place, {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}


def _json_cells(path: Path) -> Iterator[_Cells]:
    try:
        items = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"Expected a list in JSON in {path}, got: {' '.join(str(error).split())}.") from error
    except OSError as error:
        raise DatasetError(f"Expected a list at {path}, got: {error.strerror}. Check its rights.") from error
    if not isinstance(items, list):
        raise DatasetError(
            f'Expected a list such as [{{"image": "a.png", "score": 3.5}}] in {path}, got another value.'
        )
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise DatasetError(
                f'Expected an object such as {{"image": "a.png", "score": 3.5}} in {path}, item {number}.'
            )
        yield f"{path}, item {number}", item
