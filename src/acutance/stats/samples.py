"""Numbers that belong together, checked before any statistic is computed from them."""

import numpy as np
from jaxtyping import Float64

from acutance.stats.faults import StatisticsError

Numbers = Float64[np.ndarray, "_"]
"""A column of numbers, one a picture."""


def paired(first: Numbers, second: Numbers, *, least: int = 3) -> tuple[Numbers, Numbers]:
    """Both columns, if a statistic can be computed from them.

    Args:
        first: One number a picture, of any unit.
        second: As many of another kind, in the same order.
        least: How many pictures there must be.

    Returns:
        The same columns as arrays of float64.

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
            f"Expected as many numbers on both sides, got {len(first)} and {len(second)}. Pair them picture by picture."
        )
    if len(first) < least:
        raise StatisticsError(f"Expected at least {least} pairs of numbers, got {len(first)}. Add pictures.")
    return first, second


def column(numbers: Numbers, *, infinite: bool = False) -> Numbers:
    """The numbers as a column of float64 without NaN.

    Args:
        numbers: One number a picture.
        infinite: Whether infinity is allowed.

    Raises:
        StatisticsError: More than one dimension, NaN, or infinity where it is not allowed.

    Example:
        >>> column(np.array([1.0, 2.0]))
        array([1., 2.])
    """
    found = np.asarray(numbers, dtype=np.float64)
    if found.ndim != 1:
        raise StatisticsError(f"Expected one number a picture, got an array of shape {found.shape}. Flatten it.")
    wrong = int((np.isnan(found) if infinite else ~np.isfinite(found)).sum())
    if wrong:
        kind = "numbers" if infinite else "finite numbers"
        raise StatisticsError(f"Expected {kind}, got {wrong} of {len(found)} that are not. Leave those pictures out.")
    return found


def varied(numbers: Numbers, what: str) -> Numbers:
    """The same numbers, if they are not all equal.

    Args:
        numbers: At least one finite number.
        what: What they are, for the error, such as ``"scores"``.

    Raises:
        StatisticsError: All numbers are equal.

    Example:
        >>> varied(np.array([1.0, 2.0]), "scores")
        array([1., 2.])
    """
    if numbers.min() == numbers.max():
        raise StatisticsError(
            f"Expected {what} that differ, got {len(numbers)} times {numbers[0]:g}. Check their source."
        )
    return numbers
