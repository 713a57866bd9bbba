"""VTAMIQ trained on rated images; tiny networks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import acutance
from acutance.datasets.table import OpinionTable, read_table, write_table
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError, TrainingError
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.weights import (
    HEAD,
    HEAD_MULTISCALE,
    KADIS700K,
    PAPER,
    PAPER_DIFFERENCE_EMBEDDING,
    VTAMIQConfig,
)
from acutance.stats.correlation import srcc
from acutance.training.config import ExponentialSchedule
from acutance.training.data import DataConfig
from acutance.training.images import as_images
from acutance.training.losses import VTAMIQLossWeights
from acutance.training.systems.vtamiq import PatchDraws, VTAMIQRatings, VTAMIQTraining, foreign_state, start
from tests.fakes.rated_set import TABLE
from tests.fakes.tiny_trainings import STILL, TINY_VTAMIQ, ahiq_task, rated_data, rows_of, run, vtamiq_task
from tests.fakes.vtamiq_checkpoint import layout
from tests.raising import lacking, raises

FEW = PatchDraws(patches=36, horizontal_flip=0, vertical_flip=0)
STATES = {
    "head_default": HEAD,
    "head_multiscale": HEAD_MULTISCALE,
    "released2022": KADIS700K,
    "paper2021": PAPER,
    "paper2021_diff_embedding": PAPER_DIFFERENCE_EMBEDDING,
}


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    return rated_data(tmp_path / "set")


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


@pytest.mark.slow
def test_it_learns_sixteen_pictures_by_heart(data: DataConfig, tmp_path: Path):
    run(
        vtamiq_task(data, model=STILL, draws=FEW),
        tmp_path / "run",
        rate=3e-3,
        epochs=60,
        batch_size=16,
        validate_every=10,
    )
    losses = [row["train_loss"] for row in rows_of(tmp_path / "run")]
    assert losses[-1] < losses[0] / 3
    assert rows_of(tmp_path / "run")[-1]["train_srcc"] > 0.85


@pytest.mark.slow
def test_a_run_broken_off_becomes_the_unbroken_one(data: DataConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    task = vtamiq_task(data, frozen_epochs=1)
    settings: dict[str, Any] = {"checkpoint_every": 1, "epochs": 3, "clip_norm": 1.0, "schedule": ExponentialSchedule()}
    run(task, tmp_path / "whole", **settings)
    read = VTAMIQRatings.sample
    calls = iter(range(1000))

    def breaking(self: VTAMIQRatings, index: int, generator: np.random.Generator) -> Any:
        if next(calls) == 40:  # in the third epoch
            raise KeyboardInterrupt
        return read(self, index, generator)

    monkeypatch.setattr(VTAMIQRatings, "sample", breaking)
    with pytest.raises(KeyboardInterrupt):
        run(task, tmp_path / "broken", **settings)
    monkeypatch.undo()
    run(task, tmp_path / "broken", resume=True, **settings)
    for name in ("last", "best"):
        pair = [load_file(tmp_path / folder / f"{name}.safetensors") for folder in ("whole", "broken")]
        assert not changed(*pair)


def test_the_encoder_is_frozen_first_and_trains_then(data: DataConfig, tmp_path: Path):
    runs = {}
    for epochs in (1, 2):
        task = vtamiq_task(data, frozen_epochs=1, model={"adapters": 1, "scales": 2})
        run(task, tmp_path / str(epochs), epochs=epochs)
        runs[epochs] = load_file(tmp_path / str(epochs) / "last.safetensors")
    torch.manual_seed(0)
    begun = VTAMIQ(VTAMIQConfig(**TINY_VTAMIQ, adapters=1, scales=2)).state_dict()
    first, second = changed(begun, runs[1]), changed(runs[1], runs[2])
    trained = {name for name in first if name.startswith("encoder.")}
    assert trained
    assert all("_gain" in name or "_adapters." in name or name == "encoder.embedding.scales" for name in trained)
    assert {"decoder.mix.weight", "predictor.output.weight", "difference_gain"} <= first
    assert {"encoder.embedding.registers", "encoder.embedding.positions", "encoder.layers.0.query.weight"} <= second


@pytest.mark.parametrize(
    "options", [{"batch_size": 1}, {"precision": "bfloat16"}, {"accumulate": 4}, {"average_decay": 0.9}]
)
def test_it_trains_in_other_ways_too(data: DataConfig, tmp_path: Path, options: dict[str, Any]):
    run(vtamiq_task(data, model={"scales": 2}), tmp_path / "run", epochs=1, **options)
    assert all(np.isfinite(row["train_loss"]) for row in rows_of(tmp_path / "run"))


def test_scores_in_bfloat16_are_not_rounded_to_it(data: DataConfig):
    task = VTAMIQRatings(vtamiq_task(data, model=STILL))
    inputs = task.collate([task.sample(index, np.random.default_rng(index)) for index in range(4)]).inputs
    exact = task.network(inputs)["score"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = task.network(inputs)["score"].detach()
    assert scores.dtype == torch.float32
    assert not torch.equal(scores, scores.bfloat16().float())
    torch.testing.assert_close(scores, exact, rtol=0, atol=0.01)


@pytest.mark.parametrize("state", ["head", "paper", "kadis700k"])
def test_a_run_scores_as_it_validated(data: DataConfig, tmp_path: Path, state: str):
    model = {"head": HEAD, "paper": PAPER, "kadis700k": KADIS700K}[state]
    task = vtamiq_task(data, model={**model, **TINY_VTAMIQ, "registers": 0})
    run(task, tmp_path / "run")
    loaded = acutance.load(str(tmp_path / "run"))
    assert loaded.provenance is not None
    assert loaded.provenance.model == f"vtamiq-{state}"
    assert loaded.info.better == "lower"
    built = VTAMIQRatings(task)
    assert loaded.preprocessing() == built.network.model.preprocessing()
    scores = []
    for row in built._validation:
        pair = [
            as_images(built._store.read(built._validation.path(str(name))), torch.device("cpu"))
            for name in (row.image, row.reference)
        ]
        scores.append(float(loaded(*pair)))
    best = max(row["val_srcc"] for row in rows_of(tmp_path / "run"))
    assert srcc(-np.array(scores), np.array([row.mos for row in built._validation])) == pytest.approx(best)


@pytest.mark.parametrize("name", STATES)
def test_published_weights_have_the_names_and_shapes_of_the_authors(name: str):
    config = VTAMIQConfig(**STATES[name])
    with torch.device("cpu"):
        foreign = foreign_state(VTAMIQ(config).state_dict(), config)
    assert {key: tuple(value.shape) for key, value in foreign.items()} == layout(name)


def test_the_published_file_says_epoch_and_correlation(data: DataConfig, tmp_path: Path):
    run(vtamiq_task(data), tmp_path / "run", epochs=1)
    file = torch.load(tmp_path / "run/published/best.pth", weights_only=True)
    assert set(file) == {"epoch", "SROCC", "model_state_dict"}
    assert file["epoch"] == 1
    assert file["SROCC"] == pytest.approx(rows_of(tmp_path / "run")[0]["val_srcc"])


def test_a_stage_starts_where_the_last_one_ended(data: DataConfig, tmp_path: Path):
    run(vtamiq_task(data), tmp_path / "first", epochs=1)
    task = vtamiq_task(data, start=str(tmp_path / "first"), model={"predictor_dropout": 0.3})
    begun = VTAMIQRatings(task).network.model.state_dict()
    assert not changed(begun, load_file(tmp_path / "first/best.safetensors"))


def test_a_stage_does_not_start_from_another_network(data: DataConfig, tmp_path: Path):
    run(vtamiq_task(data), tmp_path / "first", epochs=1)
    with raises(ConfigError, "registers=0", 2, "task.model.registers=2"):
        VTAMIQRatings(vtamiq_task(data, start=str(tmp_path / "first"), model={"registers": 0}))


def test_a_stage_does_not_start_from_another_model(data: DataConfig, tmp_path: Path):
    run(ahiq_task(data), tmp_path / "ahiq", epochs=1)
    with raises(CheckpointError, "vtamiq-head", "ahiq", "task.start"):
        VTAMIQRatings(vtamiq_task(data, start=str(tmp_path / "ahiq")))


def test_a_start_that_is_not_there_is_named(data: DataConfig, tmp_path: Path):
    with raises(MissingWeightsError, "nowhere", "task.start"):
        VTAMIQRatings(vtamiq_task(data, start=str(tmp_path / "nowhere")))


def test_it_starts_from_timms_vit(tmp_path: Path):
    width, generator = TINY_VTAMIQ["width"], torch.Generator().manual_seed(5)
    shapes = {"cls_token": (1, 1, width), "pos_embed": (1, 577, width), "norm.weight": (width,), "norm.bias": (width,)}
    shapes |= {"patch_embed.proj.weight": (width, 3, 16, 16), "patch_embed.proj.bias": (width,)}
    for layer in range(3):
        for part, rows, columns in (("attn.qkv", 3, 1), ("attn.proj", 1, 1), ("mlp.fc1", 2, 1), ("mlp.fc2", 1, 2)):
            shapes[f"blocks.{layer}.{part}.weight"] = (rows * width, columns * width)
            shapes[f"blocks.{layer}.{part}.bias"] = (rows * width,)
        for norm in ("norm1", "norm2"):
            shapes |= {f"blocks.{layer}.{norm}.{kind}": (width,) for kind in ("weight", "bias")}
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    save_file(tensors, tmp_path / "vit.safetensors")
    model = VTAMIQ(VTAMIQConfig(**TINY_VTAMIQ))
    start(model, str(tmp_path / "vit.safetensors"))
    key = model.state_dict()["encoder.layers.1.key.weight"]
    assert torch.equal(key, tensors["blocks.1.attn.qkv.weight"][width : 2 * width])


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_targets_are_zero_for_the_best_and_one_for_the_worst_training_picture(tmp_path: Path, better: Any):
    data = turned(tmp_path / "set", better)
    task = VTAMIQRatings(vtamiq_task(data))
    mos = np.array([row.mos for row in task._train])
    best, worst = (mos.argmax(), mos.argmin()) if better == "higher" else (mos.argmin(), mos.argmax())
    assert task._targets[best] == pytest.approx(0)
    assert task._targets[worst] == pytest.approx(1)


def test_targets_do_not_depend_on_validation_pictures(tmp_path: Path):
    data = rated_data(tmp_path / "set")
    task = VTAMIQRatings(vtamiq_task(data))
    path = tmp_path / "set" / TABLE
    table, held = read_table(path), {row.image for row in task._validation}
    write_table(
        OpinionTable([replace(row, mos=99.0) if row.image in held else row for row in table], table.root, "set"), path
    )
    again = VTAMIQRatings(vtamiq_task(data))
    np.testing.assert_array_equal(task._targets, again._targets)


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_agreement_is_positive_whichever_way_the_opinions_go(tmp_path: Path, better: Any):
    task = VTAMIQRatings(vtamiq_task(turned(tmp_path / "set", better)))
    numbers = task.validate(OfDifference())
    assert numbers["srcc"] > 0.5
    assert numbers["plcc"] > 0.5


def test_a_picture_without_reference_is_named(tmp_path: Path):
    data = rated_data(tmp_path / "set")
    path = tmp_path / "set" / TABLE
    table = read_table(path)
    write_table(OpinionTable([replace(row, reference=None) for row in table], table.root, "set"), path)
    with raises(TrainingError, "table", "images/r0_blur_1.png"):
        VTAMIQRatings(vtamiq_task(data))


def test_a_reference_that_is_gone_is_told_before_anything_is_trained(data: DataConfig, tmp_path: Path):
    reference = tmp_path / "set" / str(read_table(tmp_path / "set" / TABLE).rows[0].reference)
    reference.unlink()
    with raises(TrainingError, reference.name):
        VTAMIQRatings(vtamiq_task(data))


def test_kadis_wants_its_scores():
    with raises(ConfigError, "--set task.kadis_scores=FILE"):
        VTAMIQRatings(VTAMIQTraining(data=DataConfig(dataset="kadis700k", root="somewhere")))


def test_validation_takes_the_places_that_were_trained():
    with raises(ValueError, "validation", "uv=published"):
        VTAMIQTraining.model_validate({"validation": {"protocol": "grid", "uv": "centred"}})


def test_weights_of_losses_reach_the_loss(data: DataConfig):
    weights = VTAMIQLossWeights(absolute=1, rank=0, correlation=0)
    task = VTAMIQRatings(vtamiq_task(data, weights=weights))
    scores, targets = torch.tensor([0.1, 0.9, 0.4]), torch.tensor([0.2, 0.3, 0.9])
    assert float(task.losses({"score": scores}, {"score": targets})["loss"]) == pytest.approx(1.2 / 3)


class OfDifference(nn.Module):
    """A network whose score is the mean difference of an image from its reference: lower is better."""

    needs_reference = True

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    @property
    def model(self) -> "OfDifference":
        return self

    def encode_reference(self, reference: torch.Tensor) -> torch.Tensor:
        return reference

    def features_nbytes(self, height: int, width: int) -> int:
        return 0

    def terms_against(self, distorted: torch.Tensor, features: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"score": (distorted - features[0]).abs().mean((1, 2, 3))}


def turned(root: Path, better: Any) -> DataConfig:
    """A rated set whose opinions go that way."""
    data = rated_data(root)
    table = read_table(root / TABLE)
    if better == "lower":
        rows = [replace(row, mos=6 - (row.mos or 0), better="lower") for row in table]
        write_table(OpinionTable(rows, table.root, "set"), root / TABLE)
    return data


@pytest.mark.parametrize("start", ["none", None])
def test_random_weights_are_told_in_one_line(data: DataConfig, start: str | None):
    (line,) = VTAMIQRatings(vtamiq_task(data, start=start)).remarks()
    assert not lacking(line, "task.start=none")


def test_a_published_vit_that_cannot_be_had_is_an_error_with_the_ways_out(
    data: DataConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with raises(MissingWeightsError, "task.start=FILE", "task.start=vit-b16-384-google", "task.start=none"):
        VTAMIQRatings(vtamiq_task(data, start="vit-b16-384-timm"))
