"""A training over two machines with folders of their own, and several trainings by several processes."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from acutance.training.config import with_settings
from acutance.training.recipes import find_recipe
from acutance.training.run import train
from acutance.training.run_folder import read_state
from tests.fakes.crop_trainings import TINY_SETTINGS, write_rated_images
from tests.fakes.rated_set import TABLE, write_rated_set
from tests.fakes.tiny_trainings import TINY_VTAMIQ
from tests.integration.conftest import COMMAND, acutance
from tests.raising import lacking
from tests.unit.training.test_processes import free_port

IMAGES, STEPS = 13, 12
"""Images that train, in batches of 4; steps of three epochs."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("made")
    write_rated_images(root, {"train": IMAGES, "validation": 3, "test": 2})
    data = (f"task.data.dataset={root}/table.csv", "task.data.protocol=own", "task.crops=1")
    loop = ("loop.batch_size=4", "loop.epochs=3", "loop.checkpoint_every=1", "loop.workers=0")
    return [*TINY_SETTINGS, *data, *loop, "optimizer.kind=sgd", "optimizer.learning_rate=1e-4"]


def words(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def machine(rank: int, port: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """One of two machines, in a folder of its own, with the variables that torchrun sets."""
    here = {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "MASTER_PORT": port}
    environment = {name: str(value) for name, value in here.items()} | {"MASTER_ADDR": "127.0.0.1"}
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, "train", *map(str, arguments)],
        cwd=folder,
        env=os.environ | environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def machines(root: Path, *arguments: object) -> list[subprocess.Popen[str]]:
    """Both, whose folders are ``0`` and ``1``."""
    port = free_port()
    return [machine(rank, port, root / str(rank), *arguments) for rank in (0, 1)]


def ends(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Exit status, stdout and stderr of each."""
    told = [process.communicate(timeout=200) for process in processes]
    return [(process.returncode, *each) for process, each in zip(processes, told, strict=True)]


def the_error(told: str) -> str:
    """The one line of an error; a training from random weights says so before it."""
    (line,) = [line for line in told.splitlines() if "task.start=none" not in line]
    assert line.startswith("acutance: ")
    return line


def weights(folder: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = load_file(folder / "last.safetensors")
    return tensors


def same(first: Path, second: Path) -> bool:
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.fixture(scope="module")
def whole(settings: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two machines that torchrun starts and nobody disturbs; the folder of both."""
    root, port = tmp_path_factory.mktemp("machines"), free_port()
    both = []
    for rank in (0, 1):
        (root / str(rank)).mkdir()
        place = ("--nnodes", 2, "--node-rank", rank, "--master-addr", "127.0.0.1", "--master-port", port)
        command = ("-m", "torch.distributed.run", *place, "--nproc-per-node", 1, "-m", "acutance", "train")
        call = (*command, "hyperiqa-koniq10k", "-o", "run", *words(settings))
        both.append(
            subprocess.Popen(
                [sys.executable, *map(str, call)],
                cwd=root / str(rank),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    (code, table, told), (other_code, *silent) = ends(both)
    assert (code, other_code) == (0, 0), told
    assert [line.split()[0] for line in table.splitlines()] == ["epoch", "1", "2", "3"]
    assert not lacking(told, "hyperiqa-koniq10k", "--model")
    assert silent == ["", ""]
    return root


def test_two_machines_give_the_weights_of_one_process(whole: Path, settings: list[str], tmp_path: Path):
    config = with_settings(find_recipe("hyperiqa-koniq10k"), settings)
    torch.manual_seed(config.loop.seed)
    task = config.task.build(tmp_path)
    begun = {name: value.clone() for name, value in task.trained(task.network).tensors.items()}
    run = train(
        lambda: config.task.build(tmp_path),
        optimizer=config.optimizer,
        schedule=config.schedule,
        loop=config.loop,
        folder=tmp_path / "one",
        config={},
    )
    one, two = weights(run.path), weights(whole / "0/run")
    moved, apart = (
        sum(float((one[name] - other[name]).float().square().sum()) for name in one) for other in (begun, two)
    )
    assert apart < 1e-5 * moved  # squares: 0.3 % of the way, as of two processes on one machine


def test_the_first_machine_alone_writes(whole: Path):
    assert list((whole / "1").iterdir()) == []
    log = (whole / "0/run/train.log").read_text()
    assert not lacking(log, 2, f"began at step 0 of {STEPS}")


def test_machines_broken_off_go_on_from_the_folder_of_the_first(whole: Path, settings: list[str], tmp_path: Path):
    call = ("hyperiqa-koniq10k", "-o", "run", "--auto-resume", *words(settings))
    both, state = machines(tmp_path, *call), tmp_path / "0/run/checkpoint.pt"
    while not state.exists() or read_state(state).iteration < 3:
        assert [process.poll() for process in both] == [None, None]
        time.sleep(0.01)
    both[1].kill()
    (code, _, told), _ = ends(both)
    assert code == 2
    assert not lacking(the_error(told), "--resume")
    done = read_state(state).iteration
    assert done < STEPS
    assert [code for code, *_ in ends(machines(tmp_path, *call))] == [0, 0]
    assert f"resumed at step {done} of {STEPS}" in (tmp_path / "0/run/train.log").read_text()
    assert same(tmp_path / "0/run", whole / "0/run")
    assert list((tmp_path / "1").iterdir()) == []


def test_what_one_machine_lacks_is_told_by_both_in_one_line(settings: list[str], tmp_path: Path):
    port, call = free_port(), ("hyperiqa-koniq10k", "-o", "run", *words(settings))
    both = [
        machine(rank, port, tmp_path / str(rank), *call, *words(more))
        for rank, more in ((0, []), (1, ["task.data.dataset=gone.csv"]))
    ]
    for code, table, told in ends(both):
        assert (code, table) == (2, ""), told
        assert not lacking(the_error(told), "gone.csv", "process 1")
    assert [list((tmp_path / name).iterdir()) for name in "01"] == [[], []]


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What makes VTAMIQ's training on opinions small."""
    root = tmp_path_factory.mktemp("rated")
    write_rated_set(root, references=5)
    chosen = (
        f"task.data.dataset={root / TABLE}",
        "task.start=null",
        *(f"task.model.{name}={value}" for name, value in TINY_VTAMIQ.items()),
        *("task.draws.patches=9", "task.validation.patches=9", "task.validation.repeats=1", "task.frozen_epochs=0"),
        *("loop.batch_size=4", "loop.epochs=1", "loop.workers=0", "loop.device=cpu", "optimizer.learning_rate=1e-3"),
    )
    return words(chosen)


@pytest.fixture(scope="module")
def repeated(rated: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trainings, each by two processes of one machine."""
    folder = tmp_path_factory.mktemp("repeats") / "runs"
    call = ("vtamiq-live", "-o", folder, "--repeats", 2, *rated, "--set", "loop.processes=2")
    result = acutance("train", *call, OMP_NUM_THREADS="1")
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stderr.splitlines() if "task.start=none" not in line]
    assert [line.split(":")[0] for line in lines[:2]] == ["1 of 2", "2 of 2"]
    assert len(lines) == 3
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["srcc", "mean", "median", "std"]
    return folder


def test_several_trainings_by_two_processes_are_those_of_one_after_the_other(repeated: Path, tmp_path: Path):
    result = acutance("train", repeated / "run_02/config.json", "-o", tmp_path / "again", OMP_NUM_THREADS="1")
    assert result.returncode == 0, result.stderr
    assert same(tmp_path / "again", repeated / "run_02")


def test_several_trainings_by_two_machines_go_on_where_others_ended(repeated: Path, rated: list[str], tmp_path: Path):
    before, runs = tmp_path / "before", tmp_path / "0/runs"
    shutil.copytree(repeated, before)
    runs.parent.mkdir()
    runs.symlink_to(repeated)  # each training knows where its split lies; the second machine does not see the folder
    (runs / "run_01/test.json").unlink()
    shutil.rmtree(runs / "run_02")
    tested = (runs / "run_01/checkpoint.pt").stat().st_mtime_ns
    call = ("vtamiq-live", "-o", "runs", "--repeats", 2, "--auto-resume", *rated)
    (code, _, told), (other_code, *silent) = ends(machines(tmp_path, *call))
    assert (code, other_code, silent) == (0, 0, ["", ""]), told
    assert (runs / "run_01/checkpoint.pt").stat().st_mtime_ns == tested
    for name in ("run_01", "run_02"):
        assert same(runs / name, before / name)
    first, second = (list(csv.DictReader((folder / "runs.csv").read_text().splitlines())) for folder in (runs, before))
    assert first == second
    assert list((tmp_path / "1").iterdir()) == []
