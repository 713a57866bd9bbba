"""A recipe on several random splits through the command: what it tells and leaves, and how it goes on after a kill."""

import csv
import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.rated_set import TABLE, write_rated_set
from tests.fakes.tiny_trainings import TINY_VTAMIQ
from tests.integration.conftest import acutance
from tests.integration.test_train import running, same, steps_in, train, wait_until, weights
from tests.raising import lacking

RUNS, EPOCHS, STEPS = 3, 3, 6
"""24 images of 3 references in batches of 4."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("rated")
    write_rated_set(root, references=5)
    chosen = (
        f"task.data.dataset={root / TABLE}",
        "task.start=null",
        *(f"task.model.{name}={value}" for name, value in TINY_VTAMIQ.items()),
        *("task.draws.patches=9", "task.validation.patches=9", "task.validation.repeats=1", "task.frozen_epochs=0"),
        *("loop.batch_size=4", f"loop.epochs={EPOCHS}", "loop.checkpoint_every=1"),
        *("loop.workers=0", "loop.device=cpu", "optimizer.learning_rate=1e-3"),
    )
    return [word for setting in chosen for word in ("--set", setting)]


@pytest.fixture(scope="module")
def whole(
    settings: list[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Trainings that nobody disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    result = train("vtamiq-live", "-o", folder, "--repeats", RUNS, *settings)
    assert result.returncode == 0, result.stderr
    return folder, result


def results_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "runs.csv").read_text().splitlines()))


def test_the_table_is_the_spread_of_the_tests(whole: tuple[Path, subprocess.CompletedProcess[str]]):
    folder, result = whole
    values = [float(row["srcc"]) for row in results_of(folder)]
    assert len(values) == RUNS
    heading, *lines = (line.split() for line in result.stdout.splitlines())
    assert heading == ["srcc", "krcc", "plcc", "rmse"]
    assert {line[0]: line[1] for line in lines} == {
        "mean": f"{statistics.fmean(values):.4f}",
        "median": f"{statistics.median(values):.4f}",
        "std": f"{statistics.pstdev(values):.4f}",
    }
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["runs"] == RUNS
    assert summary["srcc"]["median"] == statistics.median(values)


def test_each_training_is_told_when_it_is_tested(whole: tuple[Path, subprocess.CompletedProcess[str]]):
    folder, result = whole
    lines = result.stderr.splitlines()
    assert sum("task.start=none" in line for line in lines) == RUNS
    assert [line for line in lines if "task.start=none" not in line] == [
        *(
            f"{number} of {RUNS}: srcc {float(row['srcc']):.4f} on {row['pictures']} test images"
            for number, row in enumerate(results_of(folder), start=1)
        ),
        f"{RUNS} trainings of vtamiq-live in {folder}; the test of each: {folder / 'runs.csv'}",
    ]


def test_evaluate_finds_the_same_of_a_training_and_its_split(
    whole: tuple[Path, subprocess.CompletedProcess[str]], settings: list[str], tmp_path: Path
):
    folder, _ = whole
    run, data = folder / "run_02", settings[1].partition("=")[2]
    call = ("--data", data, "--split", run / "split.json", "--curve", "logistic5", "--draws", 0, "-o", tmp_path)
    result = acutance("evaluate", run, *call)
    assert result.returncode == 0, result.stderr
    (found,) = json.loads((tmp_path / "eval_results.json").read_text())["datasets"].values()
    row = results_of(folder)[1]
    assert found["metrics"]["num_samples"] == int(row["pictures"])
    for name in ("srcc", "krcc"):
        assert found["metrics"][name] == pytest.approx(float(row[name]), abs=1e-9)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_trainings_broken_off_go_on_to_the_same_end(
    whole: tuple[Path, subprocess.CompletedProcess[str]], settings: list[str], tmp_path: Path
):
    folder, broken = tmp_path / "runs", tmp_path / "runs/run_02"
    with running("vtamiq-live", "-o", folder, "--repeats", RUNS, *settings) as process:
        wait_until(lambda: (broken / "checkpoint.pt").exists() and steps_in(broken) >= 3, process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=600)
    done = steps_in(broken)
    assert done < EPOCHS * STEPS
    finished = (folder / "run_01/checkpoint.pt").stat().st_mtime_ns
    result = train(folder, "--resume")
    assert result.returncode == 0, result.stderr
    assert f"resumed at step {done} of {EPOCHS * STEPS}" in (broken / "train.log").read_text()
    assert (folder / "run_01/checkpoint.pt").stat().st_mtime_ns == finished
    assert result.stdout == whole[1].stdout
    assert results_of(folder) == results_of(whole[0])
    for number in range(1, RUNS + 1):
        name = f"run_{number:02d}"
        assert same(weights(folder / name), weights(whole[0] / name))
    again = train("vtamiq-live", "-o", folder, "--repeats", RUNS, *settings)
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert not lacking(again.stderr, "acutance", folder, RUNS, "--resume", "--overwrite")
