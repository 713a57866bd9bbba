"""Files of weights that are damaged or made to do harm: one error that names the file, whatever is wrong with them."""

import argparse
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.errors import AcutanceError, CheckpointError
from acutance.weights import store
from acutance.weights.foreign import read_foreign
from acutance.weights.store import read_metadata
from tests.fakes.clip_archive import with_record, write_archive
from tests.raising import raises

TENSORS = {"head.weight": torch.arange(12.0).reshape(4, 3), "head.bias": torch.ones(2)}


class _Asks:
    """An object whose pickle calls something."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self._made = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self._made


def _legacy(path: Path) -> None:
    torch.save({"params": TENSORS}, path, _use_new_zipfile_serialization=False)


def _write_arrays(path: Path, compression: int) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive, archive.open("a/b.npy", "w") as file:
        np.lib.format.write_array(file, np.ones((3, 2), np.float32))


WRITERS: dict[str, Callable[[Path], Any]] = {
    "torchscript": lambda path: write_archive(path, TENSORS),
    "zip": lambda path: torch.save({"params": TENSORS, "opt": argparse.Namespace(lr=1.0)}, path),
    "legacy": _legacy,
    "npz": lambda path: _write_arrays(path, zipfile.ZIP_STORED),
    "compressed": lambda path: _write_arrays(path, zipfile.ZIP_DEFLATED),
    "ours": lambda path: store.save(path, TENSORS, model="afine", config={}, source_sha256=None),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_cut_or_changed_anywhere_is_read_or_is_one_error(tmp_path: Path, kind: str) -> None:
    whole, path = tmp_path / "whole", tmp_path / "weights.pth"
    WRITERS[kind](whole)
    data, draw = whole.read_bytes(), np.random.default_rng(7)
    for _ in range(30):
        place, last = int(draw.integers(len(data))), len(data) - 1 - int(draw.integers(min(len(data), 300)))
        changed = [bytearray(data) for _ in range(3)]
        changed[0][place], changed[1][last] = data[place] ^ 1, int(draw.integers(256))
        changed[2][place] = 255
        for content in (data[:place], *map(bytes, changed)):
            path.write_bytes(content)
            for read in (lambda: read_foreign(path, ["opt"]), lambda: store.load(path)):
                try:
                    read()
                except AcutanceError as error:
                    assert "weights.pth" in str(error)  # noqa: PT017 (most changes are errors, some are not)


@pytest.mark.parametrize(
    ("place", "value"), [(46, 0xFF), (6, 0xFF), (10, 99)], ids=["name not UTF-8", "version", "compression"]
)
@pytest.mark.parametrize("kind", ["torchscript", "zip", "npz"])
def test_a_damaged_directory_of_an_archive_is_one_error(tmp_path: Path, kind: str, place: int, value: int) -> None:
    path = tmp_path / "weights.pth"
    WRITERS[kind](path)
    data = bytearray(path.read_bytes())
    entry = -1
    while (entry := data.find(b"PK\x01\x02", entry + 1)) >= 0:
        data[entry + 9] |= 8 if place == 46 else 0  # says that names are UTF-8
        data[entry + place] = value
    path.write_bytes(data)
    with raises(CheckpointError, "weights.pth"):
        read_foreign(path)


@pytest.mark.parametrize(
    "tensor",
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.empty(3, device="meta"),
        lambda: torch.ones(1, dtype=torch.float16).expand(10**13),
    ],
    ids=["sparse", "meta", "more numbers than the file has"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_tensor_that_is_no_plain_one_is_named(tmp_path: Path, tensor: Callable[[], torch.Tensor]) -> None:
    torch.save({"head": {"weight": tensor()}}, tmp_path / "odd.pth")
    with raises(CheckpointError, "odd.pth", "head.weight"):
        read_foreign(tmp_path / "odd.pth")


def _within_itself() -> dict[str, Any]:
    content: dict[str, Any] = {}
    content["again"] = content
    return content


def _doubled() -> dict[str, Any]:
    content: dict[str, Any] = {"last": torch.ones(1)}
    for _ in range(30):
        content = {"a": content, "b": content}
    return content


@pytest.mark.parametrize("content", [_within_itself, _doubled])
def test_dicts_within_dicts_end(tmp_path: Path, content: Callable[[], dict[str, Any]], monkeypatch: Any) -> None:
    monkeypatch.setattr("acutance.weights.foreign.MOST_NAMES", 1000)
    torch.save(content(), tmp_path / "endless.pth")
    with raises(CheckpointError, "endless.pth"):
        read_foreign(tmp_path / "endless.pth")


def test_a_command_in_a_file_is_named_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": TENSORS, "epoch": _Asks(os.system, f"touch {tmp_path}/made")}, tmp_path / "bad.pth")
    with raises(CheckpointError, "bad.pth", f"{os.name}.system"):
        read_foreign(tmp_path / "bad.pth", wrappers=["state_dict"])
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "made",
    [_Asks(np.dtype, "V1000000"), _Asks(np.dtype, "O")],
    ids=["a wide type", "objects"],
)
def test_of_types_only_those_of_numbers_are_had(tmp_path: Path, made: object) -> None:
    torch.save({"state_dict": TENSORS, "best": made}, tmp_path / "bad.pth")
    with raises(CheckpointError, "bad.pth"):
        read_foreign(tmp_path / "bad.pth", wrappers=["state_dict"])


def test_an_archive_whose_values_are_compressed_is_not_unpacked(tmp_path: Path) -> None:
    write_archive(tmp_path / "whole.pt", TENSORS)
    with zipfile.ZipFile(tmp_path / "whole.pt") as before, zipfile.ZipFile(tmp_path / "bomb.pt", "w") as after:
        for entry in before.infolist():
            content = b"0" * 10**6 if entry.filename.endswith("data.pkl") else before.read(entry)
            after.writestr(entry.filename, content, zipfile.ZIP_DEFLATED)
    with raises(CheckpointError, "bomb.pt", "compressed"):
        read_foreign(tmp_path / "bomb.pt")


def test_a_pickle_that_numbers_far_beyond_its_size_is_refused_before_there_is_room_made(tmp_path: Path) -> None:
    write_archive(tmp_path / "whole.pt", TENSORS)
    values = b"\x80\x02}r\xff\xff\xff\x7f."
    with raises(CheckpointError, "bad.pt", 2**31 - 1):
        read_foreign(with_record(tmp_path / "whole.pt", tmp_path / "bad.pt", "data.pkl", values))


def test_a_header_of_lists_within_lists_is_none_of_safetensors(tmp_path: Path) -> None:
    header = b'{"a":' + b"[" * 200_000
    (tmp_path / "deep").write_bytes(len(header).to_bytes(8, "little") + header)
    with raises(CheckpointError, tmp_path / "deep"):
        read_metadata(tmp_path / "deep")


@pytest.mark.parametrize(
    "tensor",
    [torch.ones(4, 3) * float("nan"), torch.ones(4, 3, dtype=torch.int32), torch.ones(12)],
    ids=["NaN", "whole numbers", "another shape"],
)
def test_tensors_of_ours_that_do_not_fit_a_model_are_named(tmp_path: Path, tensor: torch.Tensor) -> None:
    path = tmp_path / "own.safetensors"
    store.save(path, TENSORS | {"head.weight": tensor}, model="afine", config={}, source_sha256=None)
    with raises(CheckpointError, "own.safetensors", "head.weight"):
        store.fitted(store.load(path)[0], TENSORS, path)
    fitting = store.fitted(TENSORS | {"other": tensor}, TENSORS, path)
    assert fitting.keys() == TENSORS.keys()
