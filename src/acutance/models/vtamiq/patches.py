"""Where the patches of an image lie: scales, perturbed grids, and sets that cover every pixel."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from acutance.images.crops import covering_positions
from acutance.models.vtamiq.preprocess import PATCH, VTAMIQViews
from acutance.models.vtamiq.weights import VTAMIQConfig

JITTER = 0.4
"""Largest move of a patch from the middle of its cell, in cells: twice the 0.2 of the authors' configuration."""
SCALE_RATIO = 1.75
"""A scale twice as fine has 2 ** 1.75 times the patches (the authors' configuration)."""
ROW_STEP, COLUMN_STEP = 0.7548776662466927, 0.5698402909980532
"""Steps of the plane's most even lattice, 1/p and 1/p**2 with p ** 3 = p + 1 (Roberts, The R2 sequence, 2018)."""

Corners = Float64[np.ndarray, "patches 2"]
"""Row and column of top left corners."""
Positions = tuple[np.ndarray, ...]
"""``Corners`` on each scale, the finest first."""
Size = tuple[int, int]
"""Height and width."""


def scale_count(height: int, width: int, *, asked: int, more: bool = False) -> int:
    """How many scales an image of this size, at least 16 pixels a side, gives patches of: 1 to ``asked``.

    With ``more`` it is one scale more than now, as in 2022, where a patch still fits into it.

    Example:
        >>> scale_count(384, 512, asked=5)
        4
    """
    side, count = float(min(height, width)), 0
    while side > 1:
        side, count = (side - PATCH) / 2, count + 1
    fitting = int(math.log2(min(height, width) / PATCH)) + 1
    return max(1, min(count if more else count - 1, asked, fitting))


def level_sizes(height: int, width: int, count: int) -> list[Size]:
    """Sizes of the scales, the finest first; halving drops an odd row or column."""
    return [(height >> level, width >> level) for level in range(count)]


def patch_counts(total: int, scales: int, ratio: float = SCALE_RATIO) -> list[int]:
    """How many patches come from each scale, the finest first.

    Coarse scales take their share, rounded up, before fine ones; the finest takes what is left.

    Example:
        >>> patch_counts(512, 4)
        [361, 108, 33, 10]
    """
    weights = [2 ** (ratio * index) for index in range(scales)]
    counts, left = [], total
    for weight in weights[:-1]:
        counts.append(min(math.ceil(total * weight / sum(weights)), left))
        left -= counts[-1]
    return [left, *reversed(counts)]


def grid_shape(height: int, width: int, count: int) -> tuple[int, int]:
    """Rows and columns of the grid that ``count`` patches are drawn from."""
    columns = max(math.ceil(math.sqrt(count / (height / width))), 1)
    return math.ceil(columns * height / width), columns


def grid_corners(height: int, width: int, count: int, random: np.random.RandomState) -> Corners:
    """Cells of a grid without replacement, each patch moved at random within its cell.

    The numbers are drawn in the order of the authors' code, so that a seed gives its positions to the bit.
    """
    rows, columns = grid_shape(height, width, count)
    moved = (2 * random.rand(2, count) - 1) * JITTER
    random.permutation(1)
    cells = random.choice(rows * columns, count, replace=False)
    row = np.clip((cells % rows + moved[0]) / rows + 1 / (2 * rows), 0, 1) * (height - PATCH)
    column = np.clip((cells // rows + moved[1]) / columns + 1 / (2 * columns), 0, 1) * (width - PATCH)
    return np.stack([row, column], axis=1)


def grid_sets(sizes: Sequence[Size], *, patches: int, repeats: int, seed: int) -> list[Positions]:
    """Sets of patches from perturbed grids, one a repeat, drawn one after the other from one seed.

    Args:
        sizes: Of the scales, the finest first.
        patches: In a set.
        repeats: How many sets.
        seed: Of NumPy's legacy generator, whose streams are frozen.
    """
    random = np.random.RandomState(seed)
    counts = patch_counts(patches, len(sizes))
    return [
        tuple(grid_corners(*size, count, random) for size, count in zip(sizes, counts, strict=True))
        for _ in range(repeats)
    ]


def covering_sets(sizes: Sequence[Size], *, patches: int) -> list[Positions]:
    """The fewest sets that together hold every pixel of every scale, each spread evenly over the image.

    Args:
        sizes: Of the scales, the finest first.
        patches: Most patches in a set.
    """
    corners = [np.array(covering_positions(*size, PATCH), dtype=np.float64) for size in sizes]
    order = np.concatenate([_lattice(size) for size in sizes]).argsort(kind="stable")
    members = [np.sort(part) for part in np.array_split(order, -(-len(order) // patches))]
    ends = np.cumsum([0, *map(len, corners)])
    return [
        tuple(
            level[part[(part >= start) & (part < end)] - start]
            for level, start, end in zip(corners, ends[:-1], ends[1:], strict=True)
        )
        for part in members
    ]


def _lattice(size: Size) -> np.ndarray:
    """A value in [0, 1) for each patch: patches of any range of values lie evenly over the image."""
    rows, columns = (-(-side // PATCH) for side in size)
    return ((np.arange(rows)[:, None] * ROW_STEP + np.arange(columns) * COLUMN_STEP) % 1).ravel()


def sizes_of(height: int, width: int, config: VTAMIQConfig) -> list[Size]:
    """Sizes of the scales of an image, the finest first."""
    shorter = min(height, width)
    if shorter < PATCH:
        height, width = (max(PATCH, round(side * PATCH / shorter)) for side in (height, width))
    count = scale_count(height, width, asked=max(config.scales, 1), more=config.more_scales)
    return level_sizes(height, width, count)


def fixed_sets(height: int, width: int, config: VTAMIQConfig, views: VTAMIQViews) -> list[Positions]:
    """Sets of patches that do not depend on what an image of this size shows."""
    sizes = sizes_of(height, width, config)
    if views.protocol == "cover":
        return covering_sets(sizes, patches=views.patches)
    return grid_sets(sizes, patches=views.patches, repeats=views.repeats, seed=views.seed)
