"""One epoch of VTAMIQ and AHIQ with their real backbones on small synthetic sets, from files to published weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import acutance
from acutance.datasets.table import OpinionTable
from acutance.images.read import read_image
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.training.config import with_settings
from acutance.training.data import DataConfig
from acutance.training.images import as_images
from acutance.training.recipes import find_recipe
from acutance.training.run import train
from acutance.training.systems.ahiq import AHIQTraining
from acutance.training.systems.vtamiq import PatchDraws, VTAMIQTraining, start
from acutance.training.systems.vtamiq_preferences import PreferenceData, VTAMIQPreferenceTraining
from tests.fakes import rated_set
from tests.fakes.ahiq_checkpoint import BACKBONES, state_dict, write_backbones
from tests.fakes.tiny_trainings import rows_of, run, write_preferences
from tests.fakes.vtamiq_checkpoint import vit_archive, write_vit_archive

pytestmark = pytest.mark.slow


def pair_of(table: OpinionTable) -> tuple[Tensor, Tensor]:
    row = table.rows[0]
    first, second = (
        as_images(read_image(table.path(str(name))), torch.device("cpu")) for name in (row.image, row.reference)
    )
    return first, second


def test_vtamiq_goes_from_google_s_archive_to_a_file_of_its_authors(tmp_path: Path):
    table = rated_set.write_rated_set(tmp_path / "set", references=2, levels=2)
    write_vit_archive(tmp_path / "vit.npz")
    settings = VTAMIQTraining(
        data=DataConfig(dataset=str(tmp_path / "set/table.csv"), validation_share=0.5),
        start=str(tmp_path / "vit.npz"),
        draws=PatchDraws(patches=16),
        frozen_epochs=1,
        validation=VTAMIQViews(protocol="grid", patches=16, repeats=1),
    )
    run(settings, tmp_path / "run", epochs=1, batch_size=4)
    trained = load_file(tmp_path / "run/best.safetensors")
    bias = torch.from_numpy(vit_archive()["Transformer/encoderblock_5/MlpBlock_3/Dense_0/bias"])
    assert torch.equal(trained["encoder.layers.5.fc1.bias"], bias)  # frozen in this epoch
    views: dict[str, Any] = {"protocol": "grid", "patches": 16, "repeats": 1}
    own = acutance.load(str(tmp_path / "run"), **views)
    published = acutance.load("vtamiq-head", tmp_path / "run/published/best.pth", **views)
    pair = pair_of(table)
    assert torch.equal(own(*pair), published(*pair))
    begun = VTAMIQ()
    start(begun, str(tmp_path / "run/published/best.pth"))
    assert all(torch.equal(value, trained[name]) for name, value in begun.state_dict().items())


def test_weak_labels_go_on_from_google_s_archive(tmp_path: Path):
    rated_set.write_rated_set(tmp_path / "set", references=2, levels=2)
    write_vit_archive(tmp_path / "vit.npz")
    made = (f"task.data.dataset={tmp_path / 'set/table.csv'}", "task.data.validation_share=0.5")
    small = ("task.draws.patches=16", "task.validation.patches=16", "loop.epochs=1", "loop.batch_size=4")
    config = with_settings(
        find_recipe("vtamiq-kadis700k"),
        [*made, *small, f"task.start={tmp_path / 'vit.npz'}", "loop.workers=0", "loop.device=cpu"],
    )
    train(
        lambda: config.task.build(tmp_path / "run"),
        optimizer=config.optimizer,
        schedule=config.schedule,
        loop=config.loop,
        folder=tmp_path / "run",
        config=config.model_dump(mode="json"),
    )
    assert rows_of(tmp_path / "run")[0]["train_loss"] > 0
    trained = load_file(tmp_path / "run/best.safetensors")
    name = "encoder.layers.5.fc1.bias"
    moved = trained[name] - torch.from_numpy(vit_archive()["Transformer/encoderblock_5/MlpBlock_3/Dense_0/bias"])
    assert 0 < float(moved.abs().max()) < 1e-3


def test_preferences_go_on_from_google_s_archive_and_opinions_from_preferences(tmp_path: Path):
    write_preferences(tmp_path / "pieapp")
    write_vit_archive(tmp_path / "vit.npz")
    patches: dict[str, Any] = {
        "draws": PatchDraws(patches=9),
        "validation": VTAMIQViews(protocol="grid", patches=9, repeats=1),
    }
    settings = VTAMIQPreferenceTraining(
        data=PreferenceData(root=str(tmp_path / "pieapp")), start=str(tmp_path / "vit.npz"), **patches
    )
    run(settings, tmp_path / "first", rate=1e-5, epochs=1, batch_size=4)
    assert 0 < rows_of(tmp_path / "first")[0]["val_mae"] < 1
    trained = load_file(tmp_path / "first/best.safetensors")
    name = "encoder.layers.5.fc1.bias"
    moved = trained[name] - torch.from_numpy(vit_archive()["Transformer/encoderblock_5/MlpBlock_3/Dense_0/bias"])
    assert 0 < float(moved.abs().max()) < 1e-4
    begun = VTAMIQ()
    start(begun, str(tmp_path / "first"))
    assert torch.equal(begun.state_dict()[name], trained[name])


def test_ahiq_goes_from_timm_s_trunks_to_a_file_of_its_authors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rated_set, "SIZE", 224)
    table = rated_set.write_rated_set(tmp_path / "set", references=2, levels=2)
    write_backbones(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    settings = AHIQTraining(
        data=DataConfig(dataset=str(tmp_path / "set/table.csv"), validation_share=0.5),
        resnet=BACKBONES["resnet50"].name,
        vit=str(tmp_path / str(BACKBONES["vit"].local_name)),
    )
    run(settings, tmp_path / "run", rate=1e-4, epochs=1, batch_size=2)
    assert 0 < rows_of(tmp_path / "run")[0]["train_loss"] < 10
    trained = load_file(tmp_path / "run/best.safetensors")
    for part, name in (("vit", "cls_token"), ("resnet50", "conv1.weight")):
        own = f"network.{part.removesuffix('50')}.trunk.{name}"
        assert torch.equal(trained[own], state_dict(part)[name])
    ours = acutance.load(str(tmp_path / "run"))
    # the authors' layout cannot record what the run was validated with
    published = acutance.load("ahiq", tmp_path / "run/published/best.pth", offline=True, protocol="five-point")
    pair = pair_of(table)
    assert torch.equal(ours(*pair), published(*pair))
