"""Compression and noise of KADID-10k: JPEG and JPEG 2000 by the codecs of Pillow; noise as MATLAB's ``imnoise``."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from acutance.distortions.pixels import Pixels, as_bytes, from_bytes


def jpeg2000(picture: Pixels, ratio: float) -> Pixels:
    """The picture after JPEG 2000, by the irreversible wavelet and colour transform.

    Args:
        picture: Shape (H, W, 3), in [0, 1]; floats are rounded to 8 bits.
        ratio: How many times smaller than the raw pixels the file becomes; tiny pictures never reach it.
    """
    return _read(jpeg2000_file(as_bytes(picture), ratio), picture)


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """The picture after JPEG with halved colour resolution.

    Args:
        picture: Shape (H, W, 3), in [0, 1]; floats are rounded to 8 bits.
        quality: Of the Independent JPEG Group's scale, 1 to 100.
    """
    file = io.BytesIO()
    Image.fromarray(as_bytes(picture)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return _read(file.getvalue(), picture)


def jpeg2000_file(pixels: NDArray[np.uint8], ratio: float) -> bytes:
    """The JPEG 2000 file of 8-bit pixels.

    Args:
        pixels: Shape (H, W, 3).
        ratio: How many times smaller than the raw pixels it is.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=1
    )
    return file.getvalue()


def _read(file: bytes, picture: Pixels) -> Pixels:
    with Image.open(io.BytesIO(file)) as image:
        return from_bytes(np.asarray(image.convert("RGB"), dtype=np.uint8), picture)


_TO_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
_YCBCR_OFFSET = np.array([16, 128, 128]) / 255
"""MATLAB's ``rgb2ycbcr``: ITU-R BT.601 with luma from 16 to 235."""
_WINDOW = 7
"""Side of the window of the Wiener filter in pixels."""


def white_noise(picture: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The picture with Gaussian noise in red, green and blue.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        variance: Of the noise, for values in [0, 1].
        generator: Draws the noise.
    """
    return np.asarray(picture + _gaussian(picture, variance, generator))


def white_noise_ycbcr(picture: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The picture with Gaussian noise in luma, blue difference and red difference.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        variance: Of the noise, for values in [0, 1]; what leaves [0, 1] in YCbCr is clipped there.
        generator: Draws the noise.
    """
    matrix, offset = _TO_YCBCR.astype(picture.dtype), _YCBCR_OFFSET.astype(picture.dtype)
    noisy = (picture @ matrix.T + offset + _gaussian(picture, variance, generator)).clip(0, 1)
    return np.asarray((noisy - offset) @ np.linalg.inv(_TO_YCBCR).T.astype(picture.dtype))


def impulse_noise(picture: Pixels, density: float, generator: np.random.Generator) -> Pixels:
    """The picture with salt and pepper, in each channel for itself.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        density: Part of the values that becomes 0 or 1, half of it each.
        generator: Draws which.
    """
    chance = generator.random(picture.shape, dtype=np.float32)
    salted = np.where(chance < density, picture.dtype.type(1), picture)
    return np.where(chance < density / 2, picture.dtype.type(0), salted)


def multiplicative_noise(picture: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The picture with speckle: each value times 1 plus uniform noise.

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        variance: Of the noise.
        generator: Draws the noise.
    """
    noise = (generator.random(picture.shape, dtype=np.float32) - 0.5) * np.sqrt(np.float32(12 * variance))
    return np.asarray(picture + picture * noise)


def denoised(picture: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The picture with white noise that was taken away again by a Wiener filter, channel by channel.

    Each value moves towards the mean of its window, the more, the less the window varies beyond the noise (Lim,
    Two-Dimensional Signal and Image Processing, 1990, p. 548).

    Args:
        picture: Shape (H, W, 3), in [0, 1].
        variance: Of the noise, known to the filter.
        generator: Draws the noise.
    """
    noisy = white_noise(picture, variance, generator).clip(0, 1).transpose(2, 0, 1)  # (3, H, W)
    means = ndimage.uniform_filter(noisy, (0, _WINDOW, _WINDOW))
    spread = np.maximum(ndimage.uniform_filter(noisy**2, (0, _WINDOW, _WINDOW)) - means**2, 0)
    kept = np.maximum(spread - variance, 0) / np.maximum(spread, variance)
    return np.asarray(means + kept * (noisy - means), dtype=picture.dtype).transpose(1, 2, 0)


def _gaussian(picture: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    noise = generator.standard_normal(picture.shape, dtype=np.float32)
    return np.asarray(noise * np.sqrt(np.float32(variance)))
