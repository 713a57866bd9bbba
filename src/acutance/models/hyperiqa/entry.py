"""HyperIQA in the catalogue, with the authors' weights and with PyIQA's; imports no torch."""

from dataclasses import replace

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.hyperiqa import published
from acutance.models.hyperiqa.preprocess import HyperIQAViews

HYPERIQA = ModelEntry(
    name="hyperiqa",
    title="HyperIQA",
    info=published.HYPERIQA_SCORE,
    needs_reference=False,
    paper=published.PAPER,
    note="The authors' weights, trained on KonIQ-10k. They have no bounds: a score may leave 0 to 100.",
    build="acutance.models.hyperiqa.model:HyperIQA",
    config="acutance.models.hyperiqa.model:HyperIQAConfig",
    options=HyperIQAViews,
    weights=PublishedWeights(
        record=published.HYPERIQA,
        layouts=published.LAYOUTS,
        stored_as="hyperiqa",
        starts=published.STARTS,
        check_start="acutance.layers.resnet:check_resnet50",
    ),
)
HYPERIQA_PYIQA = replace(
    HYPERIQA,
    name="hyperiqa.pyiqa",
    title="HyperIQA (PyIQA)",
    note="PyIQA's training on KonIQ-10k, whose scores are not those of the authors' weights; here times 100.",
    weights=PublishedWeights(record=published.HYPERIQA_PYIQA, layouts=published.LAYOUTS, stored_as="hyperiqa"),
)
ENTRIES = (HYPERIQA, HYPERIQA_PYIQA)
