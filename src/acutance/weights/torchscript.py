"""TorchScript archives, such as OpenAI's CLIP: their tensors alone, read without running or loading their program."""

import io
import math
import pickle
import pickletools
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from acutance.errors import CheckpointError

if TYPE_CHECKING:  # the catalogue imports this room, and `acutance --help` must not load torch
    import torch

CONSTANTS, VALUES, BYTE_ORDER = "constants.pkl", "data.pkl", "byteorder"
"""Records of an archive: what is constant in its program (torch.load knows archives by it), the values of its modules,
and the order of bytes, which archives before PyTorch 2.1 do not tell: it is little there."""
PROGRAM = "__torch__"
"""Where the classes of an archive are; they are named here, and never made."""
LISTS = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")
"""How torch.jit._pickle makes typed lists and dictionaries of plain ones: the plain ones will do."""
STORAGES = {
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "BoolStorage": "bool",
}
"""Types of numbers by the names of their storages."""


def is_torchscript(path: Path) -> bool:
    """Whether a file is a whole TorchScript archive, by its content."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {CONSTANTS, VALUES} <= _records(archive).keys()
    except Exception:  # noqa: BLE001 (damaged bytes make zipfile raise anything)
        return False


def read_torchscript(path: Path) -> dict[str, "torch.Tensor"]:
    """Parameters and buffers of the module in an archive on the CPU, under the names that ``state_dict`` gives them.

    Nothing of its program runs: of the values only tensors, plain values and lists are made, and a pickle that asks
    for anything else is refused before it gets it.

    Args:
        path: A file that ``torch.jit.save`` wrote; its suffix does not matter.

    Raises:
        CheckpointError: A damaged archive, or one that wants to run code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            records = _records(archive)
            order = archive.read(records[BYTE_ORDER]).decode() if BYTE_ORDER in records else "little"
            if order != sys.byteorder:
                raise CheckpointError(f"Expected {sys.byteorder} endian numbers in {path}, got {order}. Convert it.")
            if records[VALUES].compress_type != zipfile.ZIP_STORED:  # a small file could unpack to any size
                raise pickle.UnpicklingError(f"a compressed {VALUES}")
            values = archive.read(records[VALUES])
            _require_small_memo(values)
            module = _Values(values, archive, records).load()
            return dict(_named(module, "", len(values)))
    except _RefusedError as error:
        raise CheckpointError(
            f"Expected tensors only in {path}, got a file that wants to run {error}. It was not opened; use the "
            "published file."
        ) from error
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"Expected a whole TorchScript archive at {path}, got a damaged one: {_line(error)}. Download it again."
        ) from error


class _RefusedError(Exception):
    """What a pickle asks for and does not get."""


class _Storage(NamedTuple):
    """Numbers of an archive, in a row."""

    numbers: "torch.Tensor"


class _Tensor(NamedTuple):
    """A tensor, held where no pickle can set its state."""

    value: "torch.Tensor"


class _Values(pickle.Unpickler):
    """Values of modules; what they may be made of is made anew for each archive, so that none can change another."""

    def __init__(self, values: bytes, archive: zipfile.ZipFile, records: dict[str, zipfile.ZipInfo]) -> None:
        super().__init__(io.BytesIO(values))
        self._archive = archive
        self._records = records
        self._known: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (whatever a pickle may ask for)
        import torch

        if module == PROGRAM or module.startswith(f"{PROGRAM}."):
            return type("Module", (_Module,), {})
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilder()
        if module == "torch" and name in STORAGES:
            return getattr(torch, STORAGES[name])
        if (module, name) == ("collections", "OrderedDict"):  # of backward hooks, of which a file has none
            return dict
        if module == "torch.jit._pickle" and name in LISTS:
            return lambda value, _=None: value
        raise _RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 (checked here)
        import torch

        _, dtype, key, _, count = pid
        if not isinstance(dtype, torch.dtype) or not isinstance(key, str) or not isinstance(count, int):
            raise pickle.UnpicklingError("a storage of an unknown kind")
        if key not in self._known:
            record = self._records[f"data/{key}"]
            if record.file_size != count * dtype.itemsize or record.compress_type != zipfile.ZIP_STORED:
                raise pickle.UnpicklingError(f"{record.file_size} bytes where {count * dtype.itemsize} belong")
            content = bytearray(self._archive.read(record))
            numbers = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
            self._known[key] = _Storage(numbers)
        return self._known[key]


class _Module:
    """A module of an archive, whatever its class: its attributes."""

    attributes: dict[Any, Any]

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("a module without attributes")
        self.attributes = state


def _rebuilder() -> Callable[..., _Tensor]:
    def rebuild(  # the arguments of torch._utils._rebuild_tensor_v2
        storage: object, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
    ) -> _Tensor:
        if not isinstance(storage, _Storage) or len(size) != len(stride):
            raise pickle.UnpicklingError("a tensor without numbers")
        count = math.prod(size)
        last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        inside = min((offset, *size, *stride)) >= 0 and last < len(storage.numbers)
        if count and (not inside or count > len(storage.numbers)):
            raise pickle.UnpicklingError("a tensor beyond its numbers")
        return _Tensor(storage.numbers.as_strided(size, stride, offset) if count else storage.numbers.new_empty(size))

    return rebuild


def _named(module: object, prefix: str, most: int) -> Iterator[tuple[str, "torch.Tensor"]]:
    """Tensors by name; a file of so many bytes cannot name more modules than that, unless it repeats them."""
    waiting = [(prefix, module)]
    for _ in range(most):
        if not waiting:
            return
        place, one = waiting.pop()
        if not isinstance(one, _Module):
            raise pickle.UnpicklingError("no module")
        inner = []
        for name, value in one.attributes.items():
            if isinstance(value, _Tensor):
                yield f"{place}{name}", value.value
            elif isinstance(value, _Module):
                inner.append((f"{place}{name}.", value))
        waiting += reversed(inner)
    raise pickle.UnpicklingError("modules within themselves")


def _require_small_memo(values: bytes) -> None:
    """Raise where a pickle numbers what it keeps beyond its own bytes: Python would make room for all before it."""
    for opcode, argument, _ in pickletools.genops(values):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(values):
            raise pickle.UnpicklingError(f"number {argument} in {len(values)} bytes")


def _records(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Entries by name, without the folder that all of them are in."""
    return {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
