"""What afine-tiny sees of an image: small and whole, in full detail, in a few fine squares; and fixed maps of each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from acutance.layers.images import clipped
from acutance.shapes import ImageBatch
from acutance.types import JSON

DETAIL_AREA = 1024 * 1024
"""Pixels up to which the detail is the whole image."""
TILE_SIDE, TILE_PLACES = 320, (0.0, 0.5, 1.0)
"""Of larger images the detail is a grid of 3 x 3 squares of 320 pixels, or less where a side is shorter; places are
shares of the room there is."""
FINE_SIDE, FINE_PLACES = 160, (0.25, 0.75)
"""Images of more than four squares of 160 pixels are seen in these for the fixed maps at full size."""


@dataclass(frozen=True, slots=True)
class Views:
    """All views of a batch of images in [0, 1]."""

    whole: Tensor
    """Small copies, shape (N, 3, h, w)."""
    detail: Tensor
    """At full size, shape (N * count, 3, h, w), those of an image one after the other."""
    count: int = 1
    """How many details an image has."""
    fine: Tensor | None = None
    """Squares at full size for the fixed maps, shape (N * fine_count, 3, h, w); none where those are known."""
    fine_count: int = 1
    """How many of them an image has."""


def views_of(images: ImageBatch, side: int) -> Views:
    """All views.

    Args:
        images: Shape (N, 3, H, W).
        side: Of the square with the area of a small copy, in pixels.
    """
    return Views(small_copy(images, side), *details(images), *fine_squares(images))


def small_copy(images: ImageBatch, side: int) -> Tensor:
    """The whole image with the area of a square of ``side`` pixels, antialiased; smaller images stay as they are.

    Args:
        images: Shape (N, 3, H, W).
        side: In pixels.
    """
    height, width = images.shape[2:]
    scale = side / math.sqrt(height * width)
    if scale >= 1:
        return images
    size = [max(1, round(scale * height)), max(1, round(scale * width))]
    return functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def details(images: ImageBatch) -> tuple[Tensor, int]:
    """Images at full size, large ones as a grid of squares spread from edge to edge.

    Args:
        images: Shape (N, 3, H, W).

    Returns:
        Shape (N * count, 3, h, w), those of an image one after the other, and count.
    """
    if images.shape[2] * images.shape[3] <= DETAIL_AREA:
        return images, 1
    return _grid(images, TILE_SIDE, TILE_PLACES)


def fine_squares(images: ImageBatch) -> tuple[Tensor, int]:
    """Small images at full size, of others four squares, one in the middle of each quarter.

    Args:
        images: Shape (N, 3, H, W).

    Returns:
        Shape (N * count, 3, h, w), those of an image one after the other, and count.
    """
    if images.shape[2] * images.shape[3] <= (FINE_SIDE * len(FINE_PLACES)) ** 2:
        return images, 1
    return _grid(images, FINE_SIDE, FINE_PLACES)


def view_settings(side: int) -> dict[str, JSON]:
    """What these views are, for the provenance of a score."""
    tiles, fine = len(TILE_PLACES), len(FINE_PLACES)
    return {
        "small_copy": f"area of {side} x {side}, bilinear, antialiased",
        "detail": f"whole up to {DETAIL_AREA} pixels, else {tiles} x {tiles} squares of {TILE_SIDE}",
        "fine": f"whole up to {(FINE_SIDE * fine) ** 2} pixels, else {fine} x {fine} squares of {FINE_SIDE}",
    }


def _grid(images: Tensor, side: int, places: Sequence[float]) -> tuple[Tensor, int]:
    """Squares of every image, those of an image one after the other, and how many each has."""
    rows, columns = (_starts(length, side, places) for length in images.shape[2:])
    squares = [images[..., top : top + side, left : left + side] for top in rows for left in columns]
    return torch.stack(squares, dim=1).flatten(0, 1), len(squares)


def _starts(length: int, side: int, places: Sequence[float]) -> list[int]:
    """Where squares begin along a side."""
    room = length - side
    return [0] if room <= 0 else [round(room * place) for place in places]


CHANNELS = 30
"""Maps of an image."""
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
    """Maps (N * count, 3, h, w) of each scale, ten groups of them, and count."""
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
