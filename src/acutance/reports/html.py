"""Parts of a page, rendered to HTML by jinja2: every text is escaped, whoever wrote it."""

import base64
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from acutance.extras import installed_versions, require
from acutance.reports.columns import Column, Measured, Row
from acutance.tables.text import pretty, printable, probability

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_BYTES = 600_000
"""Most markup of the rows of one table, thousands of rows; the rest stands in the files of the results."""


class Block:
    """A piece of a page; ``kind`` says which macro of blocks.html.j2 shows it."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Paragraph(Block):
    """A sentence or two."""

    text: str
    css: str = ""
    """Its class of CSS, such as ``note``."""
    kind = "paragraph"


@dataclass(frozen=True)
class Lines(Block):
    """Text as it is, line by line."""

    lines: Sequence[str]
    kind = "lines"


@dataclass(frozen=True)
class Plot(Block):
    """An image of a figure."""

    title: str
    uri: str
    kind = "plot"


@dataclass(frozen=True)
class Folded(Block):
    """A part that opens by a click."""

    summary: str
    blocks: Sequence[Block]
    is_open: bool = False
    kind = "folded"


@dataclass(frozen=True)
class Table(Block):
    """A table that a click on a heading sorts."""

    title: str
    columns: Sequence[Column[Any]]
    rows: Sequence[str]
    """Markup."""
    count: int
    """How many rows there are in all."""
    kind = "table"

    @property
    def is_cut(self) -> bool:
        """Whether the last rows are left out."""
        return len(self.rows) < self.count


@dataclass(frozen=True)
class Part:
    """A part of the page; one without blocks is left out."""

    name: str
    """Where links lead to."""
    title: str
    blocks: Sequence[Block]


class _Cell(NamedTuple):
    text: str
    sort: str | None = None
    """What the column of a number is sorted by, as JavaScript reads it; empty where there is none."""
    small: str = ""
    tip: str = ""
    is_best: bool = False
    is_long: bool = False


def table(
    title: str,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    *,
    count: int | None = None,
    first_heads: bool = True,
) -> list[Block]:
    """A table; nothing if it has no rows.

    Args:
        title: What stands above it.
        rows: Beyond ``MAX_BYTES`` of markup no more are taken, and the title says so.
        count: How many rows there are, where they are made as they are taken.
        first_heads: Whether the first cell of a row is its heading.
    """
    as_markup = _environment().get_template("blocks.html.j2").module.row  # type: ignore[attr-defined]
    lines: list[str] = []
    left, taken = MAX_BYTES, 0
    for row in rows:
        line = as_markup([_cell(column, row) for column in columns], first_heads)
        left -= len(line)
        taken += 1
        if left < 0 and lines:
            break
        lines.append(line)
    total = count if count is not None else len(rows) if isinstance(rows, Sequence) else taken
    return [Table(title, columns, lines, total)] if lines else []


def paragraph(text: str, css: str = "") -> list[Block]:
    """A paragraph; nothing if there is no text."""
    return [Paragraph(text, css)] if text else []


def folded(summary: str, inside: Sequence[Block], *, is_open: bool = False) -> list[Block]:
    """A part that opens by a click; nothing if there is nothing inside."""
    return [Folded(summary, inside, is_open)] if inside else []


def render(title: str, lead: Sequence[Block], parts: Sequence[Part]) -> str:
    """The page as HTML. It loads nothing, and may run no style and no script but its own."""
    from markupsafe import Markup

    style, script = (
        files("acutance.reports").joinpath("templates", name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js")
    )
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            policy=Markup(policy),  # noqa: S704 (made of digests)
            version=installed_versions(("acutance",))["acutance"],
            title=title,
            style=Markup(style),  # noqa: S704 (a file of the package)
            script=Markup(script),  # noqa: S704 (a file of the package)
            lead=lead,
            parts=[part for part in parts if part.blocks],
        )
    )


def check_jinja() -> None:
    """Raise unless pages can be made.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    require("jinja2", extra="plots")


@cache
def _environment() -> "Environment":
    check_jinja()
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("acutance.reports"),
        autoescape=True,
        finalize=lambda value: value if hasattr(value, "__html__") else printable(str(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _cell(column: Column[Row], row: Row) -> _Cell:
    value = column.of(row)
    if column.is_text:
        return _Cell(value, is_long=bool(value) and column.kind == "long")
    number, interval, of, is_best = value if isinstance(value, Measured) else Measured(value)
    if column.kind == "probability":
        return _Cell(probability(number), _exact(number))
    form = ",.0f" if column.kind == "count" else column.form
    text = pretty(number, form) + ("" if of is None else f" of {of:,}")
    if interval is None:
        return _Cell(text, _exact(number), is_best=is_best)
    ends = f"[{pretty(interval.low, form)}, {pretty(interval.high, form)}]"
    return _Cell(text, _exact(number), ends, f"{interval.level:.0%} interval", is_best)


def _exact(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def _digest(text: str) -> str:
    """What a browser compares before it takes a style or runs a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
