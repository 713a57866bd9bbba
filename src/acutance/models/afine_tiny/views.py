"""The two ways in which afine-tiny sees a picture: small and whole, and at full size in detail."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from acutance.models.quality_model import JSON
from acutance.shapes import ImageBatch

DETAIL_AREA = 1024 * 1024
"""Pixels up to which the detail is the whole picture."""
TILE_SIDE, TILES = 320, 3
"""Of larger pictures the detail is a grid of 3 x 3 squares of 320 pixels, or less where a side is shorter."""


@dataclass(frozen=True, slots=True)
class Views:
    """Both views of a batch of pictures in [0, 1]."""

    whole: Tensor
    """Small copies, shape (N, 3, h, w)."""
    detail: Tensor
    """At full size, shape (N * count, 3, h, w), those of a picture one after the other."""
    count: int = 1
    """How many details a picture has."""


def views_of(images: ImageBatch, side: int) -> Views:
    """Both views.

    Args:
        images: Shape (N, 3, H, W).
        side: Of the square with the area of a small copy, in pixels.
    """
    return Views(small_copy(images, side), *details(images))


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
    height, width = images.shape[2:]
    if height * width <= DETAIL_AREA:
        return images, 1
    rows, columns = _starts(height), _starts(width)
    tiles = [images[..., top : top + TILE_SIDE, left : left + TILE_SIDE] for top in rows for left in columns]
    return torch.stack(tiles, dim=1).flatten(0, 1), len(tiles)


def view_settings(side: int) -> dict[str, JSON]:
    """What these views are, for the provenance of a score."""
    return {
        "small_copy": f"area of {side} x {side}, bilinear, antialiased",
        "detail": f"whole up to {DETAIL_AREA} pixels, else {TILES} x {TILES} squares of {TILE_SIDE}",
    }


def _starts(length: int) -> list[int]:
    """Where squares begin along a side."""
    room = length - TILE_SIDE
    return [0] if room <= 0 else [round(room * place / (TILES - 1)) for place in range(TILES)]
