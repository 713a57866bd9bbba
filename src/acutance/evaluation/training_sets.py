"""What the published weights of each model were trained with, so that a cross-dataset mean leaves it out."""

from collections.abc import Mapping
from typing import Any

from acutance.catalog import CATALOG, catalogue_name
from acutance.weights.record import CheckpointRecord

TRAINING_SETS: dict[str, tuple[str, ...]] = {
    "afine": ("diffiqa", "kadid10k", "pipal", "tid2013"),  # its option files of stages 1 and 3; 70 % of each
    "ahiq": ("pipal",),  # its repository: trained for NTIRE 2022
    "hyperiqa": ("koniq10k",),  # its repository: koniq_pretrained.pkl
    "hyperiqa.pyiqa": ("koniq10k",),  # PyIQA's options/train/HyperNet
    "vtamiq.kadis700k": ("kadis700k",),  # its repository's README
}
"""Data sets by the name of a record of weights; records that are not here were never published."""


def training_sets(model: str, weights: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The data sets that a model was trained with, by their names in the catalogue.

    Args:
        model: Name of the model.
        weights: The fields of its ``ModelProvenance``; ``None`` if nobody knows which weights it had.

    Returns:
        An empty tuple for a model without weights, whoever computed its scores; ``None`` where it is not known: a model
        that is not in the catalogue, or weights that are not the published ones, by checksum where the record has
        one and else by the name of the file.

    Example:
        >>> training_sets("psnr", None), training_sets("afine", {"weights": "afine.pth"})
        ((), ('diffiqa', 'kadid10k', 'pipal', 'tid2013'))
    """
    entry = CATALOG.get(catalogue_name(model))
    if entry is None:
        return None
    if entry.weights is None:
        return ()
    record = entry.weights.record
    return TRAINING_SETS.get(record.name) if weights is not None and _is_published(record, weights) else None


def _is_published(record: CheckpointRecord, weights: Mapping[str, Any]) -> bool:
    if record.sha256 is not None:
        return record.sha256 in (weights.get("weights_sha256"), weights.get("published_sha256"))
    return weights.get("weights") == record.local_filename
