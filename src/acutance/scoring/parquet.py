"""Rows of scores as a Parquet file."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from acutance.extras import require
from acutance.scoring.lines import Row
from acutance.whole_file import replacing

PARQUET_ROWS = 65_536
"""Rows of one row group."""
TEXT = ("image", "reference", "model", "depth", "error")


def make_parquet(rows_path: Path, path: Path, columns: Sequence[str]) -> None:
    """Write the rows of a JSON lines file as Parquet, whole or not at all."""
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    schema = arrow.schema([(name, arrow.string() if name in TEXT else arrow.float64()) for name in columns])
    with (
        replacing(path) as temporary,
        rows_path.open(encoding="utf-8", newline="\n") as lines,
        parquet.ParquetWriter(temporary, schema) as writer,
    ):
        while group := [json.loads(line) for line in islice(lines, PARQUET_ROWS)]:
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))


def parquet_columns(path: Path) -> tuple[int, tuple[str, ...]]:
    """How many rows a Parquet file has, and the names of its columns.

    Raises:
        ValueError: It is no Parquet file.
    """
    with require("pyarrow.parquet", extra="parquet").ParquetFile(path) as file:
        return file.metadata.num_rows, tuple(file.schema_arrow.names)


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file."""
    with require("pyarrow.parquet", extra="parquet").ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from batch.to_pylist()
