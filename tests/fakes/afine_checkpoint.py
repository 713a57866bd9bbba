"""A file with the layout of the published A-FINE weights and the numbers of the golden cases."""

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.golden import recipe

GOLDEN = Path(recipe.__file__).with_name("afine.json")


def layout() -> dict[str, tuple[int, ...]]:
    """Shape of each of the 319 tensors, by full name."""
    return {name: tuple(shape) for name, shape in _golden()["layout"].items()}


def published_tensor(name: str) -> torch.Tensor:
    """One tensor of the file, by full name such as ``natural.mean``."""
    return _draw(name, layout()[name], _golden()["weights"])


def write_published(path: Path) -> None:
    """Write ``afine.pth``: a dict of six state dicts, 610 MB, in some seconds."""
    notes = _golden()["weights"]
    parts: dict[str, OrderedDict[str, torch.Tensor]] = {}
    for name, shape in layout().items():
        part, _, tail = name.partition(".")
        parts.setdefault(part, OrderedDict())[tail] = _draw(name, shape, notes)
    torch.save(parts, path)


def _golden() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text()))


def _draw(name: str, shape: tuple[int, ...], notes: dict[str, Any]) -> torch.Tensor:
    if name in notes["fixed"]:
        return torch.tensor(notes["fixed"][name], dtype=torch.float32).reshape(shape)
    value = recipe.tensor(name, shape, notes["scalars"].get(name, 0.0))
    if name in notes["gains"]["values"]:
        value = value * np.float32(notes["gains"]["values"][name])
    return torch.from_numpy(value)
