"""HyperIQA in the catalogue, with the authors' weights and with PyIQA's; imports no torch."""

import math
from dataclasses import replace

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.hyperiqa import weights
from acutance.models.hyperiqa.preprocess import HyperIQAViews
from acutance.types import ScoreInfo

SCORE = ScoreInfo(better="higher", low=-math.inf, high=math.inf, usual=(0.0, 100.0))
"""Mean opinion scores of KonIQ-10k lie in 0..100."""

HYPERIQA = ModelEntry(
    name="hyperiqa",
    title="HyperIQA",
    info=SCORE,
    needs_reference=False,
    paper=weights.PAPER,
    note="The authors' weights, trained on KonIQ-10k. They have no bounds: a score may leave 0 to 100.",
    build="acutance.models.hyperiqa.model:HyperIQA",
    config=weights.HyperIQAConfig,
    options=HyperIQAViews,
    weights=PublishedWeights(
        record=weights.HYPERIQA,
        layouts=weights.LAYOUTS,
        stored_as="hyperiqa",
        starts=weights.STARTS,
        check_start="acutance.layers.resnet:check_resnet50",
    ),
)
HYPERIQA_PYIQA = replace(
    HYPERIQA,
    name="hyperiqa-pyiqa",
    title="HyperIQA (PyIQA)",
    note="PyIQA's training on KonIQ-10k, whose scores are not those of the authors' weights; here times 100.",
    weights=PublishedWeights(record=weights.HYPERIQA_PYIQA, layouts=weights.LAYOUTS, stored_as="hyperiqa"),
)
ENTRIES = (HYPERIQA, HYPERIQA_PYIQA)
