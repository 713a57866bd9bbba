"""MS-HyperIQA in the catalogue; imports no torch."""

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.hyperiqa.entry import SCORE
from acutance.models.hyperiqa.weights import STARTS
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews
from acutance.models.ms_hyperiqa.weights import LAYOUTS, MS_HYPERIQA, MSHyperIQAConfig

ENTRY = ModelEntry(
    name="ms_hyperiqa",
    title="MS-HyperIQA",
    info=SCORE,
    needs_reference=False,
    paper=MS_HYPERIQA.paper,
    note="No weights are published: it takes its own trainings, and best_model.pkl of the reference code.",
    build="acutance.models.ms_hyperiqa.model:MSHyperIQA",
    config=MSHyperIQAConfig,
    options=MSHyperIQAViews,
    weights=PublishedWeights(
        record=MS_HYPERIQA,
        layouts=LAYOUTS,
        stored_as="ms_hyperiqa",
        starts=STARTS,
        check_start="acutance.layers.resnet:check_resnet50",
    ),
)
