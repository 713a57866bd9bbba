"""Files that grow row by row and go on after a kill: CSV with a header, or JSON lines."""

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from acutance.errors import ConfigError
from acutance.tables.strict_json import NOTE, restored
from acutance.tables.write import Row, csv_line, json_line

File = TypeVar("File", bound="ResumableFile")


class ResumableFile:
    """Rows that are in the file as soon as they are written, inside a ``with`` block; before it, nothing is touched.

    What a killed run left counts as far as its rows are whole; a row that was cut off goes.

    Args:
        path: Where it lies; ``.csv`` is CSV, anything else JSON lines.
        columns: Names of the fields of a row, in their order.
        texts: Columns of CSV that hold text; all others are numbers.

    Attributes:
        count: How many rows it has.
    """

    def __init__(self, path: Path, columns: Sequence[str], what: str, texts: Set[str] = frozenset()) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.count = 0
        self._what = what
        self._texts = texts
        self._lines_path = path
        self._is_csv = path.suffix.lower() == ".csv"
        self._end = 0
        self._file: TextIOWrapper | None = None

    def __enter__(self: File) -> File:
        with self._faults_named():
            self._lines_path.parent.mkdir(parents=True, exist_ok=True)
            self._cut()
            self._file = self._lines_path.open("a", encoding="utf-8", newline="")
            if self._is_csv and not self._end:
                self._file.write(csv_line(self.columns))
                self._file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError) if error is not None else self._faults_named():  # it writes again what could not be
            self._close()

    def find(self) -> tuple[str, ...]:
        """The columns of the rows that an earlier run left, none if it left nothing; counts the rows.

        Raises:
            ConfigError: A file that cannot be read.
        """
        if not self._lines_path.exists():
            return ()
        with self._faults_named():
            records = self._measure()
            self.count = max(0, records - self._is_csv)
            if not records:
                return ()
            with self._lines_path.open(encoding="utf-8", newline="" if self._is_csv else "\n") as lines:
                return tuple(next(csv.reader(lines)) if self._is_csv else next(parse_json_lines(lines)))

    def keep(self, count: int) -> None:
        """Let go of all rows but the first ones, now.

        Raises:
            ConfigError: A file that cannot be written.
        """
        with self._faults_named():
            self._measure(count + self._is_csv)
            self.count = count
            self._cut()

    def rows(self) -> Iterator[Row]:
        """The rows that are there.

        Raises:
            ConfigError: A row that cannot be read.
        """
        with (
            self._faults_named(),
            self._lines_path.open(encoding="utf-8", newline="" if self._is_csv else "\n") as lines,
        ):
            found = parse_csv(lines, self._texts) if self._is_csv else parse_json_lines(lines)
            yield from islice(found, self.count)

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; they are in the file when this returns.

        Raises:
            ConfigError: They cannot be written.
        """
        if self._file is None:
            raise ValueError("rows are added inside the with block")
        lines = [self._line({name: row[name] for name in self.columns}) for row in rows]
        with self._faults_named():
            self._file.write("".join(lines))
            self._file.flush()
        self.count += len(lines)

    def _line(self, row: Row) -> str:
        return csv_line(list(row.values())) if self._is_csv else self._json(row)

    def _json(self, row: Row) -> str:
        return json_line(row)

    def _measure(self, most: int | None = None) -> int:
        """How many whole records there are, of so many at most; notes where the last one ends."""
        with self._lines_path.open("rb") as file:
            ends = islice(record_ends(file, is_csv=self._is_csv), most)
            last = deque(enumerate(ends, start=1), maxlen=1)
        records, self._end = last[0] if last else (0, 0)
        return records

    def _cut(self) -> None:
        if self._lines_path.exists() and self._lines_path.stat().st_size > self._end:
            with self._lines_path.open("rb+") as file:
                file.truncate(self._end)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        """Turns the faults of a file that cannot be continued into one error that names it."""
        try:
            yield
        except ConfigError:
            raise
        except OSError as error:
            raise ConfigError(
                f"Expected to read and write {self._what} at {self.path}, got: {error.strerror or error}. Make room or "
                "give access to it, then go on with --resume."
            ) from error
        except (ValueError, csv.Error) as error:
            kind = "no UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
            raise ConfigError(
                f"Expected {self._what} at {self.path}, got a file that cannot be continued: {kind}. "
                "Start anew with --overwrite."
            ) from error


def record_ends(lines: Iterable[bytes], *, is_csv: bool) -> Iterator[int]:
    """Where each whole record of a file ends, in bytes.

    A CSV record may hold line breaks between double quotes; an even number of quotes before a line break says that it
    ends a record.
    """
    position = quotes = 0
    for line in lines:
        position += len(line)
        quotes += line.count(b'"') if is_csv else 0
        if line.endswith(b"\n") and quotes % 2 == 0:
            yield position


def parse_json_lines(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of JSON lines, with infinite numbers where their notes say so.

    Raises:
        ValueError: A line that is no JSON object.
    """
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"a line that is no JSON object: {line[:40]!r}")
        yield {name: value for name, value in restored(row).items() if name != NOTE}


def parse_csv(lines: Iterable[str], texts: Set[str]) -> Iterator[Row]:
    """Rows of CSV without its header.

    Args:
        lines: The file with its header, line ends untouched.
        texts: Columns that hold text; all others are numbers.

    Raises:
        ValueError: A row with too many or too few values, or with text for a number.
    """
    reader = csv.reader(lines, strict=True)
    columns = next(reader, [])
    for values in reader:
        if len(values) != len(columns):
            raise ValueError(f"{len(values)} values in line {reader.line_num}, not {len(columns)}")
        yield {
            name: None if not value else value if name in texts else float(value)
            for name, value in zip(columns, values, strict=True)
        }


def require_same(before: Mapping[str, Any], described: Mapping[str, Any], path: Path) -> None:
    """Raise unless a run that was begun is the one that is described.

    Args:
        before: What was written down of it, plain JSON values.

    Raises:
        ConfigError: Naming the first difference.
    """
    for name, value in described.items():
        if before.get(name) != value:
            told = next(differences(before.get(name), value, name))[1]
            raise ConfigError(
                f"Expected to resume {path} with the same {name}, got another: {told}. "
                "Run it as before, or start anew with --overwrite."
            )


def differences(before: Any, now: Any, name: str = "", *, new_off: bool = False) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Names of the places in which two JSON values differ, each with words that say how.

    Args:
        new_off: A field that is only in the newer value, and empty, null or false there, is no difference.

    Example:
        >>> list(differences({"seed": 1, "models": [{"name": "a"}]}, {"seed": 1, "models": [{"name": "b"}]}))
        [('models[0].name', 'models[0].name was "a", is "b"')]
    """
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from differences(old, new, f"{name}[{place}]", new_off=new_off)
    elif isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*now, *before)):
            if not (new_off and key not in before and not now[key]):
                inner = f"{name}.{key}" if name else str(key)
                yield from differences(before.get(key), now.get(key), inner, new_off=new_off)
    elif before != now:
        yield name, f"{name} was {json.dumps(before)[:80]}, is {json.dumps(now)[:80]}"
