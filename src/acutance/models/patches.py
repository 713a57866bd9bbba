"""Parts of an image that a model looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64


@dataclass(frozen=True)
class SeenPatches:
    """The parts of an image that a model looked at; one that was looked at several times is there as often."""

    boxes: Float64[np.ndarray, "patches 4"]
    """Top, left, height and width of each in pixels of the image, which a resized image makes fractions."""
    scales: Int64[np.ndarray, " patches"]
    """How many times the image had been halved for each."""


def seen_patches(
    positions: Sequence[Sequence[float]] | Float64[np.ndarray, "patches 2"] | Int64[np.ndarray, "patches 2"],
    side: int,
    view: tuple[int, int],
    image: tuple[int, int],
    scale: int = 0,
) -> SeenPatches:
    """Square patches of an image that was resized, and perhaps halved, before they were cut.

    Args:
        positions: Rows and columns of top left pixels, on their scale.
        side: Of a patch, in pixels of its scale.
        view: Height and width of the resized image, before it was halved.
        image: Height and width of the image itself.
        scale: How many times it was halved, odd rows and columns dropped.

    Example:
        >>> seen_patches([(0, 8)], 16, (64, 64), (32, 64), scale=1).boxes.tolist()
        [[0.0, 16.0, 16.0, 32.0]]
    """
    corners = np.asarray(positions, dtype=np.float64).reshape(-1, 2)
    boxes = np.concatenate([corners, np.full_like(corners, side)], axis=1) * 2**scale
    shares = np.array(image) / np.array(view)
    return SeenPatches(boxes * np.tile(shares, 2), np.full(len(boxes), scale, dtype=np.int64))


def joined_patches(parts: Sequence[SeenPatches]) -> SeenPatches:
    """The patches of several scales or sets as one."""
    return SeenPatches(np.concatenate([one.boxes for one in parts]), np.concatenate([one.scales for one in parts]))
