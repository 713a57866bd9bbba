"""Colour distortions of KADID-10k: diffusion, shift, quantisation, saturation in HSV and in L*a*b*."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from acutance.distortions.filters import gaussian_blurred, widely_blurred
from acutance.distortions.lab import from_lab, to_lab
from acutance.distortions.palette import minimum_variance_palette
from acutance.distortions.pixels import Pixels, as_bytes, from_bytes

_GREY = (0.2989, 0.5870, 0.1140)
"""MATLAB's ``rgb2gray``."""
_SHIFTED = 1
"""The channel that KADID shifts: green."""
_EDGE_SIGMA, _EDGE_FLOOR, _EDGE_PERCENTILES = 4, 0.1, (1, 99)
"""KADID's map of edges: Gaussian in pixels, where it is cut off, and between which percentiles it is stretched."""


def colour_diffusion(picture: Pixels, amount: float) -> Pixels:
    """The picture with colours that run: a* and b* blurred by 1.5 amount + 2 pixels and multiplied by amount.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: At least 1.
    """
    lab = to_lab(picture)
    lab[..., 1:] = widely_blurred(lab[..., 1:], 1.5 * amount + 2) * amount
    return from_lab(lab)


def colour_shift(picture: Pixels, amount: float, generator: np.random.Generator) -> Pixels:
    """The picture with its green shifted down and right, where there are edges.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        amount: Length of the shift in pixels.
        generator: Draws its direction.
    """
    direction = generator.random(2)
    down, right = (round(float(step)) for step in direction / np.hypot(*direction) * amount)
    height, width = picture.shape[:2]
    rows, columns = np.arange(height) - down, np.arange(width) - right
    green = picture[..., _SHIFTED]
    moved = green[rows.clip(min=0)][:, columns.clip(min=0)]
    shifted = picture.copy()
    shifted[..., _SHIFTED] += (moved - green) * edge_map(picture)
    return shifted


def edge_map(picture: Pixels) -> Pixels:
    """How near an edge is, from 0 to 1; shape (H, W)."""
    grey = picture @ np.array(_GREY, dtype=picture.dtype)
    slopes = [ndimage.correlate1d(grey, [-0.5, 0, 0.5], axis=axis, mode="nearest") for axis in (0, 1)]
    edges = _stretched(gaussian_blurred(np.hypot(*slopes)[..., np.newaxis], _EDGE_SIGMA)[..., 0])
    edges = _stretched(edges.clip(min=_EDGE_FLOOR))
    return _stretched(edges.clip(*np.percentile(edges, _EDGE_PERCENTILES).astype(edges.dtype)))


def colour_quantisation(picture: Pixels, colours: int) -> Pixels:
    """The picture in few colours, dithered by Floyd and Steinberg.

    The palette has the least variance around its colours that one cut after the other can reach, as ``rgb2ind``.

    Args:
        picture: Shape (H, W, 3), in [0, 1]; floats are rounded to 8 bits.
        colours: Size of the palette, 1 to 256.
    """
    pixels = as_bytes(picture)
    palette = Image.new("P", (1, 1))
    palette.putpalette(minimum_variance_palette(pixels, colours).tobytes())
    dithered = Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return from_bytes(_bytes_of(dithered.convert("RGB")), picture)


def saturation_hsv(picture: Pixels, factor: float) -> Pixels:
    """The picture with its saturation in HSV multiplied.

    With hue and value kept, each channel's distance to the brightest one is proportional to the saturation; below
    0 it lies beyond, where hues become their opposites, and what leaves [0, 1] is clipped.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        factor: 1 is none, 0 takes the colour away.
    """
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    value = np.maximum(np.maximum(red, green), blue)[..., np.newaxis]
    return np.asarray(value + (picture - value) * picture.dtype.type(factor))


def saturation_lab(picture: Pixels, factor: float) -> Pixels:
    """The picture with a* and b* multiplied.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        factor: 1 is none.
    """
    lab = to_lab(picture)
    lab[..., 1:] *= factor
    return from_lab(lab)


def _stretched(values: Pixels) -> Pixels:
    """From 0 to 1, but a constant as it is."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if low < high else values


def _bytes_of(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image, dtype=np.uint8)
