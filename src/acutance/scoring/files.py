"""Files of scores: CSV, JSON lines or Parquet, written as rows are made and continued after a kill."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from types import TracebackType

from acutance.errors import ConfigError, UnknownNameError
from acutance.extras import require
from acutance.scoring.lines import Row, csv_line, json_line, parse_csv, parse_json_lines, whole_records
from acutance.scoring.parquet import make_parquet, parquet_columns, parquet_rows
from acutance.scoring.rows import EARLIER_ROW_FIELDS, ROW_FIELDS, ScoreRow
from acutance.tables.atomic import atomic_write

OUTPUT_ENDINGS = (".csv", ".jsonl", ".parquet")


class ScoreFile:
    """A file of scores that grows row by row, inside a ``with`` block; before it, nothing is touched.

    A CSV or JSON lines file holds every row that was made, at any moment. Parquet cannot grow, so its rows
    wait as JSON lines in ``<name>.partial.jsonl`` until ``finish``. A file that an earlier version began goes on in
    the columns that it has.

    Args:
        path: Where to write; its ending chooses the format.
        term_names: Columns after the fixed ones.
        resume: Keep the rows that are there; without it the file must not exist, or ``overwrite``.
        overwrite: Throw away what is there.

    Attributes:
        count: How many rows are there already.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: The file exists, holds other columns than this run, or cannot be read.
        MissingExtraError: Parquet without pyarrow.
    """

    def __init__(
        self, path: Path, term_names: Sequence[str] = (), *, resume: bool = False, overwrite: bool = False
    ) -> None:
        ending = path.suffix.lower()
        if ending not in OUTPUT_ENDINGS:
            raise UnknownNameError("file ending", ending or path.name, OUTPUT_ENDINGS)
        if ending == ".parquet":
            require("pyarrow.parquet", extra="parquet")
        self.path = path
        self.columns = (*ROW_FIELDS, *term_names)
        self.count = 0
        self._terms = tuple(term_names)
        self._is_csv = ending == ".csv"
        self._rows_path = path.with_name(path.name + ".partial.jsonl") if ending == ".parquet" else path
        self._end = 0
        self._restored = False
        self._file: TextIOWrapper | None = None
        self._demand_place(resume=resume, overwrite=overwrite)
        if resume:
            with _faults_named(path):
                self._examine()

    def __enter__(self) -> "ScoreFile":
        with _faults_named(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._restored:
                _write_whole(self._rows_path, map(self._json_line, parquet_rows(self.path)))
            elif self._rows_path != self.path and not self.count:
                self.path.unlink(missing_ok=True)
            self._file = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def rows(self) -> Iterator[Row]:
        """The rows that were there before.

        Raises:
            ConfigError: A row that cannot be read.
        """
        with _faults_named(self.path):
            if not self._rows_path.exists():
                yield from parquet_rows(self.path) if self._restored else ()
                return
            with self._rows_path.open(encoding="utf-8", newline="" if self._is_csv else "\n") as lines:
                yield from islice(parse_csv(lines) if self._is_csv else parse_json_lines(lines), self.count)

    def write(self, rows: Sequence[ScoreRow]) -> None:
        """Add rows; they are in the file when this returns."""
        if self._file is None:
            raise ValueError("a file of scores is written inside its with block")
        self._restored = self._restored and not rows
        for row in rows:
            whole = row.as_dict(self._terms)
            fields = {name: whole[name] for name in self.columns}
            self._file.write(csv_line(list(fields.values())) if self._is_csv else self._json_line(fields))
        self._file.flush()

    def finish(self) -> None:
        """Close the file; a Parquet file is made now, unless it was there and nothing was added."""
        if self._file is not None:
            self._file.close()
        if self._rows_path != self.path:
            if not self._restored:
                make_parquet(self._rows_path, self.path, self.columns)
            self._rows_path.unlink()

    def _demand_place(self, *, resume: bool, overwrite: bool) -> None:
        if self.path.is_dir():
            raise ConfigError(f"Expected a file to write at {self.path}, got a folder. Choose another name.")
        if (self.path.exists() or self._rows_path.exists()) and not (resume or overwrite):
            raise ConfigError(
                f"Expected no file at {self.path}, got one. Continue it with --resume or replace it with --overwrite."
            )

    def _examine(self) -> None:
        """Count the whole rows that are there, and check their columns."""
        if self._rows_path.exists():
            with self._rows_path.open("rb") as file:
                records, self._end = whole_records(file, is_csv=self._is_csv)
            self.count = max(0, records - 1) if self._is_csv else records
            if records:
                self._check_columns(self._columns_there())
        if not self.count and self._rows_path != self.path and self.path.exists():
            self.count, columns = parquet_columns(self.path)
            self._restored = True
            self._check_columns(columns)

    def _columns_there(self) -> tuple[str, ...]:
        with self._rows_path.open(encoding="utf-8", newline="" if self._is_csv else "\n") as lines:
            return tuple(next(csv.reader(lines)) if self._is_csv else next(parse_json_lines(lines)))

    def _json_line(self, row: Row) -> str:
        return json_line(row, always_noted=self.columns[: len(ROW_FIELDS)] == ROW_FIELDS)

    def _check_columns(self, columns: tuple[str, ...]) -> None:
        if columns in [(*fields, *self._terms) for fields in EARLIER_ROW_FIELDS]:
            self.columns = columns
        if columns != self.columns:
            raise ConfigError(
                f"Expected the columns {', '.join(self.columns)} in {self.path}, got {', '.join(columns)}. "
                "Run it as before, or start anew with --overwrite."
            )

    def _open(self) -> TextIOWrapper:
        """The file after its last whole row; what follows, a row that was cut off, goes."""
        if self._restored:
            return self._rows_path.open("a", encoding="utf-8", newline="")
        with self._rows_path.open("ab") as file:
            file.truncate(self._end)
        lines = self._rows_path.open("a", encoding="utf-8", newline="")
        if self._is_csv and self._end == 0:
            lines.write(csv_line(self.columns))
            lines.flush()
        return lines


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    """Turns the faults of a file that cannot be continued into one error that names it."""
    try:
        yield
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(f"Expected to write scores to {path}, got: {error.strerror or error}.") from error
    except (ValueError, csv.Error) as error:
        kind = "no UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
        raise ConfigError(
            f"Expected a file of scores at {path}, got one that cannot be continued: {kind}. "
            "Start anew with --overwrite."
        ) from error


def _write_whole(path: Path, lines: Iterator[str]) -> None:
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
