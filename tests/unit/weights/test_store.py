import importlib.metadata
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.types import ScoreInfo
from acutance.weights import store
from acutance.weights.foreign import read_pytorch
from tests.raising import raises

TENSORS = {"head.weight": torch.arange(6.0).reshape(2, 3), "adapter.k": torch.tensor(5.0)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    store.save(path, TENSORS, model="afine", config={"levels": 13}, source_sha256="ab" * 32)
    return path


def with_metadata(path: Path, **changed: str) -> Path:
    metadata = {
        "format": "acutance",
        "format_version": "1",
        "model": "afine",
        "config": "{}",
        "source_sha256": "",
        "acutance_version": "0.1.0",
    }
    save_file(TENSORS, path, metadata | changed)
    return path


def test_weights_come_back_as_they_were(path: Path) -> None:
    tensors, _ = store.load(path, model="afine")
    assert set(tensors) == set(TENSORS)
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert tensors["adapter.k"].shape == ()


def test_the_header_says_model_config_source_and_version(path: Path) -> None:
    assert store.read_header(path) == store.StoreHeader(
        model="afine",
        config={"levels": 13},
        source_sha256="ab" * 32,
        acutance_version=importlib.metadata.version("acutance"),
        format_version=1,
    )


def test_weights_trained_here_have_no_source(tmp_path: Path) -> None:
    store.save(tmp_path / "own", TENSORS, model="afine", config={}, source_sha256=None)
    assert store.read_header(tmp_path / "own").source_sha256 is None


def test_bounds_that_are_infinite_come_back_from_strict_json(tmp_path: Path) -> None:
    info = ScoreInfo(better="lower", low=-math.inf, high=math.inf, usual=(0.0, 1.0))
    path = tmp_path / "own.safetensors"
    store.save(path, {"w": torch.ones(1)}, model="toy", config={}, source_sha256=None, score_info=info)
    assert store.read_header(path).score_info == info
    with safe_open(path, "pt") as file:
        json.loads(file.metadata()["score_info"], parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_bounds_as_0_1_wrote_them_are_read(tmp_path: Path) -> None:
    told = '{"better": "lower", "high": Infinity, "identical": null, "low": -Infinity, "unit": "", "usual": [0.0, 1.0]}'
    odd = with_metadata(tmp_path / "odd", score_info=told)
    info = ScoreInfo(better="lower", low=-math.inf, high=math.inf, usual=(0.0, 1.0))
    assert store.read_header(odd).score_info == info


def test_what_a_training_validated_with_comes_back(path: Path) -> None:
    options: dict[str, object] = {"protocol": "random", "crops": 3, "centre": 0.25, "stretched": False}
    store.save(path, TENSORS, model="ahiq", config={}, source_sha256=None, options=options)
    assert store.read_header(path).options == options


def test_a_file_without_options_records_none(path: Path) -> None:
    assert store.read_header(path).options is None


def test_other_programs_can_read_the_file(path: Path) -> None:
    assert set(load_file(path)) == set(TENSORS)


def test_weights_mapped_from_a_foreign_file_can_be_saved(tmp_path: Path) -> None:
    torch.save(dict(TENSORS), tmp_path / "foreign.pth")
    mapped = read_pytorch(tmp_path / "foreign.pth")
    store.save(
        tmp_path / "own",
        {name: mapped[name] for name in mapped},
        model="afine",
        config={},
        source_sha256=None,
    )
    tensors, _ = store.load(tmp_path / "own")
    assert torch.equal(tensors["head.weight"], TENSORS["head.weight"])


def test_a_transposed_tensor_is_saved_as_it_looks(tmp_path: Path) -> None:
    store.save(tmp_path / "own", {"w": TENSORS["head.weight"].T}, model="afine", config={}, source_sha256=None)
    tensors, _ = store.load(tmp_path / "own")
    assert torch.equal(tensors["w"], TENSORS["head.weight"].T)


def test_saving_leaves_no_other_file(path: Path) -> None:
    assert list(path.parent.iterdir()) == [path]


def test_the_file_can_be_read_by_whom_other_new_files_can(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_save_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with raises(CheckpointError, "weights.safetensors", "No space left on device"):
        store.save(path, {}, model="other", config={}, source_sha256=None)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with raises(CheckpointError, "nowhere"):
        store.save(tmp_path / "nowhere" / "own", TENSORS, model="afine", config={}, source_sha256=None)


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_a_config_that_json_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    with raises(ConfigError, "JSON"):
        store.save(tmp_path / "own", TENSORS, model="afine", config={"value": value}, source_sha256=None)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_model_are_refused(path: Path) -> None:
    with raises(CheckpointError, "hyperiqa", "afine", "weights.safetensors"):
        store.load(path, model="hyperiqa")


def test_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    path = with_metadata(tmp_path / "new", format_version="2", acutance_version="9.0")
    with raises(CheckpointError, 1, path, 2, "9.0"):
        store.load(path)


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_truncated_file_is_refused(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    with raises(CheckpointError, "weights.safetensors"):
        store.load(path)


def test_a_file_with_something_behind_it_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")
    with raises(CheckpointError, 400, "weights.safetensors"):
        store.read_header(path)


@pytest.mark.parametrize(
    "changed",
    [{"format_version": "one"}, {"config": "{"}, {"config": "7"}, {"options": "7"}],
    ids=["version", "json", "number", "options"],
)
def test_metadata_that_makes_no_sense_is_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    with raises(CheckpointError, "odd"):
        store.read_header(with_metadata(tmp_path / "odd", **changed))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with raises(MissingWeightsError, "nowhere"):
        store.load(tmp_path / "nowhere")


def test_another_programs_safetensors_are_not_ours(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "other", {"format": "pt"})
    assert not store.is_own_format(tmp_path / "other")
    with raises(CheckpointError, "other"):
        store.load(tmp_path / "other")


def test_our_format_is_known_by_content_not_by_suffix(path: Path) -> None:
    assert store.is_own_format(path.rename(path.with_suffix(".pth")))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x02\0\0\0\0\0\0\0{", b"\x05\0\0\0\0\0\0\0{nope"])
def test_other_files_are_not_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert not store.is_own_format(tmp_path / "file")


def test_a_file_that_is_not_there_is_not_ours(tmp_path: Path) -> None:
    assert not store.is_own_format(tmp_path / "nowhere")
