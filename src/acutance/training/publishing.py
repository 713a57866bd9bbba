"""Weights in the authors' layouts, so that their code reads what was trained here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acutance.tables.atomic import atomic_write
from acutance.weights.key_table import COUNTER, KeyTable


def foreign_tensors(keys: KeyTable, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under foreign names: a key table read backwards.

    Args:
        keys: Own name by foreign name; batch norm's counters, dropped when reading, are found beside their norms.
        own: Tensors by own names.
    """
    renamed: dict[str, Tensor] = {}
    for foreign, name in keys.names.items():
        if name is not None:
            renamed[foreign] = own[name].detach().cpu().clone()
        elif foreign.endswith(COUNTER):
            beside = keys.names[foreign.removesuffix(COUNTER) + "running_mean"]
            if beside is not None:
                renamed[foreign] = own[beside.removesuffix("running_mean") + COUNTER].detach().cpu().clone()
    return renamed


def write_pickle(path: Path, keys: KeyTable, own: Mapping[str, Tensor], *, under: str | None = None) -> Path:
    """Write tensors in a foreign layout with ``torch.save``, whole or not at all.

    Args:
        path: Where to.
        keys: Of the layout.
        own: Tensors by own names.
        under: Key of the dictionary that the file holds them under, if it does.

    Returns:
        The path.
    """
    tensors: dict[str, Any] = foreign_tensors(keys, own)
    with atomic_write(path) as temporary:
        torch.save({under: tensors} if under else tensors, temporary)
    return path
