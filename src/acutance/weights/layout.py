"""Ways in which the weights of one model are filed: names, configuration, what the file leaves out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.weights.key_table import KeyTable
from acutance.weights.record import CheckpointRecord

if TYPE_CHECKING:  # the catalogue reads layouts, and `acutance --help` must not load torch
    from torch import Tensor

STATE_DICTS = ("state_dict", "model_state_dict", "model", "net")
"""What training programs call the entry of a file that holds the tensors, where it holds more than these."""
Tensors = Mapping[str, "Tensor"]
Prepare = Callable[[Tensors], "dict[str, Tensor]"]


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """Weights that a checkpoint does not carry and that are published on their own."""

    record: CheckpointRecord
    """Where they are."""
    keys: KeyTable
    """Own name, or ``None`` for what is not used, of every tensor of that file."""
    prepare: Prepare | None = None
    """Brings tensors into shape before they are renamed, such as transposing kernels."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of several files that are the weights of a model together, after reading."""

    name: str
    """What the file is called where it is released."""
    path: Path | None
    """The file; ``None`` for values that stand in for a file that is not there."""
    keys: KeyTable
    """Own name, or ``None`` for what is dropped on purpose, of every tensor of the file."""
    tensors: Tensors = field(repr=False)
    """Its tensors by their names there."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way in which the weights of a model are filed."""

    name: str
    """Whose way it is, such as ``"official"``."""
    keys: KeyTable
    """Own name, or ``None`` for what is dropped on purpose, of every tensor of the file."""
    config: Mapping[str, object] = field(default_factory=dict)
    """What a model is built with for weights filed so, as plain JSON values."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """Own name of what is dropped unless a model was built to use it."""
    bookkeeping: tuple[str, ...] = ()
    """Entries at the top of the file that are no weights, such as ``"epoch"``: passed over unread."""
    wrappers: tuple[str, ...] = ()
    """Entries at the top of the file that may hold all the tensors, such as ``"state_dict"``."""
    trunks: tuple[Trunk, ...] = ()
    """What the file leaves out."""
    prepare: Prepare | None = None
    """Brings tensors into shape before they are renamed; raises ``CheckpointError`` if they cannot be right."""
