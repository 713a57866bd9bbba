from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.weights.foreign import read_foreign
from tests.raising import raises


def test_a_safetensors_file_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"conv1.weight": torch.arange(4.0)}, path)
    assert read_foreign(path)["conv1.weight"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_an_archive_of_arrays_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "vit.weights"
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **{"Transformer/norm/scale": np.arange(3, dtype=np.float32)})
    assert read_foreign(path)["Transformer/norm/scale"].tolist() == [0.0, 1.0, 2.0]


def test_a_pytorch_file_is_no_archive_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    torch.save({"weight": torch.ones(2)}, path)
    assert list(read_foreign(path)) == ["weight"]


def test_an_archive_of_objects_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "vit.npz"
    np.savez(path, allow_pickle=True, weight=np.array([{"a": 1}], dtype=object))
    with raises(CheckpointError, "vit.npz"):
        read_foreign(path)


def test_a_damaged_safetensors_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with raises(CheckpointError, "model.safetensors"):
        read_foreign(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with raises(MissingWeightsError, "nowhere.pth"):
        read_foreign(tmp_path / "nowhere.pth")
