"""Linear filters with repeated edges, as MATLAB's ``imfilter(..., 'replicate')``."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from acutance.distortions.pixels import Pixels


def gaussian_blurred(planes: Pixels, sigma: float, *, radius: int | None = None) -> Pixels:
    """The planes behind a sampled Gaussian.

    Args:
        planes: Shape (H, W, C).
        sigma: Standard deviation in pixels, above 0.
        radius: Half width of the filter in pixels; ``None`` is MATLAB's ``imgaussfilt``, ceil(2 sigma).
    """
    reach = math.ceil(2 * sigma) if radius is None else radius
    filtered = ndimage.gaussian_filter(planes, sigma, radius=reach, axes=(0, 1), mode="nearest")
    return np.asarray(filtered, dtype=planes.dtype)


def widely_blurred(planes: Pixels, sigma: float) -> Pixels:
    """The same by Fourier transforms, which is faster from a sigma of about 6 pixels on."""
    reach = math.ceil(2 * sigma)
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    line /= line.sum()
    return convolved(planes, np.outer(line, line))


def convolved(planes: Pixels, kernel: NDArray[np.float64]) -> Pixels:
    """The planes behind a kernel with odd sides.

    Args:
        planes: Shape (H, W, C).
        kernel: Shape (2 R + 1, 2 S + 1); the same turned by 180 degrees, so that it does not matter whether it
            is convolved or correlated.
    """
    rows, columns = (side // 2 for side in kernel.shape)
    padded = np.pad(planes.transpose(2, 0, 1), ((0, 0), (rows, rows), (columns, columns)), mode="edge")
    weights = kernel.astype(planes.dtype)[np.newaxis]
    filtered = signal.fftconvolve(padded, weights, mode="valid", axes=(1, 2))  # (C, H, W)
    return np.asarray(filtered.transpose(1, 2, 0), dtype=planes.dtype)
