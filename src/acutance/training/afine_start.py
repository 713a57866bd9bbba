"""What a stage of A-FINE takes over from earlier ones."""

from pathlib import Path

from acutance.catalog.entries import find_model
from acutance.catalog.entry import weights_of
from acutance.catalog.runs import run_weights
from acutance.catalog.weights import open_weights, own_tensors
from acutance.checkpoints.store import is_own_format, load
from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.afine.model import AFINE


def load_stage(start: str | None, *, trained: tuple[str, ...] = ("encoder", "naturalness_head")) -> AFINE:
    """A-FINE with what earlier stages trained; everything else has its first values.

    Args:
        start: Folder of a run, its file of weights, or an afine.pth; random weights without.
        trained: Parts that must be there.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: A damaged file, or one of another model or an earlier stage.
    """
    model = AFINE()
    if start is None:
        return model
    path = run_weights(start) or Path(start)
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected the run or the weights of an earlier stage at {start}, got none. Change task.start."
        )
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


def frozen(model: AFINE) -> AFINE:
    """The model with nothing of it in training."""
    return model.eval().requires_grad_(requires_grad=False)
