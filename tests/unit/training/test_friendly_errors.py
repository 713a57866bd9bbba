"""Faults that have many names become one clear line."""

import resource
import signal
from pathlib import Path

import pytest
import torch

from acutance.errors import ImageReadError, OtherProcessError, TrainingError
from acutance.training.processes import friendly_errors
from acutance.training.run_folder import RunFolder, TrainingState, read_state
from tests.fakes.toy_task import run_toy
from tests.raising import raises

SMALL = 2000
"""Bytes that a file may have."""


def test_a_checkpoint_that_finds_no_room_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write = RunFolder.write_checkpoint
    written: list[int] = []
    own = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limited(folder: RunFolder, state: TrainingState) -> None:
        if written:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, own[1]))
        try:
            write(folder, state)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, own)
        written.append(state.iteration)

    monkeypatch.setattr(RunFolder, "write_checkpoint", limited)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with raises(TrainingError, "run", "--resume"):
            run_toy(tmp_path / "run")
    finally:
        signal.signal(signal.SIGXFSZ, before)
    assert read_state(tmp_path / "run/checkpoint.pt").iteration == written[0]
    assert not list((tmp_path / "run").glob("*.tmp"))
    monkeypatch.undo()
    run_toy(tmp_path / "run", resume=True)
    run_toy(tmp_path / "whole")
    first, second = (torch.load(tmp_path / name / "published/toy.pth", weights_only=True) for name in ("run", "whole"))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[../gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:22950"),
        RuntimeError("NCCL communicator was aborted"),
    ],
)
def test_a_process_that_is_gone_is_told_from_what_went_wrong_there(error: Exception):
    with raises(OtherProcessError, "--resume"), friendly_errors(Path("run")):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."),
        MemoryError(),
    ],
)
def test_too_little_memory_names_what_to_lower(error: Exception):
    with raises(TrainingError, "--set loop.accumulate=8"), friendly_errors(Path("run")):
        raise error


@pytest.mark.parametrize("error", [ImageReadError("Expected an image"), RuntimeError("a bug"), ValueError("one")])
def test_what_says_what_is_wrong_or_is_a_bug_stays_as_it_is(error: Exception):
    with pytest.raises(type(error)) as caught, friendly_errors(Path("run")):
        raise error
    assert caught.value is error
