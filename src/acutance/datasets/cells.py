"""One row of a table from the cells of a file: texts become numbers, empty cells nothing, faults are named."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError
from acutance.tables.text import shown

TEXTS = ("image", "reference", "distortion", "scene", "split")
NUMBERS = ("mos", "mos_std", "low", "high")
WHOLES = ("num_votes", "level")
SPLITS = ("train", "validation", "test")
EMPTY = (None, "")

_Number = TypeVar("_Number", int, float)


def rated_picture(cells: Mapping[str, object], place: str) -> RatedPicture:
    """The row that these cells make.

    Args:
        cells: Values by column, as texts (CSV) or as they are (JSON, Parquet). Columns that a table does not
            have are passed over; columns that are absent are empty.
        place: File and line, for errors.

    Raises:
        DatasetError: A cell that is not what its column holds.
    """
    values: dict[str, Any] = {name: _text(cells, name, place) for name in TEXTS}
    values |= {name: _number(cells, name, place) for name in NUMBERS}
    values |= {name: _whole(cells, name, place) for name in WHOLES}
    better = cells.get("better")
    if better not in (*EMPTY, "higher", "lower"):
        raise _fault(cells, "better", "higher or lower", place)
    if values["image"] is None:
        raise _fault(cells, "image", "the path of a picture", place)
    if values["split"] not in (None, *SPLITS):
        raise _fault(cells, "split", "train, validation or test", place)
    return RatedPicture(better=better or "higher", **values)  # type: ignore[arg-type]


def _text(cells: Mapping[str, object], name: str, place: str) -> str | None:
    value = cells.get(name)
    if value in EMPTY:
        return None
    if not isinstance(value, str):
        raise _fault(cells, name, "a text", place)
    return value


def _number(cells: Mapping[str, object], name: str, place: str) -> float | None:
    number = _converted(cells, name, float, "a number", place)
    if number is not None and not math.isfinite(number):
        raise _fault(cells, name, "a finite number, or an empty cell where there is none,", place)
    return number


def _whole(cells: Mapping[str, object], name: str, place: str) -> int | None:
    return _converted(cells, name, int, "a whole number", place)


def _converted(
    cells: Mapping[str, object], name: str, convert: Callable[[Any], _Number], expected: str, place: str
) -> _Number | None:
    value = cells.get(name)
    if value in EMPTY:
        return None
    is_cut = convert is int and isinstance(value, float) and not (math.isfinite(value) and value.is_integer())
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float) or is_cut:
            raise ValueError
        return convert(value)
    except (ValueError, OverflowError):
        raise _fault(cells, name, expected, place) from None


def _fault(cells: Mapping[str, object], name: str, expected: str, place: str) -> DatasetError:
    value = cells.get(name)
    got = "nothing" if value in EMPTY else shown(repr(value))
    return DatasetError(f"Expected {expected} in {place}, column {name}, got {got}. Mend the cell.")
