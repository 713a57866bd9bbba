"""Folders of trainings named as models: each becomes the model it trained, with its weights."""

import os
from collections.abc import Mapping, Sequence

from acutance.catalog import catalogue_name, find_model, model_of_run, run_weights
from acutance.errors import ConfigError
from acutance.models.quality_model import QualityModel

ModelChoice = str | QualityModel
Weights = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]


def with_trained(choices: Sequence[ModelChoice], weights: Weights | None) -> tuple[list[ModelChoice], Weights | None]:
    """Models by their names in the catalogue, and weights, those of trainings among them.

    Args:
        choices: Names of models, loaded models, and folders of trainings.
        weights: A file for the models that have weights, or files by model name.

    Raises:
        ConfigError: Weights beside a training of the same model.
        CheckpointError: A training that has no weights yet.
    """
    named: list[ModelChoice] = []
    trained: dict[str, str | os.PathLike[str]] = {}
    for choice in choices:
        path = run_weights(choice) if isinstance(choice, str) else None
        if path is not None:
            trained[model_of_run(path)] = path
            named.append(model_of_run(path))
        else:
            named.append(catalogue_name(choice) if isinstance(choice, str) else choice)
    if not trained:
        return named, weights
    given = weights if isinstance(weights, Mapping) else _for_each(named, trained, weights)
    twice = sorted(set(given) & set(trained))
    if twice:
        raise ConfigError(f"Expected no weights of {twice[0]} beside the folder of its training, got some. Drop one.")
    return named, {**given, **trained}


def _for_each(
    named: Sequence[ModelChoice], trained: Mapping[str, object], weights: str | os.PathLike[str] | None
) -> Mapping[str, str | os.PathLike[str]]:
    """One file for all models that have weights and were not trained here."""
    if weights is None:
        return {}
    return {
        name: weights
        for name in named
        if isinstance(name, str) and name not in trained and find_model(name).weights is not None
    }
