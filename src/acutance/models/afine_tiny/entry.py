"""afine-tiny and its no-reference half in the catalogue, and its sizes; imports no torch."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.types import ScoreInfo
from acutance.weights.record import CheckpointRecord

Count = Annotated[int, Field(ge=1)]
Stages = tuple[Count, Count, Count, Count]


class AFINETinyConfig(BaseModel):
    """How large the two backbones and the head are, and how small the whole image is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem: Count = 24
    """Channels of the first convolution of each backbone."""
    channels: Stages = (32, 64, 128, 224)
    """Channels of the four stages of each backbone."""
    blocks: Stages = (1, 2, 2, 2)
    """Blocks of each stage."""
    directions: int = Field(default=0, ge=0)
    """Directions of its inputs that the naturalness head sees; 0 for all of them."""
    hidden: Count = 128
    """Width of the naturalness head."""
    layers: Count = 1
    """Of that width, one after the other."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the head's inputs that are left out in training."""
    damage_hidden: Count = 128
    """Width of the damage head."""
    damage_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of its inputs that are left out in training."""
    whole_side: int = Field(default=256, ge=32)
    """Side in pixels of the square that has the area of the small copy of the whole image."""


PAPER = (
    "Of this project; its shape is that of A-FINE: Chen, Wu, Ma, Zhang: Toward Generalized Image Quality Assessment, "
    "CVPR 2025, arXiv 2503.11221"
)
QUALITY = ScoreInfo(better="higher", low=0.0, high=100.0)
"""Of both scores."""
WEIGHTS = CheckpointRecord(
    name="afine-tiny",
    title="A-FINE tiny",
    repository=None,
    filename="afine-tiny.safetensors",
    packaged=True,
    origin="Install acutance again",
    licence=(
        "Apache-2.0 as this package; trained on BIQ2021, whose licence is not stated with the data; commercial use: "
        "unknown, ask its authors first."
    ),
    paper=PAPER,
    note="In the package; nothing is downloaded.",
)
TERM_NAMES = (
    "raw_naturalness",
    "raw_reference_naturalness",
    "naturalness",
    "reference_naturalness",
    "raw_damage",
    "raw_reference_damage",
    "damage",
    "reference_damage",
    "raw_fidelity",
    "fidelity",
    "adaptive",
)
"""Of a pair, beside the score."""


_WEIGHTS = PublishedWeights(record=WEIGHTS, layouts=(), stored_as="afine-tiny")

ENTRIES = (
    ModelEntry(
        name="afine-tiny",
        title="A-FINE tiny",
        info=QUALITY,
        needs_reference=True,
        paper=PAPER,
        note="Its weights come with the package. The reference need not be perfect.",
        term_names=TERM_NAMES,
        terms_better="lower",
        build="acutance.models.afine_tiny.model:AFINETiny",
        config=AFINETinyConfig,
        weights=_WEIGHTS,
    ),
    ModelEntry(
        name="afine-tiny-naturalness",
        title="A-FINE tiny naturalness",
        info=QUALITY,
        needs_reference=False,
        paper=PAPER,
        note="The no-reference half of afine-tiny, whose weights come with the package.",
        term_names=("raw_naturalness", "naturalness"),
        terms_better="lower",
        build="acutance.models.afine_tiny.model:AFINETinyNaturalness",
        config=AFINETinyConfig,
        weights=_WEIGHTS,
    ),
)
