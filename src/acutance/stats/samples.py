"""Columns of numbers, one an image: the checks that every statistic begins with, and their mean."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from acutance.errors import StatisticsError

Numbers = Float64[np.ndarray, "_"]
"""A column of numbers, one an image."""


def column(numbers: Numbers, *, infinite: bool = False) -> Numbers:
    """The numbers as a column of float64 without NaN.

    Args:
        infinite: Whether infinity is allowed.

    Raises:
        StatisticsError: More than one dimension, NaN, or infinity where it is not allowed.

    Example:
        >>> column(np.array([1.0, 2.0]))
        array([1., 2.])
    """
    found = np.asarray(numbers, dtype=np.float64)
    if found.ndim != 1:
        raise StatisticsError(f"Expected one number an image, got an array of shape {found.shape}. Flatten it.")
    wrong = int((np.isnan(found) if infinite else ~np.isfinite(found)).sum())
    if wrong:
        kind = "numbers" if infinite else "finite numbers"
        raise StatisticsError(f"Expected {kind}, got {wrong} of {len(found)} that are not. Leave those images out.")
    return found


def paired(first: Numbers, second: Numbers, *, least: int = 3) -> tuple[Numbers, Numbers]:
    """Two columns of the same images, as float64 and finite.

    Args:
        second: As many of another kind, in the same order.

    Raises:
        StatisticsError: Columns of unequal length, too short, or with NaN or infinity.

    Example:
        >>> first, second = paired(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 9.0]))
        >>> len(first)
        3
    """
    first, second = column(first), column(second)
    if len(first) != len(second):
        raise StatisticsError(
            f"Expected as many numbers on both sides, got {len(first)} and {len(second)}. Pair them image by image."
        )
    if len(first) < least:
        raise StatisticsError(f"Expected at least {least} pairs of numbers, got {len(first)}. Add images.")
    return first, second


def check_varies(numbers: Numbers, what: str) -> None:
    """Checks that numbers are not all equal.

    Args:
        what: What they are, for the error, such as ``"scores"``.

    Raises:
        StatisticsError: All numbers are equal.

    Example:
        >>> check_varies(np.array([1.0, 2.0]), "scores")
    """
    if numbers.min() == numbers.max():
        raise StatisticsError(
            f"Expected {what} that differ, got {len(numbers)} times {numbers[0]:g}. Check their source."
        )


@dataclass(frozen=True)
class Mean:
    """The mean of numbers of which some may be infinite, as the PSNR of identical images is."""

    value: float | None
    """Infinite if one of the numbers is; ``None`` of no numbers, and of both infinities."""
    finite: float | None
    """The mean of the finite ones; ``None`` if there are none."""
    finite_count: int
    """How many are finite."""
    count: int
    """How many there are."""

    @property
    def has_infinite(self) -> bool:
        """Whether some are infinite, so that the finite mean is another one."""
        return self.finite_count < self.count


def mean_of(numbers: Iterable[float]) -> Mean:
    """The mean of numbers, none of them NaN.

    Example:
        >>> mean_of([30.0, 31.0, math.inf])
        Mean(value=inf, finite=30.5, finite_count=2, count=3)
        >>> mean_of([math.inf, -math.inf]).value
    """
    known = [float(number) for number in numbers]
    finite = [number for number in known if math.isfinite(number)]
    infinite = {number for number in known if math.isinf(number)}
    finite_mean = _finite_mean(finite) if finite else None
    value = finite_mean if not infinite else infinite.pop() if len(infinite) == 1 else None
    return Mean(value, finite_mean, len(finite), len(known))


def _finite_mean(numbers: list[float]) -> float:
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:  # the sum is no float; the mean is
        return math.fsum(number / len(numbers) for number in numbers)
