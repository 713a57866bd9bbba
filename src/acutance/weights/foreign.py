"""Files of weights that other programs wrote, opened without running anything that is in them."""

import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.weights.store import looks_like_safetensors, read_metadata, read_tensors
from acutance.weights.torchscript import is_torchscript, read_torchscript

if TYPE_CHECKING:
    import torch


START_BYTES = 512
"""How much of a file is looked at to tell what it is."""
ZIP_START = b"PK\x03\x04"
"""torch.save writes a zip archive since PyTorch 1.6; its tensors can be mapped into memory."""
GIT_LFS_START = b"version https://git-lfs"
"""First line of a pointer that stands for a large file in a Git repository."""
PARALLEL = "module."
"""What PyTorch's ``DataParallel`` puts before every name."""
NEEDS_CODE = re.compile(r"[Uu]nsupported (?:global: GLOBAL|GLOBAL|class) (\S+)")
"""How torch.load names what it refuses to run."""
DEEPEST = 32
"""Most dicts within dicts that a file may have; those of training programs have two or three."""
MOST_NAMES = 1_000_000
"""Most names that a file may have: some thousand are usual, and a small file can repeat a dict without end."""


def read_pytorch(
    path: Path, bookkeeping: Collection[str] = (), wrappers: Collection[str] = ()
) -> dict[str, "torch.Tensor"]:
    """Every tensor of a file written by ``torch.save``, on the CPU.

    Nested dicts are joined with dots: ``{"head": {"weight": ...}}`` gives ``head.weight``. Nothing is
    renamed or left out but bookkeeping. Tensors of zip files are mapped: one never used is never read.

    Args:
        path: A file of one (nested) dict of tensors; its suffix does not matter.
        bookkeeping: Names at the top of the file that are passed over, whatever they hold.
        wrappers: Names at the top of the file, such as ``state_dict``, under which all tensors may stand; what stands
            beside one of them is then passed over, and ``module.`` before every name is left out.

    Raises:
        MissingWeightsError: There is no such file.
        CheckpointError: Another kind of file, a damaged one, one that needs code to be read, or one that
            holds anything but tensors.
    """
    import torch

    if not path.is_file():
        got = "is a folder" if path.is_dir() else "is not there"
        raise MissingWeightsError(f"Expected a file of weights, got {path}, which {got}. Check the path.")
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    _check_start(start, path)
    try:
        with torch.serialization.safe_globals(_plain_values()), warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "Detected pickle protocol"
            )  # what cannot be read is an error all the same
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=start.startswith(ZIP_START))
    except Exception as error:  # damaged bytes make a pickle raise anything
        raise _unreadable(path, error) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"Expected a dict of tensors in {path}, got {type(content).__name__}. Use the published file."
        )
    inside = next((content[name] for name in wrappers if isinstance(content.get(name), Mapping)), content)
    tensors = _flat({key: value for key, value in inside.items() if key not in bookkeeping}, path)
    if wrappers and tensors and all(name.startswith(PARALLEL) for name in tensors):
        return {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}
    return tensors


def _plain_values() -> list[Any]:
    """What training programs leave in the file beside tensors: NumPy numbers such as the best SROCC, and their options.

    A ``Namespace`` is attributes and nothing else; paths are made as pure ones, which touch no disk. Of types
    only those of numbers are had: others can make much of a few bytes.
    """
    import argparse
    import codecs
    import pathlib

    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    kinds = [np.dtypes.Float64DType, np.dtypes.Float32DType, np.dtypes.Int64DType]
    paths = [
        (pure, f"{module}.{name}")
        for pure, concrete in ((pathlib.PurePosixPath, "PosixPath"), (pathlib.PureWindowsPath, "WindowsPath"))
        for name in (concrete, pure.__name__)
        for module in ("pathlib", "pathlib._local")
    ]
    types = (_number_type, "numpy.dtype")
    return [*((scalar, name) for name in names), types, codecs.encode, *kinds, argparse.Namespace, *paths]


def _number_type(name: str, *_: object) -> Any:  # noqa: ANN401 (numpy.dtype, whose kind depends on the name)
    import numpy as np

    if name not in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"):
        raise ValueError(f"numbers of the type {name}")
    return np.dtype(name)


def _check_start(start: bytes, path: Path) -> None:
    """Name the files that people have instead of weights."""
    text = start.lstrip().lower()
    if start.startswith(GIT_LFS_START):
        got, cure = "a Git LFS pointer", "Run `git lfs pull`, or download the file itself"
    elif text.startswith((b"<!doctype", b"<html", b"<?xml")):
        got, cure = "a web page, perhaps an error page saved as a file", "Download the file again"
    elif looks_like_safetensors(start):
        got, cure = "a safetensors file", "Pass the published file, or one that acutance wrote"
    elif not start:
        got, cure = "an empty file", "Download the file again"
    else:
        return
    raise CheckpointError(f"Expected a PyTorch file at {path}, got {got}. {cure}.")


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    code = NEEDS_CODE.search(str(error))
    if code:
        return CheckpointError(
            f"Expected tensors only in {path}, got a file that wants to run {code[1]}. "
            "It was not opened; use a file of tensors, such as the published one."
        )
    if "TorchScript" in str(error):
        return CheckpointError(f"Expected tensors only in {path}, got a TorchScript program. Use the published file.")
    size = path.stat().st_size
    return CheckpointError(
        f"Expected a PyTorch file at {path}, got {size} bytes that end too early or are something else. "
        "Download the file again."
    )


def _flat(content: Mapping[object, object], path: Path) -> dict[str, "torch.Tensor"]:
    flat: dict[str, torch.Tensor] = {}
    for count, (name, tensor) in enumerate(_leaves(content, "", path)):
        if count >= MOST_NAMES:
            raise CheckpointError(
                f"Expected at most {MOST_NAMES} names in {path}, got more, such as {name[:40]}. Use the published file."
            )
        if tensor is None:
            continue
        if name in flat:
            raise CheckpointError(f"Expected every name once in {path}, got {name} twice. Use the published file.")
        flat[name] = _plain(tensor, name, path)
    return flat


def _plain(tensor: "torch.Tensor", name: str, path: Path) -> "torch.Tensor":
    """The tensor, if it has as many numbers as the file; a sparse or repeated one may claim any number of them."""
    import torch

    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        kind = "a nested" if tensor.is_nested else "a quantised" if tensor.is_quantized else f"a {tensor.device.type}"
        got = f"{kind} tensor" if tensor.layout == torch.strided else f"one laid out as {tensor.layout}"
    elif tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        got = f"{tensor.numel()} out of {tensor.untyped_storage().nbytes() // tensor.element_size()}"
    else:
        return tensor.detach()
    raise CheckpointError(f"Expected plain numbers at {name} in {path}, got {got}. Use the published file.")


def _leaves(
    content: Mapping[object, object], prefix: str, path: Path, depth: int = 0
) -> Iterator[tuple[str, "torch.Tensor | None"]]:
    """Tensors by name, and ``None`` for each dict on the way."""
    import torch

    if depth > DEEPEST:
        raise CheckpointError(
            f"Expected at most {DEEPEST} dicts within dicts in {path}, got more at {prefix[:40]}. Use the published "
            "file."
        )
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, torch.Tensor):
            yield name, value
        elif isinstance(value, Mapping):
            yield name, None
            yield from _leaves(value, f"{name}.", path, depth + 1)
        else:
            raise CheckpointError(
                f"Expected tensors only in {path}, got {type(value).__name__} at {name}. "
                "Use the published file, or save the state dict alone."
            )


def read_foreign(
    path: Path, bookkeeping: Collection[str] = (), wrappers: Collection[str] = ()
) -> dict[str, "torch.Tensor"]:
    """Every tensor of a file on the CPU, by the name it has there; which kind of file it is shows in its content.

    Args:
        path: A PyTorch file of (nested) dicts, a TorchScript archive (nothing in it runs), a safetensors file, or a
            NumPy archive (.npz).
        bookkeeping: Names at the top of a PyTorch file that are passed over, whatever they hold.
        wrappers: Names at the top of a PyTorch file under which all tensors may stand, as in ``read_pytorch``.

    Raises:
        MissingWeightsError: There is no such file.
        CheckpointError: Another kind of file, or a damaged one.
    """
    if path.is_file() and read_metadata(path) is not None:
        return read_tensors(path)
    if path.is_file() and _is_numpy_archive(path):
        return _read_numpy_archive(path)
    if path.is_file() and is_torchscript(path):
        return read_torchscript(path)
    return read_pytorch(path, bookkeeping, wrappers)


def _is_numpy_archive(path: Path) -> bool:
    """Whether it is a zip file of arrays; PyTorch's files are zip files too."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # noqa: BLE001 (damaged bytes make zipfile raise anything)
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _read_numpy_archive(path: Path) -> dict[str, "torch.Tensor"]:
    import numpy as np
    import torch

    tensors, name = {}, "it"
    try:
        with np.load(path, allow_pickle=False) as archive:  # objects could run code
            for name in archive.files:
                tensors[name] = torch.from_numpy(np.asarray(archive[name]))
    except Exception as error:
        reason = (str(error) or type(error).__name__).rstrip(".")
        raise CheckpointError(
            f"Expected arrays of numbers in {path}, got in {name}: {reason}. Get the file again."
        ) from error
    return tensors
