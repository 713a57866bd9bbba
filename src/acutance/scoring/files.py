"""Files of scores: CSV, JSON lines or Parquet, written as rows are made and continued after a kill."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from acutance.errors import ConfigError, UnknownNameError
from acutance.extras import require
from acutance.scoring.rows import ROW_FIELDS, ScoreRow

Row = dict[str, str | float | None]
OUTPUT_ENDINGS = (".csv", ".jsonl", ".parquet")
PARQUET_ROWS = 65_536
"""Rows of one Parquet row group."""


class ScoreFile:
    """A file of scores that grows row by row.

    A CSV or JSON lines file holds every row that was made, at any moment. Parquet cannot grow, so its rows
    wait as JSON lines in ``<name>.partial.jsonl`` until ``finish``.

    Args:
        path: Where to write; its ending chooses the format.
        term_names: Columns after the fixed ones.
        resume: Keep the rows that are there; without it the file must not exist, or ``overwrite``.
        overwrite: Throw away what is there.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: The file exists, or holds other columns than this run.
        MissingExtraError: Parquet without pyarrow.
    """

    def __init__(
        self, path: Path, term_names: Sequence[str] = (), *, resume: bool = False, overwrite: bool = False
    ) -> None:
        if path.suffix.lower() not in OUTPUT_ENDINGS:
            raise UnknownNameError("output format", path.suffix or path.name, OUTPUT_ENDINGS)
        if path.suffix.lower() == ".parquet":
            require("pyarrow.parquet", extra="parquet")
        self.path = path
        self.columns = (*ROW_FIELDS, *term_names)
        self._terms = tuple(term_names)
        is_parquet = path.suffix.lower() == ".parquet"
        self._rows_path = path.with_name(path.name + ".partial.jsonl") if is_parquet else path
        if (path.exists() or self._rows_path.exists()) and not (resume or overwrite):
            raise ConfigError(
                f"Expected no file at {path}, got one. Continue it with --resume or replace it with --overwrite."
            )
        self._is_csv = self._rows_path.suffix.lower() == ".csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._done = self._keep_whole_rows() if resume else []
        self._file = self._open(fresh=not resume)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def done(self) -> list[Row]:
        """The rows that were there when the file was opened."""
        return self._done

    def write(self, rows: Sequence[ScoreRow]) -> None:
        """Add rows; they are in the file when this returns."""
        for row in rows:
            self._file.write(self._line(row.as_dict(self._terms)))
        self._file.flush()

    def finish(self) -> None:
        """Close the file; a Parquet file is made now."""
        self._file.close()
        if self._rows_path != self.path:
            _make_parquet(self._rows_path, self.path, self.columns)
            self._rows_path.unlink()

    def _open(self, *, fresh: bool) -> io.TextIOWrapper:
        is_new = fresh or not self._rows_path.exists()
        if fresh and self._rows_path != self.path:
            self.path.unlink(missing_ok=True)
        file = self._rows_path.open("w" if is_new else "a", encoding="utf-8", newline="")
        if is_new and self._is_csv:
            file.write(csv_line(self.columns))
            file.flush()
        return file

    def _line(self, row: Row) -> str:
        return csv_line([row[name] for name in self.columns]) if self._is_csv else json_line(row)

    def _keep_whole_rows(self) -> list[Row]:
        """Rows of an earlier run; a last line that was cut off is removed from the file."""
        if self._rows_path != self.path and self.path.exists() and not self._rows_path.exists():
            rows = _read_parquet(self.path)
            _replace(self._rows_path, "".join(json_line(row) for row in rows))
        if not self._rows_path.exists():
            return []
        text = self._rows_path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        rows = list(self._parse(whole))
        header = csv_line(self.columns) if self._is_csv else ""
        _replace(self._rows_path, header + "".join(self._line(row) for row in rows))
        return rows

    def _parse(self, text: str) -> Iterator[Row]:
        if not self._is_csv:
            for line in text.splitlines():
                row = json.loads(line)
                self._check_columns(tuple(row))
                yield row
            return
        reader = csv.DictReader(io.StringIO(text, newline=""))
        self._check_columns(tuple(reader.fieldnames or self.columns))
        for raw in reader:
            yield {name: _csv_parsed(name, value) for name, value in raw.items()}

    def _check_columns(self, columns: tuple[str, ...]) -> None:
        if columns != self.columns:
            raise ConfigError(
                f"Expected the columns {', '.join(self.columns)} in {self.path}, got {', '.join(columns)}. "
                "Run it as before, or start anew with --overwrite."
            )


def json_line(row: Row) -> str:
    """The row as one line of JSON; an infinite score becomes 1e999, which readers take as infinity."""
    text = json.dumps(row, ensure_ascii=False)
    return text.replace(": Infinity", ": 1e999").replace(": -Infinity", ": -1e999") + "\n"


def csv_line(values: Sequence[str | float | None]) -> str:
    """Values as one line of CSV; numbers with every digit, ``None`` as nothing."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(
        ["" if value is None else repr(value) if isinstance(value, float) else value for value in values]
    )
    return buffer.getvalue()


def _csv_parsed(name: str, value: str) -> str | float | None:
    if not value:
        return None
    return value if name in ROW_FIELDS and name != "score" else float(value)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8", newline="")
    temporary.replace(path)


def _make_parquet(rows_path: Path, path: Path, columns: Sequence[str]) -> None:
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    text = {"image", "reference", "model", "error"}
    schema = arrow.schema([(name, arrow.string() if name in text else arrow.float64()) for name in columns])
    temporary = path.with_name(path.name + ".tmp")
    with rows_path.open(encoding="utf-8") as lines, parquet.ParquetWriter(temporary, schema) as writer:
        while group := [json.loads(line) for line, _ in zip(lines, range(PARQUET_ROWS), strict=False)]:
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))
    temporary.replace(path)


def _read_parquet(path: Path) -> list[Row]:
    rows: list[Row] = require("pyarrow.parquet", extra="parquet").read_table(path).to_pylist()
    return rows
