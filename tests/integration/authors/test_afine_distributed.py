"""A-FINE's demo.sh in the guide: trainings on one GPU, on several, on several machines, and gone on with."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.models.afine import model
from tests.fakes.afine_training import tiny_encoder, write_triplet_set
from tests.integration.authors.table import commands, options, rows
from tests.raising import lacking
from tests.unit.training.test_processes import free_port

SECTION = "A-FINE: training and testing"
STAGES = (1, 2, 3)
THEIRS = "./basicsr/train.py -opt ./options/train/AFINE/train_AFINE_stage{}_nlogn.yml"
LAUNCH = "python -m torch.distributed.launch"
SEVERAL = f"{LAUNCH} --nproc_per_node={{}} --master_port=1234 {THEIRS} --launcher pytorch --auto_resume"
MACHINES = (
    f"two machines, on each with its own number: `{LAUNCH} --nnodes=2 --node_rank=0 --master_addr=ADDRESS "
    f"--master_port=1234 --nproc_per_node=1 {THEIRS.format(1)} --launcher pytorch`"
)
NAME, RESUME = "`name: AFINE_stage1_nlogn`", "`resume_state`, `training_states/500.state`"
UNCHANGED, BATCH = f"`{LAUNCH}`, as it stands", "`batch_size_per_gpu: 32` on three GPUs"
PER_GPU = {1: 32, 2: 128, 3: 128}
"""``batch_size_per_gpu`` of the option files."""
RATES = {1: 5e-6, 2: 5e-4, 3: 1e-3}
ROOT = Path(__file__).parents[3]


def one(stage: int) -> str:
    return f"`python {THEIRS.format(stage)} --auto_resume`"


def several(stage: int) -> str:
    return f"`{SEVERAL.format(3 if stage == 1 else 4, stage)}`"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_triplet_set(tmp_path_factory.mktemp("set"))


def small(table: Path, *more: str) -> list[str]:
    """What makes a stage an epoch of 16 images; stage 1 begins at random."""
    loop = ("iterations=null", "epochs=1", "validate_every=1", "workers=0", "device=cpu", "batch_size=12")
    chosen = [f"task.data.sources={json.dumps([{'dataset': str(table)}])}", *(f"loop.{each}" for each in loop), *more]
    return [word for setting in chosen for word in ("--set", setting)]


def stage(number: int) -> list[str]:
    return ["task.start=null"] if number == 1 else ["task.augment=false"]


@pytest.fixture(scope="module")
def trained(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``runs/stage1`` and so on, each by the guide's command for one GPU, called twice."""
    root = tmp_path_factory.mktemp("one_gpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "ClipImageEncoder", tiny_encoder)
        patch.chdir(root)
        for number in STAGES:
            (command,) = commands(rows(SECTION)[one(number)])
            for _ in range(2):
                result = CliRunner().invoke(app, [*shlex.split(command)[1:], *small(table, *stage(number))])
                assert result.exit_code == 0, result.output
    return root


@pytest.mark.parametrize("number", STAGES)
def test_one_gpu(trained: Path, number: int):
    log, steps = (trained / f"runs/stage{number}/train.log").read_text(), rows_of(trained, number)[-1]["iteration"]
    assert [log.count(words) for words in ("began at step 0", f"resumed at step {steps} of {steps}")] == [1, 1]
    published = {
        1: {"clip_model.pth", "net_qhead.pth"},
        2: {"net_dhead.pth"},
        3: {"afine.pth", "net_finalscore.pth", "net_scale_fr.pth", "net_scale_nr.pth"},
    }
    assert published[number] <= {path.name for path in (trained / f"runs/stage{number}/published").iterdir()}


def rows_of(root: Path, number: int) -> list[dict[str, float]]:
    return list(json.loads((root / f"runs/stage{number}/metrics.json").read_text())["epochs"])


def same_training(several_processes: Path, alone: Path, number: int) -> None:
    """Assert that losses and weights are those of one process."""
    (two,), (one,) = (rows_of(root, number) for root in (several_processes, alone))
    assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
    way = 2.1 * one["iteration"] * RATES[number]  # a step of AdamW is a rate long at most, and rounding may turn it
    run = f"runs/stage{number}/last.safetensors"
    weights, expected = (load_file(root / run) for root in (several_processes, alone))
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=way)


def run_together(
    row: str, table: Path, folder: Path, settings: Sequence[str], *, nodes: Sequence[int] = (0,)
) -> list[subprocess.CompletedProcess[str]]:
    """The guide's command on each machine, with a free port, and with a tiny encoder for the real one."""
    (command,) = (text for text in re.findall("`([^`]+)`", rows(SECTION)[row]) if "-m acutance" in text)
    port, started = free_port(), []
    for node in nodes:
        words = shlex.split(command.replace("--node_rank=0", f"--node_rank={node}").replace("ADDRESS", "127.0.0.1"))
        program = ["-m", "torch.distributed.run", *words[1:]] if words[0] == "torchrun" else words[1:]
        changed = {"acutance": "tests.fakes.tiny_acutance", "--master_port=1234": f"--master_port={port}"}
        call = [sys.executable, *(changed.get(word, word) for word in program), *small(table, *settings)]
        paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
        (folder / str(node)).mkdir(exist_ok=True)
        started.append(
            subprocess.Popen(
                call,
                cwd=folder / str(node),
                env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    told = [process.communicate(timeout=300) for process in started]
    for process, (_, stderr) in zip(started, told, strict=True):
        assert process.returncode == 0, stderr
    return [subprocess.CompletedProcess([], 0, *each) for each in told]


@pytest.mark.parametrize("number", STAGES)
def test_several_gpus(trained: Path, table: Path, tmp_path: Path, number: int):
    (tmp_path / "0/runs").mkdir(parents=True)
    for before in range(1, number):
        (tmp_path / f"0/runs/stage{before}").symlink_to(trained / f"runs/stage{before}")
    row = several(number)
    processes = 3 if number == 1 else 4
    assert f"loop.batch_size={processes * PER_GPU[number]} " in rows(SECTION)[row]
    (told,) = run_together(row, table, tmp_path, stage(number))
    assert told.stdout.count("\n") == 2  # a heading, and the line of one epoch: the first process alone tells
    run = tmp_path / f"0/runs/stage{number}"
    assert not lacking((run / "train.log").read_text(), processes, "began at step 0")
    same_training(tmp_path / "0", trained, number)


def test_torch_distributed_launch(table: Path, tmp_path: Path):
    (told,) = run_together(UNCHANGED, table, tmp_path, stage(1))
    assert told.stdout.count("\n") == 2
    assert (tmp_path / "0/runs/stage1/best.safetensors").exists()


def test_two_machines(trained: Path, table: Path, tmp_path: Path):
    first, second = run_together(MACHINES, table, tmp_path, stage(1), nodes=(0, 1))
    assert (first.stdout.count("\n"), second.stdout) == (2, "")
    assert list((tmp_path / "1").iterdir()) == []
    same_training(tmp_path / "0", trained, 1)


def test_size_of_a_step():
    (command,) = commands(rows(SECTION)[BATCH])
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert json.loads(result.stdout)["loop"]["batch_size"] == 3 * PER_GPU[1]


def test_a_named_folder_and_going_on(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "ClipImageEncoder", tiny_encoder)
    monkeypatch.chdir(tmp_path)
    named, resumed = (options(rows(SECTION)[row]) for row in (NAME, RESUME))
    for more in ([], resumed):
        call = ["train", "afine-stage1", "-o", "RUN", *named, *more, *small(table, *stage(1))]
        result = CliRunner().invoke(app, call)
        assert result.exit_code == 0, result.output
    log = (tmp_path / "experiments/AFINE_stage1_nlogn/train.log").read_text()
    assert [log.count(words) for words in ("began at step 0", "resumed at step")] == [1, 1]
    assert not (tmp_path / "RUN").exists()


ROWS: dict[str, Callable[..., None]] = {
    **{one(number): test_one_gpu for number in STAGES},
    **{several(number): test_several_gpus for number in STAGES},
    UNCHANGED: test_torch_distributed_launch,
    MACHINES: test_two_machines,
    BATCH: test_size_of_a_step,
    NAME: test_a_named_folder_and_going_on,
    RESUME: test_a_named_folder_and_going_on,
}
"""Each row with its test."""


def test_each_row_about_processes_has_a_test():
    about = {row for row in rows(SECTION) if re.search("basicsr/train.py|torch.distributed|batch_size_per_gpu", row)}
    assert about == set(ROWS) - {NAME, RESUME}
