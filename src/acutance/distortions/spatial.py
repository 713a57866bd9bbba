"""Spatial distortions of KADID-10k: jitter, non-eccentricity patch, pixelate, quantisation, colour block."""

import math

import numpy as np
from numpy.typing import NDArray

from acutance.distortions.pixels import Pixels, as_bytes, from_bytes

_BAND = 16
"""Rows worked on at a time: what they need stays in the processor's cache, which halves the time."""
_WARPS = 5
"""How often KADID's jitter warps the image."""
_PATCH = 16
"""Side of a moved patch in pixels, and how far it stays from the border; it moves by up to half of it."""
_BLOCK = 32
"""Side of a colour block in pixels."""


def warped(planes: Pixels, shifts: Pixels) -> Pixels:
    """The planes (C, H, W) with each pixel taken from elsewhere, by Keys' cubic (a = -1/2), edges repeated.

    ``shifts`` (2, H, W) say how far the pixel comes down and right, in pixels.
    """
    height = planes.shape[1]
    result = np.empty_like(planes)
    for top in range(0, height, _BAND):
        rows = slice(top, min(top + _BAND, height))
        result[:, rows] = _warped_rows(planes, shifts[:, rows], top)
    return result


def _warped_rows(planes: Pixels, shifts: Pixels, top: int) -> Pixels:
    channels, height, width = planes.shape
    down = np.arange(top, top + shifts.shape[1], dtype=planes.dtype)[:, np.newaxis] - shifts[0]
    right = np.arange(width, dtype=planes.dtype) - shifts[1]
    row, column = np.floor(down), np.floor(right)
    row_weights, column_weights = _keys(down - row), _keys(right - column)
    columns = [(column + tap).clip(0, width - 1).astype(np.intp) for tap in (-1, 0, 1, 2)]
    flat = planes.reshape(channels, -1)
    total = np.zeros((channels, *down.shape), planes.dtype)
    for tap in range(4):
        starts = (row + (tap - 1)).clip(0, height - 1).astype(np.intp) * width
        for other in range(4):
            places, weights = starts + columns[other], row_weights[tap] * column_weights[other]
            for channel in range(channels):
                total[channel] += flat[channel].take(places, mode="clip") * weights  # clip: unchecked, thus faster
    return total


def _keys(part: Pixels) -> list[Pixels]:
    """Weights of the four neighbours, the second of which lies ``part`` of a pixel before (Keys 1981)."""
    square = part * part
    cube = square * part
    return [
        square - (cube + part) / 2,
        1.5 * cube - 2.5 * square + 1,
        2 * square - 1.5 * cube + part / 2,
        (cube - square) / 2,
    ]


def otsu_thresholds(histogram: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
    """The thresholds that split a histogram into classes of the largest variance between them.

    Found by dynamic programming over the last threshold, so that no better ones exist (Otsu 1979; MATLAB's
    ``multithresh`` searches from a start and may stop short of them).

    Args:
        histogram: How often each level occurs; shape (levels,).
        count: How many thresholds, at least 1.

    Returns:
        The last level of each class but the highest, rising; ``None`` if no more than ``count`` levels occur, so
        that nothing can be split.
    """
    occurring = np.flatnonzero(histogram)
    if len(occurring) <= count:
        return None
    numbers = histogram[occurring].astype(np.float64)
    number = np.concatenate([[0], np.cumsum(numbers)])
    total = np.concatenate([[0], np.cumsum(numbers * occurring)])
    size = number - number[:, np.newaxis]  # (first level, behind the last level)
    gain = np.full_like(size, -np.inf)
    upper = np.triu_indices(len(number), 1)
    gain[upper] = (total - total[:, np.newaxis])[upper] ** 2 / size[upper]
    best = gain[0]
    choices = []
    for _ in range(count):
        sums = best[:, np.newaxis] + gain
        choices.append(sums.argmax(axis=0))
        best = sums.max(axis=0)
    ends = []
    end = len(occurring)
    for choice in reversed(choices):
        end = int(choice[end])
        ends.append(end)
    return np.asarray(occurring[np.array(ends[::-1]) - 1])


def jitter(image: Pixels, amount: float, generator: np.random.Generator) -> Pixels:
    """The image with scattered pixels: warped five times, bicubically, by Gaussian shifts of each pixel."""
    planes = np.ascontiguousarray(image.transpose(2, 0, 1))
    for _ in range(_WARPS):
        shifts = generator.standard_normal((2, *planes.shape[1:]), dtype=np.float32) * np.float32(amount)
        planes = warped(planes, shifts.astype(planes.dtype))
    return planes.transpose(1, 2, 0)


def non_eccentricity_patch(image: Pixels, count: int, generator: np.random.Generator) -> Pixels:
    """The image with small patches copied to a place nearby, one after the other.

    Patches have 16 pixels; in images with a side below 48 a third of it, so that they can move.
    """
    moved = image.copy()
    side = min(_PATCH, max(1, min(image.shape[:2]) // 3))
    for _ in range(count):
        source, target = zip(*(_way(length, side, generator) for length in image.shape[:2]), strict=True)
        patch = moved[source[0] : source[0] + side, source[1] : source[1] + side].copy()
        moved[target[0] : target[0] + side, target[1] : target[1] + side] = patch
    return moved


def _way(length: int, side: int, generator: np.random.Generator) -> tuple[int, int]:
    """From where to where a patch moves along one axis."""
    last = length - side
    low = min(side, last // 2)
    start = low + round(generator.random() * max(0, last - side - low))
    return start, min(max(start + round((generator.random() - 0.5) * side), 0), last)


def pixelate(image: Pixels, strength: float) -> Pixels:
    """The image with sides 0.95 - strength^0.6 as long, and back, by the nearest pixel; the strength is 0 to 0.9."""
    rows, columns = (_nearest(length, 0.95 - strength**0.6) for length in image.shape[:2])
    return image[rows][:, columns]


def _nearest(length: int, scale: float) -> NDArray[np.intp]:
    """Which pixel each pixel shows after both resizes, with half-pixel centres."""
    small = math.ceil(length * scale)
    places = (np.arange(length) * 2 + 1) * small // (2 * length)  # of the small image
    return np.asarray((places * 2 + 1) * length // (2 * small))


def quantisation(image: Pixels, thresholds: int) -> Pixels:
    """The image with few values, split by Otsu's thresholds of all its values together.

    Values up to the lowest threshold become 0, above the highest 1, others the threshold above them. An image of no
    more different values than thresholds stays as it is.
    """
    pixels = as_bytes(image)
    ends = otsu_thresholds(np.bincount(pixels.ravel(), minlength=256), thresholds)
    if ends is None:
        return from_bytes(pixels, image)
    values = np.concatenate([[0], ends[1:], [255]]).astype(np.uint8)
    table = values[np.searchsorted(ends, np.arange(256))]
    return from_bytes(table[pixels], image)


def colour_block(image: Pixels, count: int, generator: np.random.Generator) -> Pixels:
    """The image under squares of random colour, which may hide one another.

    Squares have 32 pixels; in images with a side below 64 half of it.
    """
    covered = image.copy()
    height, width = image.shape[:2]
    side = min(_BLOCK, (min(height, width) + 1) // 2)
    for _ in range(count):
        colour = generator.random(3)
        left, top = (int(generator.random() * (length - side + 1)) for length in (width, height))
        covered[top : top + side, left : left + side] = colour
    return covered
