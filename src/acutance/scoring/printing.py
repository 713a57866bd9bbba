"""Rows as text on a stream, as they are made."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from acutance.scoring.rows import ROW_FIELDS, ScoreRow
from acutance.tables.write import csv_line, json_line


@runtime_checkable
class TextStream(Protocol):
    """Where text can be written, such as ``sys.stdout``."""

    def write(self, text: str, /) -> int:
        """Write text."""
        ...

    def flush(self) -> None:
        """Send what was written on its way."""
        ...


def print_rows(
    rows: Iterable[ScoreRow], stream: TextStream, term_names: Sequence[str] = (), *, as_json: bool
) -> Iterator[ScoreRow]:
    """Write CSV with a header, or one JSON array, and pass the rows on."""
    terms = tuple(term_names)
    if not as_json:
        stream.write(csv_line([*ROW_FIELDS, *terms]))
        for row in rows:
            stream.write(csv_line(list(row.as_dict(terms).values())))
            stream.flush()
            yield row
        return
    separator = "[\n"
    for row in rows:
        stream.write(separator + json_line(row.as_dict(terms), always_noted=True).rstrip("\n"))
        stream.flush()
        separator = ",\n"
        yield row
    stream.write("[]\n" if separator == "[\n" else "\n]\n")
    stream.flush()
