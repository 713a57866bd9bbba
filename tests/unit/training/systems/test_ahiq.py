"""AHIQ trained; tiny networks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import acutance
from acutance.datasets.table import OpinionTable, read_table, write_table
from acutance.errors import ConfigError, InputError, MissingWeightsError, TrainingError
from acutance.stats.correlation import srcc
from acutance.training.config import CosineSchedule
from acutance.training.data import DataConfig
from acutance.training.images import as_images
from acutance.training.systems.ahiq import AHIQTask, pair_of_crops
from tests.fakes.ahiq_checkpoint import golden
from tests.fakes.rated_set import TABLE
from tests.fakes.tiny_trainings import ahiq_task, rated_data, rows_of, run
from tests.raising import lacking, raises

BACKBONES = ("network.vit.", "network.resnet.")


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    return rated_data(tmp_path / "set")


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def crops(
    first: Any, second: Any, seed: int, *, side: int = 16, flip: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(seed)
    return pair_of_crops(first, second, side=side, generator=generator, flip=flip, name="a.png")


def numbered(height: int, width: int) -> np.ndarray:
    """An image that says of each pixel where it is."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], axis=2).astype(np.uint8)


@pytest.mark.slow
def test_it_learns_sixteen_pictures_by_heart(data: DataConfig, tmp_path: Path):
    task = ahiq_task(data, model={"side": 32}, flip=0)
    run(task, tmp_path / "run", rate=5e-3, epochs=45, batch_size=16, validate_every=15, clip_norm=1.0)
    best_constant = float(np.var(AHIQTask(task)._labels))
    assert rows_of(tmp_path / "run")[-1]["train_loss"] < best_constant / 3  # the mean of the last 15 epochs
    assert rows_of(tmp_path / "run")[-1]["train_srcc"] > 0.8


def test_heads_train_and_trunks_never_do(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "run", epochs=1)
    torch.manual_seed(0)
    begun = AHIQTask(ahiq_task(data)).network.model.state_dict()
    different = changed(begun, load_file(tmp_path / "run/last.safetensors"))
    assert different == {name for name in begun if not name.startswith(BACKBONES)}


@pytest.mark.slow
def test_a_run_broken_off_becomes_the_unbroken_one(data: DataConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    schedule = CosineSchedule(unit="iteration", length=2)
    settings: dict[str, Any] = {"checkpoint_every": 1, "batch_size": 4, "schedule": schedule}
    run(ahiq_task(data), tmp_path / "whole", **settings)
    read, calls = AHIQTask.sample, iter(range(100))

    def breaking(self: AHIQTask, index: int, generator: np.random.Generator) -> Any:
        if next(calls) == 25:
            raise KeyboardInterrupt
        return read(self, index, generator)

    monkeypatch.setattr(AHIQTask, "sample", breaking)
    with pytest.raises(KeyboardInterrupt):
        run(ahiq_task(data), tmp_path / "broken", **settings)
    monkeypatch.undo()
    run(ahiq_task(data), tmp_path / "broken", resume=True, **settings)
    for name in ("last", "best"):
        assert not changed(*(load_file(tmp_path / folder / f"{name}.safetensors") for folder in ("whole", "broken")))


def test_scores_in_bfloat16_are_not_rounded_to_it(data: DataConfig):
    task = AHIQTask(ahiq_task(data))
    inputs = task.collate([task.sample(index, np.random.default_rng(index)) for index in range(4)]).inputs
    exact = task.network.model.network(inputs["distorted"] / 255, inputs["reference"] / 255)
    torch.testing.assert_close(task.network(inputs)["score"], exact)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = task.network(inputs)["score"].detach()
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, scores.bfloat16().float())


@pytest.mark.parametrize("options", [{"batch_size": 1}, {"precision": "bfloat16"}, {"channels_last": True}])
def test_it_trains_in_other_ways_too(data: DataConfig, tmp_path: Path, options: dict[str, Any]):
    run(ahiq_task(data), tmp_path / "run", epochs=1, **options)
    assert all(np.isfinite(row["train_loss"]) for row in rows_of(tmp_path / "run"))


@pytest.mark.slow
def test_a_run_scores_as_it_validated(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "run")
    loaded = acutance.load(str(tmp_path / "run"))
    task = AHIQTask(ahiq_task(data))
    assert loaded.preprocessing() == task.network.model.preprocessing()
    scores = []
    for row in task._validation:
        pixels = [task._store.read(task._validation.path(str(name))) for name in (row.image, row.reference)]
        scores.append(float(loaded(*(as_images(one, torch.device("cpu")) for one in pixels))))
    best = max(row["val_srcc"] for row in rows_of(tmp_path / "run"))
    assert srcc(np.array(scores), np.array([row.mos for row in task._validation])) == pytest.approx(best)


def test_both_crops_are_of_one_place_and_flipped_alike():
    image = numbered(60, 50)
    for seed in range(20):
        first, second = crops(image, 255 - image, seed, flip=0.5)
        assert torch.equal(first, 255 - second)


def test_flips_turn_left_and_right_round():
    image = numbered(60, 50)
    plain, flipped = (crops(image, image, 3, flip=flip)[0] for flip in (0, 1))
    assert torch.equal(flipped, plain.flip(2))


def test_every_place_is_drawn_the_last_row_and_column_too():
    image = numbered(18, 17)
    corners = {tuple(crops(image, image, seed)[0][:2, 0, 0].tolist()) for seed in range(80)}
    assert corners == {(row, column) for row in range(3) for column in range(2)}


def test_a_picture_of_the_size_of_a_crop_is_taken_whole():
    image = numbered(16, 16)
    assert torch.equal(crops(image, image, 0)[0], torch.from_numpy(image).permute(2, 0, 1))


def test_pictures_that_do_not_fit_are_named():
    with raises(InputError, "a.png", (20, 21), (20, 20)):
        crops(numbered(20, 20), numbered(20, 21), 0)
    with raises(InputError, 16, (15, 20), "a.png"):
        crops(numbered(15, 20), numbered(15, 20), 0)


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_labels_go_from_zero_for_the_worst_training_picture_to_one_for_the_best(tmp_path: Path, better: Any):
    data = rated_data(tmp_path / "set")
    path = tmp_path / "set" / TABLE
    table = read_table(path)
    write_table(OpinionTable([replace(row, better=better) for row in table], table.root, "set"), path)
    task = AHIQTask(ahiq_task(data))
    mos = np.array([row.mos for row in task._train])
    expected = (mos - mos.min()) / np.ptp(mos)
    np.testing.assert_allclose(task._labels, expected if better == "higher" else 1 - expected)


def test_labels_do_not_depend_on_validation_pictures(data: DataConfig, tmp_path: Path):
    task = AHIQTask(ahiq_task(data))
    path, held = tmp_path / "set" / TABLE, {row.image for row in task._validation}
    table = read_table(path)
    rows = [replace(row, mos=99.0) if row.image in held else row for row in table]
    write_table(OpinionTable(rows, table.root, "set"), path)
    np.testing.assert_array_equal(AHIQTask(ahiq_task(data))._labels, task._labels)


def test_published_weights_are_the_two_heads_by_the_authors_names(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "run", epochs=1)
    file = torch.load(tmp_path / "run/published/best.pth", weights_only=True)
    assert file["epoch"] == 1
    for part in ("regressor", "deform_net"):
        assert set(file[f"{part}_model_state_dict"]) == set(golden()["layouts"][part])


def test_what_the_authors_code_cannot_use_is_not_published(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data, model={"normalisation": "imagenet"}), tmp_path / "run", epochs=1)
    assert not list((tmp_path / "run/published").iterdir())


def test_heads_start_from_an_earlier_run(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "run", epochs=1)
    begun = AHIQTask(ahiq_task(data, start=str(tmp_path / "run"))).network.model.state_dict()
    assert not changed(begun, load_file(tmp_path / "run/best.safetensors"))


def test_heads_do_not_start_from_another_network(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "run", epochs=1)
    with raises(ConfigError, "normalisation=imagenet", "half"):
        AHIQTask(ahiq_task(data, start=str(tmp_path / "run"), model={"normalisation": "imagenet"}))


def test_a_reference_that_is_gone_is_told_before_anything_is_trained(data: DataConfig, tmp_path: Path):
    reference = tmp_path / "set" / str(read_table(tmp_path / "set" / TABLE).rows[0].reference)
    reference.unlink()
    with raises(TrainingError, reference.name):
        AHIQTask(ahiq_task(data))


def test_a_trunk_that_is_not_there_is_named(data: DataConfig):
    with raises(MissingWeightsError, "resnet50.a1_in1k", "task.resnet", "nowhere.safetensors"):
        AHIQTask(ahiq_task(data, resnet="nowhere.safetensors"))


@pytest.mark.parametrize("named", ["none", None])
def test_random_trunks_are_told_in_a_line_each(data: DataConfig, named: str | None):
    told = list(AHIQTask(ahiq_task(data, resnet=named, vit=named)).remarks())
    assert [
        not lacking(line, name) for line, name in zip(told, ("task.resnet=none", "task.vit=none"), strict=True)
    ] == [
        True,
        True,
    ]


def test_a_published_trunk_that_cannot_be_had_is_an_error_with_the_ways_out(
    data: DataConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with raises(MissingWeightsError, "timm/resnet50.a1_in1k", "task.resnet=FILE", "task.resnet=none"):
        AHIQTask(ahiq_task(data, resnet="resnet50.a1_in1k"))
