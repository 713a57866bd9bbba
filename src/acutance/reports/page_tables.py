"""Tables of a page: sorted by a click on a header, numbers as numbers, never longer than a browser likes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from acutance.evaluation.results import Interval
from acutance.reports.markup import Html, joined, number, probability, tag

Column = str | tuple[str, str]
"""Name of a column, or its name and what it means."""
MAX_BYTES = 600_000
"""Most markup of the rows of one table, thousands of rows; the rest stands in the files of the results."""


def number_cell(
    value: float | None,
    form: str = ".5g",
    *,
    interval: Interval | None = None,
    count: int | None = None,
    mark: str = "",
) -> Html:
    """A cell with a number, by which its column is sorted in full precision.

    Args:
        value: The number; ``None`` is a dash, and last whichever way the column is sorted.
        form: How to write it, as in an f-string.
        interval: Written small below it.
        count: How many numbers it is the mean of, where that is written beside it.
        mark: A class of CSS, such as ``best``.
    """
    written: list[str] = [number(value, form) + ("" if count is None else f" of {count:,}")]
    if interval is not None:
        bounds = f"[{number(interval.low, form)}, {number(interval.high, form)}]"
        written += [" ", tag("small", bounds, title=f"{interval.level:.0%} interval")]
    return tag("td", *written, class_=f"number {mark}".strip(), data_value=_exact(value))


def probability_cell(value: float | None) -> Html:
    """A cell with a p-value."""
    return tag("td", probability(value), class_="number", data_value=_exact(value))


def text_cell(text: str) -> Html:
    """A cell with a name or the like."""
    return tag("td", text)


def long_cell(text: str) -> Html:
    """A cell with a sentence, which is given room."""
    return tag("td", text, class_="long" if text else False)


def table(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Html]],
    *,
    count: int | None = None,
    first_heads: bool = True,
) -> Html:
    """A table whose columns can be sorted; nothing if it has no rows.

    Args:
        title: What stands above it.
        columns: Names of the columns, or names and what they mean.
        rows: Cells row by row; beyond ``MAX_BYTES`` no more are taken, and the title says so.
        count: How many rows there are, where they are made as they are taken.
        first_heads: Whether the first cell of a row is its heading.
    """
    lines: list[Html] = []
    first: Sequence[Html] = ()
    left, is_cut = MAX_BYTES, False
    for row in rows:
        line = tag("tr", *_row(row, first_heads=first_heads))
        left -= len(line)
        if left < 0 and lines:
            is_cut = True
            break
        first = first or row
        lines.append(line)
    if not lines:
        return Html()
    total = count if count is not None else len(rows) if isinstance(rows, Sequence) else len(lines)
    cut = f" (the first {len(lines):,} of {total:,} rows)" if is_cut else ""
    head = tag("thead", tag("tr", *(_header(*pair) for pair in zip(columns, first, strict=True))))
    return tag(
        "div",
        tag("table", tag("caption", title, cut), head, tag("tbody", *lines), class_="sortable"),
        class_="scroll",
        role="region",
        tabindex="0",
        aria_label=title,
    )


def folded(summary: str, *inside: str, is_open: bool = False) -> Html:
    """What opens by a click; nothing if there is nothing inside."""
    content = joined(inside)
    return tag("details", tag("summary", summary), content, open=is_open) if content else Html()


@dataclass(frozen=True)
class Part:
    """A part of the page."""

    name: str
    """Where links lead to."""
    title: str
    """Its heading."""
    content: Html
    """What is in it; a part that is empty is left out."""

    def html(self) -> Html:
        """The part as a section."""
        return tag("section", tag("h2", self.title), self.content, id=self.name)


def paragraph(text: str, kind: str = "") -> Html:
    """A paragraph; nothing if there is no text."""
    return tag("p", text, class_=kind or False) if text else Html()


def _header(column: Column, first: Html) -> Html:
    """What stands above a column, on the same side as its first cell."""
    name, meaning = (column, "") if isinstance(column, str) else column
    button = tag("button", name, type="button", title=meaning or False)
    return tag("th", button, scope="col", aria_sort="none", class_="number" if "data-value=" in first else False)


def _row(cells: Sequence[Html], *, first_heads: bool) -> Sequence[Html]:
    if first_heads and cells and cells[0].startswith("<td>"):
        return [tag("th", Html(cells[0].removeprefix("<td>").removesuffix("</td>")), scope="row"), *cells[1:]]
    return cells


def _exact(value: float | None) -> str:
    """The number as JavaScript reads it; empty if there is none."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))
