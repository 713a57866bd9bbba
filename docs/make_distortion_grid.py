"""Draw the grid of docs/distortions.md: 25 kinds down, the image and 5 levels across.

python docs/make_distortion_grid.py examples/reference/chelsea.png docs/distortions.jpg
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from acutance.distortions import KINDS, LEVELS, distort
from acutance.images import read_image

CELL = (176, 144)
"""Width and height of the part shown, in pixels: the middle of the image, not resized."""
GAP, MARGIN, HEAD = 4, 256, 28
"""Between cells, for the names on the left, for the levels on top; in pixels."""
QUALITY = 80
"""Of the JPEG file: below 1.5 MB, and better than anything in the grid but the original."""


def middle(image: NDArray[np.uint8]) -> Image.Image:
    """The part of an image that is shown."""
    left, top = ((length - cell) // 2 for length, cell in zip(image.shape[1::-1], CELL, strict=True))
    return Image.fromarray(image).crop((left, top, left + CELL[0], top + CELL[1]))


def grid(image: NDArray[np.uint8]) -> Image.Image:
    """All kinds and levels of one image, with their names and parameters.

    Args:
        image: Shape (H, W, 3), at least as large as a cell.
    """
    width, height = CELL[0] + GAP, CELL[1] + GAP
    sheet = Image.new("RGB", (MARGIN + width * (LEVELS + 1), HEAD + height * len(KINDS)), "white")
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(17), ImageFont.load_default(13)
    for column, head in enumerate(["original", *(f"level {level}" for level in range(1, LEVELS + 1))]):
        draw.text((MARGIN + column * width + CELL[0] // 2, HEAD // 2), head, "black", large, anchor="mm")
    for row, kind in enumerate(KINDS.values()):
        top = HEAD + row * height
        draw.text((8, top + 40), f"{kind.number}. {kind.title}", "black", large)
        draw.text((8, top + 64), kind.name, "black", small)
        draw.text((8, top + 82), f"{kind.parameter}:", "black", small)
        draw.text((8, top + 100), ", ".join(f"{value:g}" for value in kind.values), "black", small)
        sheet.paste(middle(image), (MARGIN, top))
        for level in range(1, LEVELS + 1):
            sheet.paste(middle(distort(image, kind.name, level)), (MARGIN + level * width, top))
    return sheet


def main(source: str, target: str) -> None:
    """Write the grid of an image file."""
    grid(read_image(source)).save(Path(target), quality=QUALITY)


if __name__ == "__main__":
    main(*sys.argv[1:])
