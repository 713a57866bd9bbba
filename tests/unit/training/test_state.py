"""The checkpoint of a training."""

from pathlib import Path
from typing import NoReturn

import pytest
import torch

from acutance.errors import CheckpointError
from acutance.training.run_folder import TrainingState, read_state, write_state
from tests.raising import raises


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path):
    state = TrainingState(
        iteration=7,
        network={"weight": torch.tensor([1.0, 2.0])},
        optimizer={"state": {0: {"step": torch.tensor(7.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
        average={"steps": 7, "network.weight": torch.tensor([0.5, 1.5])},
        rows=2,
        best=0.5,
        best_iteration=6,
        sums={"loss": 1.25},
        seen=[[0.5, 1.0]],
        seconds=3.5,
    )
    write_state(tmp_path / "checkpoint.pt", state)
    read = read_state(tmp_path / "checkpoint.pt")
    assert repr(read) == repr(state)


def test_writing_a_checkpoint_copies_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def copied(tensor: torch.Tensor, memo: object) -> NoReturn:
        raise AssertionError("a checkpoint would need room for all weights once more")

    monkeypatch.setattr(torch.Tensor, "__deepcopy__", copied)
    state = TrainingState(network={"weight": torch.zeros(2)}, optimizer={"state": {0: {"mean": torch.zeros(2)}}})
    write_state(tmp_path / "checkpoint.pt", state)


@pytest.mark.parametrize("version", [None, 99])
def test_another_file_is_one_clear_line(tmp_path: Path, version: int | None):
    path = tmp_path / "checkpoint.pt"
    if version is None:
        path.write_bytes(b"something else")
    else:
        torch.save({"version": version}, path)
    values = ("checkpoint.pt", "--overwrite") if version is None else ("checkpoint.pt", 1, 99)
    with raises(CheckpointError, *values) as caught:
        read_state(path)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(("name", "value"), [("iteration", "one"), ("iteration", -5), ("network", 3), ("seen", 0.5)])
def test_a_value_that_no_training_wrote_is_named(tmp_path: Path, name: str, value: object):
    path = tmp_path / "checkpoint.pt"
    torch.save({"version": 1, name: value}, path)
    with raises(CheckpointError, "checkpoint.pt", name, value):
        read_state(path)
