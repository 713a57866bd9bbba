"""The figures of a page: drawn where matplotlib is installed, a line of text where it is not."""

import base64
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from acutance.comparison.results import Comparison
from acutance.errors import AcutanceError
from acutance.evaluation.results import EvaluationRun
from acutance.extras import install_command
from acutance.reports.markup import Html, joined, tag
from acutance.reports.page_tables import Part, paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    from acutance.reports.evaluation_plots import bars_figure, groups_figure, matrix_figure, scatter_figure

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
    from acutance.reports.comparison_plots import violin_figure, wins_figure

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
    from acutance.reports.figures import figure_png, figure_svg

    kind, content = "svg+xml", figure_svg(figure).encode()
    if len(content) > MOST_SVG_BYTES:
        kind, content = "png", figure_png(figure, dpi=PNG_DPI)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
