"""Context-aware sets of patches: drawn by what two pictures show, from a seed of their own for each pair."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from acutance.models.vtamiq.context import (
    centre_map,
    corner_probability,
    difference_map,
    halved,
    place_probability,
    squared_difference_map,
)
from acutance.models.vtamiq.draws import independent_corners, stratified_corners
from acutance.models.vtamiq.sampling import Corners, Positions, patch_counts
from acutance.models.vtamiq.views import Picture, VTAMIQViews

Probability = Float[np.ndarray, "rows columns"]
"""Of pixels, or of top left corners, summing to 1."""


def context_sets(reference: Picture, distorted: Picture, scales: int, views: VTAMIQViews) -> list[Positions]:
    """Sets of patches for one pair, both pictures at the same positions.

    Args:
        reference: In [0, 1], sides of at least 16.
        distorted: The same.
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


def probabilities(reference: Picture, distorted: Picture, scales: int, views: VTAMIQViews) -> list[np.ndarray]:
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


def _difference(reference: Tensor, distorted: Tensor, views: VTAMIQViews) -> np.ndarray:
    if views.sampler == "independent":
        return squared_difference_map(reference, distorted)
    return difference_map(reference, distorted, stretched=views.stretched)


def _drawn(probability: Probability, count: int, random: np.random.RandomState, views: VTAMIQViews) -> Corners:
    if count == 0:
        return np.empty((0, 2))
    if views.sampler == "independent":
        return independent_corners(probability, count, random)
    return stratified_corners(probability, count, random, perturbed=views.points == "perturbed")
