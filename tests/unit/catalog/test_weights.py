"""Layouts are told apart by their names, backbones fill in what a file leaves out."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.entry import PublishedWeights
from acutance.models.weights_file import backbone_tensors, find_backbones, open_weights, own_tensors
from acutance.weights import store
from acutance.weights.key_table import KeyTable
from acutance.weights.record import Backbone, CheckpointRecord, Layout, Tensors
from tests.raising import raises

EXPECTED = {"head.weight": torch.zeros(2), "trunk.weight": torch.zeros(3), "trunk.num_batches_tracked": torch.tensor(0)}


def record(name: str, *, is_backbone: bool = False) -> CheckpointRecord:
    return CheckpointRecord(
        name=name, title=name, repository=f"someone/{name}", filename="model.safetensors", is_backbone=is_backbone,
        local_name=f"{name}.safetensors", licence="Apache-2.0, commercial use: yes.", paper="Nobody, 2025",
    )  # fmt: skip


def doubled(foreign: Tensors) -> dict[str, Tensor]:
    return {name: 2 * tensor for name, tensor in foreign.items()}


HEAD_ONLY = Layout(
    name="official",
    keys=KeyTable({"model_state_dict.fc": "head.weight"}),
    bookkeeping=("epoch",),
    backbones=(Backbone(record=record("r50", is_backbone=True), keys=KeyTable({"w": "trunk.weight", "unused": None})),),
)
WHOLE = Layout(
    name="whole",
    keys=KeyTable({"fc": "head.weight", "trunk": "trunk.weight", "trunk.num_batches_tracked": None}),
    config={"score_scale": 100.0},
    prepare=doubled,
)
WEIGHTS = PublishedWeights(record=record("model"), layouts=(HEAD_ONLY, WHOLE), stored_as="model")


@pytest.fixture
def head_only(tmp_path: Path) -> Path:
    path = tmp_path / "head.pth"
    torch.save({"epoch": 7, "model_state_dict": {"fc": torch.tensor([1.0, 2.0])}}, path)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.pth"
    torch.save({"fc": torch.tensor([1.0, 2.0]), "trunk": torch.ones(3)}, path)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "weights"
    path.mkdir()
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(path))
    return path


def test_a_file_says_by_its_names_which_layout_it_has(head_only: Path, whole: Path) -> None:
    assert open_weights(WEIGHTS, head_only).layout is HEAD_ONLY
    file = open_weights(WEIGHTS, whole)
    assert file.layout is WHOLE
    assert file.config == {"score_scale": 100.0}


def test_a_whole_file_needs_no_trunk_and_is_prepared(whole: Path) -> None:
    file = open_weights(WEIGHTS, whole)
    tensors = own_tensors(file, EXPECTED)
    assert file.backbones == ()
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {
        "head.weight": [2.0, 4.0],
        "trunk.weight": [2.0, 2.0, 2.0],
    }


def test_a_trunk_fills_in_what_a_file_leaves_out(head_only: Path, folder: Path) -> None:
    save_file({"w": torch.full((3,), 5.0), "unused": torch.ones(9)}, folder / "r50.safetensors")
    file = open_weights(WEIGHTS, head_only)
    (backbone,) = file.backbones
    paths = find_backbones(file.backbones, offline=True)
    assert backbone_tensors(backbone, paths["r50"], EXPECTED)["trunk.weight"].tolist() == [5.0, 5.0, 5.0]
    assert list(own_tensors(file, EXPECTED)) == ["head.weight"]


@pytest.mark.usefixtures("folder")
def test_a_trunk_that_is_not_here_is_named_with_its_place(head_only: Path) -> None:
    file = open_weights(WEIGHTS, head_only)
    with raises(MissingWeightsError, "someone/r50", "acutance weights fetch r50", "r50.safetensors"):
        find_backbones(file.backbones, offline=True)


@pytest.mark.usefixtures("folder")
def test_all_trunks_that_are_not_here_are_named_at_once() -> None:
    backbones = [Backbone(record=record(name, is_backbone=True), keys=KeyTable({})) for name in ("r50", "vit")]
    with raises(MissingWeightsError, "someone/r50", "vit", "vit.safetensors"):
        find_backbones(backbones, offline=True)


def test_names_that_fit_no_layout_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"fc": torch.zeros(2), "stem": torch.zeros(3)}, path)
    file = open_weights(WEIGHTS, path)
    with raises(CheckpointError, 3, 1, "trunk", 1, "stem"):
        own_tensors(file, EXPECTED)


def test_a_layout_that_leaves_a_tensor_open_is_an_error(whole: Path) -> None:
    with raises(CheckpointError, "extra", "whole.pth", "whole"):
        own_tensors(open_weights(WEIGHTS, whole), EXPECTED | {"extra": torch.zeros(1)})


def test_our_own_file_brings_its_configuration_and_the_checksums_of_its_trunks(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    sums = {"r50": "ab" * 32}
    store.save(path, EXPECTED, model="model", config={"depth": 5}, source_sha256="cd" * 32, trunk_sha256=sums)
    file = open_weights(WEIGHTS, path)
    assert (file.config, file.published_sha256, file.trunk_sha256) == ({"depth": 5}, "cd" * 32, sums)
    assert set(own_tensors(file, EXPECTED)) == set(EXPECTED)


def test_our_own_file_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    store.save(path, EXPECTED, model="another", config={}, source_sha256=None)
    with raises(CheckpointError, "model", "another", "own.safetensors"):
        open_weights(WEIGHTS, path)
