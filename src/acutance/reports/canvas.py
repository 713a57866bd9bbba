"""What every figure is drawn on: matplotlib's objects, one style, colours that colour-blind readers can tell apart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeVar

from acutance.errors import ConfigError
from acutance.extras import require

try:
    from matplotlib import font_manager, style
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, MaxNLocator
    from matplotlib.transforms import ScaledTranslation, Transform
except ImportError:
    require("matplotlib", extra="plots")
    raise

__all__ = [
    "Artist",
    "Axes",
    "Figure",
    "FuncFormatter",
    "Line2D",
    "MaxNLocator",
    "Patch",
    "PolyCollection",
    "colour_of",
    "house_style",
    "label_panel",
    "legend_below",
    "lowered",
    "panel_grid",
    "stacked_panels",
    "variant_of",
]

Variant = TypeVar("Variant", bound=str)

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
"""Okabe and Ito, Color Universal Design (2008), without its yellow, which is faint on white; grey for its black."""
HATCHES = ("", "////", "....", "xxxx")
"""What tells bars apart once the colours are used up."""
MARKERS = ("o", "s", "^", "D")
"""What tells points apart once the colours are used up."""
DASHES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
"""What tells lines apart once the colours are used up."""
INK = "#222222"
"""Text and axes."""
FAINT = "#8A8A8A"
"""Notes and what is missing."""
HANDLE = 0.6
"""Inches of a legend before each name."""
LETTER = 0.085
"""Inches of a letter."""
LINE = 0.18
"""Inches of a line of a legend."""
LARGEST_SIDE = 120.0
"""Inches; panels of a larger grid are refused, since no reader opens such a picture."""
EAST_ASIAN_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
)
"""Fonts that are used, where they are installed, for names that DejaVu Sans has no letters for."""
STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": INK,
    "text.parse_math": False,
    "font.size": 9,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": "white",
    "svg.hashsalt": "acutance",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}
"""Over matplotlib's own defaults, whatever the user's matplotlibrc says; names are text, never formulas."""


@contextmanager
def house_style() -> Iterator[None]:
    """The style of all figures, while the block draws or writes one; also for use as a decorator."""
    installed = set(font_manager.fontManager.get_font_names())
    fonts = ["DejaVu Sans", *(name for name in EAST_ASIAN_FONTS if name in installed)]
    with style.context(["default", {**STYLE, "font.family": fonts}]):
        yield


def panel_grid(count: int, width: float, height: float, *, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """A figure of equal panels, filled line by line, in as few columns as its lines need.

    Args:
        count: How many panels, at least 1.
        width: Of one panel, in inches.
        height: Of one panel, in inches.
        columns: How many stand beside each other at most.

    Raises:
        ConfigError: So many panels that no picture holds them.
    """
    rows = -(-count // columns)
    columns = -(-count // rows)
    if max(columns * width, rows * height) > LARGEST_SIDE:
        raise ConfigError(
            f"Expected a figure of at most {LARGEST_SIDE:g} inches a side, "
            f"got {count} panels of {width:.1f} x {height:.1f}. Plot fewer files or names at once."
        )
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]


def stacked_panels(heights: Sequence[float], width: float) -> tuple[Figure, list[Axes]]:
    """A figure of panels under each other, each of its own height.

    Args:
        heights: Of each panel, in inches; at least one.
        width: Of all of them.

    Raises:
        ConfigError: So high that no picture holds them.
    """
    if sum(heights) > LARGEST_SIDE:
        raise ConfigError(
            f"Expected a figure of at most {LARGEST_SIDE:g} inches a side, got one of {sum(heights):.1f}. "
            "Plot fewer files or names at once."
        )
    figure = Figure(figsize=(width, sum(heights) + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    parts = figure.add_gridspec(len(heights), 1, height_ratios=list(heights))
    return figure, [figure.add_subplot(parts[place, 0]) for place in range(len(heights))]


def colour_of(place: int) -> str:
    """The colour of the n-th thing that is told apart; they begin anew when they are used up."""
    return COLOURS[place % len(COLOURS)]


def variant_of(place: int, variants: tuple[Variant, ...]) -> Variant:
    """The hatch, marker or dash that goes with ``colour_of``, so that no two of 28 things look the same."""
    return variants[(place // len(COLOURS)) % len(variants)]


def label_panel(axes: Axes, title: str, across: str, up: str) -> None:
    """Title and axes of a panel."""
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)


def lowered(axes: Axes, inches: float) -> Transform:
    """Places of a panel, from (0, 0) to (1, 1), moved down."""
    return axes.transAxes + ScaledTranslation(0, -inches, axes.figure.dpi_scale_trans)


def legend_below(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """One legend for all panels, under them, in as many columns as its labels leave room for; the figure grows by it.

    A label that begins with an underscore, which matplotlib would leave out, is shown.
    """
    shown = [f" {label}" if label.startswith("_") else label for label in labels]
    longest = max(len(line) for label in shown for line in [*label.splitlines(), ""])
    width, height = figure.get_size_inches()
    columns = max(1, min(len(shown), int(width / (HANDLE + LETTER * longest))))
    rows = -(-len(shown) // columns)
    lines = rows * max(label.count("\n") + 1 for label in shown)
    figure.set_size_inches(width, min(height + LINE * lines, LARGEST_SIDE))
    figure.legend(handles, shown, loc="outside lower center", ncols=columns)
