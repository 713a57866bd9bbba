"""Rows as lines of CSV or JSON, and back."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from acutance.scoring.rows import TEXT_FIELDS
from acutance.tables.strict_json import NOTE, noted, restored

Row = dict[str, str | float | None]


def json_line(row: Row, *, always_noted: bool = False) -> str:
    r"""The row as one line of JSON: an infinite number is ``null``, and the field ``note`` says so.

    Args:
        row: The fields.
        always_noted: Write the note behind the score, ``null`` where there is none, so that all lines have the same
            fields.

    Example:
        >>> json_line({"score": float("-inf"), "error": None}, always_noted=True)
        '{"score": null, "note": "-infinite", "error": null}\n'
    """
    fields = noted(row)
    if always_noted:
        note = fields.pop(NOTE, None)
        fields = {name: value for pair in fields.items() for name, value in _with_note(pair, note)}
    return json.dumps(fields, ensure_ascii=False, allow_nan=False) + "\n"


def csv_line(values: Sequence[str | float | None]) -> str:
    """Values as one line of CSV; numbers with every digit, ``None`` as nothing."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(  # with this ending, both its characters are quoted
        ["" if value is None else repr(value) if isinstance(value, float) else value for value in values]
    )
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def parse_json_lines(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of JSON lines, with infinite numbers where their notes say so.

    Raises:
        ValueError: A line that is no JSON object.
    """
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"a line that is no JSON object: {line[:40]!r}")
        whole = restored(row)
        yield {name: value for name, value in whole.items() if name != NOTE}


def parse_csv(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of CSV without its header.

    Args:
        lines: The file with its header, line ends untouched.

    Raises:
        ValueError: A row with too many or too few values, or with text for a number.
    """
    reader = csv.reader(lines, strict=True)
    columns = next(reader, [])
    for values in reader:
        if len(values) != len(columns):
            raise ValueError(f"{len(values)} values in line {reader.line_num}, not {len(columns)}")
        yield {name: _csv_value(name, value) for name, value in zip(columns, values, strict=True)}


def whole_records(lines: Iterable[bytes], *, is_csv: bool) -> tuple[int, int]:
    """How many whole records the lines of a file hold and where the last one ends, in bytes.

    A CSV record may hold line breaks between double quotes; an even number of quotes before a line break
    says that it ends a record.
    """
    count = end = position = quotes = 0
    for line in lines:
        position += len(line)
        quotes += line.count(b'"') if is_csv else 0
        if line.endswith(b"\n") and quotes % 2 == 0:
            count, end = count + 1, position
    return count, end


def _with_note(field: tuple[str, object], note: object) -> list[tuple[str, object]]:
    return [field, (NOTE, note)] if field[0] == "score" else [field]


def _csv_value(name: str, value: str) -> str | float | None:
    if not value:
        return None
    return value if name in TEXT_FIELDS else float(value)
