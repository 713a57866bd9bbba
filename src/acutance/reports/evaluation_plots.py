"""Figures of an evaluation: opinions over scores, bars, groups of pictures, and models by data sets."""

import math

import numpy as np

from acutance.errors import ConfigError
from acutance.evaluation.results import Evaluation, EvaluationRun
from acutance.reports.bars import Bar, bar_handles, bars_width, draw_bars
from acutance.reports.canvas import (
    MARKERS,
    Axes,
    Figure,
    Line2D,
    colour_of,
    house_style,
    legend_below,
    panel_grid,
    stacked_panels,
    variant_of,
)
from acutance.reports.groups import Division, Statistic, bar_of, draw_groups, group_names
from acutance.reports.labels import all_wrapped, number, statistic_label, wrapped
from acutance.reports.layout import Grid, dataset_name, grid_of
from acutance.reports.scatter import DRAWS, SEED, draw_scatter
from acutance.stats.correlation import LEAST

PANEL_COLUMNS = 3
MOST_BARS = 48
"""Of a panel that is still read with ease."""
ROW = 0.27
"""Inches of a line of a group, at least."""
POINT = 0.13
"""Inches of one model in it."""
BLANK = "#F2F2F2"
"""What was not evaluated in a matrix."""


@house_style()
def scatter_figure(run: EvaluationRun, *, draws: int = DRAWS, seed: int = SEED) -> Figure:
    """Opinions over raw scores with the fitted curve, a panel for each model and data set.

    Scores are drawn as the model gave them, never stretched. The band is where 95 % of curves lie that were fitted
    again to scenes drawn with replacement.

    Args:
        run: The evaluations.
        draws: Draws of the band, at least 0; 0 leaves it out.
        seed: Seed of the draws.

    Raises:
        ConfigError: A run without evaluations.

    Example:
        >>> from acutance.evaluation.results import Prediction
        >>> run = EvaluationRun(eval_time="2030-01-31 12:00:00", evaluations=[])
        >>> scatter_figure(run)
        Traceback (most recent call last):
        ...
        acutance.errors.ConfigError: Expected at least one evaluation to plot, got none. ...
    """
    grid = grid_of(run)
    ordered = sorted(grid.cells.values(), key=lambda one: _place(grid, one))
    in_lines = len(grid.models) > 1 and len(grid.datasets) > 1 and len(ordered) == len(grid.models) * len(grid.datasets)
    columns = len(grid.datasets) if in_lines and len(grid.datasets) <= 2 * PANEL_COLUMNS else PANEL_COLUMNS
    figure, panels = panel_grid(len(ordered), 4.2, 3.8, columns=columns)
    for axes, evaluation in zip(panels, ordered, strict=True):
        draw_scatter(axes, evaluation, draws=draws, seed=seed)
    return figure


@house_style()
def bars_figure(run: EvaluationRun) -> Figure:
    """Bars of SRCC and PLCC with their intervals for each data set; several models stand beside each other.

    A data set that a model was not evaluated on stays blank; a correlation that could not be computed is said so.

    Args:
        run: The evaluations.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one data set.
    """
    grid = grid_of(run)
    statistics: tuple[Statistic, ...] = ("srcc", "plcc")
    if len(grid.models) == 1:
        members = tuple(statistic_label(name) for name in statistics)
        figure, (axes,) = panel_grid(1, bars_width(grid.datasets, 2), 3.6)
        bars = {
            (dataset, statistic_label(name)): bar_of(evaluation.agreement, name)
            for (_, dataset), evaluation in grid.cells.items()
            for name in statistics
        }
        draw_bars(axes, grid.datasets, members, bars)
        _correlation_axis(axes, bars)
        axes.set_title(wrapped(grid.models[0], 60, 2))
        legend_below(figure, bar_handles(members), members)
        return figure
    figure, panels = panel_grid(2, bars_width(grid.datasets, len(grid.models)), 3.1, columns=1)
    for axes, name in zip(panels, statistics, strict=True):
        bars = {(dataset, model): bar_of(one.agreement, name) for (model, dataset), one in grid.cells.items()}
        draw_bars(axes, grid.datasets, grid.models, bars)
        _correlation_axis(axes, bars)
        axes.set_title(statistic_label(name))
    legend_below(figure, bar_handles(grid.models), _legend_names(grid.models))
    return figure


def metrics_figure(run: EvaluationRun) -> Figure:
    """The correlations of all models on all data sets: bars, or a matrix where there are too many for bars.

    Args:
        run: The evaluations.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one data set.
    """
    grid = grid_of(run)
    return bars_figure(run) if len(grid.models) * len(grid.datasets) <= MOST_BARS else matrix_figure(run)


@house_style()
def groups_figure(run: EvaluationRun, *, by: Division = "distortion", statistic: Statistic = "srcc") -> Figure:
    """One correlation within each group of pictures with its interval, a panel for each data set.

    A dashed line is the correlation over all pictures of the data set. Groups of fewer than three pictures, which have
    no correlation, are left out; how many stands under the panel.

    Args:
        run: The evaluations.
        by: What the pictures of a group share.
        statistic: Which correlation.

    Raises:
        ConfigError: No evaluation has such groups, or none that is large enough.
    """
    grid = grid_of(run)
    of_dataset = {name: _of_dataset(grid, name) for name in grid.datasets}
    groups = {name: group_names(list(found.values()), by) for name, found in of_dataset.items()}
    shown = [name for name in grid.datasets if groups[name][0]]
    if not shown:
        raise _no_groups(run, by, sum(small for _, small in groups.values()))
    height = max(ROW, POINT * len(grid.models))
    figure, panels = stacked_panels([len(groups[name][0]) * height + 0.9 for name in shown], 6.5)
    for axes, name in zip(panels, shown, strict=True):
        draw_groups(axes, of_dataset[name], grid.models, by, statistic)
        axes.set_title(wrapped(name, 60, 2))
        told = f"{statistic_label(statistic)} within each {by} (dashed: of all pictures)"
        axes.set_xlabel("\n".join([told, *_left_out(groups[name][1])]))
    handles = [
        Line2D([], [], color=colour_of(rank), marker=variant_of(rank, MARKERS), linestyle="none")
        for rank in range(len(grid.models))
    ]
    legend_below(figure, handles, _legend_names(grid.models))
    return figure


@house_style()
def matrix_figure(run: EvaluationRun, *, statistic: Statistic = "srcc") -> Figure:
    """One correlation of each model (lines) on each data set (columns) as a heat map; what is missing is left blank.

    Args:
        run: The evaluations.
        statistic: Which correlation.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one data set.
    """
    grid = grid_of(run)
    values = np.full((len(grid.models), len(grid.datasets)), np.nan)
    for (model, dataset), evaluation in grid.cells.items():
        value = getattr(evaluation.agreement, statistic)
        values[grid.models.index(model), grid.datasets.index(dataset)] = np.nan if value is None else value
    width, height = 3.2 + 0.95 * len(grid.datasets), 1.5 + 0.5 * len(grid.models)
    figure, (axes,) = panel_grid(1, width, height)
    lowest = _below(float(np.nanmin(values))) if np.isfinite(values).any() else 0.0
    image = axes.imshow(np.ma.masked_invalid(values), cmap="cividis", vmin=lowest, vmax=1.0, aspect="auto")
    axes.set_facecolor(BLANK)
    for (model, dataset), evaluation in grid.cells.items():
        value = getattr(evaluation.agreement, statistic)
        dark = value is not None and value < lowest + 0.5 * (1 - lowest)
        place = (grid.datasets.index(dataset), grid.models.index(model))
        axes.text(*place, number(value), ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(grid.datasets)), all_wrapped(grid.datasets, 12))
    axes.set_yticks(range(len(grid.models)), all_wrapped(grid.models, 28, 2))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{statistic_label(statistic)} of models on data sets")
    figure.colorbar(image, ax=axes, label=statistic_label(statistic), fraction=0.05, pad=0.02)
    return figure


def _correlation_axis(axes: Axes, bars: dict[tuple[str, str], Bar]) -> None:
    """From 0, or from below the lowest bar, to 1 and room for the numbers."""
    values = [bar.value for bar in bars.values() if bar.value is not None]
    lows = [bar.interval.low for bar in bars.values() if bar.interval is not None]
    lowest = min([*values, *lows, 0.0])
    axes.set_ylim(max(-1.25, lowest - 0.22) if lowest < 0 else 0.0, 1.22)
    axes.set_yticks([tick / 5 for tick in range(-5, 6) if tick >= 0 or (lowest < 0 and tick / 5 >= lowest - 0.2)])
    axes.set_ylabel("correlation with opinions")


def _left_out(count: int) -> list[str]:
    """What is said of the groups that are not drawn."""
    if not count:
        return []
    return [f"left out: {count:,} {'group' if count == 1 else 'groups'} of fewer than {LEAST} pictures"]


def _no_groups(run: EvaluationRun, by: Division, small: int) -> ConfigError:
    """What is wrong where no group can be drawn."""
    if small:
        return ConfigError(
            f"Expected groups by {by} of at least {LEAST} pictures, got {small} smaller. Choose another --by or --kind."
        )
    there = sorted({name for one in run.evaluations for name, groups in one.groups.items() if groups})
    return ConfigError(f"Expected groups by {by}, got {', '.join(there) or 'none'}. Choose another --by or --kind.")


def _of_dataset(grid: Grid, dataset: str) -> dict[str, Evaluation]:
    return {model: grid.cells[model, dataset] for model in grid.models if (model, dataset) in grid.cells}


def _place(grid: Grid, evaluation: Evaluation) -> tuple[int, int]:
    return grid.models.index(evaluation.model), grid.datasets.index(dataset_name(evaluation))


def _legend_names(models: tuple[str, ...]) -> list[str]:
    return all_wrapped(models, 44, 2)


def _below(value: float) -> float:
    """Where the colours of a matrix begin: a tenth or more below its lowest value, so that differences are seen."""
    return max(-1.0, min(0.8, (math.floor(value * 10) - 1) / 10))
