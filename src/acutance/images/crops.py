"""Square crops of images: where they lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from acutance.errors import ConfigError

Position = tuple[int, int]
"""Row and column of a crop's top left pixel."""


@dataclass(frozen=True)
class SeenPatches:
    """The parts of a picture that a model looked at; one that was looked at several times is there as often."""

    boxes: Float64[np.ndarray, "patches 4"]
    """Top, left, height and width of each in pixels of the picture, which a resized picture makes fractions."""
    scales: Int64[np.ndarray, " patches"]
    """How many times the picture had been halved for each."""


def seen_patches(
    positions: Sequence[Sequence[float]] | Float64[np.ndarray, "patches 2"] | Int64[np.ndarray, "patches 2"],
    side: int,
    view: tuple[int, int],
    picture: tuple[int, int],
    scale: int = 0,
) -> SeenPatches:
    """Square patches of a picture that was resized, and perhaps halved, before they were cut.

    Args:
        positions: Rows and columns of top left pixels, on their scale.
        side: Of a patch, in pixels of its scale.
        view: Height and width of the resized picture, before it was halved.
        picture: Height and width of the picture itself.
        scale: How many times it was halved, odd rows and columns dropped.

    Example:
        >>> seen_patches([(0, 8)], 16, (64, 64), (32, 64), scale=1).boxes.tolist()
        [[0.0, 16.0, 16.0, 32.0]]
    """
    corners = np.asarray(positions, dtype=np.float64).reshape(-1, 2)
    boxes = np.concatenate([corners, np.full_like(corners, side)], axis=1) * 2**scale
    shares = np.array(picture) / np.array(view)
    return SeenPatches(boxes * np.tile(shares, 2), np.full(len(boxes), scale, dtype=np.int64))


def joined_patches(parts: Sequence[SeenPatches]) -> SeenPatches:
    """The patches of several scales or sets as one."""
    return SeenPatches(np.concatenate([one.boxes for one in parts]), np.concatenate([one.scales for one in parts]))


def covering_positions(height: int, width: int, side: int) -> list[Position]:
    """The fewest crops that together hold every pixel, evenly spaced, row by row.

    Args:
        height: Of the picture, in pixels, at least ``side``.
        width: The same.
        side: Of a crop, in pixels.

    Raises:
        ConfigError: A crop larger than the picture.

    Example:
        >>> covering_positions(384, 512, 224)
        [(0, 0), (0, 144), (0, 288), (160, 0), (160, 144), (160, 288)]
    """
    _check_fits(height, width, side)
    return [(top, left) for top in _starts(height, side) for left in _starts(width, side)]


def random_positions(height: int, width: int, side: int, *, count: int, seed: int) -> list[Position]:
    """Crops at random, every position equally likely, the last row and column included.

    Positions depend on the seed and the size of the picture only, so that the two pictures of a pair, and all
    pairs of one reference, have the same.

    Args:
        height: Of the picture, in pixels, at least ``side``.
        width: The same.
        side: Of a crop, in pixels.
        count: How many crops.
        seed: Not below 0.

    Raises:
        ConfigError: A crop larger than the picture.
    """
    _check_fits(height, width, side)
    generator = np.random.default_rng([seed, height, width])
    tops = generator.integers(0, height - side, size=count, endpoint=True)
    lefts = generator.integers(0, width - side, size=count, endpoint=True)
    return list(zip(tops.tolist(), lefts.tolist(), strict=True))


def _starts(length: int, side: int) -> list[int]:
    count = -(-length // side)
    return [round(index * (length - side) / max(count - 1, 1)) for index in range(count)]


def _check_fits(height: int, width: int, side: int) -> None:
    if min(height, width) < side:
        raise ConfigError(
            f"Expected pictures of at least {side} pixels a side to cut crops from, got height {height} and width "
            f"{width}. Enlarge them first."
        )
