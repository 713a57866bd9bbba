"""Square crops of images: where they lie."""

from acutance.errors import ConfigError

Position = tuple[int, int]
"""Row and column of a crop's top left pixel."""


def covering_positions(height: int, width: int, side: int) -> list[Position]:
    """The fewest crops that together hold every pixel, evenly spaced, row by row.

    Args:
        height: Of the image, in pixels, at least ``side``; so is ``width``.
        side: Of a crop, in pixels.

    Raises:
        ConfigError: A crop larger than the image.

    Example:
        >>> covering_positions(384, 512, 224)
        [(0, 0), (0, 144), (0, 288), (160, 0), (160, 144), (160, 288)]
    """
    _check_fits(height, width, side)
    return [(top, left) for top in _starts(height, side) for left in _starts(width, side)]


def random_positions(height: int, width: int, side: int, *, count: int, seed: int) -> list[Position]:
    """Crops at random, every position equally likely, the last row and column included.

    Positions depend on the seed and the size of the image only, so that the two images of a pair, and all
    pairs of one reference, have the same.

    Args:
        height: Of the image, in pixels, at least ``side``; so is ``width``.
        side: Of a crop, in pixels.
        seed: Not below 0.

    Raises:
        ConfigError: A crop larger than the image.
    """
    import numpy as np  # here, so that listing models does not load it

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
            f"Crops of {side} pixels a side cannot be cut from an image of height {height} and width {width}. Enlarge "
            "it first."
        )
