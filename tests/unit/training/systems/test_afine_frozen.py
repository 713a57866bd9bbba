"""A-FINE's stages 2 and 3: what is computed once gives the weights of the direct loop."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.special import expit

from acutance.datasets.table import OpinionTable, read_table, write_table
from acutance.datasets.targets import afine_naturalness_targets, fit_naturalness_calibrator
from acutance.errors import ConfigError, MissingWeightsError, TrainingError
from acutance.models.afine.model import AFINE
from acutance.stats.preferences import three_alternative_accuracy
from acutance.training.images import ImageStore, as_images
from acutance.training.systems import afine_frozen
from acutance.training.systems.afine_frozen import AFINEStage3Task, FrozenStageTask
from acutance.training.triplets import TripletData
from tests.fakes.afine_training import run_stage, stage_task, tiny_afine, write_triplet_set
from tests.fakes.datasets.files import write_images, write_lines
from tests.raising import raises

FloatArray = NDArray[np.float64]
CPU = torch.device("cpu")
TERMS = {2: "raw_fidelity", 3: "adaptive"}
LEARNS = {2: ("fidelity_head.",), 3: ("adapter.", "naturalness_calibrator.", "fidelity_calibrator.")}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_triplet_set(tmp_path_factory.mktemp("triplets"))


@pytest.fixture(autouse=True)
def no_text_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    """What A-FINE does not use of CLIP is 250 MB of zeros here: it is left out of what is published."""
    monkeypatch.setattr(afine_frozen, "unused_of_clip", lambda _: {})


def task_of(stage: int, table: Path, folder: Path, **settings: Any) -> FrozenStageTask:
    task = stage_task(stage, table, folder, **settings)
    assert isinstance(task, FrozenStageTask)
    return task


def lines(run: Path) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = json.loads((run / "metrics.json").read_text())["epochs"]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "rate"), [(2, 5e-4), (3, 1e-3)])
def test_a_hundred_steps_on_what_is_kept_are_those_of_the_direct_loop(
    table: Path, tmp_path: Path, stage: int, rate: float
):
    settings: dict[str, Any] = {"iterations": 100, "batch_size": 8, "rate": rate, "validate_every": 50}
    _, kept = run_stage(stage, table, tmp_path / "kept", **settings)
    _, direct = run_stage(stage, table, tmp_path / "direct", task={"direct": True}, **settings)
    before = tiny_afine().state_dict()
    for name, value in kept.state_dict().items():
        torch.testing.assert_close(value, direct.state_dict()[name], rtol=0, atol=1e-5)
        assert (value - before[name]).abs().max() > 10 * rate, name
    for first, second in zip(lines(tmp_path / "kept"), lines(tmp_path / "direct"), strict=True):
        assert first["train_loss"] == pytest.approx(second["train_loss"], abs=1e-6)
        assert first["val_accuracy"] == second["val_accuracy"]


@pytest.mark.parametrize("stage", [2, 3])
def test_scores_of_pictures_are_those_of_the_model(table: Path, tmp_path: Path, stage: int):
    model = tiny_afine()
    task = task_of(stage, table, tmp_path, model=model, direct=True, augment=False)
    samples = [task.sample(index, np.random.default_rng(0)) for index in (0, 31, 53)]
    outputs = task.network(task.collate(samples).inputs)
    for place, sample in enumerate(samples):
        for name in ("first", "second"):
            images = [as_images(sample[image], CPU) for image in (name, "reference")]
            wanted = model.terms(*images)[TERMS[stage]].item()
            assert outputs[name][place].item() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("stage", [2, 3])
def test_validation_is_the_accuracy_of_the_models_own_terms(table: Path, tmp_path: Path, stage: int):
    model = tiny_afine()
    task = task_of(stage, table, tmp_path, model=model)
    task.prepare(CPU)
    told: list[tuple[int, int]] = []
    with torch.no_grad():
        found = task.validate(task.network.eval(), lambda done, total: told.append((done, total)))
        triplets = task._lists.validation["rated"]
        scores = {
            (path, triplet.reference): model.terms(*(as_images(ImageStore().read(each), CPU) for each in pair))
            for triplet in triplets
            for pair in triplet.pairs()
            for path in pair[:1]
        }
    first, second = (
        np.array([scores[triplet.pairs()[place]][TERMS[stage]].item() for triplet in triplets]) for place in (0, 1)
    )
    wins = np.array([triplet.labels[0] for triplet in triplets])
    wanted = three_alternative_accuracy(first, second, wins, margin=0.0, better="lower")
    assert found == {"accuracy": wanted, "accuracy_rated": wanted}
    assert told == [(9, 9)]


@pytest.mark.parametrize("stage", [2, 3])
def test_only_the_numbers_of_the_stage_learn(table: Path, tmp_path: Path, stage: int):
    model = tiny_afine()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run_stage(stage, table, tmp_path / "run", model=lambda: model, iterations=2)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith(LEARNS[stage]), name


@pytest.mark.parametrize("stage", [2, 3])
def test_an_average_is_saved_and_leaves_what_learns_alone(table: Path, tmp_path: Path, stage: int):
    settings: dict[str, Any] = {"iterations": 20, "validate_every": 5}
    _, plain = run_stage(stage, table, tmp_path / "plain", **settings)
    _, averaged = run_stage(stage, table, tmp_path / "averaged", average_decay=0.9, **settings)
    assert all(torch.equal(value, averaged.state_dict()[name]) for name, value in plain.state_dict().items())
    saved = load_file(tmp_path / "averaged/last.safetensors")
    for name, value in plain.state_dict().items():
        assert not torch.equal(value, saved[name]), name
        assert torch.equal(value, load_file(tmp_path / "plain/last.safetensors")[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("stage", [2, 3])
def test_readers_in_other_processes_map_the_rows_for_themselves(table: Path, tmp_path: Path, stage: int):
    _, here = run_stage(stage, table, tmp_path / "here")
    _, there = run_stage(stage, table, tmp_path / "there", workers=2)
    assert all(torch.equal(value, there.state_dict()[name]) for name, value in here.state_dict().items())


class BrokenOffError(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("stage", [2, 3])
def test_a_run_broken_off_becomes_the_unbroken_one(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: int
):
    settings: dict[str, Any] = {"iterations": 12, "validate_every": 4}
    _, whole = run_stage(stage, table, tmp_path / "whole", **settings)
    kind = type(task_of(stage, table, tmp_path))
    validate, calls = kind.validate, []

    def stopping(task: FrozenStageTask, *given: Any) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 3:
            raise BrokenOffError
        return validate(task, *given)

    monkeypatch.setattr(kind, "validate", stopping)
    with pytest.raises(BrokenOffError):
        run_stage(stage, table, tmp_path / "broken", **settings)
    monkeypatch.undo()
    monkeypatch.setattr(afine_frozen, "unused_of_clip", lambda _: {})
    _, resumed = run_stage(stage, table, tmp_path / "broken", resume=True, **settings)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


@pytest.mark.parametrize("stage", [2, 3])
def test_a_run_broken_off_while_it_prepares_becomes_the_unbroken_one(table: Path, tmp_path: Path, stage: int):
    _, whole = run_stage(stage, table, tmp_path / "whole")
    told: list[int] = []

    def stopping(done: int, total: int) -> None:
        told.append(done)
        if done > total / 2:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        run_stage(stage, table, tmp_path / "broken", on_prepare=stopping)
    again: list[int] = []
    _, resumed = run_stage(
        stage, table, tmp_path / "broken", resume=True, on_prepare=lambda done, _: again.append(done)
    )
    assert again[0] >= told[-1] > 0
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "rate", "factor"), [(2, 0.5, 0.94), (3, 0.02, 0.6)])
def test_sixteen_pictures_are_learned(table: Path, tmp_path: Path, stage: int, rate: float, factor: float):
    """Stage 2 weighs distances of at most 1 of a random encoder, so that its loss cannot fall far."""
    run, _ = run_stage(stage, table, tmp_path / "run", rate=rate, iterations=100, batch_size=54, validate_every=4)
    losses = [row["train_loss"] for row in lines(run.path)]
    assert losses[-1] < factor * losses[0]


@pytest.fixture
def agreeing(tmp_path: Path) -> tuple[Path, FloatArray]:
    """A table whose opinions fall with the naturalness of the tiny model, and that naturalness of what trains.

    Opinions on which model and people do not agree would leave the width of the fit to the last bits of the model.
    """
    path = write_triplet_set(tmp_path / "agreeing")
    model, rows = tiny_afine(), read_table(path).rows
    with torch.no_grad():
        images = [as_images(ImageStore().read(path.parent / row.image), CPU) for row in rows]
        raw = np.array([model.terms(image, image)["raw_naturalness"].item() for image in images])
    opinions = -expit(2 * (raw - raw.mean()) / raw.std()) + 0.02 * np.sin(np.arange(len(raw)))
    rated = [replace(row, mos=float(mos)) for row, mos in zip(rows, opinions, strict=True)]
    write_table(OpinionTable(rated, path.parent, "rated"), path)
    return path, raw[[row.split == "train" for row in rows]]


def opinions_of(path: Path) -> FloatArray:
    return np.array([row.mos for row in read_table(path) if row.split == "train"], dtype=np.float64)


def test_the_calibrator_begins_with_the_fit_to_opinions(agreeing: tuple[Path, FloatArray], tmp_path: Path):
    path, raw = agreeing
    mos = opinions_of(path)
    fitted = fit_naturalness_calibrator(raw, afine_naturalness_targets(mos)(mos))
    model = tiny_afine()
    task_of(3, path, tmp_path / "run", model=model, calibrate_on="rated").prepare(CPU)
    assert model.naturalness_calibrator.centre.item() == pytest.approx(fitted.centre, rel=1e-4)
    assert abs(model.naturalness_calibrator.scale.item()) == pytest.approx(fitted.scale, rel=1e-4)


def test_opinions_that_go_the_other_way_than_naturalness_are_an_error(
    agreeing: tuple[Path, FloatArray], tmp_path: Path
):
    path, raw = agreeing
    rows = [replace(row, mos=-float(row.mos or 0)) for row in read_table(path)]
    write_table(OpinionTable(rows, path.parent, "rated"), path)
    mos = opinions_of(path)
    correlation = np.corrcoef(raw, afine_naturalness_targets(mos)(mos))[0, 1]
    with pytest.raises(TrainingError, match=rf"\brated\b.* {re.escape(format(correlation, '.3g'))} over {len(raw)} "):
        task_of(3, path, tmp_path / "run", calibrate_on="rated").prepare(CPU)


def test_without_a_fit_first_values_are_the_authors(table: Path, tmp_path: Path):
    network = task_of(3, table, tmp_path).network
    assert {name: round(value.item(), 4) for name, value in network.state_dict().items()} == {
        "adapter.k": 5.0,
        "naturalness_calibrator.centre": 4.9592,
        "naturalness_calibrator.scale": 21.5968,
        "fidelity_calibrator.centre": 0.5,
        "fidelity_calibrator.scale": 0.15,
    }


def test_a_calibration_on_a_dataset_that_is_not_there_names_those_that_are(table: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"^Expected rated as task\.calibrate_on, got pipal\."):
        task_of(3, table, tmp_path, calibrate_on="pipal")


def test_lists_hold_no_opinions_to_fit_to(tmp_path: Path):
    write_images(tmp_path, ["a.png", "b.png", "r.png"])
    write_lines(tmp_path / "Triplet.txt", ["a.png,b.png,r.png,1,0,0"])
    where, lists = (str(tmp_path),), (str(tmp_path / "Triplet.txt"),)
    data = TripletData(triplets=lists, images=where, validation_triplets=lists)
    with raises(ConfigError, "task.calibrate_on=pipal", "task.data.sources", "task.gamma3"):
        stage_task(3, tmp_path / "no.csv", tmp_path, data=data, calibrate_on="pipal")


def test_first_values_may_be_given(table: Path, tmp_path: Path):
    network = task_of(3, table, tmp_path, gamma3=1.5, gamma4=7.0, eta3=0.4, eta4=0.2, k=3.0).network
    state = {name: value.item() for name, value in network.state_dict().items() if value.ndim == 0}
    assert sorted(state.values()) == pytest.approx([0.2, 0.4, 1.5, 3.0, 7.0])


def test_a_clip_that_is_not_there_is_told_before_anything_is_encoded(table: Path, tmp_path: Path):
    with pytest.raises(MissingWeightsError, match=r"Expected CLIP ViT-B/32 at .*nowhere\.pth, got no such file"):
        task_of(3, table, tmp_path, clip=str(tmp_path / "nowhere.pth"))


def test_what_will_be_zero_in_the_merged_file_is_told_first(table: Path, tmp_path: Path):
    run_stage(3, table, tmp_path / "run", iterations=1)
    first = (tmp_path / "run/train.log").read_text().splitlines()[0]
    assert "WARNING | What A-FINE does not use of CLIP, its text tower above all, will be zero in published/" in first


def test_features_can_be_kept_elsewhere(table: Path, tmp_path: Path):
    task = task_of(2, table, tmp_path / "run", features=str(tmp_path / "elsewhere"))
    task.prepare(CPU)
    assert (tmp_path / "elsewhere/rows.bin").stat().st_size == (2 * 9 * 8 + 9) * 2 * (3 + 2 * 48) * 4
    assert not (tmp_path / "run").exists()


def test_a_picture_of_another_size_is_named_by_the_direct_loop_too(tmp_path: Path):
    table = write_triplet_set(tmp_path / "set")
    task = task_of(3, table, tmp_path, direct=True)
    (tmp_path / "set/a_blur1.png").write_bytes((tmp_path / "set/d.png").read_bytes())
    with pytest.raises(TrainingError, match=r"a_blur1\.png of the size of its reference, 64 x 96, got 32 x 64"):
        task.sample(0, np.random.default_rng(4))


def test_what_is_trained_is_the_whole_model(table: Path, tmp_path: Path):
    for stage in (2, 3):
        task = task_of(stage, table, tmp_path)
        assert set(task.trained(task.network).tensors) == set(tiny_afine().state_dict())
        assert (task.trained(task.network).name, task.trained(task.network).scores_as) == ("afine", None)


def test_a_stage_owns_its_five_numbers(table: Path, tmp_path: Path):
    task = task_of(3, table, tmp_path)
    assert isinstance(task, AFINEStage3Task)
    (group,) = task.groups()
    assert sum(parameter.numel() for parameter in group.parameters) == 5
    assert isinstance(task._model, AFINE)
