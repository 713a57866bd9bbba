"""The mean of scores of which some may be infinite, as the PSNR of identical pictures is: one rule for all tables."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mean:
    """The mean of some numbers as arithmetic has it, and beside it the mean of the finite ones."""

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
