"""A palette of a picture's own colours, by cutting colour space where that takes away most variance (Wu 1991)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = 5
"""Bits of each channel that tell colours apart while cutting, as Wu's; the palette itself has 8."""
_STEPS = 1 << _BITS


def minimum_variance_palette(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Colours that stand for the pixels' own: the means of boxes, cut one after the other.

    Each cut is the one that leaves the least squared error, over all boxes, axes and places. A picture of no more
    colours than asked for keeps them all.

    Args:
        pixels: Shape (H, W, 3).
        size: How many colours, at least 1.

    Returns:
        Shape (n, 3) with n <= size.
    """
    places, moments = _cells(pixels)
    if len(places) <= size:
        colours = np.unique(pixels.reshape(-1, 3), axis=0)
        if len(colours) <= size:
            return np.asarray(colours)
    boxes = [np.arange(len(places))]
    cuts = [_best_cut(places, moments)]
    while len(boxes) < size:
        index = max(range(len(boxes)), key=lambda box: cuts[box][0])
        gain, axis, last = cuts[index]
        if gain <= 0:
            break
        box = boxes[index]
        is_low = places[box, axis] <= last
        boxes[index : index + 1] = [box[is_low], box[~is_low]]
        cuts[index : index + 1] = [_best_cut(places[part], moments[part]) for part in boxes[index : index + 2]]
    sums = np.stack([moments[box].sum(axis=0) for box in boxes])
    return np.asarray(np.rint(sums[:, 1:] / sums[:, :1]), dtype=np.uint8)


def _cells(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of each colour that occurs, in steps of 8: its three steps; how often it occurs and the sums of its channels."""
    flat = pixels.reshape(-1, 3)
    steps = (flat >> (8 - _BITS)).astype(np.intp)
    codes = (steps[:, 0] * _STEPS + steps[:, 1]) * _STEPS + steps[:, 2]
    numbers = np.bincount(codes, minlength=_STEPS**3)
    occurring = np.flatnonzero(numbers)
    sums = [np.bincount(codes, flat[:, channel], minlength=_STEPS**3)[occurring] for channel in range(3)]
    places = np.stack(np.unravel_index(occurring, (_STEPS,) * 3), axis=1)
    return places, np.stack([numbers[occurring], *sums], axis=1)


def _best_cut(places: NDArray[np.intp], moments: NDArray[np.float64]) -> tuple[float, int, int]:
    """How much squared error the best cut of a box takes away; its axis and the last step below it."""
    best = (0.0, 0, 0)
    for axis in range(3):
        sums: NDArray[Any] = np.stack(
            [np.bincount(places[:, axis], column, minlength=_STEPS) for column in moments.T], axis=1
        ).cumsum(axis=0)
        total, below = sums[-1], sums[:-1]
        above = total - below
        splits = np.flatnonzero((below[:, 0] > 0) & (above[:, 0] > 0))
        if len(splits):
            gains = _explained(below[splits]) + _explained(above[splits]) - _explained(total[np.newaxis])
            first = int(gains.argmax())
            best = max(best, (float(gains[first]), axis, int(splits[first])))
    return best


def _explained(moments: NDArray[Any]) -> NDArray[Any]:
    """The squared sums over the number: what a mean explains of the squares."""
    return np.asarray((moments[:, 1:] ** 2).sum(axis=1) / moments[:, 0])
