"""Plots of the patches that a score depends on: outlined, and counted at each pixel."""

from typing import Any, Literal

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from acutance.models.patches import SeenPatches
from acutance.reports.plots.canvas import Axes, Figure, MaxNLocator, PolyCollection, house_style, panel_grid

WIDTH = 5.0
"""Inches of a panel."""
TALLEST = 9.0
"""Inches of a panel at most, for images far higher than wide."""
VEIL = 0.4
"""Share of white over the image below outlines."""
OUTLINE = "#C2185B"
"""Seen on every grey."""
FAINTEST, CROWD = 0.5, 200
"""Opacity of outlines where there are many, and how many patches are drawn with full colour."""
LARGEST_SHOWN = 1600
"""Pixels a side that are drawn below outlines; larger images are thinned."""

Counts = Int64[np.ndarray, "height width"]
"""How often each pixel was seen."""


@house_style()
def patches_figure(
    image: NDArray[Any], seen: SeenPatches, title: str, *, kind: Literal["both", "outlines", "heat"] = "both"
) -> Figure:
    """The image with its patches outlined, a panel for each scale, and a map of how often each pixel was seen.

    Args:
        image: From ``read_image``.
        kind: Both, or one of them.
    """
    height, width = image.shape[:2]
    scales = [] if kind == "heat" else sorted(set(seen.scales.tolist()))
    count = len(scales) + (kind != "outlines")
    tall = min(WIDTH * height / width, TALLEST)
    figure, panels = panel_grid(count, WIDTH, tall + 0.6, columns=2 if count in (2, 4) else 3)
    figure.suptitle(f"{title}: {_many(len(seen.boxes))} in all", x=0.01, ha="left", fontsize=10)
    for axes, scale in zip(panels, scales, strict=False):
        _draw_outlines(axes, image, seen.boxes[seen.scales == scale], _scale_name(scale, len(scales)))
    if kind != "outlines":
        _draw_counts(figure, panels[-1], counts_of(seen, height, width))
    return figure


def counts_of(seen: SeenPatches, height: int, width: int) -> Counts:
    """Count of the patches that hold the middle of each pixel of an image."""
    top, left = seen.boxes[:, 0], seen.boxes[:, 1]
    bottom, right = top + seen.boxes[:, 2], left + seen.boxes[:, 3]
    rows = [_first_inside(edges, height) for edges in (top, bottom)]
    columns = [_first_inside(edges, width) for edges in (left, right)]
    steps = np.zeros((height + 1, width + 1), dtype=np.int64)
    for row, sign in zip(rows, (1, -1), strict=True):
        for column, side in zip(columns, (1, -1), strict=True):
            np.add.at(steps, (row, column), sign * side)
    counts: np.ndarray = steps.cumsum(0).cumsum(1)[:height, :width]
    return counts


def _first_inside(edges: np.ndarray, length: int) -> np.ndarray:
    """The first pixel whose middle lies beyond each edge."""
    first: np.ndarray = np.ceil(edges - 0.5).clip(0, length).astype(np.int64)
    return first


def _draw_outlines(axes: Axes, image: NDArray[Any], boxes: np.ndarray, title: str) -> None:
    height, width = image.shape[:2]
    axes.imshow(_veiled(image), extent=(0, width, height, 0))
    top, left = boxes[:, 0], boxes[:, 1]
    bottom, right = top + boxes[:, 2], left + boxes[:, 3]
    corners = [np.stack(corner, axis=1) for corner in ((left, top), (right, top), (right, bottom), (left, bottom))]
    opacity = max(FAINTEST, min(1.0, CROWD / max(len(boxes), 1)))
    lines = PolyCollection(
        list(np.stack(corners, axis=1)), facecolors="none", edgecolors=OUTLINE, linewidths=0.7, alpha=opacity
    )
    axes.add_collection(lines, autolim=False)
    sides = sorted({(round(float(box[2]), 1), round(float(box[3]), 1)) for box in boxes})
    size = " or ".join(f"{high:g} x {wide:g}" for high, wide in sides)
    _frame(axes, width, height, f"{title}{_many(len(boxes))} of {size} pixels")


def _draw_counts(figure: Figure, axes: Axes, counts: Counts) -> None:
    height, width = counts.shape
    image = axes.imshow(counts, cmap="viridis", vmin=0, extent=(0, width, height, 0), interpolation="nearest")
    often = "once" if counts.min() == counts.max() == 1 else f"{counts.min()} to {counts.max()} times"
    never = f", {100 * float((counts == 0).mean()):.3g} % of pixels never" if (counts == 0).any() else ""
    _frame(axes, width, height, f"seen {often}{never}")
    bar = axes.inset_axes((1.02, 0.0, 0.04, 1.0))  # as high as the image
    figure.colorbar(image, cax=bar, label="patches over the pixel", ticks=MaxNLocator(integer=True))


def _frame(axes: Axes, width: int, height: int, title: str) -> None:
    axes.set_title(title)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.grid(visible=False)


def _veiled(image: NDArray[Any]) -> NDArray[Any]:
    """The image in light grey, in [0, 1], so that coloured lines stand out."""
    step = -(-max(image.shape[:2]) // LARGEST_SHOWN)
    shown = image[::step, ::step]
    top = np.iinfo(shown.dtype).max if shown.dtype.kind == "u" else 1
    grey = (shown / top).clip(0, 1).mean(2, keepdims=True)
    veiled: NDArray[Any] = np.repeat(grey * (1 - VEIL) + VEIL, 3, axis=2)
    return veiled


def _scale_name(scale: int, scales: int) -> str:
    return f"scale {scale + 1}: " if scales > 1 else ""


def _many(count: int) -> str:
    return f"{count:,} patch{'es' if count != 1 else ''}"
