"""The error of evaluations."""

from acutance.errors import AcutanceError


class EvaluationError(AcutanceError, ValueError):
    """Scores, opinions or files of results that do not fit together."""
