"""Context-aware patches: drawn where two images differ, near the centre, and everywhere, from a seed for each pair.

VTAMIQ's patch sampling (arXiv 2110.01655) as its code had it in 2024 (``place_probability``, patches spread over cells
by share) and in 2021 (``corner_probability``, each drawn on its own). Maps are float64 of the size of the image.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64
from scipy import ndimage
from torch import Tensor

from acutance.models.vtamiq.patches import JITTER, Corners, Positions, patch_counts
from acutance.models.vtamiq.preprocess import PATCH, VTAMIQViews
from acutance.shapes import ImageBatch

CENTRE_SPREAD = (0.21, 0.235)
"""Deviation of fixations around the middle as shares of height and width.

Clarke and Tatler, Vision Research 102, 2014: over ten datasets the variance is 0.22 of the squared half width across
and 0.45 times that upwards, here for images of 4:3. The authors' map, of MIT1003's fixations, is not used.
"""
CENTRE_SAMPLES = 1024
"""Rows and columns of the authors' map, from which they take the nearest sample."""
FLAT = 1e-6
"""A difference with a smaller deviation is none (the authors' code)."""
CORNER_BLUR = math.sqrt(math.hypot(PATCH, PATCH))
"""Deviation in pixels of the Gaussian over the difference of 2021: (16 ** 2 + 16 ** 2) ** (1 / 4)."""
SSIM_DEVIATION, SSIM_REACH = 1.5, 5
"""Deviation in pixels of SSIM's Gaussian window, and how far it reaches to each side (Wang et al. 2004)."""
SSIM_CONSTANTS = (0.01**2, 0.03**2)
"""What keeps SSIM finite, for values in [0, 1]."""
SMALLEST_CELL = 0.75 * PATCH
"""Shortest side of a cell in pixels (the authors' code, as are all numbers here)."""
CELL_AREA = 4
"""Cells are so large that there are this many patches for each."""
MOST_CELLS = 3
"""A cell's side is at most this share of a sixteenth of the image's longer side."""
LEAST_EXCESS = 0.001
"""Keeps the cell with the largest share from never being picked when counts are corrected."""
WHOLE_CELL = 0.001
"""A last row or column that reaches less far into its cell is taken as a whole one."""

Image = Float[Tensor, "3 height width"]
"""One image in [0, 1]."""
Map = Float64[np.ndarray, "rows columns"]
"""A number for each pixel."""
SmallMap = Float64[np.ndarray, "smaller_rows smaller_columns"]
"""A number for fewer pixels."""
UnitPoints = Float64[np.ndarray, "points 2"]
"""Points in the unit square, row and column."""
CellCounts = Int64[np.ndarray, "rows columns"]
"""Patches for each cell."""


def context_sets(reference: Image, distorted: ImageBatch, scales: int, views: VTAMIQViews) -> list[Positions]:
    """Sets of patches for a reference and what was distorted from it, all images at the same positions.

    Args:
        reference: In [0, 1], sides of at least 16.
        distorted: One image or several, whose differences are averaged.
        scales: How many the patches come from.
    """
    random = np.random.RandomState(views.seed)
    maps = probabilities(reference, distorted, scales, views)
    counts = patch_counts(views.patches, scales)
    return [
        tuple(_drawn(level, count, random, views) for level, count in zip(maps, counts, strict=True))
        for _ in range(views.repeats)
    ]


def probabilities(reference: Image, distorted: ImageBatch, scales: int, views: VTAMIQViews) -> list[np.ndarray]:
    """The map that patches of each scale are drawn from, the finest first; the difference is halved with the scales."""
    stratified = views.sampler == "stratified"
    difference = _difference(reference, distorted, views)
    weights = (views.centre, views.difference, views.uniform)
    mapped = place_probability if stratified else corner_probability
    maps = []
    for level in range(scales):
        difference = halved(difference) if level else difference
        maps.append(mapped(difference, centre_map(*difference.shape), weights))
    return maps


def _difference(reference: Image, distorted: ImageBatch, views: VTAMIQViews) -> np.ndarray:
    independent = views.sampler == "independent"
    stretched = views.stretched and not independent
    if views.difference_map == "colour" and independent:
        maps = [squared_difference_map(reference, image) for image in distorted]
    else:
        measure = ssim_map if views.difference_map == "ssim" else difference_map
        maps = [measure(reference, image, stretched=stretched) for image in distorted]
    return maps[0] if len(maps) == 1 else np.mean(maps, axis=0)


def _drawn(probability: Map, count: int, random: np.random.RandomState, views: VTAMIQViews) -> Corners:
    if count == 0:
        return np.empty((0, 2))
    if views.sampler == "independent":
        return independent_corners(probability, count, random)
    return stratified_corners(probability, count, random, perturbed=views.points == "perturbed")


def difference_map(reference: Tensor, distorted: Tensor, *, stretched: bool = False) -> Map:
    """Length of the difference of colours at each pixel.

    Args:
        reference: Shape (3, H, W).
        distorted: The same.
        stretched: Stretch each image to [0, 1] first, as the code of 2024 does; changes of brightness or contrast
            then hardly show.
    """
    first, second = _arrays(reference, distorted, stretched=stretched)
    difference: np.ndarray = np.sqrt(np.square(first - second).sum(0))
    return difference


def ssim_map(reference: Tensor, distorted: Tensor, *, stretched: bool = False) -> Map:
    """1 - SSIM at each pixel, the mean over red, green and blue: 0 where the images are alike, 2 at most.

    SSIM as Wang et al. 2004 define it, with a Gaussian window of 11 x 11 pixels; images are mirrored at their
    borders, so that every pixel has a value. VTAMIQ's authors name SSIM as a measure; their code has none.
    Arguments are those of ``difference_map``.
    """
    x, y = _arrays(reference, distorted, stretched=stretched)
    mean_x, mean_y = _windowed(x), _windowed(y)
    variances = (_windowed(x * x) - mean_x**2) + (_windowed(y * y) - mean_y**2)  # equal images give exactly 0
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance, structure = SSIM_CONSTANTS
    alike = (2 * mean_x * mean_y + luminance) * (2 * covariance + structure)
    most = (mean_x**2 + mean_y**2 + luminance) * (variances + structure)
    different: np.ndarray = np.maximum(1 - (alike / most).mean(0), 0)
    return different


def squared_difference_map(reference: Tensor, distorted: Tensor) -> Map:
    """Squared difference of colours at each pixel (2021)."""
    first, second = _arrays(reference, distorted, stretched=False)
    difference: np.ndarray = np.square(first - second).sum(0)
    return difference


def centre_map(height: int, width: int, spread: tuple[float, float] = CENTRE_SPREAD) -> Map:
    """A Gaussian around the middle, 1 at most; ``spread`` is its deviations as shares of height and width."""
    rows, columns = (_offsets(side) / share for side, share in zip((height, width), spread, strict=True))
    exponent = -0.5 * (np.square(rows)[:, None] + np.square(columns))
    centre: np.ndarray = np.exp(exponent - exponent.max())
    return centre


def place_probability(difference: Map, centre: Map, weights: tuple[float, float, float]) -> Map:
    """Probability of each pixel, summing to 1.

    Args:
        difference: Not below 0; its deviation is brought to 1.
        centre: In [0, 1].
        weights: Of centre, difference and uniform.
    """
    deviation = difference.std()
    scaled = difference / deviation if deviation > FLAT else np.zeros_like(difference)
    return _mixed(centre, scaled, weights)


def corner_probability(difference: Map, centre: Map, weights: tuple[float, float, float]) -> SmallMap:
    """Probability of each top left corner but those of the last row and column, summing to 1 (2021).

    Args:
        difference: Not below 0; blurred, and its maximum brought to 1.
        centre: In [0, 1].
        weights: Of centre, difference and uniform.
    """
    inner = tuple(slice(PATCH // 2, max(side - PATCH // 2, PATCH // 2 + 1)) for side in difference.shape)
    blurred = ndimage.gaussian_filter(_over_maximum(difference), CORNER_BLUR, mode="constant")
    return _mixed(centre[inner], _over_maximum(blurred[inner]), weights)


def halved(values: Map) -> SmallMap:
    """Means of 2 x 2 pixels; an odd row or column is dropped."""
    rows, columns = (side // 2 for side in values.shape)
    means: np.ndarray = values[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean((1, 3))
    return means


def _mixed(centre: Map, difference: Map, weights: tuple[float, float, float]) -> Map:
    """The weighted sum over its own sum; uniform where that is 0, as for equal images and no other weight."""
    mixed = weights[0] * centre + weights[1] * difference + weights[2]
    total = mixed.sum()
    return mixed / total if total > 0 else np.full_like(mixed, 1 / mixed.size)


def _offsets(side: int) -> np.ndarray:
    """Distance from the middle of the authors' sample nearest to each pixel, as a share of the side."""
    samples = np.round(np.arange(side) * (CENTRE_SAMPLES - 1) / max(side - 1, 1))
    offsets: np.ndarray = (samples + 0.5) / CENTRE_SAMPLES - 0.5
    return offsets


def _arrays(*images: Tensor, stretched: bool) -> list[np.ndarray]:
    arrays: list[np.ndarray] = [image.detach().cpu().double().numpy() for image in images]
    return [_stretched(array) for array in arrays] if stretched else arrays


def _windowed(planes: np.ndarray) -> np.ndarray:
    """Means of each plane under SSIM's window."""
    means: np.ndarray = ndimage.gaussian_filter(planes, SSIM_DEVIATION, radius=SSIM_REACH, axes=(1, 2))
    return means


def _stretched(image: np.ndarray) -> np.ndarray:
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def _over_maximum(values: np.ndarray) -> np.ndarray:
    largest = values.max()
    return values / largest if largest > 0 else values


@dataclass(frozen=True)
class Cells:
    """An image divided into square cells."""

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
        perturbed: Whether points lie on a perturbed grid of each cell and not as Halton's do.
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
    """``count`` corners drawn each on its own, with replacement, by their probability (2021)."""
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
    # cumulative sums with a row and a column of zeros before: the mass of any window is four of them
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
