"""Types that every room uses: what a score means, which curve is fitted, how progress is reported."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower"]
"""Which direction of a score means better quality."""
CurveKind = Literal["logistic4", "logistic5", "linear", "none"]
"""What is fitted from scores to opinions."""
Precision = Literal["float32", "bfloat16", "float64"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float64")
"""Types of a model's matrix products."""
JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]
"""A plain value as JSON holds it."""
OnProgress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreInfo:
    """Meaning of a score: its direction and range.

    Example:
        >>> ScoreInfo(better="lower", low=0.0, high=100.0)
        ScoreInfo(better='lower', low=0.0, high=100.0, unit='', identical=None, usual=None)
    """

    better: Better
    """Which direction means better quality."""
    low: float
    """Lowest possible score; ``-inf`` if unbounded."""
    high: float
    """Highest possible score; ``inf`` if unbounded."""
    unit: str = ""
    """Unit of the score, such as ``"dB"``; empty if it has none."""
    identical: float | None = None
    """Score of an image against itself; ``None`` if it depends on the image."""
    usual: tuple[float, float] | None = None
    """Range of the opinions it was trained on, where scores have no bounds; a score may lie outside."""
