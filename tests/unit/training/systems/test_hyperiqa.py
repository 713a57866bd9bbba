"""HyperIQA and MS-HyperIQA trained; tiny backbones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

import acutance
from acutance.errors import TrainingError
from acutance.images.read import read_image
from acutance.stats.correlation import srcc
from acutance.training.config import CosineSchedule, Schedule, StepSchedule
from acutance.training.data import DataConfig
from acutance.training.images import as_images
from acutance.training.recipes import find_recipe
from acutance.training.run_folder import RunFolder
from acutance.training.systems.hyperiqa import CropTask
from acutance.training.task import TrainedModel
from tests.conftest import images_among
from tests.fakes.crop_trainings import crop_training, made_data, rows_of, run, write_rated_images
from tests.raising import lacking, raises

KINDS = ("hyperiqa", "ms_hyperiqa")
SLOW_PARTS = ("network.backbone.", "network.distortions.")
"""What learns at the rate of the backbone."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 images to train with, 4 to validate, 2 to test."""
    root = tmp_path_factory.mktemp("made")
    write_rated_images(root)
    return root


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 images to train with, 3 to validate, 2 to test."""
    root = tmp_path_factory.mktemp("few")
    write_rated_images(root, {"train": 4, "validation": 3, "test": 2})
    return root


@pytest.fixture
def after_each_epoch(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """The weights after each epoch of the runs of a test."""
    weights: list[dict[str, Tensor]] = []

    def keep(folder: RunFolder, name: str, trained: TrainedModel) -> None:
        if name == "last":
            weights.append({name: value.clone() for name, value in trained.tensors.items()})

    monkeypatch.setattr(RunFolder, "write_weights", keep)
    return weights


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "epochs"), [("hyperiqa", 12), ("ms_hyperiqa", 8)])
def test_it_learns_sixteen_pictures_by_heart(made: Path, tmp_path: Path, kind: str, epochs: int):
    model = {"dropout": 0.0} if kind == "ms_hyperiqa" else {}
    settings = crop_training(kind, made_data(made), model=model, flip=0, hyper_rate=1.0, validation_crops=1)
    schedule = CosineSchedule(unit="iteration")
    run(settings, tmp_path / "run", rate=3e-3, schedule=schedule, epochs=epochs, validate_every=2)
    rows = rows_of(tmp_path / "run")
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] / 3
    assert rows[-1]["train_srcc"] > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "schedule"),
    [
        ("hyperiqa", find_recipe("hyperiqa-koniq10k").schedule),
        ("ms_hyperiqa", find_recipe("ms-hyperiqa-koniq10k").schedule),
        ("ms_hyperiqa", StepSchedule(every=6, scale_until=9)),
    ],
)
def test_everything_learns_to_the_last_epoch(
    few: Path, tmp_path: Path, after_each_epoch: list[dict[str, Tensor]], kind: str, schedule: Schedule
):
    torch.manual_seed(0)
    settings = crop_training(kind, made_data(few), validation_crops=1)
    run(settings, tmp_path / "run", rate=2e-5, schedule=schedule, epochs=16, batch_size=4)
    assert len(after_each_epoch) == 16
    for before, after in ((after_each_epoch[0], after_each_epoch[1]), (after_each_epoch[-2], after_each_epoch[-1])):
        assert changed(before, after) == set(before)  # hyper network, backbone, and what norms have counted


@pytest.mark.parametrize("kind", KINDS)
def test_the_backbone_and_its_readers_are_slow_and_the_rest_is_fast(few: Path, kind: str):
    task = CropTask(crop_training(kind, made_data(few)))
    slow, fast = task.groups()
    names = {id(parameter): name for name, parameter in task.network.model.named_parameters()}
    assert (slow.name, slow.rate_scale, fast.name, fast.rate_scale) == ("backbone", 1.0, "hyper", 10.0)
    assert all(names[id(parameter)].startswith(SLOW_PARTS) for parameter in slow.parameters)
    assert not any(names[id(parameter)].startswith(SLOW_PARTS) for parameter in fast.parameters)
    grouped = [id(parameter) for group in (slow, fast) for parameter in group.parameters]
    assert len(grouped) == len(set(grouped)) == len(names)


@pytest.mark.slow
def test_rates_of_both_groups_are_told(few: Path, tmp_path: Path):
    schedule = StepSchedule(every=1, scale_until=2)
    run(crop_training("hyperiqa", made_data(few)), tmp_path / "run", schedule=schedule, rate=1e-4, epochs=3)
    rates = [(row["learning_rate_backbone"], row["learning_rate_hyper"]) for row in rows_of(tmp_path / "run")]
    assert rates == [pytest.approx(pair) for pair in ((1e-4, 1e-3), (1e-5, 1e-4), (1e-6, 1e-6))]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"batch_size": 1}, {"precision": "bfloat16"}, {"channels_last": True}], ids=str)
def test_it_trains_in_other_ways_too(few: Path, tmp_path: Path, kind: str, options: dict[str, Any]):
    run(crop_training(kind, made_data(few)), tmp_path / "run", epochs=1, **options)
    assert all(np.isfinite(row["train_loss"]) for row in rows_of(tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_a_trunk_in_bfloat16_are_not_rounded_to_it(few: Path, kind: str):
    task = CropTask(crop_training(kind, made_data(few), model={"score_scale": 100.0}))
    task.network.eval()
    crops = {"crops": torch.stack([task.sample(index, np.random.default_rng(index))["crop"] for index in range(4)])}
    with torch.no_grad():
        exact = task.network.model.score_crops(crops["crops"].float() / 255)
        torch.testing.assert_close(task.network(crops)["score"], exact)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = task.network(crops)["score"].detach()
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, scores.bfloat16().float())
    torch.testing.assert_close(scores, exact, rtol=0.05, atol=5)


def test_dropout_is_on_in_training_and_off_in_validation(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drop, seen = functional.dropout, []

    def watched(values: Tensor, share: float, training: bool) -> Tensor:  # noqa: FBT001 (PyTorch's)
        seen.append((share, training, len(values)))
        return drop(values, share, training)

    monkeypatch.setattr(functional, "dropout", watched)
    run(crop_training("ms_hyperiqa", made_data(few), validation_crops=3), tmp_path / "run", epochs=1, batch_size=4)
    assert seen == [(0.5, True, 4), *[(0.5, False, 3)] * 3]


def test_validation_says_the_same_twice_and_leaves_the_network_alone(few: Path):
    task = CropTask(crop_training("ms_hyperiqa", made_data(few)))
    task.network.eval()
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    with torch.no_grad():
        first, second = task.validate(task.network), task.validate(task.network)
    assert first == second
    assert set(first) == {"srcc", "plcc"}
    assert not changed(before, task.network.state_dict())


def test_the_label_of_a_crop_is_that_of_its_picture(few: Path):
    task = CropTask(crop_training("hyperiqa", made_data(few), crops=3))
    assert len(task) == 12
    for index in range(12):
        sample = task.sample(index, np.random.default_rng(index))
        row = task._train.rows[index // 3]
        pixels = torch.from_numpy(read_image(few / row.image).copy()).permute(2, 0, 1)
        assert sample["score"] == row.mos
        assert sample["crop"].shape == (3, 224, 224)
        assert any(torch.equal(sample["crop"], crop) for crop in every_crop(pixels))


def every_crop(pixels: Tensor) -> Iterator[Tensor]:
    for top in range(pixels.shape[1] - 223):
        for left in range(pixels.shape[2] - 223):
            crop = pixels[:, top : top + 224, left : left + 224]
            yield crop
            yield crop.flip(2)


def test_pictures_smaller_than_a_crop_train_too(tmp_path: Path):
    write_rated_images(tmp_path, {"train": 4, "validation": 2}, size=(40, 60))
    run(crop_training("hyperiqa", made_data(tmp_path)), tmp_path / "run", epochs=1)
    assert np.isfinite(rows_of(tmp_path / "run")[0]["train_loss"])


def test_pictures_are_squeezed_only_if_the_model_does(few: Path):
    task = CropTask(crop_training("hyperiqa", made_data(few), model={"resize": (230, 224)}))
    assert task._store.read(few / task._train.rows[0].image).shape == (230, 224, 3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_scores_as_it_validated(few: Path, tmp_path: Path, kind: str):
    settings = crop_training(kind, made_data(few), validation_crops=3, model={"resize": (240, 250)})
    run(settings, tmp_path / "run")
    model = acutance.load(str(tmp_path / "run"))
    task = CropTask(settings)
    assert model.preprocessing() == task.network.model.preprocessing()
    table = task._validation
    with torch.no_grad():
        scores = [float(model(as_images(read_image(table.path(row.image)), torch.device("cpu")))) for row in table]
    opinions = [row.mos for row in table]
    best = max(row["val_srcc"] for row in rows_of(tmp_path / "run"))
    assert srcc(np.array(scores), np.array(opinions, dtype=np.float64)) == pytest.approx(best)
    assert model.info.usual == (0.0, 100.0)
    assert model.preprocessing()["resize"] == [240, 250]


@pytest.mark.slow
def test_one_score_of_a_run_is_that_of_its_network(few: Path, tmp_path: Path):
    settings = crop_training("ms_hyperiqa", made_data(few))
    run(settings, tmp_path / "run", epochs=1)
    loaded = acutance.load(str(tmp_path / "run"))
    network = CropTask(settings).network
    network.model.load_state_dict(load_file(tmp_path / "run/last.safetensors"))
    images = torch.rand(1, 3, 230, 240)
    with torch.no_grad():
        assert torch.equal(loaded(images), network.eval().model(images))


@pytest.mark.parametrize("kind", KINDS)
def test_opinions_where_lower_is_better_are_learned_as_they_are(tmp_path: Path, kind: str):
    table = write_rated_images(tmp_path, {"train": 4, "validation": 2})
    text = (tmp_path / "table.csv").read_text()
    (tmp_path / "table.csv").write_text(text.replace("higher", "lower"))
    run(crop_training(kind, made_data(tmp_path)), tmp_path / "run", epochs=1)
    assert acutance.load(str(tmp_path / "run")).info.better == "lower"
    assert len(table) == 6


def test_no_test_picture_is_ever_opened(few: Path, tmp_path: Path, opened: list[str]):
    run(crop_training("hyperiqa", made_data(few)), tmp_path / "run", epochs=2)
    assert {name.split("_")[0] for name in images_among(opened)} == {"train", "validation"}


def test_without_test_pictures_it_trains_all_the_same(tmp_path: Path):
    write_rated_images(tmp_path, {"train": 4, "validation": 2, "test": 2})
    for image in (tmp_path / "images").glob("test_*"):
        image.unlink()
    run(crop_training("hyperiqa", made_data(tmp_path)), tmp_path / "run", epochs=1)
    assert (tmp_path / "run/best.safetensors").exists()


@pytest.mark.slow
def test_cached_pictures_give_the_same_weights(few: Path, tmp_path: Path, after_each_epoch: list[dict[str, Tensor]]):
    run(crop_training("hyperiqa", made_data(few)), tmp_path / "plain", epochs=1)
    for workers in (2, 0):  # the second time all is there
        settings = crop_training("hyperiqa", made_data(few), cache=str(tmp_path / "cache"))
        run(settings, tmp_path / f"run{workers}", epochs=1, workers=workers)
    plain, first, second = after_each_epoch
    assert not changed(plain, first)
    assert not changed(plain, second)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_picture_that_is_damaged_is_one_clear_line(tmp_path: Path, part: str):
    write_rated_images(tmp_path, {"train": 4, "validation": 2})
    (tmp_path / f"images/{part}_01.png").write_bytes(b"no image")
    with raises((TrainingError, acutance.ImageReadError), f"{part}_01.png") as caught:
        run(crop_training("hyperiqa", made_data(tmp_path)), tmp_path / "run", epochs=1)
    assert "\n" not in str(caught.value)
    assert "write" not in str(caught.value)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_picture_that_is_gone_is_told_before_anything_is_trained(tmp_path: Path, part: str):
    write_rated_images(tmp_path, {"train": 4, "validation": 2})
    (tmp_path / f"images/{part}_01.png").unlink()
    with raises(TrainingError, "table", f"{part}_01.png"):
        run(crop_training("hyperiqa", made_data(tmp_path)), tmp_path / "run", epochs=1)
    assert not (tmp_path / "run").exists()


def test_without_anything_to_choose_by_the_last_weights_are_the_best(tmp_path: Path):
    write_rated_images(tmp_path / "alone", {"train": 4})
    data = DataConfig(dataset=str(tmp_path / "alone/table.csv"), validation_share=0)
    run(crop_training("hyperiqa", data), tmp_path / "run", epochs=2)
    best, last = (load_file(tmp_path / f"run/{name}.safetensors") for name in ("best", "last"))
    assert not changed(best, last)
    assert [row["val_srcc"] for row in rows_of(tmp_path / "run")] == [None, None]


def test_a_network_is_random_by_the_seed_of_the_loop(few: Path, tmp_path: Path, after_each_epoch: list[Any]):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(crop_training("hyperiqa", made_data(few)), tmp_path / name, epochs=1, seed=seed)
    first, same, other = after_each_epoch
    assert not changed(first, same)
    assert "network.generator.last_weight.weight" in changed(first, other)


def test_a_training_starts_from_an_earlier_run(few: Path, tmp_path: Path):
    run(crop_training("hyperiqa", made_data(few)), tmp_path / "run", epochs=1)
    begun = CropTask(crop_training("hyperiqa", made_data(few), start=str(tmp_path / "run")))
    assert not changed(begun.network.model.state_dict(), load_file(tmp_path / "run/best.safetensors"))


@pytest.mark.parametrize("kind", ["hyperiqa", "ms_hyperiqa"])
@pytest.mark.parametrize("start", ["none", None])
def test_a_random_trunk_is_told_in_one_line(tmp_path: Path, kind: str, start: str | None):
    (line,) = CropTask(crop_training(kind, made_data(tmp_path), start=start)).remarks()
    assert not lacking(line, "task.start=none")


def test_what_goes_on_is_not_told_again_how_it_began(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    settings = crop_training("hyperiqa", made_data(tmp_path))
    run(settings, tmp_path / "run", epochs=1)
    assert sum("task.start=none" in message for message in caplog.messages) == 1
    run(settings, tmp_path / "run", epochs=1, resume=True)
    assert sum("task.start=none" in message for message in caplog.messages) == 1


def test_a_rank_loss_with_too_wide_a_margin_for_the_labels_is_told(tmp_path: Path):
    told = CropTask(crop_training("ms_hyperiqa", made_data(tmp_path), labels="unit")).remarks()
    assert [not lacking(line, "0.5", "task.labels=percent") for line in told] == [False, True]
