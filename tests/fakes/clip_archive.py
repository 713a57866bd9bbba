"""OpenAI's ``ViT-B-32.pt`` in small: a TorchScript archive with its names, made as it was, and harmful ones."""

import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

SIZES = ("input_resolution", "context_length", "vocab_size")
"""Three whole numbers that the archive holds beside its weights."""


def write_archive(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a TorchScript archive of modules within modules, whose ``state_dict`` is ``tensors`` in half precision."""
    root = _Part()
    for name, tensor in tensors.items():
        *places, last = name.split(".")
        part: nn.Module = root
        for place in places:
            if place not in dict(part.named_children()):
                part.add_module(place, _Part())
            part = part.get_submodule(place)
        half = tensor.half() if tensor.is_floating_point() else tensor
        if half.is_floating_point():
            part.register_parameter(last, nn.Parameter(half))
        else:
            part.register_buffer(last, half)
    for size in SIZES:
        root.register_buffer(size, torch.tensor(224))
    with _in_spite_of_its_age():
        torch.jit.script(root).save(path)


def state_dict_of(path: Path) -> dict[str, Tensor]:
    """What PyTorch itself reads of an archive."""
    with _in_spite_of_its_age():
        tensors: dict[str, Tensor] = torch.jit.load(path).state_dict()
    return tensors


@contextmanager
def _in_spite_of_its_age() -> Iterator[None]:
    """Without the warnings that torch.jit is going."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def with_record(source: Path, target: Path, name: str, content: bytes) -> Path:
    """A copy of an archive with another content of one of its records."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for entry in before.infolist():
            inside = entry.filename.partition("/")[2]
            after.writestr(entry, content if inside == name else before.read(entry))
    return target


class _Part(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images
