"""Trainings through the command: begun, broken off, spread over processes, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from acutance.catalog import load
from acutance.training.run_folder import read_state
from tests.fakes.crop_trainings import TINY_SETTINGS, rows_of, write_rated_images
from tests.fakes.datasets.alone import write_koniq10k
from tests.integration.conftest import COMMAND, acutance
from tests.raising import lacking

SCRIPT = Path(sys.executable).with_name("acutance")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Sums come out the same, and two processes do not wait for each other's threads."""
IMAGES = 13
"""To train with; no multiple of the batch, so that the last one is smaller and two processes share it unequally."""
EPOCHS = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    write_rated_images(root, {"train": IMAGES, "validation": 3, "test": 2})
    return root


def settings(made: Path, *more: str) -> list[str]:
    chosen = (*TINY_SETTINGS, f"task.data.dataset={made}/table.csv", "task.data.protocol=own", "task.crops=1")
    loop = ("loop.batch_size=4", f"loop.epochs={EPOCHS}", "loop.checkpoint_every=1", "optimizer.learning_rate=1e-3")
    return [word for setting in (*chosen, *loop, *more) for word in ("--set", setting)]


def train(*arguments: object) -> subprocess.CompletedProcess[str]:
    return acutance("train", *arguments, **ONE_THREAD)


def weights(folder: Path, name: str = "last") -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = load_file(folder / f"{name}.safetensors")
    return tensors


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def numbers(folder: Path) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows_of(folder)]


@pytest.fixture(scope="module")
def whole(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    result = train("ms-hyperiqa-koniq10k", "-o", folder, *settings(made))
    assert result.returncode == 0, result.stderr
    assert not lacking(result.stderr, "ms-hyperiqa-koniq10k", folder, f"acutance score photos/ --model {folder}")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["epoch", "1", "2", "3"]
    return folder


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A training in a group of its own, with whatever processes it starts."""
    process = subprocess.Popen(
        [*COMMAND, "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 100
    while not condition():
        assert process.poll() is None, "the training ended too early"
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.01)


def steps_in(folder: Path) -> int:
    return read_state(folder / "checkpoint.pt").iteration


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("kill", "processes"), [(signal.SIGKILL, 1), (signal.SIGINT, 2)], ids=["killed", "interrupted"]
)
def test_a_run_broken_off_in_the_middle_goes_on_to_the_end(
    made: Path, whole: Path, tmp_path: Path, kill: signal.Signals, processes: int
):
    folder, more = tmp_path / "run", ([] if processes == 1 else ["--set", f"loop.processes={processes}"])
    with running("ms-hyperiqa-koniq10k", "-o", folder, *settings(made), *more) as process:
        wait_until(lambda: (folder / "checkpoint.pt").exists() and steps_in(folder) >= 5, process)
        os.kill(process.pid, kill) if kill == signal.SIGKILL else os.killpg(process.pid, kill)
        _, stderr = process.communicate(timeout=600)
    done = steps_in(folder)
    assert done < len(rows_of(whole)) * -(-IMAGES // 4)
    if kill == signal.SIGINT:
        assert process.returncode == 130
        assert stderr.count("\n") == 2
        assert not lacking(stderr, "task.start=none", "acutance", "--resume")
    result = train(folder, "--resume")
    assert result.returncode == 0, result.stderr
    assert f"resumed at step {done} of 12" in (folder / "train.log").read_text()
    assert [row["epoch"] for row in rows_of(folder)] == [1, 2, 3]
    if processes == 1:
        assert numbers(folder) == numbers(whole)
        assert all(same(weights(folder, name), weights(whole, name)) for name in ("best", "last"))


def test_the_configuration_of_a_run_can_be_run_again(whole: Path, tmp_path: Path):
    result = train(whole / "config.json", "-o", tmp_path / "again")
    assert result.returncode == 0, result.stderr
    assert same(weights(tmp_path / "again"), weights(whole))
    assert (tmp_path / "again/config.json").read_bytes() == (whole / "config.json").read_bytes()
    assert numbers(tmp_path / "again") == numbers(whole)


def test_two_processes_give_the_weights_of_one(made: Path, tmp_path: Path):
    plain = ("optimizer.kind=sgd", "optimizer.learning_rate=1e-4", "loop.epochs=1")
    for count in (1, 2):
        more = settings(made, *plain, f"loop.processes={count}")
        result = train("hyperiqa-koniq10k", "-o", tmp_path / str(count), *more)
        assert result.returncode == 0, result.stderr
        assert result.stderr.count("\n") == 2
        assert result.stderr.count("task.start=none") == 1
    begun = ("loop.iterations=1", "loop.epochs=null", "optimizer.learning_rate=1e-20")
    assert train("hyperiqa-koniq10k", "-o", tmp_path / "0", *settings(made, *plain, *begun)).returncode == 0
    zero, one, two = (weights(tmp_path / name) for name in "012")
    moved, apart = (
        sum(float((one[name] - other[name]).float().square().sum()) for name in one) for other in (zero, two)
    )
    assert apart < 1e-5 * moved  # squares: 0.3 % of the way, which comes of derivatives that are zero but for rounding
    assert [row["train_loss"] for row in rows_of(tmp_path / "2")] == pytest.approx(
        [row["train_loss"] for row in rows_of(tmp_path / "1")], rel=1e-4
    )


def test_a_picture_damaged_in_the_share_of_the_second_process_is_told_without_a_traceback(made: Path, tmp_path: Path):
    order = np.random.default_rng([0, 0, 0]).permutation(IMAGES)
    name = f"train_{order[3]:02}.png"
    (tmp_path / "images").mkdir()
    for path in (made / "images").iterdir():
        (tmp_path / "images" / path.name).write_bytes(b"no image" if path.name == name else path.read_bytes())
    (tmp_path / "table.csv").write_bytes((made / "table.csv").read_bytes())
    more = settings(tmp_path, "loop.processes=2")
    result = train("hyperiqa-koniq10k", "-o", tmp_path / "run", *more)
    assert result.returncode != 0
    assert not lacking(result.stderr, name, "--resume")
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(not SCRIPT.exists(), reason="not installed as a script")
@pytest.mark.parametrize("name", ["hyperiqa", "ms-hyperiqa"])
def test_a_recipe_trains_its_real_trunk_from_imagenet_to_scores(tmp_path: Path, name: str):
    write_koniq10k(tmp_path / "koniq")
    for seed, path in enumerate(sorted((tmp_path / "koniq/1024x768").iterdir())):
        pixels = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    torch.manual_seed(1)
    backbone = torchvision.models.resnet50(weights=None).state_dict()
    torch.save(backbone, tmp_path / "resnet50.pth")
    chosen = ("task.crops=1", "task.validation_crops=1", "loop.epochs=1", "loop.batch_size=2", "loop.device=cpu")
    places = (f"task.data.root={tmp_path}/koniq", "task.data.allow_missing=true", f"task.start={tmp_path}/resnet50.pth")
    words = [word for setting in (*chosen, *places) for word in ("--set", setting)]
    run = tmp_path / "run"
    subprocess.run(
        [SCRIPT, "train", f"{name}-koniq10k", "-o", run, *words], check=True, capture_output=True, timeout=300
    )
    trained = weights(run, "best")
    moved = (trained["network.backbone.trunk.conv1.weight"] - backbone["conv1.weight"]).abs().max()
    assert 0 < float(moved) < 1e-3  # a few steps of 2e-5
    command = [str(part) for part in (SCRIPT, "score", tmp_path / "koniq/1024x768", "-f", "json", "--model", run)]
    scores = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    assert len({row["score"] for row in scores}) == len(scores) == 6
    own: Any = load(str(run))
    theirs: Any = load(name.replace("-", "_"), run / "published/best_model.pkl", offline=True)
    crops = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(own.score_crops(crops), theirs.score_crops(crops))
