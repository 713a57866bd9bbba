"""What a training shows while it runs and when it is done."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from acutance.cli.progress import TrainingBars, following
from acutance.cli.train import metrics_table
from acutance.training.loop import Step


def step(iteration: int) -> Step:
    return Step(iteration=iteration, iterations=10, loss=0.123456, rate=2e-5)


def test_steps_show_loss_and_rate():
    progress = Progress(disable=True)
    bars = TrainingBars(progress)
    bars.step(step(1))
    bars.step(step(2))
    (task,) = progress.tasks
    assert (task.description, task.completed, task.total) == ("training", 2, 10)
    assert task.fields["told"] == "loss 0.1235  rate 2e-05"


def test_validation_is_shown_only_while_it_goes_on():
    progress = Progress(disable=True)
    bars = TrainingBars(progress)
    bars.step(step(5))
    for done, visible in ((1, True), (3, False), (1, True)):
        bars.validation(done, 3)
        assert progress.tasks[1].visible is visible
    assert progress.tasks[0].visible
    bars.preparation(1, 2)
    assert [task.description for task in progress.tasks] == ["training", "validating", "preparing"]


def test_the_next_of_several_trainings_begins_anew():
    progress = Progress(disable=True)
    bars = TrainingBars(progress)
    for iteration in (9, 10, 1):
        bars.step(step(iteration))
    (task,) = progress.tasks
    assert (task.completed, task.finished) == (1, False)
    for done in (1, 2, 1):
        bars.test(done, 2)
    assert [task.description for task in progress.tasks] == ["training", "testing"]
    assert progress.tasks[1].visible


def test_what_was_done_before_a_resumed_run_says_nothing_of_its_speed():
    progress = Progress(disable=True)
    TrainingBars(progress).step(step(8))
    assert progress.tasks[0].completed == 8
    assert progress.tasks[0].speed is None


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]):
    with following() as bars:
        bars.step(step(1))
    assert capsys.readouterr() == ("", "")


def test_the_last_lines_of_metrics_are_a_table(tmp_path: Path):
    rows = [
        {
            "epoch": epoch,
            "iteration": epoch * 4,
            "train_loss": 2.0,
            "train_l1_loss": 1.0,
            "val_srcc": None,
            "seconds": 9.0,
        }
        for epoch in range(1, 8)
    ]
    (tmp_path / "metrics.json").write_text(json.dumps({"epochs": rows}))
    console = Console(width=80)
    with console.capture() as capture:
        console.print(metrics_table(tmp_path))
    lines = [line.split() for line in capture.get().splitlines()]
    assert lines[0] == ["epoch", "iteration", "train_loss", "val_srcc"]
    assert [line[0] for line in lines[1:]] == ["3", "4", "5", "6", "7"]
    assert lines[-1] == ["7", "28", "2", "-"]
