"""Blurs of KADID-10k (Gaussian, lens, motion) and the linear filters under them."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from acutance.distortions.pixels import Pixels

_SLICES = 2000
"""Slices of a pixel in which the area under a circle is added up; the error of a weight is below 1e-6."""


def gaussian_blurred(planes: Pixels, sigma: float, *, radius: int | None = None) -> Pixels:
    """The planes (H, W, C) behind a sampled Gaussian, ``sigma`` pixels wide.

    It reaches ``radius`` pixels, by default ceil(2 sigma) as in MATLAB's ``imgaussfilt``.
    """
    reach = math.ceil(2 * sigma) if radius is None else radius
    filtered = ndimage.gaussian_filter(planes, sigma, radius=reach, axes=(0, 1), mode="nearest")
    return np.asarray(filtered, dtype=planes.dtype)


def widely_blurred(planes: Pixels, sigma: float) -> Pixels:
    """As ``gaussian_blurred``, by Fourier transforms: faster from a sigma of about 6 pixels on."""
    reach = math.ceil(2 * sigma)
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    line /= line.sum()
    return convolved(planes, np.outer(line, line))


def convolved(planes: Pixels, kernel: NDArray[np.float64]) -> Pixels:
    """The planes (H, W, C) behind a kernel of odd sides that is the same turned by 180 degrees."""
    rows, columns = (side // 2 for side in kernel.shape)
    padded = np.pad(planes.transpose(2, 0, 1), ((0, 0), (rows, rows), (columns, columns)), mode="edge")
    weights = kernel.astype(planes.dtype)[np.newaxis]
    filtered = signal.fftconvolve(padded, weights, mode="valid", axes=(1, 2))  # (C, H, W)
    return np.asarray(filtered.transpose(1, 2, 0), dtype=planes.dtype)


def gaussian_blur(image: Pixels, sigma: float) -> Pixels:
    """The image behind a Gaussian of a standard deviation in pixels, as MATLAB's ``imgaussfilt``."""
    return gaussian_blurred(image, sigma)


def lens_blur(image: Pixels, radius: float) -> Pixels:
    """The image out of focus: the mean over a disc of a radius in pixels."""
    return convolved(image, disc(radius))


def motion_blur(image: Pixels, length: float, generator: np.random.Generator) -> Pixels:
    """The image of a camera that moved ``length`` pixels on a straight line; its angle is a whole number of degrees."""
    return convolved(image, line(length, int(generator.integers(0, 181))))


@lru_cache(maxsize=32)
def disc(radius: float) -> NDArray[np.float64]:
    """Weights proportional to the part of each pixel that lies in the disc, as ``fspecial('disk')``.

    Args:
        radius: In pixels, above 0.

    Returns:
        Shape (2 R + 1, 2 R + 1) with R = ceil(radius - 1/2), sum 1, read-only.
    """
    reach = math.ceil(radius - 0.5)
    edges = np.arange(-reach - 0.5, reach + 1)
    offsets = (np.arange(_SLICES) + 0.5) / _SLICES
    columns = edges[:-1, np.newaxis] + offsets  # (2 R + 1, slices)
    half_chords = np.sqrt(np.maximum(radius**2 - columns**2, 0))[..., np.newaxis]
    below = np.clip(edges, -half_chords, half_chords)  # (2 R + 1, slices, 2 R + 2)
    areas = np.diff(below, axis=2).mean(axis=1).T
    weights = np.asarray(areas / areas.sum())
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=512)
def line(length: float, angle: int) -> NDArray[np.float64]:
    """Weights that fall linearly from 1 on the line to 0 at a distance of one pixel, as ``fspecial('motion')``.

    A pixel further from the middle than the line's end is measured from that end, as there.

    Args:
        length: In pixels.
        angle: In degrees, counter-clockwise from the right.

    Returns:
        Odd sides, sum 1, read-only.
    """
    half = (max(1.0, length) - 1) / 2
    phi = math.radians(angle % 180)
    reach = math.ceil(half)
    x = np.arange(-reach, reach + 1.0)
    y = -x[:, np.newaxis]
    along = x * math.cos(phi) + y * math.sin(phi)
    across = y * math.cos(phi) - x * math.sin(phi)
    beyond = np.where(np.hypot(x, y) >= half, half - np.abs(along), 0)
    weights = np.maximum(1 - np.hypot(across, beyond), 0)
    weights = np.asarray(weights / weights.sum())
    weights.flags.writeable = False
    return weights
