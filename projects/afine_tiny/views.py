"""What afine-tiny sees of an image in training: a part of its small copy, and a part of it at full size."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from acutance.training.images import Pixels


@dataclass(frozen=True)
class Window:
    """A square of an image, turned left and right round or not.

    Places are shares of the room there is, so that images of one size are cut alike.
    """

    top: float
    left: float
    flip: bool

    def cut(self, pixels: Pixels, side: int) -> Pixels:
        """Shape (side, side, 3); a shorter side is enlarged first.

        Args:
            pixels: Of any size.
            side: In pixels.
        """
        pixels = at_least(pixels, side)
        height, width = pixels.shape[:2]
        top, left = round(self.top * (height - side)), round(self.left * (width - side))
        square = pixels[top : top + side, left : left + side]
        return np.ascontiguousarray(square[:, ::-1] if self.flip else square)


def draw_window(generator: np.random.Generator) -> Window:
    """A window anywhere, flipped half of the time."""
    top, left, drawn = generator.random(3)
    return Window(float(top), float(left), bool(drawn < 0.5))


def small_pixels(pixels: Pixels, side: int) -> Pixels:
    """An image with the area of a square of ``side`` pixels; smaller ones stay as they are.

    Pillow's bilinear filter, which is that of ``small_copy`` in 8 bits.
    """
    height, width = pixels.shape[:2]
    scale = side / math.sqrt(height * width)
    if scale >= 1:
        return pixels
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def at_least(pixels: Pixels, side: int) -> Pixels:
    """An image whose shorter side is at least ``side``, the longer one in proportion."""
    height, width = pixels.shape[:2]
    if min(height, width) >= side:
        return pixels
    scale = side / min(height, width)
    size = (max(side, round(scale * width)), max(side, round(scale * height)))
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BILINEAR))
