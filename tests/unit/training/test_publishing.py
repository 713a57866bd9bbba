"""What was trained, in the layouts of the authors' codes."""

from pathlib import Path
from typing import Any

import pytest
import torch

import acutance
from acutance.training.data import DataConfig
from acutance.training.publish import foreign_tensors
from acutance.training.systems.hyperiqa import CropTask
from acutance.weights.key_table import KeyTable
from tests.fakes.crop_trainings import crop_training, made_data, run, write_rated_images
from tests.fakes.hyperiqa_checkpoint import golden

KINDS = ("hyperiqa", "ms_hyperiqa")
COUNTED = "num_batches_tracked"
RESNET50: dict[str, Any] = {"trunk_blocks": (3, 4, 6, 3), "trunk_channels": (64, 128, 256, 512)}


def made(folder: Path) -> DataConfig:
    write_rated_images(folder / "made", {"train": 4, "validation": 3})
    return made_data(folder / "made")


def test_a_key_table_is_read_backwards_and_counters_are_found_beside_their_norms():
    keys = KeyTable(
        {"bn.running_mean": "own.running_mean", f"bn.{COUNTED}": None, "fc.weight": "head", "fc.steps": None}
    )
    own = {"own.running_mean": torch.ones(2), f"own.{COUNTED}": torch.tensor(7), "head": torch.zeros(3)}
    found = foreign_tensors(keys, own)
    assert set(found) == {"bn.running_mean", f"bn.{COUNTED}", "fc.weight"}
    assert int(found[f"bn.{COUNTED}"]) == 7


def test_a_small_trunk_has_no_file_in_the_authors_layout(tmp_path: Path):
    run(crop_training("hyperiqa", made(tmp_path)), tmp_path / "run", epochs=1)
    assert not list((tmp_path / "run/published").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_authors_layout_holds_every_tensor(tmp_path: Path, kind: str):
    settings = crop_training(kind, made(tmp_path), model=RESNET50)
    task = CropTask(settings)
    (file,) = task.publish(task.network, tmp_path)
    layout = golden("hyperiqa" if kind == "hyperiqa" else "ms_hyperiqa")["layout"]
    state = torch.load(file, weights_only=True)
    assert {name: list(value.shape) for name, value in state.items()} == layout
    loaded = acutance.load(kind, file, offline=True)
    assert all(
        torch.equal(value, task.network.model.state_dict()[name])
        for name, value in loaded.state_dict().items()
        if not name.endswith(COUNTED)
    )


def test_scores_on_another_scale_are_not_published(tmp_path: Path):
    model = {**RESNET50, "score_scale": 100.0}
    task = CropTask(crop_training("hyperiqa", made(tmp_path), model=model))
    assert list(task.publish(task.network, tmp_path)) == []
