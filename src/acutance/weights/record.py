"""What is known of published weights: where they are, how their files are laid out, what these leave out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from acutance.weights.key_table import KeyTable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointRecord:
    """Where weights come from, how to know them again, and what may be done with them.

    Example:
        >>> record = CheckpointRecord(
        ...     name="tiny", title="Tiny", repository="someone/weights", filename="tiny.pth",
        ...     licence="Apache-2.0, commercial use: yes.", paper="Nobody, 2025",
        ... )
        >>> record.sha256 is None
        True
    """

    name: str
    """Name in the catalogue and on the command line, such as ``"afine"``."""
    former_name: str = ""
    """Its name in acutance 0.1, which still works, where that was another."""
    title: str
    """Name as the paper spells it."""
    repository: str | None
    """Hugging Face repository, ``owner/name``; ``None`` if the file is not there."""
    filename: str
    """Path of the file in that repository, or its published name."""
    local_name: str | None = None
    """What the file is called in a folder of weights, where its published name says too little."""
    origin: str | None = None
    """How to come by a file that is in no repository, as what to do: ``"Download it from ..."``."""
    size_bytes: int | None = None
    """Rough size in bytes, for messages; what is checked is the hub's own size and the sha256."""
    sha256: str | None = None
    """Digest of the file as 64 lower-case hex digits; ``None`` if nobody has stated it yet."""
    licence: str
    """One sentence: the licence of the weights, and whether commercial use is allowed."""
    paper: str
    """Authors, venue, year and number of the paper."""
    published: bool = True
    """Whether it is one file for everybody; ``False`` where each user trains a file of that name."""
    trained_on: tuple[str, ...] | None = None
    """Datasets that they were trained with, by their names in the catalogue of datasets; ``None`` where nobody says."""
    is_backbone: bool = False
    """Whether it is a part of models, which are not loaded from it alone."""
    packaged: bool = False
    """Whether the file comes with the package."""
    note: str = ""
    """Anything else a user should know before downloading."""

    @property
    def local_filename(self) -> str:
        """What the file is called in a folder of weights."""
        return self.local_name or self.filename

    @property
    def got_by(self) -> Literal["fetch", "hand", "package"]:
        """How it comes onto a machine: by ``acutance weights fetch``, by hand, or with the package."""
        if self.packaged:
            return "package"
        return "fetch" if self.repository else "hand"

    @property
    def commercial_use(self) -> str:
        """What ``licence`` says of it in one word: yes, no, ask or unknown."""
        said = re.search("ommercial use: (yes|no|ask)", self.licence)
        return said[1] if said else "unknown"

    @property
    def source(self) -> str:
        """Where the file is, for lists and errors."""
        if self.packaged:
            return f"in the package: {self.filename}"
        return f"{self.repository}: {self.filename}" if self.repository else f"elsewhere: {self.filename}"


STATE_DICTS = ("state_dict", "model_state_dict", "model", "net")
"""What training programs call the entry of a file that holds the tensors, where it holds more than these."""
Tensors = Mapping[str, "Tensor"]
Prepare = Callable[[Tensors], "dict[str, Tensor]"]


@dataclass(frozen=True, kw_only=True)
class Backbone:
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
    backbones: tuple[Backbone, ...] = ()
    """What the file leaves out."""
    prepare: Prepare | None = None
    """Brings tensors into shape before they are renamed; raises ``CheckpointError`` if they cannot be right."""
