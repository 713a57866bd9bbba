"""The error of statistics."""

from acutance.errors import AcutanceError


class StatisticsError(AcutanceError, ValueError):
    """Numbers from which a statistic cannot be computed: too few, all equal, not finite, or not as many."""
