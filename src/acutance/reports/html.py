"""Tables, plots and parts of a page, in which every text is escaped."""

import base64
import html
import importlib.util
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acutance.comparison.results import Comparison
from acutance.errors import AcutanceError
from acutance.evaluation.results import EvaluationRun, Interval
from acutance.extras import install_command
from acutance.tables.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VOID = frozenset({"img", "input", "meta"})


class Html(str):
    """A piece of markup that is safe to put into a page as it is; anything else is text."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """A text as markup; markup stays as it is.

    Example:
        >>> escaped('<b> & "c"')
        '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return text if isinstance(text, Html) else Html(html.escape(printable(text), quote=True))


def joined(pieces: Iterable[str]) -> Html:
    """Pieces of markup, and texts, one behind the other."""
    return Html("".join(map(escaped, pieces)))


def tag(name: str, *children: str, **attributes: str | bool) -> Html:
    """An element.

    Args:
        name: Its name.
        children: Markup as it is and texts escaped.
        attributes: By name; underscores stand for hyphens and one at the end falls away (``class_``); ``True`` is
            an attribute without a value, ``False`` one that is not there.

    Example:
        >>> tag("td", "a<b", data_value="1", class_="number", hidden=False)
        '<td data-value="1" class="number">a&lt;b</td>'
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not False}
    opening = "".join(f" {key}" if value is True else f' {key}="{escaped(str(value))}"' for key, value in given.items())
    if name in _VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{joined(children)}</{name}>")


def number(value: float | None, form: str = ".5g") -> str:
    """A number as people read it; a dash where there is none.

    Args:
        value: The number; NaN counts as none.
        form: How to write it, as in an f-string.

    Example:
        >>> number(0.91234567), number(None), number(float("inf")), number(0.5, ".4f")
        ('0.91235', '-', '∞', '0.5000')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    written = format(value, form)
    return written if float(written.replace(",", "")) else format(0.0, form)  # no minus before a zero


def probability(value: float | None) -> str:
    """A p-value: four digits after the point, and no zero that is none.

    Example:
        >>> probability(0.04999), probability(1e-9)
        ('0.0500', '<0.0001')
    """
    return "<0.0001" if value is not None and value < 0.0001 else number(value, ".4f")


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


MOST_SVG_BYTES = 400_000
"""Largest drawing of lines and letters; beyond it, with thousands of points, a picture takes less."""
PNG_DPI = 110
"""Dots an inch of such a picture."""
Drawings = dict[str, Callable[[], "Figure"]]
"""Titles, and what draws them."""


def evaluation_figures(run: EvaluationRun) -> Part:
    """Scores against opinions with the fitted curves, correlations, and what else the evaluations have."""
    if not _is_installed():
        return _without_matplotlib()
    from acutance.reports.plots.evaluation import bars_figure, groups_figure, matrix_figure, scatter_figure

    drawings: Drawings = {
        "Opinions over scores": lambda: scatter_figure(run),
        "Agreement with opinions": lambda: bars_figure(run),
    }
    if len({one.model for one in run.evaluations}) > 1 and len({one.dataset for one in run.evaluations}) > 1:
        drawings["SRCC of models by data sets"] = lambda: matrix_figure(run)
    if any(one.groups.get("distortion") for one in run.evaluations):
        drawings["SRCC by distortion"] = lambda: groups_figure(run, by="distortion")
    return _part(drawings)


def comparison_figures(comparison: Comparison) -> Part:
    """Scores and wins of all methods, model by model; nothing where no model scored them."""
    if not comparison.models:
        return Part("figures", "Figures", Html())
    if not _is_installed():
        return _without_matplotlib()
    from acutance.reports.plots.comparison import violin_figure, wins_figure

    return _part(
        {
            "Scores of the methods": lambda: violin_figure(comparison),
            "Wins of the methods": lambda: wins_figure(comparison),
        }
    )


def _is_installed() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _without_matplotlib() -> Part:
    missing = f"Figures need matplotlib, which is not installed. Do: {install_command('plots')}"
    return Part("figures", "Figures", paragraph(missing, "note"))


def _part(drawings: Drawings) -> Part:
    return Part("figures", "Figures", joined(_figure(title, draw) for title, draw in drawings.items()))


def _figure(title: str, draw: Callable[[], "Figure"]) -> Html:
    """A figure; one that has nothing to show says so in its place."""
    try:
        figure = draw()
    except AcutanceError as error:
        return paragraph(f"{title}: {error}", "note")
    picture = tag("img", src=_data_uri(figure), alt=title, class_="plot")
    return tag("figure", tag("figcaption", title), tag("div", picture, class_="sheet"), class_="figure")


def _data_uri(figure: "Figure") -> str:
    """The figure as a picture of its own, so that neither its styles nor its names meet those of the page."""
    from acutance.reports.plots.canvas import figure_png, figure_svg

    kind, content = "svg+xml", figure_svg(figure).encode()
    if len(content) > MOST_SVG_BYTES:
        kind, content = "png", figure_png(figure, dpi=PNG_DPI)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
