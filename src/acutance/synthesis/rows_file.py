"""Rows of the pictures of a run, added as they are made and found again after a kill."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from types import TracebackType

from acutance.errors import ConfigError
from acutance.scoring.lines import json_line, parse_json_lines, whole_records
from acutance.synthesis.maker import Row
from acutance.synthesis.picture_files import cannot_write, is_whole
from acutance.synthesis.plan import Plan, items_from


class RowsFile:
    """A JSON lines file of rows, in the order of a plan; written inside a ``with`` block.

    Args:
        path: Where it lies.
        columns: Names of the fields of a row, in their order.

    Attributes:
        count: How many rows it holds.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.count = 0
        self._path = path
        self._columns = tuple(columns)
        self._file: TextIOWrapper | None = None

    def restore(self, plan: Plan, images: Path) -> None:
        """Keep the rows that an earlier run made of this plan, up to the first whose picture is gone or cut off.

        Args:
            plan: What the rows must be of.
            images: Folder of the pictures.

        Raises:
            ConfigError: A row of another plan, or a file that cannot be read or written.
        """
        if not self._path.exists():
            return
        with _readable(self._path), self._path.open("rb") as lines:
            whole, end = whole_records(lines, is_csv=False)
        with _writable(self._path), self._path.open("ab") as file:
            file.truncate(end)
        kept = 0
        for row, item in zip(self._read(whole), items_from(plan, 0), strict=False):
            if tuple(row) != self._columns or row["image"] != item.name:
                raise ConfigError(
                    f"Expected row {kept + 1} of {self._path} to be of {item.name}, got another. "
                    "Start anew with --overwrite."
                )
            if row["error"] is None and not is_whole(images / item.name):
                break
            kept += 1
        self._cut_after(kept)

    def __enter__(self) -> "RowsFile":
        with _writable(self._path):
            self._file = self._path.open("a", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()  # writes again what could not be written
        except OSError as failure:
            if error is None:
                raise cannot_write(self._path, failure) from failure

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows; they are in the file when this returns.

        Raises:
            ConfigError: They cannot be written.
        """
        if self._file is None:
            raise ValueError("rows are added inside the with block")
        with _writable(self._path):
            self._file.write("".join(map(json_line, rows)))
            self._file.flush()
        self.count += len(rows)

    def rows(self) -> Iterator[Row]:
        """All rows, in order.

        Raises:
            ConfigError: A line that is no row, or a file that cannot be read.
        """
        return self._read(self.count)

    def _read(self, count: int) -> Iterator[Row]:
        try:
            with _readable(self._path), self._path.open(encoding="utf-8", newline="\n") as lines:
                yield from islice(parse_json_lines(lines), count)
        except ValueError as error:
            raise ConfigError(
                f"Expected rows of pictures in {self._path}, got: {error}. Start anew with --overwrite."
            ) from error

    def _cut_after(self, count: int) -> None:
        with _writable(self._path), self._path.open("rb+") as file:
            for _ in range(count):
                file.readline()
            file.truncate(file.tell())
        self.count = count


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"Expected to read {path}, got: {error.strerror or error}. "
            "Let it be read, then continue with --resume, or start anew with --overwrite."
        ) from error
