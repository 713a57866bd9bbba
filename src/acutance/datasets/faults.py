"""The error of datasets."""

from acutance.errors import AcutanceError


class DatasetError(AcutanceError, ValueError):
    """A dataset that is not where it should be, not whole, or damaged."""
