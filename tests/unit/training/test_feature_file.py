"""Rows on disk: done ones survive, others are made anew."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from acutance.errors import TrainingError
from acutance.training.features import FeatureFile
from tests.raising import raises

ROOT = Path(__file__).parents[3]
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from acutance.training.features import FeatureFile
file = FeatureFile(Path(sys.argv[1]), (200, 4096), {"weights": "a"})
for place in file.missing():
    file.write([place], np.full((1, 4096), place, np.float32))
    print(place, flush=True)
    time.sleep(0.002)
"""


def opened(folder: Path, **made_from: object) -> FeatureFile:
    return FeatureFile(folder, (4, 3), {"weights": "a", **made_from})


def test_a_new_file_misses_every_row(tmp_path: Path):
    assert opened(tmp_path / "deep/folder").missing() == [0, 1, 2, 3]


def test_what_was_written_is_read_and_no_longer_missing(tmp_path: Path):
    file = opened(tmp_path)
    file.missing()
    file.write([2, 0], ROWS[[2, 0]])
    again = opened(tmp_path)
    assert again.missing() == [1, 3]
    assert np.array_equal(again.read(2), ROWS[2])
    assert np.array_equal(again.read(0), ROWS[0])


@pytest.mark.parametrize("changed", [{"weights": "b"}, {"pictures": "x"}])
def test_rows_made_from_something_else_are_made_anew(tmp_path: Path, changed: dict[str, str]):
    file = opened(tmp_path)
    file.missing()
    file.write([0, 1, 2, 3], ROWS)
    assert opened(tmp_path, **changed).missing() == [0, 1, 2, 3]


def test_another_shape_is_made_anew(tmp_path: Path):
    file = opened(tmp_path)
    file.missing()
    file.write([0], ROWS[:1])
    assert FeatureFile(tmp_path, (5, 3), {"weights": "a"}).missing() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["rows.bin", "done.bin", "made_from.json"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: str):
    file = opened(tmp_path)
    file.missing()
    file.write([0], ROWS[:1])
    path = tmp_path / damage
    path.write_bytes(path.read_bytes()[:-3])
    assert opened(tmp_path).missing() == [0, 1, 2, 3]


@pytest.mark.slow
def test_rows_written_before_a_sigkill_are_whole(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout:
        told = [int(child.stdout.readline()) for _ in range(7)]
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    file = FeatureFile(tmp_path, (200, 4096), {"weights": "a"})
    done = sorted(set(range(200)) - set(file.missing()))
    assert told == done[:7]
    assert len(done) < 200
    assert all((file.read(place) == place).all() for place in done)


def test_a_worker_opens_the_file_for_itself(tmp_path: Path):
    file = FeatureFile(tmp_path, (1000, 300), {})
    file.missing()
    file.read(0)
    sent = pickle.dumps(file)
    assert len(sent) < 1000
    assert pickle.loads(sent).read(999).tolist() == [0.0] * 300  # noqa: S301 (written above)


def test_too_little_room_is_told_before_anything_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with raises(TrainingError, 0.0, "task.augment=false"):
        opened(tmp_path).missing()


def test_a_disk_that_fills_up_is_an_error_and_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = opened(tmp_path)
    file.missing()

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with raises(OSError, "No space left on device"):
        file.write([0], ROWS[:1])
    assert opened(tmp_path).missing() == [0, 1, 2, 3]
