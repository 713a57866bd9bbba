"""VTAMIQ's trainings start from the archive that Google publishes, and from nothing else of that name."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.errors import CheckpointError
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.pretrained import start_vtamiq
from acutance.models.vtamiq.weights import VTAMIQConfig
from tests.fakes.vtamiq_checkpoint import small_vit_archive
from tests.raising import raises

NAME = "imagenet21k+imagenet2012_ViT-B_16.npz"
SMALL: dict[str, Any] = {"width": 64, "heads": 1, "mlp_width": 128, "layers": 2, "groups": 1, "blocks": 1}


@pytest.fixture
def model() -> VTAMIQ:
    torch.manual_seed(0)
    return VTAMIQ(VTAMIQConfig(**SMALL, reduction=4))


def write(path: Path, **changed: np.ndarray) -> Path:
    np.savez(path, **{**small_vit_archive(layers=3), **changed})  # type: ignore[arg-type]
    return path


class Harmful:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_the_archive_under_its_published_name_fills_the_encoder(model: VTAMIQ, tmp_path: Path):
    arrays = small_vit_archive(layers=3)
    start_vtamiq(model, "vit-b16-384-google", write(tmp_path / NAME))
    state = model.state_dict()
    kernel = arrays["Transformer/encoderblock_1/MultiHeadDotProductAttention_1/query/kernel"]
    np.testing.assert_array_equal(state["encoder.layers.1.query.weight"], kernel.reshape(64, 64).T)
    np.testing.assert_array_equal(state["encoder.embedding.positions"], arrays[POSITIONS])
    np.testing.assert_array_equal(
        state["encoder.embedding.patches.weight"], arrays["embedding/kernel"].transpose(3, 2, 0, 1)
    )


POSITIONS = "Transformer/posembed_input/pos_embedding"


def test_the_archive_is_found_in_the_folder_of_weights(model: VTAMIQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    start_vtamiq(model, "vit-b16-384-google", write(tmp_path / NAME).parent / NAME)
    before = model.state_dict()["encoder.norm.weight"].clone()
    model.encoder.norm.weight.data.zero_()
    start_vtamiq(model, "vit-b16-384-google")
    assert torch.equal(model.encoder.norm.weight, before)


def test_an_archive_with_code_is_refused_and_nothing_of_it_runs(model: VTAMIQ, tmp_path: Path):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    path = write(tmp_path / NAME, cls=np.array([Harmful(tmp_path / "made")], dtype=object))
    with raises(CheckpointError, NAME, "cls"):
        start_vtamiq(model, "vit-b16-384-google", path)
    assert not (tmp_path / "made").exists()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_truncated_archive_is_refused_by_its_name(model: VTAMIQ, tmp_path: Path):
    whole = write(tmp_path / "whole.npz").read_bytes()
    (tmp_path / NAME).write_bytes(whole[: len(whole) // 2])
    with raises(CheckpointError, NAME, len(whole) // 2):
        start_vtamiq(model, "vit-b16-384-google", tmp_path / NAME)


def test_a_wrong_array_is_named_as_the_archive_has_it_and_nothing_is_half_loaded(model: VTAMIQ, tmp_path: Path):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    name = "Transformer/encoderblock_0/LayerNorm_2/scale"
    with raises(CheckpointError, NAME, name, (64,), (32,)):
        start_vtamiq(model, "vit-b16-384-google", write(tmp_path / NAME, **{name: np.ones(32, dtype=np.float32)}))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_arrays_of_another_network_are_refused_by_file_and_name(model: VTAMIQ, tmp_path: Path):
    with raises(CheckpointError, NAME, "conv_root/kernel"):
        start_vtamiq(model, "vit-b16-384-google", write(tmp_path / NAME, **{"conv_root/kernel": np.ones(3)}))
