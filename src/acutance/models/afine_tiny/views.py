"""The ways in which afine-tiny sees a picture: small and whole, at full size in detail, and in a few fine squares."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from acutance.models.quality_model import JSON
from acutance.shapes import ImageBatch

DETAIL_AREA = 1024 * 1024
"""Pixels up to which the detail is the whole picture."""
TILE_SIDE, TILE_PLACES = 320, (0.0, 0.5, 1.0)
"""Of larger pictures the detail is a grid of 3 x 3 squares of 320 pixels, or less where a side is shorter; places are
shares of the room there is."""
FINE_SIDE, FINE_PLACES = 160, (0.25, 0.75)
"""Pictures of more than four squares of 160 pixels are seen in these for the fixed maps at full size."""


@dataclass(frozen=True, slots=True)
class Views:
    """All views of a batch of pictures in [0, 1]."""

    whole: Tensor
    """Small copies, shape (N, 3, h, w)."""
    detail: Tensor
    """At full size, shape (N * count, 3, h, w), those of a picture one after the other."""
    count: int = 1
    """How many details a picture has."""
    fine: Tensor | None = None
    """Squares at full size for the fixed maps, shape (N * fine_count, 3, h, w); none where those are known."""
    fine_count: int = 1
    """How many of them a picture has."""


def views_of(images: ImageBatch, side: int) -> Views:
    """All views.

    Args:
        images: Shape (N, 3, H, W).
        side: Of the square with the area of a small copy, in pixels.
    """
    return Views(small_copy(images, side), *details(images), *fine_squares(images))


def small_copy(images: ImageBatch, side: int) -> Tensor:
    """The whole picture with the area of a square of ``side`` pixels, antialiased; smaller pictures stay as they are.

    Args:
        images: Shape (N, 3, H, W).
        side: In pixels.
    """
    height, width = images.shape[2:]
    scale = side / math.sqrt(height * width)
    if scale >= 1:
        return images
    size = [max(1, round(scale * height)), max(1, round(scale * width))]
    return functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def details(images: ImageBatch) -> tuple[Tensor, int]:
    """Pictures at full size, large ones as a grid of squares spread from edge to edge.

    Args:
        images: Shape (N, 3, H, W).

    Returns:
        Shape (N * count, 3, h, w), those of a picture one after the other, and count.
    """
    if images.shape[2] * images.shape[3] <= DETAIL_AREA:
        return images, 1
    return _grid(images, TILE_SIDE, TILE_PLACES)


def fine_squares(images: ImageBatch) -> tuple[Tensor, int]:
    """Small pictures at full size, of others four squares, one in the middle of each quarter.

    Args:
        images: Shape (N, 3, H, W).

    Returns:
        Shape (N * count, 3, h, w), those of a picture one after the other, and count.
    """
    if images.shape[2] * images.shape[3] <= (FINE_SIDE * len(FINE_PLACES)) ** 2:
        return images, 1
    return _grid(images, FINE_SIDE, FINE_PLACES)


def view_settings(side: int) -> dict[str, JSON]:
    """What these views are, for the provenance of a score."""
    tiles, fine = len(TILE_PLACES), len(FINE_PLACES)
    return {
        "small_copy": f"area of {side} x {side}, bilinear, antialiased",
        "detail": f"whole up to {DETAIL_AREA} pixels, else {tiles} x {tiles} squares of {TILE_SIDE}",
        "fine": f"whole up to {(FINE_SIDE * fine) ** 2} pixels, else {fine} x {fine} squares of {FINE_SIDE}",
    }


def _grid(images: Tensor, side: int, places: Sequence[float]) -> tuple[Tensor, int]:
    """Squares of every picture, those of a picture one after the other, and how many each has."""
    rows, columns = (_starts(length, side, places) for length in images.shape[2:])
    squares = [images[..., top : top + side, left : left + side] for top in rows for left in columns]
    return torch.stack(squares, dim=1).flatten(0, 1), len(squares)


def _starts(length: int, side: int, places: Sequence[float]) -> list[int]:
    """Where squares begin along a side."""
    room = length - side
    return [0] if room <= 0 else [round(room * place) for place in places]
