"""Colour distortions of KADID-10k, with L*a*b* and palettes: diffusion, shift, quantisation, two saturations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from acutance.distortions.blurs import gaussian_blurred, widely_blurred
from acutance.distortions.pixels import Pixels, as_bytes, from_bytes

Lab = NDArray[Any]
"""Shape (H, W, 3): L* from 0 to 100, a* and b* about -128 to 127."""

_TO_XYZ = np.array(
    [
        [0.4123907992659595, 0.35758433938387796, 0.1804807884018343],
        [0.21263900587151036, 0.7151686787677559, 0.07219231536073371],
        [0.01933081871559185, 0.11919477979462599, 0.9505321522496606],
    ]
)
"""Linear sRGB to XYZ, from the primaries and the white point (0.3127, 0.3290) of IEC 61966-2-1."""
_TO_RELATIVE = _TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)
"""XYZ divided by that of white, so that grey has no colour to the last bit."""
_FROM_RELATIVE = np.linalg.inv(_TO_RELATIVE)
_LINE_END = 0.0031308
"""Where sRGB's curve begins to be a power (IEC 61966-2-1)."""
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
"""Where the cube root becomes a line, and its slope (CIE 15:2004)."""
_BITS = 5
"""Bits of each channel that tell colours apart while cutting, as Wu's; the palette itself has 8."""
_STEPS = 1 << _BITS
_GREY = (0.2989, 0.5870, 0.1140)
"""MATLAB's ``rgb2gray``."""
_SHIFTED = 1
"""The channel that KADID shifts: green."""
_EDGE_SIGMA, _EDGE_FLOOR, _EDGE_PERCENTILES = 4, 0.1, (1, 99)
"""KADID's map of edges: Gaussian in pixels, where it is cut off, and between which percentiles it is stretched."""


def to_lab(image: Pixels) -> Lab:
    """L*a*b* of an sRGB image."""
    relative = _linear(image) @ _TO_RELATIVE.T.astype(image.dtype)
    roots = np.where(relative > _EPSILON, np.cbrt(relative), (_KAPPA * relative + 16) / 116)
    x, y, z = roots[..., 0], roots[..., 1], roots[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def from_lab(lab: Lab) -> Pixels:
    """The sRGB image of an L*a*b* one; what sRGB cannot show is clipped to [0, 1]."""
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=2)
    cubes = roots * roots * roots
    relative = np.where(cubes > _EPSILON, cubes, (116 * roots - 16) / _KAPPA)
    return _encoded((relative @ _FROM_RELATIVE.T.astype(lab.dtype)).clip(0, 1))


def _linear(encoded: Pixels) -> Pixels:
    """Light of sRGB values (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Pixels) -> Pixels:
    """Values in sRGB of light in [0, 1]."""
    curved = 1.055 * np.maximum(linear, _LINE_END) ** (1 / 2.4) - 0.055  # powers of 0 are slow
    return np.where(linear <= _LINE_END, linear * 12.92, curved)


def minimum_variance_palette(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Colours that stand for the pixels' own: the means of boxes, cut one after the other.

    Each cut is the one that leaves the least squared error, over all boxes, axes and places. An image of no more
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


def colour_diffusion(image: Pixels, amount: float) -> Pixels:
    """The image with colours that run: a* and b* blurred by 1.5 amount + 2 pixels and multiplied by amount."""
    lab = to_lab(image)
    lab[..., 1:] = widely_blurred(lab[..., 1:], 1.5 * amount + 2) * amount
    return from_lab(lab)


def colour_shift(image: Pixels, amount: float, generator: np.random.Generator) -> Pixels:
    """The image with its green shifted ``amount`` pixels down and right, at a random angle, where there are edges."""
    direction = generator.random(2)
    down, right = (round(float(step)) for step in direction / np.hypot(*direction) * amount)
    height, width = image.shape[:2]
    rows, columns = np.arange(height) - down, np.arange(width) - right
    green = image[..., _SHIFTED]
    moved = green[rows.clip(min=0)][:, columns.clip(min=0)]
    shifted = image.copy()
    shifted[..., _SHIFTED] += (moved - green) * edge_map(image)
    return shifted


def edge_map(image: Pixels) -> Pixels:
    """How near an edge is, from 0 to 1; shape (H, W)."""
    grey = image @ np.array(_GREY, dtype=image.dtype)
    slopes = [ndimage.correlate1d(grey, [-0.5, 0, 0.5], axis=axis, mode="nearest") for axis in (0, 1)]
    edges = _stretched(gaussian_blurred(np.hypot(*slopes)[..., np.newaxis], _EDGE_SIGMA)[..., 0])
    edges = _stretched(edges.clip(min=_EDGE_FLOOR))
    return _stretched(edges.clip(*np.percentile(edges, _EDGE_PERCENTILES).astype(edges.dtype)))


def colour_quantisation(image: Pixels, colours: int) -> Pixels:
    """The image in 1 to 256 colours, dithered by Floyd and Steinberg.

    The palette has the least variance around its colours that one cut after the other can reach, as ``rgb2ind``.
    """
    pixels = as_bytes(image)
    palette = Image.new("P", (1, 1))
    palette.putpalette(minimum_variance_palette(pixels, colours).tobytes())
    dithered = Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return from_bytes(_bytes_of(dithered.convert("RGB")), image)


def saturation_hsv(image: Pixels, factor: float) -> Pixels:
    """The image with its saturation in HSV multiplied; 0 takes the colour away.

    With hue and value kept, each channel's distance to the brightest one is proportional to the saturation; below
    0 it lies beyond, where hues become their opposites, and what leaves [0, 1] is clipped.
    """
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    value = np.maximum(np.maximum(red, green), blue)[..., np.newaxis]
    return np.asarray(value + (image - value) * image.dtype.type(factor))


def saturation_lab(image: Pixels, factor: float) -> Pixels:
    """The image with a* and b* multiplied."""
    lab = to_lab(image)
    lab[..., 1:] *= factor
    return from_lab(lab)


def _stretched(values: Pixels) -> Pixels:
    """From 0 to 1, but a constant as it is."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if low < high else values


def _bytes_of(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image, dtype=np.uint8)
