"""What the catalogue says of a model: how it is built, what its score means, which weights it loads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import ConfigError
from acutance.models.options import Options
from acutance.types import ScoreInfo
from acutance.weights.layout import Layout, Part
from acutance.weights.record import CheckpointRecord

if TYPE_CHECKING:  # listing models must not load torch
    from acutance.models.quality_model import QualityModel

Shape = tuple[int, ...]
"""Of a tensor."""


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """Weights as their authors published them, and how they become ours."""

    record: CheckpointRecord
    """Where they are."""
    layouts: tuple[Layout, ...]
    """How files of them may be laid out."""
    stored_as: str
    """Name of the model in a converted file; several models may read one file."""
    derive: Callable[[Mapping[str, Shape]], Layout | None] | None = None
    """The layout of a file by names and shapes of its tensors, where authors can build networks of many sizes;
    ``None`` where it is no such file, which the nearest of ``layouts`` then refuses."""
    read_parts: Callable[[Sequence[Path]], list[Part]] | None = None
    """Reads them from the folders, or the single files, of a training in stages, where that leaves several files."""
    starts: tuple[CheckpointRecord, ...] = ()
    """Files that a training may start its trunk from; scoring needs none of them."""
    anchor: float | None = None
    """Score that the published file gives the pair of ``anchor_pair``, where somebody has stated it."""


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of the catalogue."""

    name: str
    """The name to load it by."""
    title: str
    """The name papers use."""
    info: ScoreInfo
    """How to read its score."""
    needs_reference: bool
    """Whether it compares with a reference (full-reference) or not (no-reference)."""
    paper: str
    """What to cite."""
    build: "Callable[..., QualityModel]"
    """Makes the model with random weights; takes ``config``, what weights ask for, and the model's options."""
    note: str = ""
    """How near it is to the authors' code, and what else to know."""
    term_names: tuple[str, ...] = ()
    """The parts of its score, beside the score itself."""
    options: Options | None = None
    """What each option may be, the default first."""
    option_protocols: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which protocols look at an option, where not all do."""
    weights: PublishedWeights | None = None
    """Its published weights, if it has any."""

    @property
    def licence(self) -> str:
        """Whether the weights may be used commercially."""
        return self.weights.record.licence if self.weights else "no weights"


def weights_of(entry: ModelEntry) -> PublishedWeights:
    """The weights of a model.

    Raises:
        ConfigError: It has none.
    """
    if entry.weights is None:
        raise ConfigError(f"Expected a model with weights, got {entry.name}, which has none. Choose another.")
    return entry.weights
