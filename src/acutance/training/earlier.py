"""Trainings that start where an earlier one ended: weights of a run, or in the authors' layout."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from acutance.catalog.entries import find_model
from acutance.catalog.runs import model_of_run, run_weights
from acutance.catalog.weights import open_weights, own_tensors
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.entry import weights_of
from acutance.models.quality_model import JSON, QualityModel
from acutance.weights.download import fetch
from acutance.weights.record import CheckpointRecord
from acutance.weights.store import is_own_format

RANDOM = "none"
"""What a setting that says where a training starts says for random weights."""


def start_from_earlier(
    model: QualityModel,
    start: str,
    *,
    names: Collection[str],
    name: str,
    free: Collection[str] = (),
    defaults: Mapping[str, JSON],
) -> None:
    """Load the weights of an earlier training over a model.

    Args:
        model: What to load them over; what the file does not hold, such as trunks, keeps its values.
        start: The folder of a run, or a file of weights, ours or the authors'.
        names: Models of the catalogue whose weights these may be.
        name: The one whose layouts a file of the authors may have.
        free: Settings of the network that may differ, for no weight depends on them.
        defaults: Every setting of the network by default.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Weights of another model, or a damaged file.
        ConfigError: Weights of a network with other settings.
    """
    path = run_weights(start) or Path(start)
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected the folder of an earlier training or a file of weights at {start}, got none. Change task.start; "
            f"{RANDOM} begins with random weights."
        )
    name = model_of_run(path) if is_own_format(path) else name
    if name not in names:
        raise CheckpointError(
            f"Expected weights of {' or '.join(sorted(names))} in {path}, got those of {name}. Change task.start."
        )
    file = open_weights(weights_of(find_model(name)), path)
    wanted, before = model.config(), model.state_dict()
    if file.layout is not None and not file.layout.keys.names.keys() & file.foreign.keys():
        own_tensors(file, before)  # says that this is another model, not one with other settings
    for setting, theirs in {**defaults, **file.config}.items():
        if setting not in free and wanted[setting] != theirs:
            raise ConfigError(
                f"Expected weights of a network with {setting}={wanted[setting]} in {path}, got {theirs}. Set "
                f"task.model.{setting}={theirs}, or start from other weights."
            )
    model.load_state_dict(before | own_tensors(file, before))


def begins_random(start: str | None) -> bool:
    """Whether a setting asks for random weights; ``None`` does too, as in configurations of earlier versions."""
    return start is None or start == RANDOM


def published_file(record: CheckpointRecord, setting: str, others: Sequence[str] = ()) -> Path:
    """The file of a published trunk, from this machine or downloaded.

    Args:
        record: Of the trunk.
        setting: Which setting asks for it, such as ``task.start``.
        others: Names that the setting may have instead.

    Raises:
        MissingWeightsError: Neither here nor to be had; the message tells the ways out.
    """
    try:
        return fetch(record)
    except MissingWeightsError as error:
        ways = [f"{setting}=FILE", *(f"{setting}={name}" for name in others)]
        raise MissingWeightsError(
            f"{error} Or begin otherwise: --set {', '.join(ways)}, or {setting}={RANDOM} for random weights."
        ) from error


def file_of(record: CheckpointRecord, named: str, setting: str) -> Path:
    """The file of a published trunk.

    Args:
        record: Of the trunk.
        named: The name of the record, which is looked for on this machine and downloaded; or the path of the file.
        setting: Which setting says so, for the message.

    Raises:
        MissingWeightsError: Neither here nor to be had.
    """
    if named == record.name:
        return published_file(record, setting)
    if not Path(named).is_file():
        raise MissingWeightsError(
            f"Expected {record.name}, or the file of it, as {setting}, got {named}, where no file is. Change "
            f"{setting}; {RANDOM} trains beside a random one."
        )
    return Path(named)
