"""The eight ways of flipping and transposing a picture, as A-FINE's training draws them."""

import numpy as np
from numpy.typing import NDArray

COUNT = 8
"""Left and right, up and down, transposed: each or not."""


def draw_variant(generator: np.random.Generator) -> int:
    """One of the variants, each of the three choices with probability 0.5.

    Returns:
        Bits: 1 flips left and right, 2 up and down, 4 transposes height and width after that.
    """
    flips = generator.random(3) < 0.5
    return int(flips @ np.array([1, 2, 4]))


def varied(pixels: NDArray[np.uint8], variant: int) -> NDArray[np.uint8]:
    """A picture flipped and transposed, always a copy.

    Args:
        pixels: Shape (height, width, 3).
        variant: From ``draw_variant``.

    Example:
        >>> varied(np.arange(6, dtype=np.uint8).reshape(1, 2, 3), 1)[0, 0].tolist()
        [3, 4, 5]
    """
    if variant & 1:
        pixels = pixels[:, ::-1]
    if variant & 2:
        pixels = pixels[::-1]
    if variant & 4:
        pixels = pixels.transpose(1, 0, 2)
    return np.array(pixels, order="C")
