"""Compression and noise of KADID-10k: JPEG and JPEG 2000 by the codecs of Pillow; noise as MATLAB's ``imnoise``."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from acutance.distortions.pixels import Pixels, as_bytes, from_bytes

_TO_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
_YCBCR_OFFSET = np.array([16, 128, 128]) / 255
"""MATLAB's ``rgb2ycbcr``: ITU-R BT.601 with luma from 16 to 235."""
_WINDOW = 7
"""Side of the window of the Wiener filter in pixels."""


def jpeg2000(image: Pixels, ratio: float) -> Pixels:
    """The image after JPEG 2000, by the irreversible wavelet and colour transform.

    The file becomes ``ratio`` times smaller than the raw pixels, which tiny images never reach.
    """
    return _read(jpeg2000_file(as_bytes(image), ratio), image)


def jpeg(image: Pixels, quality: int) -> Pixels:
    """The image after JPEG with halved colour resolution; the quality is on the scale of the Independent JPEG Group."""
    file = io.BytesIO()
    Image.fromarray(as_bytes(image)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return _read(file.getvalue(), image)


def jpeg2000_file(pixels: NDArray[np.uint8], ratio: float) -> bytes:
    """The JPEG 2000 file of 8-bit pixels (H, W, 3), ``ratio`` times smaller than they are."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=1
    )
    return file.getvalue()


def _read(file: bytes, image: Pixels) -> Pixels:
    with Image.open(io.BytesIO(file)) as decoded:
        return from_bytes(np.asarray(decoded.convert("RGB"), dtype=np.uint8), image)


def white_noise(image: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The image with Gaussian noise of a variance, for values in [0, 1], in red, green and blue."""
    return np.asarray(image + _gaussian(image, variance, generator))


def white_noise_ycbcr(image: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The image with Gaussian noise in luma, blue difference and red difference, clipped to [0, 1] there."""
    matrix, offset = _TO_YCBCR.astype(image.dtype), _YCBCR_OFFSET.astype(image.dtype)
    noisy = (image @ matrix.T + offset + _gaussian(image, variance, generator)).clip(0, 1)
    return np.asarray((noisy - offset) @ np.linalg.inv(_TO_YCBCR).T.astype(image.dtype))


def impulse_noise(image: Pixels, density: float, generator: np.random.Generator) -> Pixels:
    """The image with salt and pepper: a part ``density`` of each channel becomes 0 or 1, half of it each."""
    chance = generator.random(image.shape, dtype=np.float32)
    salted = np.where(chance < density, image.dtype.type(1), image)
    return np.where(chance < density / 2, image.dtype.type(0), salted)


def multiplicative_noise(image: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The image with speckle: each value times 1 plus uniform noise of a variance."""
    noise = (generator.random(image.shape, dtype=np.float32) - 0.5) * np.sqrt(np.float32(12 * variance))
    return np.asarray(image + image * noise)


def denoised(image: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    """The image with white noise that was taken away again by a Wiener filter, channel by channel.

    Each value moves towards the mean of its window, the more, the less the window varies beyond the noise, whose
    variance is known (Lim, Two-Dimensional Signal and Image Processing, 1990, p. 548).
    """
    noisy = white_noise(image, variance, generator).clip(0, 1).transpose(2, 0, 1)  # (3, H, W)
    means = ndimage.uniform_filter(noisy, (0, _WINDOW, _WINDOW))
    spread = np.maximum(ndimage.uniform_filter(noisy**2, (0, _WINDOW, _WINDOW)) - means**2, 0)
    kept = np.maximum(spread - variance, 0) / np.maximum(spread, variance)
    return np.asarray(means + kept * (noisy - means), dtype=image.dtype).transpose(1, 2, 0)


def _gaussian(image: Pixels, variance: float, generator: np.random.Generator) -> Pixels:
    noise = generator.standard_normal(image.shape, dtype=np.float32)
    return np.asarray(noise * np.sqrt(np.float32(variance)))
