"""AHIQ in the catalogue; imports no torch."""

import math

from acutance.models.ahiq.preprocess import AHIQViews
from acutance.models.ahiq.weights import AHIQ, LAYOUTS, AHIQConfig
from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.types import ScoreInfo

ENTRY = ModelEntry(
    name="ahiq",
    title="AHIQ",
    info=ScoreInfo(better="higher", low=-math.inf, high=math.inf, usual=(0.0, 1.0)),  # opinions were stretched to 0..1
    needs_reference=True,
    paper=AHIQ.paper,
    note=(
        "Rates an image beside its reference, and which of the two is the reference matters. An image beside itself "
        "is rated like any other pair: its score depends on the image, is no fixed value and need not be the highest."
    ),
    term_names=("lowest_crop", "highest_crop"),
    build="acutance.models.ahiq.model:AHIQ",
    config=AHIQConfig,
    options=AHIQViews,
    weights=PublishedWeights(record=AHIQ, layouts=LAYOUTS, stored_as="ahiq"),
)
