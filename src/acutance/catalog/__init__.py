"""Every model by name; importing this imports no torch, building a model does."""

from acutance.catalog.entries import (
    CATALOG,
    GROUPS,
    catalogue_name,
    find_model,
    find_record,
    list_models,
    list_records,
    model_names,
    records_of,
)
from acutance.catalog.loading import BFLOAT16_NOTE, PRECISIONS, Precision, bfloat16_note, load
from acutance.models.entry import ModelEntry, PublishedWeights, weights_of

__all__ = [
    "BFLOAT16_NOTE",
    "CATALOG",
    "GROUPS",
    "PRECISIONS",
    "ModelEntry",
    "Precision",
    "PublishedWeights",
    "bfloat16_note",
    "catalogue_name",
    "find_model",
    "find_record",
    "list_models",
    "list_records",
    "load",
    "model_names",
    "records_of",
    "weights_of",
]
