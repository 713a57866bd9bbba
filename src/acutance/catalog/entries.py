"""The catalogue, written by hand: how each model is built, what its score means, which weights it loads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from acutance.checkpoints.layout import Layout
from acutance.checkpoints.record import CheckpointRecord
from acutance.errors import ConfigError, UnknownNameError
from acutance.models.afine import published as afine
from acutance.models.classic import published as classic
from acutance.models.options import Options
from acutance.score_info import ScoreInfo

if TYPE_CHECKING:  # listing models must not load torch
    from acutance.models.quality_model import QualityModel


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """Weights as their authors published them, and how they become ours."""

    record: CheckpointRecord
    """Where they are."""
    layouts: tuple[Layout, ...]
    """How files of them may be laid out."""
    stored_as: str
    """Name of the model in a converted file; several models may read one file."""


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
    weights: PublishedWeights | None = None
    """Its published weights, if it has any."""

    @property
    def licence(self) -> str:
        """Whether the weights may be used commercially."""
        return self.weights.record.licence if self.weights else "no weights"


def list_models() -> list[ModelEntry]:
    """Every model there is, sorted by name.

    Example:
        >>> [entry.name for entry in list_models()][:3]
        ['afine', 'afine-naturalness', 'dss']
    """
    return [CATALOG[name] for name in sorted(CATALOG)]


def find_model(name: str) -> ModelEntry:
    """The entry of a model.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    if name not in CATALOG:
        raise UnknownNameError("model", name, CATALOG)
    return CATALOG[name]


def list_records() -> dict[str, CheckpointRecord]:
    """Every file of weights there is, those of trunks too, by name."""
    records: dict[str, CheckpointRecord] = {}
    for entry in list_models():
        if entry.weights is not None:
            records.setdefault(entry.weights.record.name, entry.weights.record)
            for layout in entry.weights.layouts:
                records |= {trunk.record.name: trunk.record for trunk in layout.trunks}
    return dict(sorted(records.items()))


def find_record(name: str) -> CheckpointRecord:
    """A file of weights by name.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    records = list_records()
    if name not in records:
        raise UnknownNameError("set of weights", name, records)
    return records[name]


def weights_of(entry: ModelEntry) -> PublishedWeights:
    """The weights of a model.

    Raises:
        ConfigError: It has none.
    """
    if entry.weights is None:
        raise ConfigError(f"Expected a model with weights, got {entry.name}, which has none. Choose another.")
    return entry.weights


def _build_afine() -> "QualityModel":
    from acutance.models.afine.model import AFINE

    return AFINE()


def _build_afine_naturalness() -> "QualityModel":
    from acutance.models.afine.model import AFINENaturalness

    return AFINENaturalness()


def _build_classic(name: str, **options: Any) -> "QualityModel":  # noqa: ANN401 (checked by the options' model)
    from acutance.models.classic.metrics import build

    return build(name, **options)


def _classic_entry(record: classic.ClassicRecord) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        title=record.title,
        info=record.info,
        needs_reference=True,
        paper=record.paper,
        note=record.matlab,
        options=record.options,
        build=partial(_build_classic, record.name),
    )


_AFINE = ModelEntry(
    name="afine",
    title="A-FINE",
    info=afine.AFINE_SCORE,
    needs_reference=True,
    paper=afine.AFINE.paper,
    note="The reference need not be perfect, and which of the two is the reference matters.",
    term_names=(
        "raw_naturalness",
        "raw_reference_naturalness",
        "naturalness",
        "reference_naturalness",
        "raw_fidelity",
        "fidelity",
        "adaptive",
    ),
    build=_build_afine,
    weights=PublishedWeights(record=afine.AFINE, layouts=(afine.AFINE_LAYOUT,), stored_as="afine"),
)

_AFINE_NATURALNESS = ModelEntry(
    name="afine-naturalness",
    title="A-FINE naturalness",
    info=afine.NATURALNESS_SCORE,
    needs_reference=False,
    paper=afine.AFINE.paper,
    note="The no-reference half of A-FINE: one picture, one pass of its encoder.",
    term_names=("raw_naturalness", "naturalness"),
    build=_build_afine_naturalness,
    weights=PublishedWeights(record=afine.AFINE, layouts=(afine.NATURALNESS_LAYOUT,), stored_as="afine"),
)

CATALOG: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        _AFINE,
        _AFINE_NATURALNESS,
        *(_classic_entry(record) for record in classic.CLASSIC.values()),
    )
}
"""Every model by name."""
