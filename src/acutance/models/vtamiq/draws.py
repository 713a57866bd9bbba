"""Patches drawn from a map of probability: spread over cells by their share, or each on its own."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from acutance.models.vtamiq.context import Map
from acutance.models.vtamiq.sampling import JITTER, PATCH, Corners

SMALLEST_CELL = 0.75 * PATCH
"""Shortest side of a cell in pixels (the authors' code, as are all numbers here)."""
CELL_AREA = 4
"""Cells are so large that there are this many patches for each."""
MOST_CELLS = 3
"""A cell's side is at most this share of a sixteenth of the picture's longer side."""
LEAST_EXCESS = 0.001
"""Keeps the cell with the largest share from never being picked when counts are corrected."""
WHOLE_CELL = 0.001
"""A last row or column that reaches less far into its cell is taken as a whole one."""

UnitPoints = Float64[np.ndarray, "points 2"]
"""Points in the unit square, row and column."""
CellCounts = Int64[np.ndarray, "rows columns"]
"""Patches for each cell."""


@dataclass(frozen=True)
class Cells:
    """A picture divided into square cells."""

    side: int
    """Of a cell, in pixels."""
    shares: Float64[np.ndarray, "rows columns"]
    """Probability of each cell, summing to 1."""


def stratified_corners(
    probability: Map, count: int, random: np.random.RandomState, *, perturbed: bool = False
) -> Corners:
    """Corners spread over cells: each cell gets patches by its share, and they lie evenly within it.

    Args:
        probability: Of each pixel of the scale, both sides at least 16.
        count: Of patches.
        random: Source of the numbers.
        perturbed: Points on a perturbed grid of each cell instead of Halton's.
    """
    cells = cells_of(probability, count)
    counts = corrected(first_counts(cells, count), cells.shares, count, random)
    reach = np.array([_reach(side, cells.side) for side in probability.shape])
    farthest = np.array(probability.shape) - PATCH
    drawn, corners = 0, []
    for cell in random.permutation(counts.size):
        place = np.array(divmod(int(cell), counts.shape[1]))
        wanted = int(counts[tuple(place)])
        points = _perturbed(wanted, random) if perturbed else halton(drawn, wanted)
        drawn += wanted
        last = place == np.array(counts.shape) - 1
        corners.append((place + points * np.where(last, reach, 1.0)) * cells.side)
    all_corners: np.ndarray = np.minimum(np.concatenate(corners), farthest)
    return all_corners


def independent_corners(probability: Map, count: int, random: np.random.RandomState) -> Corners:
    """Corners drawn each on its own, with replacement, by their probability (2021).

    Args:
        probability: Of each corner.
        count: Of patches.
        random: Source of the numbers.
    """
    steps = probability.ravel().cumsum()
    found = np.searchsorted(steps, random.rand(count) * steps[-1], side="right")
    picked = np.minimum(found, probability.size - 1)
    return np.stack(np.divmod(picked, probability.shape[1]), axis=1).astype(np.float64)


def cells_of(probability: Map, count: int) -> Cells:
    """The cells for ``count`` patches; each counts what lies under the patches that start in it."""
    height, width = probability.shape
    most = MOST_CELLS * max(height, width) / PATCH
    side = int(min(max(math.sqrt(CELL_AREA * height * width / count), SMALLEST_CELL), most))
    rows, columns = (max(math.ceil((length - PATCH) / side), 1) for length in (height, width))
    sums = np.zeros((side * rows + PATCH + 1, side * columns + PATCH + 1))
    inner = probability[: sums.shape[0] - 1, : sums.shape[1] - 1]
    sums[1 : 1 + inner.shape[0], 1 : 1 + inner.shape[1]] = inner
    sums = sums.cumsum(0).cumsum(1)
    top, left = np.arange(rows)[:, None] * side, np.arange(columns) * side
    window = side + PATCH - 1
    bottom, right = top + window, left + window
    mass = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return Cells(side, mass / mass.sum())


def first_counts(cells: Cells, count: int) -> CellCounts:
    """Patches for each cell, rounded up: too many in sum."""
    counts: np.ndarray = np.ceil(cells.shares * count).astype(np.int64)
    return counts


def corrected(counts: CellCounts, shares: np.ndarray, count: int, random: np.random.RandomState) -> CellCounts:
    """The counts with patches taken from cells at random, those of small shares first, until they sum to ``count``."""
    counts = counts.copy()
    odds = (shares.max() + LEAST_EXCESS - shares).ravel()
    odds = odds / odds.sum()
    while excess := int(counts.sum()) - count:
        picked = np.unique(random.choice(counts.size, abs(excess), p=odds))
        flat = counts.ravel()
        flat[picked] = np.maximum(flat[picked] - int(np.sign(excess)), 0)
    return counts


def halton(start: int, count: int) -> UnitPoints:
    """Points of Halton's sequence in bases 2 and 3, from its ``start``-th on, counting from 0.

    Example:
        >>> halton(0, 2).round(3).tolist()
        [[0.5, 0.333], [0.25, 0.667]]
    """
    indices = np.arange(start + 1, start + count + 1)
    return np.stack([_radical_inverse(indices, base) for base in (2, 3)], axis=1)


def _radical_inverse(indices: np.ndarray, base: int) -> np.ndarray:
    """The digits of whole numbers mirrored at the point."""
    inverse, step = np.zeros(len(indices)), 1.0
    while indices.any():
        step /= base
        inverse += step * (indices % base)
        indices = indices // base
    return inverse


def _perturbed(count: int, random: np.random.RandomState) -> UnitPoints:
    """Sub-cells without replacement, each point moved at random within its own."""
    per_side = math.ceil(math.sqrt(count))
    picked = random.choice(max(per_side**2, 1), count, replace=False)
    moved = (2 * random.rand(count, 2) - 1) * JITTER
    middles = np.stack(np.divmod(picked, max(per_side, 1)), axis=1) + 0.5
    points: np.ndarray = np.clip((middles + moved) / max(per_side, 1), 0, 1)
    return points


def _reach(length: int, side: int) -> float:
    """How far patches reach into the last cell, as a share of it."""
    fraction = (length - PATCH) / side % 1
    return 1.0 if fraction < WHOLE_CELL else fraction
