"""Figures of an evaluation: opinions over scores, bars, groups of images, and models by datasets."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from acutance.errors import ConfigError
from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun
from acutance.reports.plots.canvas import (
    MARKERS,
    Axes,
    Bar,
    Figure,
    Line2D,
    bar_handles,
    bars_width,
    colour_of,
    draw_bars,
    house_style,
    legend_below,
    panel_grid,
    save_figure,
    stacked_panels,
    variant_of,
)
from acutance.reports.plots.labels import (
    Grid,
    all_wrapped,
    drawable,
    grid_of,
    natural,
    number,
    shortened,
    statistic_label,
    wrapped,
)
from acutance.reports.plots.scatter import DRAWS, SEED, draw_scatter
from acutance.stats.correlation import LEAST

Statistic = Literal["srcc", "krcc", "plcc"]
"""Correlations, which share one scale."""
Division = Literal["distortion", "level", "reference"]
"""What groups of images share."""

PANEL_COLUMNS = 3
MOST_BARS = 48
"""Of a panel that is still read with ease."""
ROW = 0.27
"""Inches of a line of a group, at least."""
POINT = 0.13
"""Inches of one model in it."""
BLANK = "#F2F2F2"
"""What was not evaluated in a matrix."""
BAND = "#F6F6F6"
"""Behind every second line."""
SPREAD = 0.8
"""Share of a line over which the points of several models are spread."""
LETTERS = 36
"""Of the name of a group."""
DIVISIONS: tuple[Division, ...] = ("distortion", "level")
"""Groups that are drawn; references are too many for one figure."""


@house_style()
def scatter_figure(run: EvaluationRun, *, draws: int = DRAWS, seed: int = SEED) -> Figure:
    """Opinions over raw scores with the fitted curve, a panel for each model and dataset.

    Scores are drawn as the model gave them, never stretched. The band is where 95 % of curves lie that were fitted
    again to scenes drawn with replacement.

    Args:
        draws: Of scenes, for the band; 0 leaves it out.

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
    cells = [(model, dataset) for model in grid.models for dataset in grid.datasets]
    ordered = [grid.cells[cell] for cell in cells if cell in grid.cells]
    in_lines = len(grid.models) > 1 and len(grid.datasets) > 1 and len(ordered) == len(grid.models) * len(grid.datasets)
    columns = len(grid.datasets) if in_lines and len(grid.datasets) <= 2 * PANEL_COLUMNS else PANEL_COLUMNS
    figure, panels = panel_grid(len(ordered), 4.2, 3.8, columns=columns)
    for axes, evaluation in zip(panels, ordered, strict=True):
        draw_scatter(axes, evaluation, draws=draws, seed=seed)
    return figure


@house_style()
def bars_figure(run: EvaluationRun) -> Figure:
    """Bars of SRCC and PLCC with their intervals for each dataset; several models stand beside each other.

    A dataset that a model was not evaluated on stays blank; a correlation that could not be computed is said so.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one dataset.
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
    legend_below(figure, bar_handles(grid.models), all_wrapped(grid.models, 44, 2))
    return figure


def metrics_figure(run: EvaluationRun) -> Figure:
    """The correlations of all models on all datasets: bars, or a matrix where there are too many for bars.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one dataset.
    """
    grid = grid_of(run)
    return bars_figure(run) if len(grid.models) * len(grid.datasets) <= MOST_BARS else matrix_figure(run)


@house_style()
def groups_figure(run: EvaluationRun, *, by: Division = "distortion", statistic: Statistic = "srcc") -> Figure:
    """One correlation within each group of images with its interval, a panel for each dataset.

    A dashed line is the correlation over all images of the dataset. Groups of fewer than three images, which have
    no correlation, are left out; how many stands under the panel.

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
        _draw_groups(axes, of_dataset[name], grid.models, by, statistic)
        axes.set_title(wrapped(name, 60, 2))
        told = f"{statistic_label(statistic)} within each {by} (dashed: of all images)"
        axes.set_xlabel("\n".join([told, *_left_out(groups[name][1])]))
    handles = [
        Line2D([], [], color=colour_of(rank), marker=variant_of(rank, MARKERS), linestyle="none")
        for rank in range(len(grid.models))
    ]
    legend_below(figure, handles, all_wrapped(grid.models, 44, 2))
    return figure


@house_style()
def matrix_figure(run: EvaluationRun, *, statistic: Statistic = "srcc") -> Figure:
    """One correlation of each model (lines) on each dataset (columns) as a heat map; what is missing is left blank.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one dataset.
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
    axes.set_title(f"{statistic_label(statistic)} of models on datasets")
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
    return [f"left out: {count:,} {'group' if count == 1 else 'groups'} of fewer than {LEAST} images"]


def _no_groups(run: EvaluationRun, by: Division, small: int) -> ConfigError:
    """What is wrong where no group can be drawn."""
    if small:
        return ConfigError(
            f"Expected groups by {by} of at least {LEAST} images, got {small} smaller. Choose another --by or --kind."
        )
    there = sorted({name for one in run.evaluations for name, groups in one.groups.items() if groups})
    return ConfigError(f"Expected groups by {by}, got {', '.join(there) or 'none'}. Choose another --by or --kind.")


def _of_dataset(grid: Grid, dataset: str) -> dict[str, Evaluation]:
    return {model: grid.cells[model, dataset] for model in grid.models if (model, dataset) in grid.cells}


def _below(value: float) -> float:
    """Where the colours of a matrix begin: a tenth or more below its lowest value, so that differences are seen."""
    return max(-1.0, min(0.8, (math.floor(value * 10) - 1) / 10))


def _draw_groups(
    axes: Axes, evaluations: dict[str, Evaluation], models: Sequence[str], by: Division, statistic: Statistic
) -> None:
    """Draw a point with its interval for each group and model of a dataset, and a dashed line for all images."""
    names, _ = group_names(list(evaluations.values()), by)
    for place in range(0, len(names), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=0)
    lowest = 0.0
    for model, evaluation in evaluations.items():
        rank = models.index(model)
        shift = (rank - (len(models) - 1) / 2) * SPREAD / len(models)
        overall = bar_of(evaluation.agreement, statistic).value
        if overall is not None:
            axes.axvline(overall, color=colour_of(rank), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        for group in evaluation.groups.get(by, []):
            if group.name in names:
                bar = bar_of(group.agreement, statistic)
                lowest = min(lowest, _draw_point(axes, bar, names.index(group.name) + shift, rank))
    counts = _counts(list(evaluations.values()), by)
    axes.set_yticks(range(len(names)), [f"{shortened(drawable(name), LETTERS)} ({counts[name]:,})" for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(max(-1.02, lowest - 0.02) if lowest < 0 else 0.0, 1.02)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def group_names(evaluations: Sequence[Evaluation], by: Division) -> tuple[list[str], int]:
    """The names of the groups that are large enough for a correlation, 2 before 10, and how many others there are."""
    counts = _counts(evaluations, by)
    names = [name for name, count in counts.items() if count >= LEAST]
    return sorted(names, key=natural), len(counts) - len(names)


def bar_of(agreement: Agreement, statistic: Statistic) -> Bar:
    """A correlation and its interval."""
    return Bar(getattr(agreement, statistic), agreement.intervals.get(statistic))


def _draw_point(axes: Axes, bar: Bar, down: float, rank: int) -> float:
    """Draw one group of one model; returns where it ends on the left, at most 0."""
    if bar.value is None:
        return 0.0
    lowest = bar.value
    if bar.interval is not None:
        ends = [bar.interval.low, bar.interval.high]
        axes.plot(ends, [down, down], color=colour_of(rank), linewidth=1.4, alpha=0.6)
        lowest = min(lowest, bar.interval.low)
    axes.plot([bar.value], [down], color=colour_of(rank), marker=variant_of(rank, MARKERS), markersize=4.5)
    return min(0.0, lowest)


def _counts(evaluations: Sequence[Evaluation], by: Division) -> dict[str, int]:
    """How many images each group has, by the model that scored most of them."""
    counts: dict[str, int] = {}
    for evaluation in evaluations:
        for group in evaluation.groups.get(by, []):
            counts[group.name] = max(counts.get(group.name, 0), group.agreement.count)
    return counts


def write_plots(run: EvaluationRun, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write ``scatter.png``, ``metrics.png``, and matrix, distortion and level where they fit; gives the files.

    Raises:
        ConfigError: A file that is there, or a place that cannot be written to.
    """
    written = []
    for name, figure in _figures(run):
        path = folder / f"{name}.png"
        save_figure(figure, path, overwrite=overwrite)
        written.append(path)
    return written


def _figures(run: EvaluationRun) -> Iterator[tuple[str, Figure]]:
    yield "scatter", scatter_figure(run)
    yield "metrics", metrics_figure(run)
    if len({one.dataset for one in run.evaluations}) > 1:
        yield "matrix", matrix_figure(run)
    for by in DIVISIONS:
        if group_names(run.evaluations, by)[0]:
            yield by, groups_figure(run, by=by)
