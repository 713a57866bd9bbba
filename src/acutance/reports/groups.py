"""One panel of a correlation within groups of pictures, a line for each group."""

from collections.abc import Sequence
from typing import Literal

from acutance.evaluation.results import Agreement, Evaluation, Group
from acutance.reports.bars import Bar
from acutance.reports.canvas import MARKERS, Axes, colour_of, variant_of
from acutance.reports.labels import drawable, natural, shortened
from acutance.stats.correlation import LEAST

Statistic = Literal["srcc", "krcc", "plcc"]
"""Correlations, which share one scale."""
Division = Literal["distortion", "level", "reference"]
"""What groups of pictures share."""

BAND = "#F6F6F6"
"""Behind every second line."""
SPREAD = 0.8
"""Share of a line over which the points of several models are spread."""
LETTERS = 36
"""Of the name of a group."""


def draw_groups(
    axes: Axes, evaluations: dict[str, Evaluation], models: Sequence[str], by: Division, statistic: Statistic
) -> None:
    """Draw a point with its interval for each group and model, and a dashed line for all pictures.

    Args:
        axes: The panel.
        evaluations: Of one data set, by model.
        models: All models of the figure, in the order of their colours.
        by: What the pictures of a group share.
        statistic: Which correlation.
    """
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
        for group in _groups(evaluation, by):
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
    """The names of the groups that are large enough for a correlation, 2 before 10, and how many others there are.

    Args:
        evaluations: Of one data set.
        by: What the pictures of a group share.
    """
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
    """How many pictures each group has, by the model that scored most of them."""
    counts: dict[str, int] = {}
    for evaluation in evaluations:
        for group in _groups(evaluation, by):
            counts[group.name] = max(counts.get(group.name, 0), group.agreement.count)
    return counts


def _groups(evaluation: Evaluation, by: Division) -> list[Group]:
    return evaluation.groups.get(by, [])
