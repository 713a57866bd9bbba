"""Rows of scores as a Parquet file."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from acutance.extras import require
from acutance.scoring.lines import Row, parse_json_lines
from acutance.scoring.rows import TEXT_FIELDS
from acutance.tables.atomic import atomic_write

PARQUET_ROWS = 65_536
"""Rows of one row group."""


def make_parquet(rows_path: Path, path: Path, columns: Sequence[str]) -> None:
    """Write the rows of a JSON lines file as Parquet, whole or not at all."""
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    schema = arrow.schema([(name, arrow.string() if name in TEXT_FIELDS else arrow.float64()) for name in columns])
    with (
        atomic_write(path) as temporary,
        rows_path.open(encoding="utf-8", newline="\n") as lines,
        parquet.ParquetWriter(temporary, schema) as writer,
    ):
        while group := list(parse_json_lines(islice(lines, PARQUET_ROWS))):
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
