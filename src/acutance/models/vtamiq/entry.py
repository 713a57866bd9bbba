"""VTAMIQ in the catalogue: three states of the authors' repository; imports no torch."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.vtamiq import weights
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.types import ScoreInfo
from acutance.weights.record import CheckpointRecord, Layout

SCORE = ScoreInfo(better="lower", low=-math.inf, high=math.inf, usual=(0.0, 1.0))
"""Targets are scaled to [0, 1] in training, 0 where no difference is seen; the output has no bounds."""
PAPER_VIEWS: Mapping[str, Any] = {
    "patches": 1024,
    "centre": 2.0,
    "difference": 5.0,
    "uniform": 0.25,
    "sampler": "independent",
}
"""What differs for ``vtamiq-paper``: 1024 patches in its test, the weights and the sampler of 2021."""
KADIS700K_VIEWS: Mapping[str, Any] = {"patches": 1024}
"""What differs for ``vtamiq-kadis700k``: 1024 patches in its test; weights as of May 2022, the defaults."""


def _entry(
    record: CheckpointRecord,
    config: Mapping[str, Any],
    views: Mapping[str, Any],
    layouts: tuple[Layout, ...],
    scheme: weights.NamingScheme,
    note: str,
) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        title=record.title,
        info=SCORE,
        needs_reference=True,
        paper=record.paper,
        note=(
            f"{note} An image beside itself gives one number for all images, made of the biases "
            "(score_of_identical()); it is neither 0 nor sure to be the lowest."
        ),
        term_names=("spread", "difference"),
        build="acutance.models.vtamiq.model:VTAMIQ",
        config=weights.VTAMIQConfig,
        config_defaults=config,
        options=VTAMIQViews,
        option_defaults=views,
        weights=PublishedWeights(
            record=record,
            layouts=layouts,
            derive=partial(weights.derived_layout, layouts[0].name, config, scheme),
            stored_as=record.name,
            starts=(weights.VIT_NPZ, weights.VIT_TIMM),
            check_start="acutance.models.vtamiq.pretrained:check_start",
        ),
    )


ENTRIES = (
    _entry(
        weights.HEAD_WEIGHTS,
        weights.HEAD,
        {},
        weights.HEAD_LAYOUTS,
        weights.PRESENT,
        "The present default of the authors' repository; no weights of it are published.",
    ),
    _entry(
        weights.PAPER_WEIGHTS,
        weights.PAPER,
        PAPER_VIEWS,
        weights.PAPER_LAYOUTS,
        weights.UNTIL_2022,
        "What the paper describes; no weights of it are published.",
    ),
    _entry(
        weights.KADIS700K_WEIGHTS,
        weights.KADIS700K,
        KADIS700K_VIEWS,
        weights.KADIS700K_LAYOUTS,
        weights.UNTIL_2022,
        "The authors' one announced checkpoint, trained on KADIS-700k.",
    ),
)
