"""VTAMIQ in the catalogue: three states of the authors' repository; imports no torch."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from acutance.models.entry import ModelEntry, PublishedWeights
from acutance.models.vtamiq import published
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, NamingScheme, VTAMIQConfig
from acutance.weights.record import CheckpointRecord, Layout


def _entry(
    record: CheckpointRecord,
    config: Mapping[str, Any],
    views: Mapping[str, Any],
    layouts: tuple[Layout, ...],
    scheme: NamingScheme,
    note: str,
) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        title=record.title,
        info=published.SCORE,
        needs_reference=True,
        paper=record.paper,
        note=f"{note} {published.IDENTICAL_NOTE}",
        term_names=published.TERM_NAMES,
        build="acutance.models.vtamiq.model:VTAMIQ",
        config=VTAMIQConfig,
        config_defaults=config,
        options=VTAMIQViews,
        option_defaults=views,
        weights=PublishedWeights(
            record=record,
            layouts=layouts,
            derive=partial(published.derived_layout, layouts[0].name, config, scheme),
            stored_as=record.name,
            starts=(published.VIT_NPZ, published.VIT_TIMM),
            check_start="acutance.models.vtamiq.pretrained:check_start",
        ),
    )


ENTRIES = (
    _entry(
        published.HEAD_WEIGHTS,
        published.HEAD,
        published.HEAD_VIEWS,
        published.HEAD_LAYOUTS,
        PRESENT,
        "The present default of the authors' repository; no weights are published.",
    ),
    _entry(
        published.PAPER_WEIGHTS,
        published.PAPER,
        published.PAPER_VIEWS,
        published.PAPER_LAYOUTS,
        UNTIL_2022,
        "What the paper describes; no weights are published.",
    ),
    _entry(
        published.KADIS700K_WEIGHTS,
        published.KADIS700K,
        published.KADIS700K_VIEWS,
        published.KADIS700K_LAYOUTS,
        UNTIL_2022,
        "The authors' one announced checkpoint, trained on KADIS-700k.",
    ),
)
