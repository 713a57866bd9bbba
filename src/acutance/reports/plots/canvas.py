"""The canvas of every figure and its files: one style, colours that all readers can tell apart."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeVar

from acutance.errors import ConfigError
from acutance.evaluation.results import Interval
from acutance.extras import require
from acutance.reports.plots.labels import all_wrapped, longest_line, number
from acutance.tables.atomic import atomic_write
from acutance.tables.read import check_ending

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
    "Artist", "Axes", "Bar", "Figure", "FuncFormatter", "Line2D", "MaxNLocator", "Patch", "PolyCollection",
    "bar_handles", "bars_width", "check_figure_place", "colour_of", "draw_bars", "figure_png", "figure_svg",
    "house_style", "label_panel", "legend_below", "lowered", "name_groups", "panel_grid", "save_figure",
    "stacked_panels", "variant_of",
]  # fmt: skip

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
"""Inches; panels of a larger grid are refused, since no reader opens such an image."""
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
    """A figure of equal panels of some inches, filled line by line, in as few columns as its lines need.

    Raises:
        ConfigError: So many panels that no image holds them.
    """
    rows = -(-count // columns)
    columns = -(-count // rows)
    figure = _figure(columns * width, rows * height, f"{count} panels of {width:.1f} x {height:.1f}")
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]


def stacked_panels(heights: Sequence[float], width: float) -> tuple[Figure, list[Axes]]:
    """A figure of panels under each other, each of its own height in inches.

    Raises:
        ConfigError: So high that no image holds them.
    """
    figure = _figure(width, sum(heights) + 0.4, f"{sum(heights):.1f}")
    parts = figure.add_gridspec(len(heights), 1, height_ratios=list(heights))
    return figure, [figure.add_subplot(parts[place, 0]) for place in range(len(heights))]


def _figure(width: float, height: float, told: str) -> Figure:
    if max(width, height) > LARGEST_SIDE:
        raise ConfigError(
            f"A figure may have {LARGEST_SIDE:g} inches a side, this one has {told}. Plot fewer files or names at once."
        )
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def colour_of(place: int) -> str:
    """The colour of the n-th series; colours begin anew when they are used up."""
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


FIGURE_ENDINGS = (".pdf", ".png", ".svg")
DPI = 300
"""Dots an inch of an image: what printers of journals ask for."""
LARGEST_IMAGE = 65_535
"""Dots a side that matplotlib can draw."""
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""No dates and versions, which would make equal figures differ."""


def check_figure_place(path: Path, *, overwrite: bool = False) -> None:
    """Raise where a figure cannot be written, before anything is computed.

    Raises:
        UnknownNameError: Another ending than .png, .pdf or .svg.
        ConfigError: A file that is there, or a folder.
    """
    check_ending(path, FIGURE_ENDINGS)
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {path}, got one. Name another, or replace it with --overwrite.")


def save_figure(figure: Figure, path: Path, dpi: int = DPI, *, overwrite: bool = False) -> None:
    """Write a figure into a folder that is made; the ending of its name chooses PNG, PDF or SVG.

    Args:
        dpi: Dots an inch of a PNG, and of the pixels inside a PDF or SVG.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: A file that is there, a folder, a resolution out of range, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from acutance.reports.plots.canvas import panel_grid
        >>> path = Path(tempfile.mkdtemp()) / "empty.png"
        >>> save_figure(panel_grid(1, 3, 2)[0], path, dpi=50)
        >>> path.read_bytes()[1:4]
        b'PNG'
    """
    check_figure_place(path, overwrite=overwrite)
    content = _content(figure, path.suffix.lower()[1:], dpi)
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"Expected to write a figure to {path}, got: {error.strerror or error}.") from error


def figure_png(figure: Figure, dpi: int = DPI) -> bytes:
    """A figure as the bytes of a PNG of some dots an inch.

    Raises:
        ConfigError: A resolution that is out of range or gives an image too large to draw.
    """
    return _content(figure, "png", dpi)


def figure_svg(figure: Figure) -> str:
    """A figure as an SVG element, for a page; letters are shapes, so that it looks the same everywhere."""
    text = _content(figure, "svg", DPI).decode("utf-8")
    return text[text.index("<svg") :]


@house_style()
def _content(figure: Figure, kind: str, dpi: int) -> bytes:
    if not 1 <= dpi <= LARGEST_IMAGE or max(figure.get_size_inches()) * dpi > LARGEST_IMAGE:
        width, height = figure.get_size_inches()
        raise ConfigError(
            f"Expected a resolution from 1 up to {int(LARGEST_IMAGE / max(width, height))} dots an inch "
            f"for a figure of {width:.1f} x {height:.1f} inches, got {dpi}. Choose another --dpi."
        )
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # drawn as a box
        figure.savefig(file, format=kind, dpi=dpi, metadata=METADATA[kind])
    return file.getvalue()


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
    """A bar of some height; ``None`` is what could not be computed, which is marked as such."""

    value: float | None
    interval: Interval | None = None


def bars_width(groups: Sequence[str], members: int) -> float:
    """Inches that a panel needs for groups of bars and their names."""
    name = 0.15 + LETTER * longest_line(all_wrapped(groups, NAME))
    return max(4.5, 1.0 + len(groups) * max(0.6, name, members * BAR / GROUP))


def draw_bars(
    axes: Axes, groups: Sequence[str], members: Sequence[str], bars: dict[tuple[str, str], Bar], digits: int = 3
) -> None:
    """Draw a group of bars for each name.

    Args:
        members: Names of the bars of a group, in the order of their colours.
        bars: By (group, member); a pair that is not there stays blank.
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
    name_groups(axes, groups)


def name_groups(axes: Axes, groups: Sequence[str]) -> None:
    """Names along the axis, one for each group."""
    axes.set_xticks(range(len(groups)), all_wrapped(groups, NAME))
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0)


def bar_handles(members: Sequence[str]) -> list[Artist]:
    """Legend entries for the bars of a group."""
    return [Patch(facecolor=colour_of(rank), hatch=variant_of(rank, HATCHES), edgecolor="white", linewidth=0)
            for rank in range(len(members))]  # fmt: skip


def _ends(bar: Bar) -> tuple[float, float]:
    value = bar.value or 0.0
    if bar.interval is None:
        return value, value
    return min(value, bar.interval.low), max(value, bar.interval.high)
