"""TorchScript archives are read without what they want to run."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.errors import CheckpointError
from acutance.weights.foreign import read_foreign
from acutance.weights.torchscript import is_torchscript
from tests.fakes.clip_archive import SIZES, state_dict_of, with_record, write_archive
from tests.raising import raises

TENSORS = {
    "visual.conv1.weight": torch.arange(24.0).reshape(2, 3, 2, 2),
    "visual.transformer.resblocks.0.attn.in_proj_weight": torch.arange(12.0).reshape(4, 3),
    "visual.transformer.resblocks.1.attn.in_proj_weight": torch.arange(12.0).reshape(3, 4).T,
    "logit_scale": torch.tensor(4.5),
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    write_archive(tmp_path / "ViT-B-32.pt", TENSORS)
    return tmp_path / "ViT-B-32.pt"


def test_an_archive_gives_the_state_dict_of_its_module(archive: Path):
    tensors = read_foreign(archive)
    wanted = state_dict_of(archive)
    assert set(tensors) == set(wanted) == {*TENSORS, *SIZES}
    for name, value in wanted.items():
        assert (tensors[name].dtype, tensors[name].shape) == (value.dtype, value.shape)
        assert torch.equal(tensors[name], value), name


def test_half_precision_stays_in_the_file_as_it_is(archive: Path):
    assert {value.dtype for name, value in read_foreign(archive).items() if name in TENSORS} == {torch.float16}


def test_an_archive_is_told_from_other_files(archive: Path, tmp_path: Path):
    torch.save(TENSORS, tmp_path / "plain.pt")
    (tmp_path / "text.pt").write_bytes(b"text")
    kinds = [is_torchscript(path) for path in (archive, tmp_path / "plain.pt", tmp_path / "text.pt")]
    assert kinds == [True, False, False]


def test_the_state_dict_of_a_loaded_archive_is_read_as_well(archive: Path, tmp_path: Path):
    torch.save(state_dict_of(archive), tmp_path / "clip.pth")
    again = read_foreign(tmp_path / "clip.pth")
    assert all(torch.equal(value, again[name]) for name, value in read_foreign(archive).items())


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_archive_is_refused(archive: Path, kept: float):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(kept * len(content))])
    with raises(CheckpointError, "ViT-B-32.pt"):
        read_foreign(archive)


def test_an_archive_with_a_changed_byte_is_refused(archive: Path):
    content = bytearray(archive.read_bytes())
    place = content.index(torch.arange(24.0).half().numpy().tobytes())
    content[place] ^= 1
    archive.write_bytes(content)
    with raises(CheckpointError, "ViT-B-32.pt"):
        read_foreign(archive)


class _Runs:
    """What runs a function where a pickle is loaded without care."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.called


@pytest.mark.parametrize(
    ("harmful", "named"),
    [
        (_Runs(os.mkdir, "made"), f"{os.name}.mkdir"),
        (_Runs(eval, "__import__('os').mkdir('made')"), "__builtin__.eval"),
        (_Runs(getattr, "a", "upper"), "__builtin__.getattr"),
        (_Runs(torch.load, "other.pt"), "torch.serialization.load"),
    ],
    ids=["mkdir", "eval", "getattr", "torch.load"],
)
def test_a_pickle_that_wants_to_run_code_does_not(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harmful: object, named: str
):
    monkeypatch.chdir(tmp_path)
    bad = with_record(archive, tmp_path / "bad.pt", "data.pkl", pickle.dumps(harmful, protocol=2))
    with raises(CheckpointError, "bad.pt", named):
        read_foreign(bad)
    assert not Path("made").exists()


def test_a_harmful_part_deep_in_an_honest_pickle_is_refused(archive: Path, tmp_path: Path):
    with zipfile.ZipFile(archive) as file:
        values = file.read("ViT-B-32/data.pkl")
    assert b"collections\nOrderedDict\n" in values
    bad = with_record(archive, tmp_path / "bad.pt", "data.pkl", values.replace(b"collections\nO", b"os\nO", 1))
    with raises(CheckpointError, "bad.pt", "os.OrderedDict"):
        read_foreign(bad)


def _storage(key: str, count: int) -> bytes:
    """The opcodes of a storage of halves."""
    return b"(X\x07\x00\x00\x00storagectorch\nHalfStorage\n" + _text(key) + _text("cpu") + _number(count) + b"tQ"


def _text(text: str) -> bytes:
    return b"X" + len(text).to_bytes(4, "little") + text.encode()


def _number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def _module(attributes: bytes) -> bytes:
    return b"\x80\x02c__torch__\nM\n)\x81}(" + attributes + b"ub."


def _tensor(count: int, offset: int, size: int, stride: int) -> bytes:
    view = _number(offset) + b"(" + _number(size) + b"t(" + _number(stride) + b"t"
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + _storage("0", count) + view + b"\x89}tR"
    return _module(_text("weight") + made)


def test_opcodes_written_by_hand_give_a_tensor(archive: Path, tmp_path: Path):
    with zipfile.ZipFile(archive) as file:
        count = len(file.read("ViT-B-32/data/0")) // 2
    good = with_record(archive, tmp_path / "good.pt", "data.pkl", _tensor(count, 0, count, 1))
    assert read_foreign(good)["weight"].shape == (count,)


@pytest.mark.parametrize(
    ("count", "offset", "size", "stride"),
    [(1, 0, 2, 1), (1, 1, 1, 1), (1, -1, 1, 1), (1, 0, 2**30, 0), (1, 0, 1, -1), (2, 0, 1, 1)],
    ids=["too long", "behind", "before", "stretched", "backwards", "another length"],
)
def test_a_tensor_beyond_its_numbers_is_refused(
    archive: Path, tmp_path: Path, count: int, offset: int, size: int, stride: int
):
    scalar = tmp_path / "scalar.pt"
    write_archive(scalar, {"only": torch.tensor(1.0)})
    bad = with_record(scalar, tmp_path / "bad.pt", "data.pkl", _tensor(count, offset, size, stride))
    with raises(CheckpointError, "bad.pt"):
        read_foreign(bad)


@pytest.mark.parametrize(
    "values",
    [
        b"\x80\x02c__torch__\nM\n)\x81q\x00}(" + _text("self") + b"h\x00ub.",
        b"\x80\x02c__torch__\nM\n)\x81.",
        b"\x80\x02}.",
        b"\x80\x02c__torch__\nM\n(X\x01\x00\x00\x00atR.",
        b"\x80\x02c__torch__\nM\n}b.",
        b"\x80\x02c__torch__\nM\n)\x81(}}tb.",
        b"",
    ],
    ids=["a module in itself", "no attributes", "no module", "a call", "a class changed", "slots", "empty"],
)
def test_a_pickle_that_no_torch_wrote_is_one_clear_error(archive: Path, tmp_path: Path, values: bytes):
    with raises(CheckpointError, "bad.pt"):
        read_foreign(with_record(archive, tmp_path / "bad.pt", "data.pkl", values))
