"""What the options of a model may be; imports no torch, because the catalogue lists them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """An option that is a number.

    Example:
        >>> Number(default=25, low=1)
        Number(default=25, low=1, high=inf, whole=True)
    """

    default: float
    """What it is unless set."""
    low: float
    """Smallest value allowed."""
    high: float = math.inf
    """Largest value allowed."""
    whole: bool = True
    """Whether it is a whole number."""


Words = tuple[str | bool | int, ...]
"""An option that is one of these, the default first."""
Options = Mapping[str, Words | Number]
"""Options of a model by name."""
