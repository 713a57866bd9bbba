"""Every model by name; importing this imports no torch, building a model does."""

from acutance.catalog.entries import (
    CATALOG,
    ModelEntry,
    find_model,
    find_record,
    list_models,
    list_records,
    weights_of,
)
from acutance.catalog.loading import PRECISIONS, Precision, load

__all__ = [
    "CATALOG",
    "PRECISIONS",
    "ModelEntry",
    "Precision",
    "find_model",
    "find_record",
    "list_models",
    "list_records",
    "load",
    "weights_of",
]
