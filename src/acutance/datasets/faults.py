"""Exceptions and text of this folder under their earlier name."""

from acutance.errors import DatasetError, OpinionDirectionError
from acutance.tables.text import shown

__all__ = ["DatasetError", "OpinionDirectionError", "shown"]
