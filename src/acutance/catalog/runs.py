"""Folders of trainings as models: their best weights say which model they are, and how it was validated."""

import os
from pathlib import Path
from typing import Any

from acutance.errors import CheckpointError
from acutance.models.entry import ModelEntry

BEST = "best.safetensors"
"""The weights of a run that validated best."""


def run_weights(name: str | os.PathLike[str]) -> Path | None:
    """The weights of a run; ``None`` if this is not the folder of one.

    Args:
        name: What a user calls a model.

    Raises:
        CheckpointError: The folder of a run that has no weights yet, or of several runs.
    """
    folder = Path(name)
    if not folder.is_dir() or not ((folder / BEST).exists() or (folder / "config.json").exists()):
        return None
    if (folder / "repeats.json").exists():
        raise CheckpointError(
            f"Expected the folder of one training, got that of several: {folder}. Name one: {folder / 'run_01'}"
        )
    if not (folder / BEST).exists():
        raise CheckpointError(
            f"Expected the weights {BEST} of a training in {folder}, got none: it has not validated yet. "
            "Go on with: acutance train --resume"
        )
    return folder / BEST


def model_of_run(path: Path) -> str:
    """Which model some weights of a run are for.

    Raises:
        CheckpointError: Another file, or a damaged one.
    """
    from acutance.weights.store import read_header

    header = read_header(path)
    return header.scores_as or header.model


def recorded_options(entry: ModelEntry, weights: str | os.PathLike[str] | None) -> dict[str, Any] | None:
    """The options that weights were validated with; ``None`` if they record none, or are not here.

    Args:
        entry: The model that is to score with them.
        weights: The file; ``None`` for the one of the model on this machine.

    Raises:
        CheckpointError: A damaged file.
    """
    from acutance.weights.download import find
    from acutance.weights.store import is_own_format, read_header

    if entry.weights is None or not entry.options:
        return None
    path = find(entry.weights.record) if weights is None else Path(weights)
    if path is None or not is_own_format(path):
        return None
    header = read_header(path)
    return header.options if header.model == entry.weights.stored_as else None
