"""AHIQ in the catalogue; imports no torch."""

from acutance.models.ahiq import published
from acutance.models.ahiq.preprocess import AHIQViews
from acutance.models.ahiq.weights import AHIQConfig
from acutance.models.entry import ModelEntry, PublishedWeights

ENTRY = ModelEntry(
    name="ahiq",
    title="AHIQ",
    info=published.AHIQ_SCORE,
    needs_reference=True,
    paper=published.AHIQ.paper,
    note=published.NOTE,
    term_names=published.TERM_NAMES,
    build="acutance.models.ahiq.model:AHIQ",
    config=AHIQConfig,
    options=AHIQViews,
    weights=PublishedWeights(record=published.AHIQ, layouts=published.LAYOUTS, stored_as="ahiq"),
)
