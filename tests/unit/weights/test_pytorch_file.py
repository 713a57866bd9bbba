import argparse
import pickle
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.weights.foreign import read_pytorch
from tests.raising import raises

CONTENT = {
    "clip": OrderedDict({"visual.conv1.weight": torch.arange(6.0).reshape(2, 3), "logit_scale": torch.tensor(4.6)}),
    "adapter": {"k": torch.tensor(5.0)},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
def test_nested_dicts_are_joined_with_dots(path: Path, *, zip_format: bool) -> None:
    torch.save(CONTENT, path, _use_new_zipfile_serialization=zip_format)
    tensors = read_pytorch(path)
    assert list(tensors) == ["clip.visual.conv1.weight", "clip.logit_scale", "adapter.k"]
    assert torch.equal(tensors["clip.visual.conv1.weight"], torch.arange(6.0).reshape(2, 3))
    assert tensors["adapter.k"].shape == ()


def test_a_flat_dict_keeps_its_names(path: Path) -> None:
    torch.save({"module.weight": torch.ones(2)}, path)
    assert list(read_pytorch(path)) == ["module.weight"]


def test_parameters_come_without_gradient(path: Path) -> None:
    torch.save({"weight": torch.nn.Parameter(torch.ones(2))}, path)
    assert not read_pytorch(path)["weight"].requires_grad


def test_what_is_done_to_a_mapped_tensor_does_not_reach_the_file(path: Path) -> None:
    torch.save(CONTENT, path)
    read_pytorch(path)["adapter.k"].zero_()
    assert read_pytorch(path)["adapter.k"] == 5.0


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with raises(MissingWeightsError, "weights.pth"):
        read_pytorch(path)


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("kept", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_truncated_file_is_refused(path: Path, *, zip_format: bool, kept: float) -> None:
    torch.save(CONTENT, path, _use_new_zipfile_serialization=zip_format)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with raises(CheckpointError, "weights.pth"):
        read_pytorch(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>404", "web page"),
        (b"\n  <html lang='en'>", "web page"),
        (b"<?xml version='1.0'?><Error>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 610\n", "git lfs pull"),
        (b"Entry not found", "15 bytes"),
    ],
)
def test_what_people_have_instead_of_weights_is_named(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with raises(CheckpointError, "weights.pth", words):
        read_pytorch(path)


def test_safetensors_are_known_by_content(path: Path) -> None:
    save_file({"weight": torch.ones(2)}, path)
    with raises(CheckpointError, "weights.pth", "safetensors"):
        read_pytorch(path)


@pytest.mark.parametrize("zip_format", [True, False], ids=["zip", "legacy"])
def test_a_file_that_wants_to_run_code_is_not_opened(path: Path, *, zip_format: bool) -> None:
    torch.save({"weight": Fraction(1, 2)}, path, _use_new_zipfile_serialization=zip_format)
    with raises(CheckpointError, "fractions.Fraction") as got:
        read_pytorch(path)
    assert "\n" not in str(got.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([torch.ones(2)], ("weights.pth", "list")),
        ({"weight": torch.ones(2), "epoch": 7}, ("int", "epoch")),
        ({"head": {"names": ["a"]}}, ("list", "head.names")),
        ({"a.b": torch.ones(2), "a": {"b": torch.ones(2)}}, ("a.b",)),
    ],
)
def test_anything_but_tensors_with_one_name_each_is_refused(
    path: Path, content: Any, words: tuple[object, ...]
) -> None:
    torch.save(content, path)
    with raises(CheckpointError, *words):
        read_pytorch(path)


def test_bookkeeping_is_passed_over_whatever_it_holds(path: Path) -> None:
    numbers = {"epoch": 3, "SROCC": np.float64(0.93), "loss": np.float32(1), "step": np.int64(4), "state": {0: [1]}}
    torch.save({**numbers, "model_state_dict": {"a.b": torch.ones(2)}}, path)
    assert list(read_pytorch(path, bookkeeping=tuple(numbers))) == ["model_state_dict.a.b"]


def test_a_numpy_number_among_the_weights_is_named(path: Path) -> None:
    torch.save({"SROCC": np.float64(0.93), "weight": torch.ones(2)}, path)
    with raises(CheckpointError, "float64", "SROCC"):
        read_pytorch(path)


def test_what_stands_beside_a_wrapped_state_dict_is_passed_over(path: Path) -> None:
    options = argparse.Namespace(lr=2e-5, folder=PurePosixPath("runs"), there=path)
    beside = {"epoch": 3, "best_srcc": np.float64(0.9), "args": options, "optimizer": {"state": {0: {"step": 1}}}}
    torch.save({"model_state_dict": {"module.fc.weight": torch.ones(2)}, **beside}, path)
    tensors = read_pytorch(path, wrappers=("state_dict", "model_state_dict"))
    assert list(tensors) == ["fc.weight"]
    assert torch.equal(tensors["fc.weight"], torch.ones(2))


def test_a_bare_state_dict_needs_no_wrapper(path: Path) -> None:
    torch.save({"module.weight": torch.ones(2), "bias": torch.zeros(1)}, path)
    assert list(read_pytorch(path, wrappers=("state_dict",))) == ["module.weight", "bias"]


def test_options_that_want_to_run_code_are_refused_beside_tensors(path: Path) -> None:
    torch.save({"state_dict": {"weight": torch.ones(2)}, "args": argparse.Namespace(share=Fraction(1, 2))}, path)
    with raises(CheckpointError, path, "fractions.Fraction"):
        read_pytorch(path, wrappers=("state_dict",))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_bare_pickle_of_another_program_is_refused_without_a_warning(path: Path, protocol: int) -> None:
    path.write_bytes(pickle.dumps({"weight": Fraction(1, 2)}, protocol))
    with raises(CheckpointError, path):
        read_pytorch(path)
