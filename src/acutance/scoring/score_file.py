"""Files of scores: CSV, JSON lines or Parquet, written as rows are made and continued after a kill."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from acutance.errors import ConfigError, UnknownNameError
from acutance.extras import require
from acutance.scoring.rows import EARLIER_ROW_FIELDS, ROW_FIELDS, TEXT_FIELDS, ScoreRow
from acutance.tables.append import ResumableFile, parse_json_lines
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_cells
from acutance.tables.write import Kind, Row, json_line, parquet_columns, write_parquet

OUTPUT_ENDINGS = (".csv", ".jsonl", ".parquet")


class ScoreFile(ResumableFile):
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
        super().__init__(path, (*ROW_FIELDS, *term_names), "a file of scores", TEXT_FIELDS)
        self._terms = tuple(term_names)
        self._is_restored = False
        if ending == ".parquet":
            self._lines_path = path.with_name(path.name + ".partial.jsonl")
        self._demand_place(resume=resume, overwrite=overwrite)
        if resume:
            with self._faults_named():
                self._examine()

    def __enter__(self) -> "ScoreFile":
        with self._faults_named():
            if self._is_restored:
                with atomic_write(self._lines_path) as temporary, temporary.open("w", encoding="utf-8") as file:
                    file.writelines(self._json(row) for _, row in read_cells(self.path, ConfigError))
                self._end = self._lines_path.stat().st_size
            elif self._lines_path != self.path and not self.count:
                self.path.unlink(missing_ok=True)
        return super().__enter__()

    def rows(self) -> Iterator[Row]:
        """The rows that are there.

        Raises:
            ConfigError: A row that cannot be read.
        """
        if self._lines_path.exists():
            yield from super().rows()
        elif self._is_restored:
            yield from (row for _, row in read_cells(self.path, ConfigError))

    def write(self, rows: Sequence[ScoreRow]) -> None:
        """Add rows; they are in the file when this returns."""
        self._is_restored = self._is_restored and not rows
        self.add(row.as_dict(self._terms) for row in rows)

    def finish(self) -> None:
        """Close the file; a Parquet file is made now, unless it was there and nothing was added."""
        self._close()
        if self._lines_path == self.path:
            return
        if not self._is_restored:
            kinds: dict[str, Kind] = {name: "text" if name in TEXT_FIELDS else "number" for name in self.columns}
            with atomic_write(self.path) as temporary, self._lines_path.open(encoding="utf-8", newline="\n") as lines:
                write_parquet(temporary, kinds, parse_json_lines(lines))
        self._lines_path.unlink()

    def _demand_place(self, *, resume: bool, overwrite: bool) -> None:
        if self.path.is_dir():
            raise ConfigError(f"Expected a file to write at {self.path}, got a folder. Choose another name.")
        if (self.path.exists() or self._lines_path.exists()) and not (resume or overwrite):
            raise ConfigError(
                f"Expected no file at {self.path}, got one. Continue it with --resume or replace it with --overwrite."
            )

    def _examine(self) -> None:
        """Count the whole rows that are there, and check their columns."""
        there = self.find()
        if not self.count and self._lines_path != self.path and self.path.exists():
            self.count, there = parquet_columns(self.path)
            self._is_restored = True
        if there in [(*fields, *self._terms) for fields in EARLIER_ROW_FIELDS]:
            self.columns = there
        if there and there != self.columns:
            raise ConfigError(
                f"Expected the columns {', '.join(self.columns)} in {self.path}, got {', '.join(there)}. "
                "Run it as before, or start anew with --overwrite."
            )

    def _json(self, row: Row) -> str:
        is_of_now = self.columns[: len(ROW_FIELDS)] == ROW_FIELDS  # files of 0.1 have notes where needed alone
        return json_line(row, always_noted=is_of_now)
