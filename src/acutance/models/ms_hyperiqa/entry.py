"""MS-HyperIQA in the catalogue; imports no torch."""

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.hyperiqa.published import STARTS
from acutance.models.ms_hyperiqa import published
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews

ENTRY = ModelEntry(
    name="ms_hyperiqa",
    title="MS-HyperIQA",
    info=published.MS_HYPERIQA_SCORE,
    needs_reference=False,
    paper=published.MS_HYPERIQA.paper,
    note="No weights are published: it takes its own trainings, and best_model.pkl of the reference code.",
    build="acutance.models.ms_hyperiqa.model:MSHyperIQA",
    config="acutance.models.ms_hyperiqa.model:MSHyperIQAConfig",
    options=MSHyperIQAViews,
    weights=PublishedWeights(
        record=published.MS_HYPERIQA,
        layouts=published.LAYOUTS,
        stored_as="ms_hyperiqa",
        starts=STARTS,
        check_start="acutance.layers.resnet:check_resnet50",
    ),
)
