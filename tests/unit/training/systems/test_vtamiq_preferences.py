"""VTAMIQ trained on preferences; tiny networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import acutance
from acutance.errors import ConfigError, TrainingError
from acutance.images.read import read_image
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.training.images import as_images
from acutance.training.systems.vtamiq import PatchDraws, VTAMIQRatings
from acutance.training.systems.vtamiq_preferences import PreferenceData, VTAMIQPreferences, preference_tables
from tests.fakes.tiny_trainings import STILL, preference_task, rated_data, rows_of, run, vtamiq_task, write_preferences


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pieapp")
    write_preferences(root)
    return root


def score(model: Any, root: Path, image: str, reference: str) -> float:
    both = [as_images(read_image(root / name), torch.device("cpu")) for name in (image, reference)]
    return float(model(*both))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns_its_pairs_by_heart_and_gives_low_scores_to_what_people_prefer(
    pairs: Path, tmp_path: Path, seed: int
):
    few = PatchDraws(patches=25, horizontal_flip=0, vertical_flip=0)
    views = VTAMIQViews(protocol="grid", patches=25, repeats=4)
    task = preference_task(pairs, model=STILL, draws=few, validation=views)
    run(task, tmp_path / "run", rate=3e-3, epochs=40, validate_every=10, seed=seed)
    rows = rows_of(tmp_path / "run")
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] / 10
    assert rows[-1]["val_accuracy"] > 0.8
    model = acutance.load(str(tmp_path / "run"))
    folder = "distorted_images/train/r0"
    scores = [
        score(model, pairs, f"{folder}/r0_blur_{level}.png", "reference_images/train/r0.png") for level in (1, 2, 3, 4)
    ]
    assert scores == sorted(set(scores))


@pytest.mark.parametrize(("error", "expected"), [("squared", 0.0625), ("absolute", 0.25)])
def test_the_loss_is_the_error_of_the_share_of_people(pairs: Path, error: str, expected: float):
    task = VTAMIQPreferences(preference_task(pairs, error=error))
    equal = torch.tensor([0.3, 0.3])
    losses = task.losses({"first": equal, "second": equal}, {"preference": torch.tensor([0.25, 0.75])})
    assert float(losses["loss"]) == pytest.approx(expected)


def test_validation_is_of_the_validation_part(pairs: Path):
    task = VTAMIQPreferences(preference_task(pairs))
    seen: list[tuple[int, int]] = []
    with torch.no_grad():
        numbers = task.validate(task.network.eval(), lambda done, total: seen.append((done, total)))
    assert set(numbers) == {"mae", "srcc", "accuracy"}
    assert seen[-1] == (4, 4)  # images of one reference, each scored once
    assert {pair.reference for pair in task._validation} == {"reference_images/val/r2.png"}


def test_a_run_broken_off_becomes_the_unbroken_one(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings: dict[str, Any] = {"checkpoint_every": 1, "batch_size": 4}
    run(preference_task(pairs), tmp_path / "whole", **settings)
    read, calls = VTAMIQPreferences.sample, iter(range(100))

    def breaking(self: VTAMIQPreferences, index: int, generator: np.random.Generator) -> Any:
        if next(calls) == 13:
            raise KeyboardInterrupt
        return read(self, index, generator)

    monkeypatch.setattr(VTAMIQPreferences, "sample", breaking)
    with pytest.raises(KeyboardInterrupt):
        run(preference_task(pairs), tmp_path / "broken", **settings)
    monkeypatch.undo()
    run(preference_task(pairs), tmp_path / "broken", resume=True, **settings)
    whole, broken = (load_file(tmp_path / name / "last.safetensors") for name in ("whole", "broken"))
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_opinions_go_on_where_preferences_ended(pairs: Path, tmp_path: Path):
    run(preference_task(pairs), tmp_path / "first", epochs=1)
    task = vtamiq_task(rated_data(tmp_path / "set"), start=str(tmp_path / "first"))
    begun, ended = VTAMIQRatings(task).network.model.state_dict(), load_file(tmp_path / "first/best.safetensors")
    assert all(torch.equal(begun[name], ended[name]) for name in ended)


def test_the_split_of_the_authors_wants_all_references(pairs: Path):
    with pytest.raises(TrainingError, match=r"Expected the 140 references of PieAPP's training part .* got 2"):
        preference_tables(PreferenceData(root=str(pairs), split="vtamiq"))


def test_the_split_of_the_authors_goes_by_the_names_of_label_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_preferences(tmp_path)
    monkeypatch.setattr("acutance.training.systems.vtamiq_preferences.VTAMIQ", {"pieapp": (1, 2, 2)})
    tables = preference_tables(PreferenceData(root=str(tmp_path), split="vtamiq"))
    assert {pair.reference for pair in tables.train} == {"reference_images/train/r0.png"}
    assert {pair.reference for pair in tables.validation} == {"reference_images/train/r1.png"}


def test_a_folder_must_be_named():
    with pytest.raises(ConfigError, match="Expected the folder of PieAPP, got none"):
        preference_tables(PreferenceData())


def test_a_picture_that_is_gone_is_named_before_anything_is_trained(tmp_path: Path):
    write_preferences(tmp_path)
    (tmp_path / "distorted_images/train/r0/r0_blur_2.png").unlink()
    with pytest.raises(TrainingError, match=r"got 14: distorted_images/train/r0/r0_blur_2\.png is missing"):
        preference_tables(PreferenceData(root=str(tmp_path)))
