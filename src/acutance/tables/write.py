"""Rows as lines of CSV or JSON, or as a Parquet file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from acutance.extras import require
from acutance.tables.strict_json import NOTE, noted

Row = dict[str, str | float | None]
Kind = Literal["text", "number", "whole"]
GROUP = 65_536
"""Rows of one group of a Parquet file."""


def json_line(row: Row, *, always_noted: bool = False) -> str:
    r"""The row as one line of JSON: an infinite number is ``null``, and the field ``note`` says so.

    Args:
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


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A header and a line for each row, cells that a row lacks empty."""
    yield csv_line(columns)
    for row in rows:
        yield csv_line([row.get(name) for name in columns])


def write_parquet(
    path: Path, kinds: Mapping[str, Kind], rows: Iterable[Mapping[str, Any]], *, group: int = GROUP
) -> None:
    """Write a Parquet file.

    Args:
        kinds: What each column holds, in their order.
        group: How many rows are held in memory and written at once.

    Raises:
        MissingExtraError: If pyarrow is not installed.
    """
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    types = {"text": arrow.string(), "number": arrow.float64(), "whole": arrow.int64()}
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    coming = iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while listed := list(islice(coming, group)):
            writer.write_table(arrow.Table.from_pylist(listed, schema=schema))


def parquet_columns(path: Path) -> tuple[int, tuple[str, ...]]:
    """How many rows a Parquet file has, and the names of its columns.

    Raises:
        ValueError: It is no Parquet file.
    """
    with require("pyarrow.parquet", extra="parquet").ParquetFile(path) as file:
        return file.metadata.num_rows, tuple(file.schema_arrow.names)


def _with_note(field: tuple[str, object], note: object) -> list[tuple[str, object]]:
    return [field, (NOTE, note)] if field[0] == "score" else [field]
