"""Context-aware sets of patches: drawn by what two pictures show, from a seed of their own for each pair."""

import numpy as np
from jaxtyping import Float

from acutance.models.vtamiq.context import (
    centre_map,
    corner_probability,
    difference_map,
    halved,
    place_probability,
    squared_difference_map,
    ssim_map,
)
from acutance.models.vtamiq.draws import independent_corners, stratified_corners
from acutance.models.vtamiq.sampling import Corners, Positions, patch_counts
from acutance.models.vtamiq.views import Picture, VTAMIQViews
from acutance.shapes import ImageBatch

Probability = Float[np.ndarray, "rows columns"]
"""Of pixels, or of top left corners, summing to 1."""


def context_sets(reference: Picture, distorted: ImageBatch, scales: int, views: VTAMIQViews) -> list[Positions]:
    """Sets of patches for a reference and what was distorted from it, all pictures at the same positions.

    Args:
        reference: In [0, 1], sides of at least 16.
        distorted: One picture or several, whose differences are averaged.
        scales: How many the patches come from.
        views: Weights, numbers and seed.
    """
    random = np.random.RandomState(views.seed)
    maps = probabilities(reference, distorted, scales, views)
    counts = patch_counts(views.patches, scales)
    return [
        tuple(_drawn(level, count, random, views) for level, count in zip(maps, counts, strict=True))
        for _ in range(views.repeats)
    ]


def probabilities(reference: Picture, distorted: ImageBatch, scales: int, views: VTAMIQViews) -> list[np.ndarray]:
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


def _difference(reference: Picture, distorted: ImageBatch, views: VTAMIQViews) -> np.ndarray:
    independent = views.sampler == "independent"
    stretched = views.stretched and not independent
    if views.difference_map == "ssim":
        maps = [ssim_map(reference, picture, stretched=stretched) for picture in distorted]
    elif independent:
        maps = [squared_difference_map(reference, picture) for picture in distorted]
    else:
        maps = [difference_map(reference, picture, stretched=stretched) for picture in distorted]
    return maps[0] if len(maps) == 1 else np.mean(maps, axis=0)


def _drawn(probability: Probability, count: int, random: np.random.RandomState, views: VTAMIQViews) -> Corners:
    if count == 0:
        return np.empty((0, 2))
    if views.sampler == "independent":
        return independent_corners(probability, count, random)
    return stratified_corners(probability, count, random, perturbed=views.points == "perturbed")
