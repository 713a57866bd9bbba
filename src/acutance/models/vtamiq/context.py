"""Where to look: the probability of patches from the difference of two pictures, the centre, and everywhere alike.

Context-aware patch sampling of VTAMIQ (arXiv 2110.01655), as its code had it in 2024 (``place_probability``) and in
2021 (``corner_probability``). All maps are float64 of the size of the picture.
"""

import math

import numpy as np
from jaxtyping import Float64
from scipy import ndimage
from torch import Tensor

from acutance.models.vtamiq.sampling import PATCH

CENTRE_SPREAD = (0.21, 0.235)
"""Deviation of fixations around the middle as shares of height and width.

Clarke and Tatler, Vision Research 102, 2014: over ten data sets the variance is 0.22 of the squared half width across
and 0.45 times that upwards, here for pictures of 4:3. The authors' map, of MIT1003's fixations, is not used.
"""
CENTRE_SAMPLES = 1024
"""Rows and columns of the authors' map, from which they take the nearest sample."""
FLAT = 1e-6
"""A difference with a smaller deviation is none (the authors' code)."""
CORNER_BLUR = math.sqrt(math.hypot(PATCH, PATCH))
"""Deviation in pixels of the Gaussian over the difference of 2021: (16 ** 2 + 16 ** 2) ** (1 / 4)."""
SSIM_DEVIATION, SSIM_REACH = 1.5, 5
"""Deviation in pixels of SSIM's Gaussian window, and how far it reaches to each side (Wang et al. 2004)."""
SSIM_CONSTANTS = (0.01**2, 0.03**2)
"""What keeps SSIM finite, for values in [0, 1]."""

Map = Float64[np.ndarray, "rows columns"]
"""A number for each pixel."""
SmallMap = Float64[np.ndarray, "smaller_rows smaller_columns"]
"""A number for fewer pixels."""


def difference_map(reference: Tensor, distorted: Tensor, *, stretched: bool = False) -> Map:
    """Length of the difference of colours at each pixel.

    Args:
        reference: Shape (3, H, W).
        distorted: The same.
        stretched: Stretch each picture to [0, 1] first, as the code of 2024 does; changes of brightness or contrast
            then hardly show.
    """
    pictures = [_as_array(picture) for picture in (reference, distorted)]
    if stretched:
        pictures = [_stretched(picture) for picture in pictures]
    difference: np.ndarray = np.sqrt(np.square(pictures[0] - pictures[1]).sum(0))
    return difference


def ssim_map(reference: Tensor, distorted: Tensor, *, stretched: bool = False) -> Map:
    """1 - SSIM at each pixel, the mean over red, green and blue: 0 where the pictures are alike, 2 at most.

    SSIM as Wang et al. 2004 define it, with a Gaussian window of 11 x 11 pixels; pictures are mirrored at their
    borders, so that every pixel has a value. VTAMIQ's authors name SSIM as a measure; their code has none.

    Args:
        reference: Shape (3, H, W).
        distorted: The same.
        stretched: Stretch each picture to [0, 1] first.
    """
    pictures = [_as_array(picture) for picture in (reference, distorted)]
    if stretched:
        pictures = [_stretched(picture) for picture in pictures]
    x, y = pictures
    mean_x, mean_y = _windowed(x), _windowed(y)
    variances = (_windowed(x * x) - mean_x**2) + (_windowed(y * y) - mean_y**2)  # equal pictures give exactly 0
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance, structure = SSIM_CONSTANTS
    alike = (2 * mean_x * mean_y + luminance) * (2 * covariance + structure)
    most = (mean_x**2 + mean_y**2 + luminance) * (variances + structure)
    different: np.ndarray = np.maximum(1 - (alike / most).mean(0), 0)
    return different


def squared_difference_map(reference: Tensor, distorted: Tensor) -> Map:
    """Squared difference of colours at each pixel (2021)."""
    difference: np.ndarray = np.square(_as_array(reference) - _as_array(distorted)).sum(0)
    return difference


def centre_map(height: int, width: int, spread: tuple[float, float] = CENTRE_SPREAD) -> Map:
    """A Gaussian around the middle, 1 at most.

    Args:
        height: In pixels.
        width: The same.
        spread: Its deviations, as shares of height and width.
    """
    rows, columns = (_offsets(side) / share for side, share in zip((height, width), spread, strict=True))
    exponent = -0.5 * (np.square(rows)[:, None] + np.square(columns))
    centre: np.ndarray = np.exp(exponent - exponent.max())
    return centre


def place_probability(difference: Map, centre: Map, weights: tuple[float, float, float]) -> Map:
    """Probability of each pixel, summing to 1.

    Args:
        difference: Not below 0; its deviation is brought to 1.
        centre: In [0, 1].
        weights: Of centre, difference and uniform.
    """
    deviation = difference.std()
    scaled = difference / deviation if deviation > FLAT else np.zeros_like(difference)
    return _mixed(centre, scaled, weights)


def corner_probability(difference: Map, centre: Map, weights: tuple[float, float, float]) -> SmallMap:
    """Probability of each top left corner but those of the last row and column, summing to 1 (2021).

    Args:
        difference: Not below 0; blurred, and its maximum brought to 1.
        centre: In [0, 1].
        weights: Of centre, difference and uniform.
    """
    inner = tuple(slice(PATCH // 2, max(side - PATCH // 2, PATCH // 2 + 1)) for side in difference.shape)
    blurred = ndimage.gaussian_filter(_over_maximum(difference), CORNER_BLUR, mode="constant")
    return _mixed(centre[inner], _over_maximum(blurred[inner]), weights)


def halved(values: Map) -> SmallMap:
    """Means of 2 x 2 pixels; an odd row or column is dropped."""
    rows, columns = (side // 2 for side in values.shape)
    means: np.ndarray = values[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean((1, 3))
    return means


def _mixed(centre: Map, difference: Map, weights: tuple[float, float, float]) -> Map:
    """The weighted sum over its own sum; uniform where that is 0, as for equal pictures and no other weight."""
    mixed = weights[0] * centre + weights[1] * difference + weights[2]
    total = mixed.sum()
    return mixed / total if total > 0 else np.full_like(mixed, 1 / mixed.size)


def _offsets(side: int) -> np.ndarray:
    """Distance from the middle of the authors' sample nearest to each pixel, as a share of the side."""
    samples = np.round(np.arange(side) * (CENTRE_SAMPLES - 1) / max(side - 1, 1))
    offsets: np.ndarray = (samples + 0.5) / CENTRE_SAMPLES - 0.5
    return offsets


def _as_array(picture: Tensor) -> np.ndarray:
    array: np.ndarray = picture.detach().cpu().double().numpy()
    return array


def _windowed(planes: np.ndarray) -> np.ndarray:
    """Means of each plane under SSIM's window."""
    means: np.ndarray = ndimage.gaussian_filter(planes, SSIM_DEVIATION, radius=SSIM_REACH, axes=(1, 2))
    return means


def _stretched(picture: np.ndarray) -> np.ndarray:
    low, high = picture.min(), picture.max()
    return (picture - low) / (high - low) if high > low else np.zeros_like(picture)


def _over_maximum(values: np.ndarray) -> np.ndarray:
    largest = values.max()
    return values / largest if largest > 0 else values
