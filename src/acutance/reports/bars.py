"""Bars in groups, with intervals; what was not measured is left blank."""

from collections.abc import Sequence
from dataclasses import dataclass

from acutance.evaluation.results import Interval
from acutance.reports.canvas import FAINT, HATCHES, INK, LETTER, Artist, Axes, Patch, colour_of, variant_of
from acutance.reports.labels import all_wrapped, longest_line, number

BAR = 0.3
"""Inches a bar needs for its label."""
NAME = 14
"""Letters of a line of a group's name."""
LABELLED = 40
"""Bars of a panel that still have room for their numbers."""
LYING = 6
"""Bars of a panel whose numbers lie; more of them stand upright, unless each has a group of its own."""
GROUP = 0.8
"""Share of a group's room that its bars take."""


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        value: Its height; ``None`` for what could not be computed, which is marked as such.
        interval: Around the height.
    """

    value: float | None
    interval: Interval | None = None


def bars_width(groups: Sequence[str], members: int) -> float:
    """Inches that a panel needs for groups of bars and their names."""
    name = 0.15 + LETTER * longest_line(all_wrapped(groups, NAME))
    return max(4.5, 1.0 + len(groups) * max(0.6, name, members * BAR / GROUP))


def draw_bars(
    axes: Axes, groups: Sequence[str], members: Sequence[str], bars: dict[tuple[str, str], Bar], digits: int = 3
) -> None:
    """Draw a group of bars for each name; a pair that is not in ``bars`` stays blank.

    Args:
        axes: The panel.
        groups: Names along the axis.
        members: Names of the bars of a group, in the order of their colours.
        bars: By (group, member).
        digits: After the point of the numbers above the bars.
    """
    width = GROUP / len(members)
    numbered = len(bars) <= LABELLED
    for (group, member), bar in bars.items():
        rank = members.index(member)
        across = groups.index(group) + (rank - (len(members) - 1) / 2) * width
        if bar.value is None:
            axes.annotate("not computed", (across, 0), xytext=(0, 3), textcoords="offset points", rotation=90,
                          ha="center", va="bottom", fontsize=7.5, color=FAINT)  # fmt: skip
            continue
        axes.bar(across, bar.value, width * 0.92, color=colour_of(rank), hatch=variant_of(rank, HATCHES),
                 edgecolor="white", linewidth=0)  # fmt: skip
        low, high = _ends(bar)
        if bar.interval is not None:
            axes.plot([across, across], [low, high], color=INK, linewidth=1.1, solid_capstyle="butt")
        if numbered:
            upwards = bar.value >= 0
            axes.annotate(
                number(bar.value, digits),
                (across, high if upwards else low),
                xytext=(0, 3 if upwards else -3),
                textcoords="offset points",
                ha="center",
                va="bottom" if upwards else "top",
                rotation=90 if len(members) > 1 and len(groups) * len(members) > LYING else 0,
                fontsize=7.5,
            )
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(range(len(groups)), all_wrapped(groups, NAME))
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0)


def bar_handles(members: Sequence[str]) -> list[Artist]:
    """What a legend shows for the bars of a group."""
    return [Patch(facecolor=colour_of(rank), hatch=variant_of(rank, HATCHES), edgecolor="white", linewidth=0)
            for rank in range(len(members))]  # fmt: skip


def _ends(bar: Bar) -> tuple[float, float]:
    value = bar.value or 0.0
    if bar.interval is None:
        return value, value
    return min(value, bar.interval.low), max(value, bar.interval.high)
