"""Files of weights that other programs wrote: PyTorch's, TorchScript's, safetensors, NumPy's archives."""

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import CheckpointError
from acutance.weights.pytorch_file import read_pytorch
from acutance.weights.safetensors_header import read_safetensors_header
from acutance.weights.torchscript import is_torchscript, read_torchscript

if TYPE_CHECKING:  # the catalogue imports this room, and `acutance --help` must not load torch
    import torch


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
    if path.is_file() and read_safetensors_header(path) is not None:
        return _read_safetensors(path)
    if path.is_file() and _is_numpy_archive(path):
        return _read_numpy_archive(path)
    if path.is_file() and is_torchscript(path):
        return read_torchscript(path)
    return read_pytorch(path, bookkeeping, wrappers)


def _read_safetensors(path: Path) -> dict[str, "torch.Tensor"]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"Expected weights in {path}, got a damaged file: {error}. Get it again.") from error


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
