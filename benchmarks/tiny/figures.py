"""Numbers beside what is wanted of them, as markdown and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Unit = Literal["", "%", "/s", "GB"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, its interval and its bound."""

    what: str
    value: float
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    unit: Unit = ""
    """``%`` for shares, which are kept from 0 to 1."""
    digits: int = 3

    @property
    def reached(self) -> bool | None:
        """Whether it is what is wanted; ``None`` if nothing is."""
        if self.at_least is None and self.at_most is None:
            return None
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True)
class Table:
    """Cells that are text already."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """What was measured of one kind."""

    title: str
    figures: Sequence[Figure]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """What the numbers were taken from, for the JSON file alone."""
    between: str = "95 % interval"
    """What the ends of the figures are."""


def section_json(section: Section) -> dict[str, Any]:
    """Plain JSON values; figures say whether they are reached."""
    plain = asdict(section)
    plain["figures"] = [asdict(figure) | {"reached": figure.reached} for figure in section.figures]
    return plain


def section_of(plain: dict[str, Any]) -> Section:
    """The section that ``section_json`` was made of."""
    figures = [
        Figure(**{name: value for name, value in figure.items() if name != "reached"}) for figure in plain["figures"]
    ]
    tables = [Table(**table) for table in plain["tables"]]
    return Section(plain["title"], figures, tables, plain["notes"], plain["facts"], plain["between"])


def section_lines(section: Section) -> list[str]:
    """Markdown."""
    lines = [f"## {section.title}", ""]
    lines += table_lines(Table(("", "measured", section.between, "wanted", "reached"), figure_rows(section.figures)))
    for table in section.tables:
        lines += ["", *table_lines(table)]
    for note in section.notes:
        lines += ["", note]
    return [*lines, ""]


def table_lines(table: Table) -> list[str]:
    """A table of markdown."""
    rows = [table.columns, ["---"] * len(table.columns), *table.rows]
    return [f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in row)}|" for row in rows]


def figure_rows(figures: Iterable[Figure]) -> list[list[str]]:
    """What, how much, interval, wanted, reached."""
    verdicts = {True: "yes", False: "no", None: ""}
    return [[one.what, number(one.value, one), interval(one), _wanted(one), verdicts[one.reached]] for one in figures]


def number(value: float, like: Figure) -> str:
    """A number with the digits and the unit of a figure."""
    if like.unit == "%":
        return f"{100 * value:.{max(0, like.digits - 2)}f} %"
    return f"{value:.{like.digits}f} {like.unit}".rstrip().replace(" /s", "/s")


def interval(figure: Figure) -> str:
    """From and to, or nothing."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{number(figure.low, figure)} to {number(figure.high, figure)}"


def _wanted(figure: Figure) -> str:
    bounds = {"at least": figure.at_least, "at most": figure.at_most}
    return ", ".join(f"{word} {_bound(limit, figure.unit)}" for word, limit in bounds.items() if limit is not None)


def _bound(limit: float, unit: Unit) -> str:
    return f"{100 * limit:g} %" if unit == "%" else f"{limit:g} {unit}".rstrip().replace(" /s", "/s")
