"""Fixed maps of a picture whose means and deviations tell natural from unnatural: nothing in them is learned.

Local contrast, what remains when luminance and colours are divided by it (Mittal, Moorthy, Bovik: No-Reference Image
Quality Assessment in the Spatial Domain, IEEE TIP 2012), gradients, saturation, and what is clipped.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from acutance.layers.images import clipped
from acutance.models.afine_tiny.views import Views
from acutance.shapes import ImageBatch

CHANNELS = 30
"""Maps of a picture."""
SCALES = 3
"""Full size, the small copy, and half of that."""
SIGMA, RADIUS = 7 / 6, 3
"""Of the Gaussian window in pixels."""
_BELL = [math.exp(-(place**2) / (2 * SIGMA**2)) for place in range(RADIUS + 1)]
WINDOW = tuple(weight / (_BELL[0] + 2 * sum(_BELL[1:])) for weight in _BELL)
"""Weights of the middle and of those 1 to RADIUS away on either side; all together have a sum of 1."""
STEP = 1 / 255
"""One of 8 bits."""
CLIPPED = 0.04
"""Distance from white and black within which a pixel counts as clipped, the nearer the more."""


def scene_scales(views: Views) -> Iterator[tuple[Tensor, int]]:
    """Maps (N * count, 3, h, w) of each scale, ten groups of them, and count.

    Args:
        views: With fine squares.
    """
    if views.fine is None:
        raise ValueError("fixed maps need fine squares")
    yield from ((maps, views.fine_count) for maps in scene_maps(views.fine))
    for images in (views.whole, functional.avg_pool2d(views.whole, 2)):
        yield from ((maps, 1) for maps in scene_maps(images))


def scene_maps(images: ImageBatch) -> Iterator[Tensor]:
    """Ten groups of three maps, shape (N, 3, H, W) each, one after the other, so that few are in memory together.

    Of luminance and two opponent colours: absolute normalised contrast, logarithm of the local deviation, the deviation
    and its unevenness, the three themselves, and logarithms of their gradients along both axes (21). Normalised
    contrast of luminance to the third power and times its neighbours to the right and below (3). Largest and smallest
    channel, their difference, saturation, nearness to white and to black (6).

    Args:
        images: Shape (N, 3, H, W), in [0, 1].
    """
    colours = _opponent(images)
    mean, variance = _local_moments(colours)
    deviation = (variance.clamp_min(0) + 1e-8).sqrt()
    normal = (colours - mean) / (deviation + 2 * STEP)
    yield normal.abs()
    light = normal[:, :1]
    yield torch.cat([light**3, light * _neighbour(light, 3), light * _neighbour(light, 2)], 1)
    yield (deviation + STEP).log()
    yield deviation
    yield (_blurred(deviation) - deviation).abs()
    yield colours
    yield (_gradient(colours, 3) + STEP).log()
    yield (_gradient(colours, 2) + STEP).log()
    largest, smallest = images.amax(1, keepdim=True), images.amin(1, keepdim=True)
    chroma = largest - smallest
    yield torch.cat([largest, smallest, chroma], 1)
    white, black = clipped(1 - (1 - largest) / CLIPPED), clipped(1 - smallest / CLIPPED)
    yield torch.cat([chroma / (largest + 0.01), white, black], 1)


def _opponent(images: Tensor) -> Tensor:
    """Luminance of Rec. 601, red against green, yellow against blue."""
    red, green, blue = images[:, :1], images[:, 1:2], images[:, 2:]
    return torch.cat([0.299 * red + 0.587 * green + 0.114 * blue, (red - green) / 2, (red + green - 2 * blue) / 4], 1)


def _local_moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Means and variances in a Gaussian window; edges are repeated.

    The variance is the mean down of variances along a line, and the variance down of means along a line, each of
    differences from the middle: a flat place has exactly none, where a mean of squares less the square of the mean
    would leave what float32 rounds off.
    """
    along, spread = _moments_along(maps, 3)
    mean, spread_down = _moments_along(along, 2)
    return mean, _blurred_along(spread, 2) + spread_down


def _moments_along(maps: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Means and variances along an axis."""
    length = maps.shape[axis]
    padded = _padded(maps, axis)
    first, second = torch.zeros_like(maps), torch.zeros_like(maps)
    for place, weight in enumerate(WINDOW[1:], start=1):
        size = padded.shape[axis] - place
        steps = padded.narrow(axis, place, size) - padded.narrow(axis, 0, size)
        after, before = RADIUS, RADIUS - place
        first.add_(steps.narrow(axis, after, length) - steps.narrow(axis, before, length), alpha=weight)
        squares = steps.square()
        second.add_(squares.narrow(axis, after, length) + squares.narrow(axis, before, length), alpha=weight)
    return maps + first, torch.addcmul(second, first, first, value=-1)


def _blurred(maps: Tensor) -> Tensor:
    """Gaussian means; edges are repeated."""
    return _blurred_along(_blurred_along(maps, 3), 2)


def _blurred_along(maps: Tensor, axis: int) -> Tensor:
    """The same along one axis. Sums of shifted maps are quicker than a convolution of so few channels."""
    length = maps.shape[axis]
    padded = _padded(maps, axis)
    blurred = maps * WINDOW[0]
    for place, weight in enumerate(WINDOW[1:], start=1):
        both = padded.narrow(axis, RADIUS - place, length) + padded.narrow(axis, RADIUS + place, length)
        blurred.add_(both, alpha=weight)
    return blurred


def _padded(maps: Tensor, axis: int) -> Tensor:
    both = (RADIUS, RADIUS)
    return functional.pad(maps, (*both, 0, 0) if axis == 3 else (0, 0, *both), mode="replicate")


def _gradient(maps: Tensor, axis: int) -> Tensor:
    """Absolute differences of neighbours; the last one is repeated."""
    differences = maps.diff(dim=axis).abs()
    return functional.pad(differences, (0, 1, 0, 0) if axis == 3 else (0, 0, 0, 1), mode="replicate")


def _neighbour(maps: Tensor, axis: int) -> Tensor:
    """The next value along an axis; the last one is its own."""
    length = maps.shape[axis]
    return torch.cat([maps.narrow(axis, 1, length - 1), maps.narrow(axis, length - 1, 1)], axis)
