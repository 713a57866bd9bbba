"""The files in which datasets publish their opinions: text, CSV, MATLAB and Excel; errors name file and line."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.errors import DatasetError
from acutance.extras import require
from acutance.tables.read import CURE, csv_lines, read_cells, read_text
from acutance.tables.text import shown

HEADER_WITHIN = 20
"""The header of a sheet is looked for in so many first rows: CSIQ's stands below a title."""


class Record:
    """One line of a file, whose cells are read as text or number, or refused by name.

    Args:
        line: Number of the line or row, from 1.
    """

    __slots__ = ("_cure", "cells", "line", "path")

    def __init__(self, path: Path, line: int, cells: Mapping[str, object], cure: str = CURE) -> None:
        self.path = path
        self.line = line
        self.cells = cells
        self._cure = cure

    def text(self, column: str) -> str:
        """The cell as text without blanks around it; whole numbers without a point."""
        value = self.cells.get(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = value.strip() if isinstance(value, str) else "" if value is None else str(value)
        if not text:
            raise self.fault(column, "a name", "nothing")
        return text

    def number(self, column: str, ends: tuple[float, float] = (-math.inf, math.inf)) -> float:
        """The cell as a finite number within these ends."""
        value = self.cells.get(column)
        try:
            number = float(value) if isinstance(value, int | float | str) else math.nan
        except ValueError:
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number) or not ends[0] <= number <= ends[1]:
            within = f" from {ends[0]:g} to {ends[1]:g}" if math.isfinite(ends[0]) else ""
            raise self.fault(column, f"a number{within}", "nothing" if value is None else repr(value))
        return number

    def number_or_none(self, column: str) -> float | None:
        """The cell as a finite number, ``None`` if it is empty or not there."""
        return None if self.cells.get(column) in (None, "") else self.number(column)

    def fault(self, column: str, expected: str, got: str) -> DatasetError:
        """The error that names file, line and column."""
        return DatasetError(
            f"Expected {expected} in {self.path}, line {self.line}, column {column}, got {shown(got)}. {self._cure}"
        )


def line_records(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    """The lines of a text file without header, split at blanks and commas; empty lines are passed over."""
    for line, text in enumerate(read_text(path, "text", CURE).split("\n"), start=1):
        if cells := text.replace(",", " ").split():
            _check_count(path, line, cells, columns, len(columns), CURE)
            yield Record(path, line, dict(zip(columns, cells, strict=True)))


def place_records(
    path: Path,
    columns: Sequence[str],
    *,
    least: int | None = None,
    has_more: bool = False,
    has_header: bool = False,
    cure: str = CURE,
) -> Iterator[Record]:
    """The lines of a CSV file whose columns are known by their places; empty lines are passed over.

    Args:
        least: How many columns a line needs; by default all.
        has_more: Pass over further columns, which are an error otherwise.
        has_header: Pass over the first line, which must have as many columns.
    """
    least = len(columns) if least is None else least
    lines = csv_lines(path, what=f"a list of {len(columns)} columns", cure=cure)
    if has_header:
        _, header = next(lines, (1, []))
        if len(header) < least or (len(header) > len(columns) and not has_more):
            got = shown(", ".join(header)) or "nothing"
            raise DatasetError(f"Expected the columns {', '.join(columns)} in {path}, line 1, got {got}. {cure}")
    for line, cells in lines:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            if len(stripped) != len(columns):
                _check_count(path, line, stripped[: len(columns)] if has_more else stripped, columns, least, cure)
            yield Record(path, line, dict(zip(columns, stripped, strict=False)), cure)


def csv_records(path: Path, needed: Sequence[str]) -> Iterator[Record]:
    """The lines of a CSV file with header; columns are known by name without regard to case and blanks.

    Args:
        path: A CSV file. Empty columns and empty lines are passed over.
    """

    def header(first: list[str]) -> list[str]:
        names = _spelt([cell.strip() for cell in first], needed)
        if missing := [name for name in needed if name not in names]:
            got = ", ".join(filter(None, names)) or "nothing"
            raise DatasetError(
                f"Expected the column {missing[0]} in {path}, line 1, got {shown(got)}. Get the file again."
            )
        return names

    for line, cells in read_cells(path, header=header):
        yield Record(path, line, {name: cell.strip() for name, cell in cells.items()})


def sheet_rows(path: Path) -> list[list[tuple[int, tuple[object, ...]]]]:
    """The rows of every sheet of an Excel file, numbered from 1, empty ones left out.

    Raises:
        DatasetError: A file that cannot be read.
        MissingExtraError: If openpyxl is not installed.
    """
    openpyxl = require("openpyxl", extra="data")
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that do not touch values
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            return [
                [
                    (line, cells)
                    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
                    if any(cell is not None for cell in cells)
                ]
                for sheet in book.worksheets
            ]
    except Exception as error:  # openpyxl raises a dozen kinds for damaged files
        raise _damaged(path, "an Excel file", error) from error


def sheet_records(path: Path, needed: Sequence[str]) -> Iterator[Record]:
    """The rows below the header of the first sheet that has the columns.

    Args:
        path: An Excel file; its header may stand below a title and right of empty columns.
        needed: Columns that must be there, known without regard to case.
    """
    for rows in sheet_rows(path):
        for place, (_, cells) in enumerate(rows[:HEADER_WITHIN]):
            header = _spelt(["" if cell is None else str(cell).strip() for cell in cells], needed)
            if set(needed) <= set(header):
                for line, values in rows[place + 1 :]:
                    named = {name: value for name, value in zip(header, values, strict=False) if name}
                    if any(named.get(name) is not None for name in needed):
                        yield Record(path, line, named)
                return
    raise DatasetError(
        f"Expected a sheet with the columns {', '.join(needed)} in {path}, got none. Get the file again."
    )


def mat_arrays(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Arrays of a MATLAB file of level 4 to 7.2 by name."""
    from scipy.io import loadmat

    try:
        arrays = loadmat(str(path), variable_names=list(names))
    except Exception as error:  # scipy raises a dozen kinds for damaged files
        raise _damaged(path, "a MATLAB file", error) from error
    for name in names:
        if name not in arrays:
            raise DatasetError(f"Expected the variable {name} in {path}, got none of that name. Get the file again.")
    return {name: np.asarray(arrays[name]) for name in names}


def _check_count(path: Path, line: int, cells: Sequence[str], columns: Sequence[str], least: int, cure: str) -> None:
    if not least <= len(cells) <= len(columns):
        counts = f"{least} or {len(columns)}" if least < len(columns) else f"{len(columns)}"
        raise DatasetError(
            f"Expected {counts} columns in {path}, line {line}, got {len(cells)}: {', '.join(columns)}. {cure}"
        )


def _spelt(header: list[str], needed: Sequence[str]) -> list[str]:
    """The header with the spelling of the needed columns."""
    by_letters = {name.lower(): name for name in needed}
    return [by_letters.get(name.lower(), name) for name in header]


def _damaged(path: Path, kind: str, error: Exception) -> DatasetError:
    if isinstance(error, FileNotFoundError):
        return DatasetError(f"Expected {kind} at {path}, got no such file. Name one that is there.")
    reason = " ".join(str(error).split()) or type(error).__name__
    return DatasetError(f"Expected {kind} at {path}, got one that cannot be read: {reason}. Get the file again.")
