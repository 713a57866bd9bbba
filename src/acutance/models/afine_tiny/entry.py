"""afine-tiny and its no-reference half in the catalogue; imports no torch."""

from acutance.models.afine_tiny import published
from acutance.models.afine_tiny.config import AFINETinyConfig
from acutance.models.entry import ModelEntry, PublishedWeights

_WEIGHTS = PublishedWeights(record=published.WEIGHTS, layouts=(), stored_as="afine-tiny")

ENTRIES = (
    ModelEntry(
        name="afine-tiny",
        title="A-FINE tiny",
        info=published.QUALITY,
        needs_reference=True,
        paper=published.PAPER,
        note="Its weights come with the package. The reference need not be perfect.",
        term_names=published.TERM_NAMES,
        build="acutance.models.afine_tiny.model:AFINETiny",
        config=AFINETinyConfig,
        weights=_WEIGHTS,
    ),
    ModelEntry(
        name="afine-tiny-naturalness",
        title="A-FINE tiny naturalness",
        info=published.QUALITY,
        needs_reference=False,
        paper=published.PAPER,
        note="The no-reference half of afine-tiny, whose weights come with the package.",
        term_names=("raw_naturalness", "naturalness"),
        build="acutance.models.afine_tiny.model:AFINETinyNaturalness",
        config=AFINETinyConfig,
        weights=_WEIGHTS,
    ),
)
