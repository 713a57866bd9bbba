"""Figures of a comparison of methods: their scores as violins, and how often each is the best."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from acutance.comparison.results import Comparison, MethodScores
from acutance.errors import ConfigError
from acutance.reports.plots.canvas import (
    FAINT,
    INK,
    Artist,
    Axes,
    Bar,
    Figure,
    Line2D,
    MaxNLocator,
    PolyCollection,
    bar_handles,
    bars_width,
    colour_of,
    draw_bars,
    house_style,
    legend_below,
    name_groups,
    panel_grid,
)
from acutance.reports.plots.labels import all_wrapped, check_labels, direction, wrapped
from acutance.stats.samples import Numbers
from acutance.types import Better

LEAST = 3
"""Scores that a violin is drawn of; fewer are points."""
PAGE = 16.0
"""Inches of panels beside each other."""
WIDTH = 0.85
"""Share of a method's room that its violins take."""


Experiments = dict[str, Comparison]
"""Comparisons by what they are called in a figure of several."""


@house_style()
def violin_figure(comparison: Comparison | Sequence[Comparison], labels: Sequence[str] = ()) -> Figure:
    """The scores of each method as violins, a panel for each model, with means and their intervals.

    Only images that every method has a score for count, as in the numbers of the comparison. Infinite scores have
    no place in a violin; how many there are stands above it, and the mean is that of the finite ones.

    Args:
        comparison: One, or several that are overlaid: the methods of one name stand beside each other.
        labels: A name for each comparison; needed for several.

    Raises:
        ConfigError: Comparisons without methods or models, other than one label for each of several, or a model
            whose better direction is not the same in all.
    """
    experiments = _labelled(comparison, labels)
    methods, models = _union(experiments)
    width = bars_width(methods, len(experiments))
    figure, panels = panel_grid(len(models), width, 3.6, columns=max(1, int(PAGE // width)))
    for axes, model in zip(panels, models, strict=True):
        for rank, one in enumerate(experiments.values()):
            if model in one.models:
                _draw_violins(axes, one, model, methods, rank, len(experiments))
        axes.set_title(wrapped(model, 40, 2), pad=16 if axes.texts else None)
        name_groups(axes, methods)
        axes.set_ylabel(f"score, {direction(_better(experiments, model))}")
    is_mixed = any(result.is_mixed for one in experiments.values() for result in one.results)
    of_finite = " of the finite scores" if is_mixed else ""
    mean = Line2D([], [], color=INK, linewidth=1.4, marker="D", markersize=4.5, markerfacecolor="white")
    middle = Line2D([], [], color=FAINT, linewidth=4, alpha=0.7)
    _legend(figure, experiments, [mean, middle], [f"mean{of_finite} and its interval", "middle half of the images"])
    return figure


@house_style()
def wins_figure(comparison: Comparison | Sequence[Comparison], labels: Sequence[str] = ()) -> Figure:
    """On how many images each method is the best or one of the best, a panel for each model.

    Args:
        comparison: One, or several that are overlaid; of several, shares are drawn instead of counts.
        labels: A name for each comparison; needed for several.

    Raises:
        ConfigError: As ``violin_figure``.
    """
    experiments = _labelled(comparison, labels)
    methods, models = _union(experiments)
    alone = len(experiments) == 1
    width = bars_width(methods, len(experiments))
    figure, panels = panel_grid(len(models), width, 3.2, columns=max(1, int(PAGE // width)))
    for axes, model in zip(panels, models, strict=True):
        bars = {
            (result.method, label): Bar(result.wins / (1 if alone else result.count))
            for label, one in experiments.items()
            for result in one.results
            if result.model == model and result.count
        }
        draw_bars(axes, methods, list(experiments), bars, digits=0 if alone else 2)
        counts = [result.count for result in next(iter(experiments.values())).results if result.model == model]
        top = float(max(counts, default=1)) if alone else 1.0
        axes.set_ylim(0, max(top, 1.0) * 1.15)
        axes.set_ylabel(f"wins of {max(counts, default=0):,} images" if alone else "share of images won")
        axes.set_title(wrapped(model, 40, 2))
        if alone:
            axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    _legend(figure, experiments)
    return figure


def _labelled(comparison: Comparison | Sequence[Comparison], labels: Sequence[str]) -> Experiments:
    found = [comparison] if isinstance(comparison, Comparison) else list(comparison)
    if not any(one.methods and one.models for one in found):
        raise ConfigError("Expected methods scored by models to plot, got none. Compare some methods first.")
    if len(found) > 1 and not labels:
        raise ConfigError(f"Expected a label for each of {len(found)} comparisons, got none. Repeat --labels.")
    check_labels(len(found), labels)
    return dict(zip(labels or [""], found, strict=True))


def _draw_violins(
    axes: Axes, comparison: Comparison, model: str, methods: list[str], rank: int, experiments: int
) -> None:
    scores = _common_scores(comparison, model)
    width = WIDTH / experiments
    results = {result.method: result for result in comparison.results if result.model == model}
    for method in comparison.methods:
        across = methods.index(method) + (rank - (experiments - 1) / 2) * width
        colour = colour_of(rank)
        values = scores.get(method, np.empty(0))
        finite = values[np.isfinite(values)]
        if len(finite) >= LEAST:
            _draw_violin(axes, finite, across, width * 0.9, colour)
        else:
            axes.plot(np.full(len(finite), across), finite, marker="o", markersize=4, linestyle="none", color=colour)
        if len(finite) < len(values):
            axes.annotate(f"{len(values) - len(finite):,} infinite", (across, 1.0), xycoords=axes.get_xaxis_transform(),
                          ha="center", va="bottom", fontsize=7.5, color=INK)  # fmt: skip
        if method in results:
            _draw_mean(axes, results[method], across)
        if not len(values):
            axes.annotate("no scores", (across, 0.02), xycoords=axes.get_xaxis_transform(), rotation=90, ha="center",
                          va="bottom", fontsize=7.5, color=FAINT)  # fmt: skip


def _draw_violin(axes: Axes, values: Numbers, across: float, width: float, colour: str) -> None:
    """The shape of the scores, with a thick line from quartile to quartile."""
    if values.min() == values.max():
        axes.plot([across - width / 2, across + width / 2], [values[0]] * 2, color=colour, linewidth=3, alpha=0.5)
        return
    (body,) = cast(
        "list[PolyCollection]", axes.violinplot([values], [across], widths=width, showextrema=False)["bodies"]
    )
    body.set(facecolor=colour, edgecolor=colour, alpha=0.35, linewidth=0.8)
    low, high = np.quantile(values, [0.25, 0.75])
    axes.plot([across, across], [low, high], color=colour, linewidth=4, alpha=0.55, solid_capstyle="butt")


def _draw_mean(axes: Axes, result: MethodScores, across: float) -> None:
    mean = result.finite_mean if result.is_mixed else result.mean
    if mean is None or not np.isfinite(mean):
        return
    if result.interval is not None and np.isfinite([result.interval.low, result.interval.high]).all():
        axes.plot([across, across], [result.interval.low, result.interval.high], color=INK, linewidth=1.4, zorder=4)
    axes.plot([across], [mean], marker="D", markersize=4.5, color="white", markeredgecolor=INK, zorder=5)


def _common_scores(comparison: Comparison, model: str) -> dict[str, Numbers]:
    """Scores of each method over the images on which every method has one."""
    rows = [image.scores.get(model, {}) for image in comparison.pictures]
    whole = [row for row in rows if all(_is_score(row.get(method)) for method in comparison.methods)]
    return {method: np.array([row[method] for row in whole], dtype=np.float64) for method in comparison.methods}


def _is_score(value: float | None) -> bool:
    return value is not None and not np.isnan(value)


def _legend(
    figure: Figure, experiments: Experiments, handles: Sequence[Artist] = (), labels: Sequence[str] = ()
) -> None:
    names = list(experiments) if len(experiments) > 1 else []
    shown = [*all_wrapped(names, 44, 2), *labels]
    if shown:
        legend_below(figure, [*bar_handles(names), *handles], shown)


def _union(experiments: Experiments) -> tuple[list[str], list[str]]:
    """The methods and models of all comparisons, in order of first appearance."""
    methods = dict.fromkeys(name for one in experiments.values() for name in one.methods)
    models = dict.fromkeys(name for one in experiments.values() for name in one.models)
    return list(methods), list(models)


def _better(experiments: Experiments, model: str) -> Better:
    found = {one.better[model] for one in experiments.values() if model in one.better}
    if len(found) != 1:
        raise ConfigError(
            f"Expected one direction of better for {model}, got {' and '.join(sorted(found)) or 'none'}. "
            "Plot these comparisons apart."
        )
    return found.pop()
