"""afine-tiny in training, from nothing to a score, on synthetic images and the smallest backbones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import acutance
from acutance.datasets.table import OpinionTable, RatedImage, read_table, write_table
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine.heads import Moments
from acutance.models.afine_tiny.model import quality
from acutance.models.afine_tiny.preprocess import CHANNELS
from acutance.stats.correlation import srcc
from acutance.training.config import with_settings
from acutance.training.data import DataConfig
from acutance.training.losses import preference_loss
from acutance.training.run import train
from acutance.training.triplets import PlacedTriplet
from acutance.weights.store import save
from projects.afine_tiny.head import fixed_inputs, shares_of_wins
from projects.afine_tiny.pretrain import CLASSES, Pretraining, PretrainTask
from projects.afine_tiny.recipes import RECIPES
from projects.afine_tiny.stage1 import Stage1Task
from tests.fakes.tiny_afine import SMALLEST, photograph, tiny_pair, write_synthetic_images
from tests.raising import raises

MODEL = json.dumps(SMALLEST.model_dump(mode="json"))
COMMON = ("loop.device=cpu", "loop.workers=0", "loop.precision=float32")
SMALL = {
    "pretrain": (f"task.model={MODEL}", "task.side=48", "loop.batch_size=8", "loop.epochs=2"),
    "stage1": (
        f"task.model={MODEL}",
        "task.whole_crop=56",
        "task.detail_crop=64",
        "task.triplet_crop=48",
        "task.triplet_share=0.5",
        "loop.batch_size=8",
        "loop.epochs=2",
    ),
    "head": (
        "task.directions=6",
        "task.made_directions=3",
        "task.hidden=8",
        "loop.batch_size=8",
        "loop.epochs=4",
    ),
    "stage2": ("loop.iterations=20", "loop.batch_size=8", "loop.validate_every=10"),
    "stage3": ("loop.iterations=20", "loop.batch_size=8", "loop.validate_every=10"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs with opinions in ``rated.csv``, and synthetic images."""
    root = tmp_path_factory.mktemp("data")
    rows = []
    for index in range(20):
        image, share = f"{index}.png", index / 20
        noise = np.random.default_rng(index).normal(0, 60 * share, (80, 80, 3))
        Image.fromarray(np.clip(photograph(100 + index) + noise, 0, 255).astype(np.uint8)).save(root / image)
        part = "validation" if index % 5 == 0 else "train"
        rows.append(RatedImage(image=image, mos=1 - share, low=0.0, high=1.0, scene=image, split=part))
    write_table(OpinionTable(rows, root, "rated"), root / "rated.csv")
    for part in ("train", "copies", "copies_small", "sums", "sums_small"):
        write_synthetic_images(root, part=part)
    return root


def run(recipe: str, folder: Path, *settings: str) -> Path:
    config = with_settings(RECIPES[recipe].config(), [*SMALL[recipe], *COMMON, *settings])
    train(
        lambda: config.task.build(folder),
        optimizer=config.optimizer,
        schedule=config.schedule,
        loop=config.loop,
        folder=folder,
        config=config.model_dump(mode="json"),
    )
    return folder


def rated(data: Path) -> str:
    return f"task.data.dataset={data / 'rated.csv'}"


def last(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())["epochs"][-1]
    return found


@pytest.fixture(scope="module")
def tiny_runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All four trainings, each from the one before."""
    root = tmp_path_factory.mktemp("runs")
    names = ("pretrain", "stage1", "head", "stage2", "stage3")
    folders = {name: root / name for name in names}
    run("pretrain", folders["pretrain"], rated(data))
    made = f"task.triplets.root={data}"
    run("stage1", folders["stage1"], rated(data), made, f"task.start={folders['pretrain']}")
    run("head", folders["head"], rated(data), made, f"task.start={folders['stage1']}")
    for name, before in (("stage2", "head"), ("stage3", "stage2")):
        run(name, folders[name], f"task.data.root={data}", f"task.start={folders[before]}")
    return folders


@pytest.mark.slow
def test_the_pretrained_trunk_stands_in_both_places(tiny_runs: dict[str, Path]):
    tensors, header = acutance_store(tiny_runs["pretrain"])
    names = [name.removeprefix("whole.") for name in tensors if name.startswith("whole.")]
    assert names
    assert all(torch.equal(tensors[f"whole.{name}"], tensors[f"detail.{name}"]) for name in names)
    assert header.model == "afine-tiny"


def acutance_store(folder: Path) -> Any:
    from acutance.weights.store import load

    return load(folder / "best.safetensors")


def test_a_stage_begins_with_what_the_one_before_learned(tiny_runs: dict[str, Path], data: Path):
    config = with_settings(
        RECIPES["stage1"].config(),
        [
            *SMALL["stage1"],
            rated(data),
            f"task.triplets.root={data}",
            f"task.start={tiny_runs['pretrain']}",
        ],
    )
    task: Any = config.task.build(data)
    tensors, _ = acutance_store(tiny_runs["pretrain"])
    state = task.network.model.state_dict()
    assert all(torch.equal(state[name], value) for name, value in tensors.items())


def test_stage_1_scores_pictures_alone(tiny_runs: dict[str, Path]):
    model = acutance.load(str(tiny_runs["stage1"]))
    assert model.provenance is not None
    assert (model.provenance.model, model.needs_reference) == ("afine-tiny-naturalness", False)
    assert 0 < float(model(torch.rand(1, 3, 80, 80))) < 100


def test_the_last_stage_compares_and_keeps_the_naturalness_of_stage_1(tiny_runs: dict[str, Path]):
    alone, pair = acutance.load(str(tiny_runs["head"])), acutance.load(str(tiny_runs["stage3"]))
    images, reference = torch.rand(2, 3, 80, 80), torch.rand(2, 3, 80, 80)
    terms = pair.terms(images, reference)
    assert torch.allclose(terms["raw_naturalness"], alone.terms(images)["raw_naturalness"], atol=1e-5)
    assert bool(((terms["score"] > 0) & (terms["score"] < 100)).all())


def test_stages_2_and_3_leave_the_trunks_alone_and_change_what_is_theirs(tiny_runs: dict[str, Path]):
    first, second, third = (acutance_store(tiny_runs[name])[0] for name in ("head", "stage2", "stage3"))
    backbones = [name for name in first if name.startswith(("whole.", "detail.", "naturalness_head."))]
    assert all(torch.equal(first[name], third[name]) for name in backbones)
    assert not torch.equal(second["fidelity_head.alpha"], torch.zeros_like(second["fidelity_head.alpha"]))
    heads = [name for name in second if name.startswith(("fidelity_head.", "damage_head."))]
    assert all(torch.equal(second[name], third[name]) for name in heads)
    assert torch.equal(second["damage_calibrator.centre"], torch.zeros(()))
    assert not torch.equal(third["damage_calibrator.centre"], torch.zeros(()))
    assert torch.equal(third["naturalness_calibrator.scale"], torch.ones(()))
    assert not torch.equal(second["adapter.k"], third["adapter.k"])


def test_pictures_that_beat_their_reference_count_their_share_however_few_they_are(
    tiny_runs: dict[str, Path], data: Path, tmp_path: Path
):
    settings = [f"task.data.root={data}", f"task.start={tiny_runs['stage2']}", "task.better_share=0.25"]
    task: Any = with_settings(RECIPES["stage3"].config(), settings).task.build(tmp_path)
    outputs = {"first": torch.tensor([1.0, 1, 1, 1]), "second": torch.zeros(4), "reference": torch.zeros(4)}
    losing, winning = (
        preference_loss(torch.ones(1), torch.zeros(1), torch.tensor([wins])).item() for wins in (0.0, 1.0)
    )
    equal = torch.full((4,), 0.5)
    for wins in ([0.0, 0, 0, 1], [1.0, 1, 0, 1]):
        labels = {"first_second": equal, "first_reference": torch.tensor(wins), "second_reference": equal}
        found = task.losses(outputs, labels)
        assert found["reference"].item() == pytest.approx(0.75 * losing + 0.25 * winning)
        assert found["loss"].item() == pytest.approx((found["pictures"] + 3 * found["reference"]).item())
    none = {"first_second": equal, "first_reference": equal, "second_reference": equal}
    assert task.losses(outputs, none)["reference"].item() == 0.0


def test_validation_tells_triplets_with_degraded_references_apart(tiny_runs: dict[str, Path]):
    assert {"val_accuracy", "val_accuracy_sums", "val_accuracy_sums_small_degraded"} <= set(last(tiny_runs["stage3"]))
    assert {"val_srcc", "val_plcc", "val_accuracy_train"} <= set(last(tiny_runs["stage1"]))


@pytest.mark.slow
def test_stage_2_tells_copies_from_their_originals_and_keeps_their_order(tiny_runs: dict[str, Path], data: Path):
    folder = run(
        "stage2",
        tiny_runs["stage2"].parent / "longer",
        f"task.data.root={data}",
        f"task.start={tiny_runs['head']}",
        f"task.features={tiny_runs['stage2'] / 'features'}",
        "loop.iterations=200",
        "loop.validate_every=100",
        "task.damage_rate=1",
    )
    rows = json.loads((folder / "metrics.json").read_text())["epochs"]
    assert {"val_accuracy_fidelity", "val_accuracy_damage", "val_accuracy"} <= set(rows[-1])
    mean = (rows[-1]["val_accuracy_fidelity"] + rows[-1]["val_accuracy_damage"]) / 2
    assert rows[-1]["val_accuracy"] == pytest.approx(mean)
    for name in ("damage", "fidelity"):
        assert rows[-1][f"train_{name}_loss"] < rows[0][f"train_{name}_loss"]
        assert rows[-1][f"val_accuracy_{name}"] > 0.7


@pytest.mark.slow
def test_stage_1_learns_sixteen_pictures_by_heart(data: Path, tmp_path: Path):
    folder = run(
        "stage1",
        tmp_path / "run",
        rated(data),
        "task.triplets=null",
        "task.model.dropout=0",
        "loop.epochs=60",
        "loop.batch_size=16",
        "loop.validate_every=20",
        "loop.average_decay=null",
        "optimizer.learning_rate=0.01",
    )
    rows = json.loads((folder / "metrics.json").read_text())["epochs"]
    assert rows[-1]["train_loss"] < 0.4 * rows[0]["train_loss"]
    assert rows[-1]["train_srcc"] > 0.9


@pytest.mark.slow
def test_pretraining_learns_what_was_done(data: Path, tmp_path: Path):
    settings = ("task.clean=0.5", "loop.epochs=60", "loop.validate_every=30", "optimizer.learning_rate=0.02")
    folder = run("pretrain", tmp_path / "run", rated(data), *settings)
    first, second = json.loads((folder / "metrics.json").read_text())["epochs"]
    assert second["train_distortion_loss"] < first["train_distortion_loss"] - 0.1


def test_a_pretraining_square_has_a_class(data: Path):
    config = Pretraining(data=DataConfig(dataset=str(data / "rated.csv")), model=SMALLEST, side=48, clean=0.3)
    task = PretrainTask(config)
    samples = [task.sample(0, np.random.default_rng(seed)) for seed in range(60)]
    classes = [int(sample["distortion"]) for sample in samples]
    assert 0 in classes
    assert max(classes) < CLASSES == 126
    assert all(sample["square"].shape == (48, 48, 3) for sample in samples)


def test_without_triplets_a_batch_has_no_preferences(data: Path, tmp_path: Path):
    settings = [*SMALL["stage1"], rated(data), "task.triplets=null"]
    task: Any = with_settings(RECIPES["stage1"].config(), settings).task.build(tmp_path)
    assert isinstance(task, Stage1Task)
    task.prepare(torch.device("cpu"))
    batch = task.collate([task.sample(index, np.random.default_rng(index)) for index in range(4)])
    losses = task.losses(task.network(batch.inputs), batch.labels)
    assert set(losses) == {"loss", "l1", "correlation"}


def test_another_size_than_the_start_is_named(tiny_runs: dict[str, Path], data: Path):
    settings = [
        *SMALL["stage1"],
        rated(data),
        "task.triplets=null",
        f"task.start={tiny_runs['pretrain']}",
    ]
    config = with_settings(RECIPES["stage1"].config(), [*settings, "task.model.stem=5"])
    with raises(ConfigError, "stem=5", "task.model.stem=4"):
        config.task.build(data)


def test_stage_2_wants_the_head_of_stage_1(tiny_runs: dict[str, Path], data: Path):
    settings = [f"task.data.root={data}", f"task.start={tiny_runs['pretrain']}"]
    config = with_settings(RECIPES["stage2"].config(), settings)
    with raises(CheckpointError, "naturalness_head"):
        config.task.build(data)


def test_a_start_that_is_not_there_is_said(data: Path):
    config = with_settings(RECIPES["stage2"].config(), [f"task.data.root={data}", "task.start=nowhere"])
    with raises(MissingWeightsError, "nowhere"):
        config.task.build(data)


def test_weights_that_ship_score_as_the_run_and_take_half_the_room(tiny_runs: dict[str, Path], tmp_path: Path):
    from projects.afine_tiny.ship import ship

    whole = tiny_runs["stage3"] / "best.safetensors"
    size = ship(str(tiny_runs["stage3"]), tmp_path / "afine-tiny.safetensors")
    assert size < whole.stat().st_size
    images, reference = torch.rand(2, 3, 80, 80), torch.rand(2, 3, 80, 80)
    ours, theirs = (
        acutance.load("afine-tiny", path)(images, reference) for path in (whole, tmp_path / "afine-tiny.safetensors")
    )
    assert torch.allclose(ours, theirs, atol=0.2)


def test_several_processes_are_refused_where_there_are_triplets(data: Path, tmp_path: Path):
    with raises(ConfigError, 2, "loop.processes=1"):
        run("stage1", tmp_path / "run", rated(data), f"task.triplets.root={data}", "loop.processes=2")
    assert not (tmp_path / "run").exists()


def test_the_head_leaves_the_trunks_as_they_are_and_scores_as_it_validates(tiny_runs: dict[str, Path], data: Path):
    before, after = (acutance_store(tiny_runs[name])[0] for name in ("stage1", "head"))
    backbones = [name for name in before if name.startswith(("whole.", "detail."))]
    assert all(torch.equal(before[name], after[name]) for name in backbones)
    assert after["naturalness_head.directions.weight"].shape[0] == 6 + 3
    assert "naturalness_head.directions.weight" not in before
    table = read_table(data / "rated.csv")
    rows = [row for row in table.rows if row.split == "validation"]
    model = acutance.load(str(tiny_runs["head"]), device="cpu")
    scores = [float(model(image_of(table.path(row.image)))) for row in rows]
    best = max(
        json.loads((tiny_runs["head"] / "metrics.json").read_text())["epochs"],
        key=lambda row: row["val_srcc"],
    )
    assert srcc(np.array(scores), np.array([float(row.mos or 0) for row in rows])) == pytest.approx(best["val_srcc"])


def test_the_inputs_of_the_head_are_normalised_over_the_photographs_that_train(tiny_runs: dict[str, Path], data: Path):
    table = read_table(data / "rated.csv")
    model: Any = acutance.load(str(tiny_runs["head"]), device="cpu")
    rows = [model.moments(image_of(table.path(row.image))) for row in table.rows if row.split == "train"]
    known = torch.cat(rows).double()
    norm = model.naturalness_head.norm
    inputs = model.naturalness_head.inputs(Moments([known[:, 0]], [known[:, 1]]))
    torch.testing.assert_close(norm.running_mean.double(), inputs.mean(0), rtol=1e-4, atol=1e-5)


def test_the_directions_of_the_head_stay_and_its_layers_learn(data: Path, tmp_path: Path):
    task = head_task(data, tmp_path)
    task.prepare(torch.device("cpu"))
    fixed = {name: value.clone() for name, value in task.network.state_dict().items() if "regressor" not in name}
    batch = task.collate([task.sample(index, np.random.default_rng(index)) for index in range(4)])
    task.network.train()
    task.losses(task.network(batch.inputs), batch.labels)["loss"].backward()
    assert all(torch.equal(task.network.state_dict()[name], value) for name, value in fixed.items())
    learned = [parameter for group in task.groups() for parameter in group.parameters]
    assert all(parameter.grad is not None and bool(parameter.grad.any()) for parameter in learned)
    others = [one for one in task.network.parameters() if all(one is not each for each in learned)]
    assert others
    assert not any(one.requires_grad for one in others)


def test_a_blended_photograph_has_a_blended_opinion(data: Path, tmp_path: Path):
    task = head_task(data, tmp_path)
    task.prepare(torch.device("cpu"))
    alone = [task.sample(index, np.random.default_rng(0)) for index in range(len(task))]
    table = read_table(data / "rated.csv")
    opinions = [float(row.mos or 0) for row in table.rows if row.split == "train"]
    rows = {sample["photograph"].tobytes(): opinion for sample, opinion in zip(alone, opinions, strict=True)}
    for sample in alone:
        first, second = rows[sample["photograph"].tobytes()], rows[sample["other"].tobytes()]
        assert sample["score"] == pytest.approx(sample["share"] * first + (1 - sample["share"]) * second)
    assert len({round(sample["share"], 6) for sample in alone}) == 1  # the generator, not the place, draws it
    batch = task.collate(alone)
    seen = [task.network.eval().seen(batch.inputs[name]) for name in ("photograph", "other")]
    share = batch.inputs["share"][:, None]
    blended = quality(task.network.head.regressor(share * seen[0] + (1 - share) * seen[1])) / 100
    torch.testing.assert_close(task.network(batch.inputs)["score"], blended)


def test_without_blends_a_photograph_stands_for_itself(data: Path, tmp_path: Path):
    task = head_task(data, tmp_path, "task.blend=0")
    task.prepare(torch.device("cpu"))
    sample = task.sample(3, np.random.default_rng(0))
    assert sample["share"] == 1.0
    assert np.array_equal(sample["photograph"], sample["other"])


def test_the_trunks_count_less_than_fixed_maps_where_directions_are_sought(data: Path, tmp_path: Path):
    task = head_task(data, tmp_path, "task.trunk_share=0")
    task.prepare(torch.device("cpu"))
    weight = task.network.head.directions.weight
    fixed = fixed_inputs(tiny_pair())
    assert int(fixed.sum()) == 2 * (3 + 3 * CHANNELS)
    assert not weight[:, ~fixed].any()
    assert bool(weight[:, fixed].any())


def test_the_head_looks_in_directions_of_opinions_and_of_wins(tiny_runs: dict[str, Path], data: Path, tmp_path: Path):
    task = head_task(data, tmp_path)
    task.prepare(torch.device("cpu"))
    alone = task.network.head.directions.weight
    both = acutance_store(tiny_runs["head"])[0]["naturalness_head.directions.weight"]
    assert (alone.shape[0], both.shape[0]) == (6, 9)
    assert bool((both[6:].norm(dim=1) > 0).all())


def test_a_picture_has_the_share_of_the_comparisons_that_it_wins():
    one, two, three = Path("1"), Path("2"), Path("3")
    triplets = [PlacedTriplet(one, two, three, (1.0, 0.0, 0.0)), PlacedTriplet(two, one, three, (0.0, 0.5, 1.0))]
    assert shares_of_wins(triplets) == {one: 3 / 4, two: 0.5 / 4, three: 2.5 / 4}


def head_task(data: Path, folder: Path, *settings: str) -> Any:
    """Of random backbones, without triplets."""
    weights = folder / "trunks.safetensors"
    model = tiny_pair()
    save(weights, model.state_dict(), model="afine-tiny", config=model.config(), source_sha256=None)
    given = [*SMALL["head"], rated(data), "task.triplets=null", f"task.start={weights}", *settings]
    return with_settings(RECIPES["head"].config(), given).task.build(folder)


def test_the_head_needs_trunks(data: Path, tmp_path: Path):
    settings = [*SMALL["head"], rated(data), "task.triplets=null", f"task.start={tmp_path / 'gone'}"]
    with raises(MissingWeightsError, "gone"):
        with_settings(RECIPES["head"].config(), settings).task.build(tmp_path)


def image_of(path: Path) -> torch.Tensor:
    pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB")))
    return pixels.permute(2, 0, 1)[None].float() / 255
