"""TensorBoard events."""

import importlib.util
import math
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import masked_crc32c

from acutance.training.run_folder import RunFolder, TrainingState

ROW: dict[str, float | int | None] = {
    "epoch": 1,
    "iteration": 7,
    "train_loss": 0.5,
    "train_l1_loss": 0.25,
    "val_srcc": math.nan,
    "val_plcc": None,
    "learning_rate_hyper": 1e-3,
    "seconds": 3.0,
}


def read(folder: Path) -> list[Event]:
    """The events of the last file, their checksums looked at."""
    content, place, found = max(folder.iterdir()).read_bytes(), 0, []
    while place < len(content):
        head, size = content[place : place + 8], int.from_bytes(content[place : place + 8], "little")
        body = content[place + 12 : place + 12 + size]
        sums = (content[place + 8 : place + 12], content[place + 12 + size : place + 16 + size])
        assert [int.from_bytes(one, "little") for one in sums] == [masked_crc32c(head), masked_crc32c(body)]
        found.append(Event.FromString(body))
        place += 16 + size
    return found


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    return {(value.tag, event.step): value.simple_value for event in read(folder) for value in event.summary.value}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.begin({})
    return run


def test_finite_numbers_are_in_the_file_at_once(folder: RunFolder):
    folder.add_row(ROW)
    assert read(folder.path / "events")[0].file_version == "brain.Event:2"
    expected = {("train/loss", 7): 0.5, ("train/l1_loss", 7): 0.25, ("learning/rate_hyper", 7): 1e-3}
    assert scalars(folder.path / "events") == pytest.approx(expected)
    folder.add_row({**ROW, "iteration": 8, "val_srcc": 0.75})
    assert scalars(folder.path / "events")["val/srcc", 8] == 0.75


def test_a_resumed_run_takes_back_what_came_after_its_checkpoint(folder: RunFolder):
    folder.add_row(ROW)
    folder.write_checkpoint(TrainingState(iteration=5))
    RunFolder(folder.path).resume({})
    assert len(list((folder.path / "events").iterdir())) == 2
    (start,) = [event for event in read(folder.path / "events") if event.HasField("session_log")]
    assert (start.step, start.session_log.status) == (6, SessionLog.START)


def test_without_tensorboardx_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run = RunFolder(tmp_path / "run")
    run.begin({})
    run.add_row(ROW)
    assert not (run.path / "events").exists()
    assert (run.path / "metrics.csv").exists()
