"""What the stages of afine-tiny take over from those before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from acutance.catalog import run_weights
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine_tiny.entry import AFINETinyConfig
from acutance.models.afine_tiny.model import AFINETiny, AFINETinyNaturalness
from acutance.training.task import TrainedModel
from acutance.weights.store import fitted, load, read_header

MODEL = "afine-tiny"
"""What its weights are stored as."""
SIZES = ("stem", "channels", "blocks")
"""Settings that the weights of backbones depend on."""
BACKBONES = ("whole", "detail")
"""What makes levels."""


def start_backbones(model: AFINETinyNaturalness, start: str) -> None:
    """Load the backbones of an earlier training, and its head if it has one.

    Args:
        model: What to load them over.
        start: Folder of a run, or its file of weights.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Weights of another model, or a damaged file.
        ConfigError: A network of another size.
    """
    path = stage_weights(start)
    header = read_header(path)
    theirs, ours = header.config, model.config()
    for setting in (*SIZES, *(("hidden",) if header.scores_as else ())):  # the pretraining has no head
        value = theirs[setting]
        if ours[setting] != value:
            raise ConfigError(
                f"Expected weights of a network with {setting}={ours[setting]} in {path}, got {value}. Set "
                f"task.model.{setting}={value}, or start from other weights."
            )
    _take_over(model, path, BACKBONES)


def tiny_stage(start: str | None, trained: Sequence[str]) -> AFINETiny:
    """afine-tiny with what earlier stages trained; everything else has its first values.

    Args:
        start: Folder of a run, or its file of weights; random weights without.
        trained: Parts that must be there.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Weights of another model or an earlier stage, or a damaged file.
    """
    if start is None:
        return AFINETiny()
    path = stage_weights(start)
    model = AFINETiny(AFINETinyConfig.model_validate(dict(read_header(path).config)))
    _take_over(model, path, trained)
    return model


def stage_weights(start: str) -> Path:
    """The file of weights of a run of afine-tiny, or of a file that is one.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Weights of another model.
    """
    path = run_weights(start) or Path(start)
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected the run or the weights of an earlier stage at {start}, got none. Change task.start."
        )
    header = read_header(path)
    if header.model != MODEL:
        raise CheckpointError(f"Expected weights of {MODEL} in {path}, got those of {header.model}. Change task.start.")
    return path


def trained_tiny(model: AFINETiny, network: nn.Module) -> TrainedModel:
    """afine-tiny, whole, with what a network learned over it."""
    own: dict[str, Any] = model.state_dict() | network.state_dict()
    return TrainedModel(name=MODEL, tensors=own, config=model.config())


def _take_over(model: AFINETinyNaturalness, path: Path, needed: Sequence[str]) -> None:
    tensors, _ = load(path, model=MODEL)
    state = model.state_dict()
    absent = [name for name in state if name.partition(".")[0] in needed and name not in tensors]
    if absent:
        raise CheckpointError(
            f"Expected {absent[0]} in {path}, got none. Set task.start to the run of the stage before this one."
        )
    model.load_state_dict(state | fitted(tensors, state, path))
