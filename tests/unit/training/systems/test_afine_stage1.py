"""A-FINE's stage 1 with a tiny encoder: mixed sizes, variants, validation, resuming, several processes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from acutance.errors import MissingWeightsError, TrainingError
from acutance.models.afine.model import AFINENaturalness
from acutance.models.afine.weights import CLIP_ARCHIVE
from acutance.stats.preferences import three_alternative_accuracy
from acutance.training.images import ImageStore, as_images
from acutance.training.run_folder import RunFolder, TrainingState
from acutance.training.systems import afine
from acutance.training.systems.afine import AFINEStage1Task, AFINEStage1Training, in_order, varied
from acutance.training.task import Batch
from acutance.weights.download import sha256_of
from tests.conftest import images_among
from tests.fakes.afine_stages import narrow_encoder, write_clip
from tests.fakes.afine_training import (
    run_stage,
    stage_task,
    tiny_naturalness,
    triplet_data,
    write_triplet_set,
)
from tests.raising import lacking, raises

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_triplet_set(tmp_path_factory.mktemp("triplets"))


@pytest.fixture(autouse=True)
def no_text_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    """What A-FINE does not use of CLIP is 250 MB of zeros here: it is left out of what is published."""
    monkeypatch.setattr(afine, "unused_of_clip", lambda _: {})


def task_of(table: Path, **settings: Any) -> AFINEStage1Task:
    task = stage_task(1, table, table.parent, **settings)
    assert isinstance(task, AFINEStage1Task)
    return task


def batch_of(task: AFINEStage1Task, *indices: int) -> Batch:
    return task.collate([task.sample(index, np.random.default_rng(index)) for index in indices])


def gradients(task: AFINEStage1Task) -> dict[str, Tensor]:
    return {name: value.grad for name, value in task.network.named_parameters() if value.grad is not None}


def test_a_batch_of_mixed_sizes_is_its_triplets_one_by_one(table: Path):
    indices = (0, 30, 1, 31, 53)
    whole, parts = task_of(table), task_of(table)
    batch = batch_of(whole, *indices)
    assert {tuple(image.shape) for image in batch.inputs["first"]} == {(3, 64, 96), (3, 96, 64)}
    loss = whole.losses(whole.network(batch.inputs), batch.labels)["loss"]
    loss.backward()
    each = []
    for index in indices:
        one = batch_of(parts, index)
        each.append(parts.losses(parts.network(one.inputs), one.labels)["loss"])
        (each[-1] / len(indices)).backward()
    assert loss.item() == pytest.approx(np.mean([one.item() for one in each]), abs=1e-6)
    theirs = gradients(parts)
    for name, value in gradients(whole).items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-3, atol=1e-6)


def test_results_of_sizes_come_back_in_the_order_of_the_batch():
    parts = [([3, 0], torch.tensor([30.0, 0.0])), ([1, 4, 2], torch.tensor([10.0, 40.0, 20.0]))]
    assert in_order(parts).tolist() == [0, 10, 20, 30, 40]


def test_the_loss_is_that_of_all_three_preferences(table: Path):
    task = task_of(table)
    batch = batch_of(task, 0, 1, 2)
    losses = task.losses(task.network(batch.inputs), batch.labels)
    assert set(losses) == {"loss", "first_second", "first_reference", "second_reference"}
    parts = [value.item() for name, value in losses.items() if name != "loss"]
    assert losses["loss"].item() == pytest.approx(sum(parts), rel=1e-9)


def test_the_three_pictures_of_a_triplet_are_turned_alike(table: Path):
    task = task_of(table)
    paths = task_of(table, augment=False)
    seen = set()
    for seed in range(40):
        turned = task.sample(5, np.random.default_rng(seed))
        plain = paths.sample(5, np.random.default_rng(seed))
        fits = [
            variant
            for variant in range(8)
            if all(np.array_equal(turned[name], varied(plain[name], variant)) for name in ("first", "second"))
        ]
        assert len(fits) == 1
        assert np.array_equal(turned["reference"], varied(plain["reference"], fits[0]))
        seen.update(fits)
    assert seen == set(range(8))


def test_validation_says_how_often_raw_naturalness_decides_as_people_do(table: Path):
    model = tiny_naturalness()
    task = AFINEStage1Task(AFINEStage1Training(data=triplet_data(table)), model)
    triplets = task._lists.validation["rated"]
    store = ImageStore()
    with torch.no_grad():
        found = task.validate(task.network.eval())
        raw = {
            path: model.terms(as_images(store.read(path), torch.device("cpu")))["raw_naturalness"].item()
            for triplet in triplets
            for path in (triplet.first, triplet.second)
        }
    first, second = (np.array([raw[getattr(triplet, name)] for triplet in triplets]) for name in ("first", "second"))
    wins = np.array([triplet.labels[0] for triplet in triplets])
    wanted = three_alternative_accuracy(first, second, wins, margin=0.0, better="lower")
    assert found == {"accuracy": wanted, "accuracy_rated": wanted}


def test_validation_reads_each_picture_once_and_no_reference_for_its_own_sake(table: Path, opened: list[str]):
    task = task_of(table)
    opened.clear()
    told: list[tuple[int, int]] = []
    with torch.no_grad():
        task.validate(task.network, lambda done, total: told.append((done, total)))
    names = images_among(opened)
    assert len(names) == len(set(names)) == 9  # eight distorted images; the reference stands in triplets too
    assert told == [(done, 9) for done in range(1, 10)]


def test_in_bfloat16_the_head_still_computes_in_float32(table: Path):
    task = task_of(table)
    batch = batch_of(task, 0, 1)
    exact = task.network(batch.inputs)["first"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = task.network(batch.inputs)["first"]
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0, atol=0.02)


def test_encoder_and_head_learn_and_the_calibrator_does_not(table: Path, tmp_path: Path):
    before = tiny_naturalness().state_dict()
    _, network = run_stage(1, table, tmp_path / "run", iterations=2)
    for name, value in network.state_dict().items():
        same = torch.equal(value, before[name.removeprefix("model.")])
        assert same == name.startswith("model.naturalness_calibrator"), name


@pytest.mark.slow
def test_sixteen_pictures_are_learned_by_heart(table: Path, tmp_path: Path):
    run, _ = run_stage(1, table, tmp_path / "run", rate=1e-3, iterations=60, batch_size=18, validate_every=6)
    losses = [row["train_loss"] for row in json.loads((run.path / "metrics.json").read_text())["epochs"]]
    assert losses[-1] < 0.2 * losses[0]


def test_a_picture_that_is_gone_is_told_before_anything_is_trained(tmp_path: Path):
    table = write_triplet_set(tmp_path)
    (tmp_path / "c_blur2.png").unlink()
    with raises(TrainingError, "rated", 26, "c_blur2.png"):
        task_of(table)


def test_a_clip_of_random_weights_is_told_to_the_user(table: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    run_stage(1, table, tmp_path / "run", iterations=1)
    assert not lacking(caplog.messages[0], "CLIP", "task.start")
    assert "published/clip_model.pth" in caplog.messages[1]
    assert all(message in (tmp_path / "run/train.log").read_text() for message in caplog.messages)


class BrokenOffError(Exception):
    pass


@pytest.mark.slow
def test_a_run_broken_off_becomes_the_unbroken_one(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings: dict[str, Any] = {"iterations": 6, "checkpoint_every": 2, "validate_every": 3, "average_decay": 0.5}
    _, whole = run_stage(1, table, tmp_path / "whole", **settings)
    write = RunFolder.write_checkpoint

    def stopping(folder: RunFolder, state: TrainingState) -> None:
        write(folder, state)
        if state.iteration == 4:
            raise BrokenOffError

    monkeypatch.setattr(RunFolder, "write_checkpoint", stopping)
    with pytest.raises(BrokenOffError):
        run_stage(1, table, tmp_path / "broken", **settings)
    monkeypatch.undo()
    _, resumed = run_stage(1, table, tmp_path / "broken", resume=True, **settings)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


@pytest.mark.slow
def test_two_processes_train_one_encoder_and_it_is_that_of_one_process(table: Path, tmp_path: Path):
    for processes in (1, 2):
        command = [sys.executable, "-m", "tests.fakes.afine_training", "1", str(table)]
        command += [str(tmp_path / str(processes)), str(processes)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    one, first, second = (torch.load(tmp_path / name) for name in ("1/rank0.pth", "2/rank0.pth", "2/rank1.pth"))
    start = tiny_naturalness().state_dict()
    name = "model.encoder.trunk.blocks.0.attn.qkv.weight"
    assert (first[name] - start[name.removeprefix("model.")]).abs().max() > 1e-4
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        torch.testing.assert_close(value, one[name], rtol=0, atol=2e-6)


@pytest.mark.parametrize("wrong", [{"margin": -0.1}, {"data": {"sources": [{"dataset": "x", "protocol": "vtamiq"}]}}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        AFINEStage1Training.model_validate(wrong)


def test_a_stage_can_be_told_another_model(table: Path):
    model = tiny_naturalness(seed=9)
    assert isinstance(model, AFINENaturalness)
    assert task_of(table, model=model).network.model is model


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "ViT-B-32.pt")


def started_from(table: Path, start: str | None) -> AFINEStage1Task:
    config = AFINEStage1Training(data=triplet_data(table), start=start)
    return AFINEStage1Task(config, AFINENaturalness(narrow_encoder()))


@pytest.mark.parametrize("start", [None, "none"])
def test_a_random_trunk_is_told_in_one_line(table: Path, start: str | None):
    first, _ = started_from(table, start).remarks()  # the other is about the text tower
    assert not lacking(first, "task.start", "none", "random", "ViT-B-32.pt")


def test_an_archive_that_is_not_the_published_one_is_told_with_both_checksums(table: Path, archive: Path):
    (line,) = started_from(table, str(archive)).remarks()
    assert not lacking(line, archive, sha256_of(archive), CLIP_ARCHIVE.sha256)


def test_the_published_archive_is_told_as_such(table: Path, archive: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(afine, "CLIP_ARCHIVE", replace(CLIP_ARCHIVE, sha256=sha256_of(archive)))
    (line,) = started_from(table, str(archive)).remarks()
    assert not lacking(line, archive, "published", sha256_of(archive))


def test_the_weights_know_which_clip_they_began_with(table: Path, archive: Path):
    task = started_from(table, str(archive))
    assert task.trained(task.network).trunk_sha256 == {"ViT-B-32.pt": sha256_of(archive)}


def test_a_start_that_is_not_there_is_told_with_the_ways_out(table: Path):
    with raises(MissingWeightsError, "clip.pt", "ViT-B-32.pt", "vit_base_patch32_clip_224.openai", "none"):
        started_from(table, "clip.pt")
