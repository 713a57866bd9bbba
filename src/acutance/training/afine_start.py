"""What a stage of A-FINE takes over from earlier ones."""

from pathlib import Path
from typing import TypeVar

from acutance.catalog.entries import find_model
from acutance.catalog.entry import weights_of
from acutance.catalog.runs import run_weights
from acutance.catalog.weights import open_weights, own_tensors
from acutance.checkpoints.store import is_own_format, load
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine.model import AFINE
from acutance.models.quality_model import QualityModel

Model = TypeVar("Model", bound=QualityModel)


def load_stage(start: str | None, *, trained: tuple[str, ...] = ("encoder", "naturalness_head")) -> AFINE:
    """A-FINE with what earlier stages trained; everything else has its first values.

    Args:
        start: Folder of a run, its file of weights, or an afine.pth.
        trained: Parts that must be there.

    Raises:
        ConfigError: None of them: what is learned over random networks is of no use.
        MissingWeightsError: No such file.
        CheckpointError: A damaged file, or one of another model or an earlier stage.
    """
    if start is None:
        raise ConfigError(
            "Expected the run of the stage before this one, got none. Name it: --set task.start=FOLDER; an afine.pth "
            "will do too."
        )
    path = run_weights(start) or Path(start)
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected the run or the weights of an earlier stage at {start}, got none. Change task.start."
        )
    model = AFINE()
    state = model.state_dict()
    if is_own_format(path):
        tensors, _ = load(path, model="afine")
    else:
        tensors = own_tensors(open_weights(weights_of(find_model("afine")), path), state)
    wanted = [name for name in state if name.partition(".")[0] in trained]
    absent = [name for name in wanted if name not in tensors]
    if absent:
        raise CheckpointError(
            f"Expected {absent[0]} in {path}, got none. Set task.start to the run of the stage before this one."
        )
    model.load_state_dict(state | {name: tensors[name] for name in wanted})
    return model


def frozen(model: Model) -> Model:
    """The model with nothing of it in training."""
    return model.eval().requires_grad_(requires_grad=False)
