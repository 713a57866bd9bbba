"""The loop: resumed and unbroken runs are one, whatever is in the way."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from acutance.errors import CheckpointError, ConfigError, TrainingError
from acutance.training.config import LoopConfig
from acutance.training.loop import Trainer
from acutance.training.processes import launched
from acutance.training.run_folder import RunFolder, TrainingState
from acutance.training.task import Labels, Outputs
from acutance.types import OnProgress
from tests.fakes.toy_task import Toy, ToyTask, run_toy
from tests.raising import lacking, raises

ROOT = Path(__file__).parents[3]


class BrokenOffError(Exception):
    pass


def weights(folder: Path, name: str = "last") -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = load_file(folder / f"{name}.safetensors")
    return tensors


def metrics(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "metrics.json").read_text())["epochs"]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_a_run_broken_off_at_any_checkpoint_becomes_the_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
):
    settings: dict[str, Any] = {
        "task": {"dropout": 0.3},
        "average_decay": 0.9,
        "checkpoint_every": 3,
        "clip_norm": 1.0,
        "batch_size": 6,
    }
    run_toy(tmp_path / "whole", **settings)
    write, written = RunFolder.write_checkpoint, []

    def stopping(folder: RunFolder, state: TrainingState) -> None:
        write(folder, state)
        written.append(state.iteration)
        if len(written) == stop:
            raise BrokenOffError

    monkeypatch.setattr(RunFolder, "write_checkpoint", stopping)
    with pytest.raises(BrokenOffError):
        run_toy(tmp_path / "broken", **settings)
    monkeypatch.undo()
    run_toy(tmp_path / "broken", resume=True, **settings)
    for name in ("last", "best"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "broken", name))
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "broken")


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one_with_twice_the_batch(tmp_path: Path):
    for processes in (1, 2):
        command = [sys.executable, "-m", "tests.fakes.toy_task", str(tmp_path / str(processes)), str(processes), "6"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    one, two = weights(tmp_path / "1"), weights(tmp_path / "2")
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=0, atol=1e-6)
    assert [row["train_rank_loss"] for row in metrics(tmp_path / "1")] == pytest.approx(
        [row["train_rank_loss"] for row in metrics(tmp_path / "2")], rel=1e-5
    )


@pytest.mark.slow
def test_readers_in_other_processes_change_nothing(tmp_path: Path):
    run_toy(tmp_path / "none")
    run_toy(tmp_path / "two", workers=2)
    assert same(weights(tmp_path / "none"), weights(tmp_path / "two"))


def test_parts_of_a_batch_add_up_to_its_gradient(tmp_path: Path):
    settings: dict[str, Any] = {
        "batch_size": 20,
        "iterations": 1,
        "epochs": None,
        "task": {"pairs": False},
        "kind": "sgd",
    }
    whole = run_toy(tmp_path / "whole", **settings)
    parts = run_toy(tmp_path / "parts", accumulate=4, **settings)
    for name, tensor in weights(whole.path).items():
        torch.testing.assert_close(tensor, weights(parts.path)[name], rtol=0, atol=1e-6)


def test_the_best_weights_are_those_of_the_best_validation(tmp_path: Path):
    run_toy(tmp_path / "long", epochs=12)
    best = min(range(12), key=lambda epoch: metrics(tmp_path / "long")[epoch]["val_mae"])
    state = torch.load(tmp_path / "long/checkpoint.pt", weights_only=True)
    assert state["best_iteration"] == metrics(tmp_path / "long")[best]["iteration"]
    assert same(torch.load(tmp_path / "long/published/toy.pth", weights_only=True), weights(tmp_path / "long", "best"))


def test_validation_comes_each_so_many_iterations_too(tmp_path: Path):
    run_toy(tmp_path / "run", epochs=None, iterations=11, validate_every=4)
    assert [row["iteration"] for row in metrics(tmp_path / "run")] == [4, 8, 11]


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_what_was_saved(tmp_path: Path):
    with raises(TrainingError, "loss", 1):
        run_toy(tmp_path / "run", task={"diverge": True})


def test_a_gradient_that_is_no_number_never_reaches_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    losses = ToyTask.losses

    def torn(task: ToyTask, outputs: Outputs, labels: Labels) -> dict[str, torch.Tensor]:
        if len(task.epochs) < 3:
            return losses(task, outputs, labels)
        return {"loss": (outputs["score"] * 0).sqrt().sum(), "l1": outputs["score"].sum()}  # 0, its derivative is not

    monkeypatch.setattr(ToyTask, "losses", torn)
    with raises(TrainingError, "gradient", "nan", 3):
        run_toy(tmp_path / "run", batch_size=20)
    checkpoint = torch.load(tmp_path / "run/checkpoint.pt", weights_only=True)
    assert checkpoint["iteration"] == 2
    assert all(bool(value.isfinite().all()) for value in checkpoint["network"].values())


def test_validation_is_in_float32_whatever_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    validate, rounded = ToyTask.validate, []

    def watched(task: ToyTask, network: torch.nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        rounded.append(torch.is_autocast_enabled("cpu"))
        return validate(task, network, on_progress)

    monkeypatch.setattr(ToyTask, "validate", watched)
    run_toy(tmp_path / "run", precision="bfloat16", epochs=2)
    assert rounded == [False, False]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_is_gone_is_one_clear_line(tmp_path: Path, workers: int):
    with raises(TrainingError, 7, "--resume"):
        run_toy(tmp_path / "run", task={"gone": 7}, workers=workers)


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(folder: RunFolder, state: TrainingState) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_checkpoint", full)
    with raises(TrainingError, "run", "No space left on device", "--resume"):
        run_toy(tmp_path / "run")


def test_too_little_memory_is_one_clear_line(tmp_path: Path):
    with raises(TrainingError, "--resume", "--set loop.accumulate=8"):
        run_toy(tmp_path / "run", task={"greedy": True})


def test_too_little_memory_for_the_network_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def too_large(network: Toy, *_: object) -> Toy:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(Toy, "to", too_large)
    with raises(TrainingError, "CUDA out of memory"):
        run_toy(tmp_path / "run")


def test_a_run_is_not_begun_over_another(tmp_path: Path):
    run_toy(tmp_path / "run")
    with raises(ConfigError, "run", "--resume", "--overwrite"):
        run_toy(tmp_path / "run")
    run_toy(tmp_path / "run", overwrite=True, epochs=1)
    assert len(metrics(tmp_path / "run")) == 1


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_a_place_that_cannot_be_written_to_is_one_clear_line(tmp_path: Path, name: str):
    (tmp_path / "file").write_text("not a folder")
    with raises(ConfigError, "--output"):
        run_toy(tmp_path / name)


def test_another_configuration_cannot_resume_a_run(tmp_path: Path):
    run_toy(tmp_path / "run")
    with raises(ConfigError, "loop.batch_size", 4, 5):
        run_toy(tmp_path / "run", resume=True, batch_size=5)


def test_what_does_not_make_another_training_may_change_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    validate, calls = ToyTask.validate, iter(range(10))

    def stopping(task: ToyTask, *given: Any) -> dict[str, float]:
        if next(calls) == 2:
            raise BrokenOffError
        return validate(task, *given)

    run_toy(tmp_path / "whole", task={"pairs": False}, kind="sgd")
    monkeypatch.setattr(ToyTask, "validate", stopping)
    with pytest.raises(BrokenOffError):
        run_toy(tmp_path / "broken", task={"pairs": False}, kind="sgd")
    monkeypatch.undo()
    smaller: dict[str, Any] = {"accumulate": 2, "workers": 1, "checkpoint_every": 1}
    run_toy(tmp_path / "broken", resume=True, task={"pairs": False}, kind="sgd", **smaller)
    for name, tensor in weights(tmp_path / "whole").items():
        torch.testing.assert_close(tensor, weights(tmp_path / "broken")[name], rtol=0, atol=1e-6)
    assert json.loads((tmp_path / "broken/config.json").read_text())["loop"]["accumulate"] == 2
    assert not lacking((tmp_path / "broken/train.log").read_text(), "loop.accumulate", 1, 2)


def test_a_run_that_goes_on_holds_its_weights_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run_toy(tmp_path / "run", average_decay=0.9)
    restore, kept = Trainer.restore, []

    def watched(trainer: Trainer, state: TrainingState) -> None:
        restore(trainer, state)
        kept.append((trainer.state.network, trainer.state.optimizer, trainer.state.average, trainer.state.iteration))

    monkeypatch.setattr(Trainer, "restore", watched)
    run_toy(tmp_path / "run", average_decay=0.9, resume=True)
    assert kept == [({}, {}, None, 20)]


def test_what_a_kill_left_of_unfinished_files_goes_when_the_run_goes_on(tmp_path: Path):
    run_toy(tmp_path / "run")
    left = ("checkpoint.pt.7.tmp", "metrics.json.7.tmp", ".best.safetensors.0a1b.tmp", "published/toy.pth.7.tmp")
    for name in (*left, "mine.tmp"):
        (tmp_path / "run" / name).write_bytes(b"half")
    run_toy(tmp_path / "run", resume=True)
    assert [path.name for path in (tmp_path / "run").rglob("*.tmp")] == ["mine.tmp"]


def test_a_finished_run_is_left_as_it_is(tmp_path: Path):
    run_toy(tmp_path / "run")
    before = weights(tmp_path / "run")
    run_toy(tmp_path / "run", resume=True)
    assert same(before, weights(tmp_path / "run"))


def test_metrics_are_also_a_table_and_events(tmp_path: Path):
    run_toy(tmp_path / "run")
    header = (tmp_path / "run/metrics.csv").read_text().splitlines()[0]
    assert header.startswith("epoch,iteration,train_loss,train_l1_loss,train_rank_loss,train_srcc,val_mae")
    assert any((tmp_path / "run/events").iterdir())


def test_too_few_samples_for_a_batch_are_one_clear_line(tmp_path: Path):
    with raises(TrainingError, 64, 20):
        run_toy(tmp_path / "run", batch_size=64, drop_last=True)


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_more_processes_than_gpus_are_one_clear_line(monkeypatch: pytest.MonkeyPatch, device: str):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with raises(ConfigError, 1, 2, "loop.processes"):
        launched(LoopConfig(epochs=1, batch_size=2, processes=2, device=device))


def test_the_weights_of_every_validation_stay_where_that_is_asked_for(tmp_path: Path):
    run_toy(tmp_path / "run", save_all_epochs=True, epochs=3)
    names = sorted(path.name for path in (tmp_path / "run").glob("epoch_*"))
    assert names == ["epoch_1.safetensors", "epoch_2.safetensors", "epoch_3.safetensors"]
    assert same(weights(tmp_path / "run", "epoch_3"), weights(tmp_path / "run"))
    assert not same(weights(tmp_path / "run", "epoch_1"), weights(tmp_path / "run"))


def test_weights_kept_by_iterations_are_called_so(tmp_path: Path):
    run_toy(tmp_path / "run", save_all_epochs=True, epochs=None, iterations=4, validate_every=2)
    assert {path.name for path in (tmp_path / "run").glob("iteration_*")} == {
        "iteration_2.safetensors",
        "iteration_4.safetensors",
    }


@pytest.mark.parametrize("part", ["network", "optimizer"])
def test_a_checkpoint_of_another_network_is_one_clear_line(tmp_path: Path, part: str):
    run_toy(tmp_path / "run", checkpoint_every=2)
    path = tmp_path / "run/checkpoint.pt"
    torch.save(torch.load(path, weights_only=True) | {part: {"other": torch.ones(1)}}, path)
    with raises(CheckpointError, tmp_path / "run", "--overwrite") as caught:
        run_toy(tmp_path / "run", checkpoint_every=2, resume=True)
    assert "\n" not in str(caught.value)
