"""Tables for people: one line a picture, one column a model."""

from array import array
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from acutance.tables.text import number, printable
from acutance.types import ScoreInfo

if TYPE_CHECKING:  # listing models must not load torch
    from acutance.scoring import ScoreRow
    from acutance.stats.samples import Mean

UNBOUNDED = 10_000
"""Letters of a line where nothing is folded."""
ARROWS = {"higher": "↑", "lower": "↓"}
"""Which way is better."""


@dataclass
class Summary:
    """What stays of rows that went by: the scores of every model, and the failed rows."""

    infos: Mapping[str, ScoreInfo]
    """How to read the scores of each model, in the order of the columns."""
    rows: int = 0
    failed: "list[ScoreRow]" = field(default_factory=list)
    scores: dict[str, MutableSequence[float]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The models."""
        return list(self.infos)

    def add(self, row: "ScoreRow") -> None:
        """Take one row into account."""
        self.rows += 1
        if row.score is None:
            self.failed.append(row)
        else:
            self.scores.setdefault(row.model, array("d")).append(row.score)

    def means(self) -> "list[Mean]":
        """The mean of each model."""
        from acutance.stats.samples import mean_of

        return [mean_of(self.scores.get(name, ())) for name in self.names]


def gather(
    rows: "Iterable[ScoreRow]", infos: Mapping[str, ScoreInfo], *, keep: bool
) -> "tuple[Summary, list[ScoreRow]]":
    """Let all rows go by: their summary and, if they are to be kept, the rows."""
    summary = Summary(infos)
    kept = []
    for row in rows:
        summary.add(row)
        if keep:
            kept.append(row)
    return summary, kept


def score_table(rows: "Sequence[ScoreRow]", summary: Summary, term_names: Sequence[str] = ()) -> Table:
    """The scores of every picture, and their means over the pictures that have one."""
    per_picture = len(summary.names)
    has_references = any(row.reference for row in rows)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("image", overflow="fold")
    if has_references:
        table.add_column("reference", overflow="fold")
    for name, info in summary.infos.items():
        table.add_column(f"{name} {ARROWS[info.better]}", justify="right")
    for name in term_names:
        table.add_column(name, justify="right")
    for start in range(0, len(rows), per_picture):
        group = rows[start : start + per_picture]
        reference = [next((row.reference for row in group if row.reference), "")] if has_references else []
        names = [Text(printable(name)) for name in (group[0].image, *reference)]  # not rich's markup
        table.add_row(*names, *map(_score, group), *_terms(group, term_names))
    if len(rows) > per_picture:
        table.add_section()
        means, blank = summary.means(), [""] if has_references else []
        table.add_row("mean", *blank, *(_marked_mean(mean, len(rows) // per_picture) for mean in means), style="bold")
        if any(mean.has_infinite for mean in means):
            table.add_row("mean of finite scores", *blank, *map(_finite_mean, means))
    return table


def summary_table(summary: Summary) -> Table:
    """One line a model: how many pictures have a score, and their mean, least and largest."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("model", "better"):
        table.add_column(heading)
    means = summary.means()
    extra = ["mean of finite scores"] if any(mean.has_infinite for mean in means) else []
    for heading in ("scored", "failed", "mean", *extra, "least", "largest"):
        table.add_column(heading, justify="right")
    for (name, info), mean in zip(summary.infos.items(), means, strict=True):
        scores = summary.scores.get(name)
        failed = sum(row.model == name for row in summary.failed)
        ends = [number(min(scores)), number(max(scores))] if scores else ["-"] * 2
        finite = [_finite_mean(mean)] if extra else []
        table.add_row(name, info.better, str(mean.count), str(failed), _mean(mean.value), *finite, *ends)
    return table


def stdout_console() -> Console:
    """A console on stdout that does not fold tables when nobody looks."""
    console = Console()
    return console if console.is_terminal else Console(width=UNBOUNDED, no_color=True)


def print_part(console: Console, part: Table | str) -> None:
    """Print a line, or a table; one that is wider than the terminal stands in several parts, so that none is cut."""
    for one in [part] if isinstance(part, str) else in_parts(part, console.width):
        console.print(one, markup=False, highlight=False)


def in_parts(table: Table, width: int) -> list[Table]:
    """A table, or where it is too wide several with some of its columns each, all of them with the names in front.

    Args:
        table: Columns of names on the left, which are left-justified, then columns of numbers.
        width: Letters of a line.
    """
    columns = table.columns
    names = next((place for place, column in enumerate(columns) if column.justify != "left"), len(columns))
    if names == len(columns) or _fits(table, width):
        return [table]
    parts: list[Table] = []
    start = names
    while start < len(columns):
        end = start + 1
        while end < len(columns) and _fits(_with_columns(columns, names, slice(start, end + 1)), width):
            end += 1
        parts.append(_with_columns(columns, names, slice(start, end)))
        start = end
    return parts


def _with_columns(columns: Sequence[Column], names: int, chosen: slice) -> Table:
    taken = [*columns[:names], *columns[chosen]]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in taken:
        table.add_column(column.header, justify=column.justify, overflow=column.overflow)
    for cells in zip(*(column.cells for column in taken), strict=True):
        table.add_row(*cells)
    return table


def _fits(table: Table, width: int) -> bool:
    return Console(width=UNBOUNDED, markup=False).measure(table).maximum <= width


def _score(row: "ScoreRow") -> str:
    return "error" if row.score is None else number(row.score)


def _terms(group: "Sequence[ScoreRow]", names: Sequence[str]) -> list[str]:
    terms = {name: value for row in group for name, value in row.terms.items()}
    return [number(terms[name]) if name in terms else "" for name in names]


def _mean(value: float | None) -> str:
    return number(value)


def _marked_mean(mean: "Mean", pictures: int) -> str:
    """The mean, with the number of its pictures where others failed."""
    return _mean(mean.value) + (f" of {mean.count}" if 0 < mean.count < pictures else "")


def _finite_mean(mean: "Mean") -> str:
    """The mean of the finite scores and their number, where others are not finite."""
    if not mean.has_infinite:
        return ""
    return "-" if mean.finite is None else f"{number(mean.finite)} of {mean.finite_count}"
