"""The catalogue, written by hand: how each model is built, what its score means, which weights it loads."""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from acutance.catalog import builders
from acutance.catalog.entry import ModelEntry, PublishedWeights
from acutance.errors import ConfigError, UnknownNameError
from acutance.models.afine import published as afine
from acutance.models.afine.stage_files import read_fidelity, read_naturalness, read_stages
from acutance.models.afine_tiny import published as afine_tiny
from acutance.models.ahiq import published as ahiq
from acutance.models.classic import published as classic
from acutance.models.hyperiqa import published as hyperiqa
from acutance.models.ms_hyperiqa import published as ms_hyperiqa
from acutance.models.options import Options
from acutance.models.vtamiq import published as vtamiq
from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, NamingScheme
from acutance.weights.layout import Layout
from acutance.weights.record import CheckpointRecord

Settings = Mapping[str, Any]
"""Fields of a configuration or of views that differ from their defaults."""


def list_models() -> list[ModelEntry]:
    """Every model there is, sorted by name.

    Example:
        >>> [entry.name for entry in list_models()][:3]
        ['afine', 'afine-fidelity', 'afine-naturalness']
    """
    return [CATALOG[name] for name in sorted(CATALOG)]


def find_model(name: str) -> ModelEntry:
    """The entry of a model; its name may be written in any case.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
        ConfigError: The name of a group of models, or a path.

    Example:
        >>> find_model("PSNR").name
        'psnr'
    """
    known = catalogue_name(name)
    if known in CATALOG:
        return CATALOG[known]
    if known in GROUPS:
        raise ConfigError(f"Expected one model, got {name!r}, which stands for {', '.join(GROUPS[known])}. Choose one.")
    if "," in name and len(names := model_names(name)) > 1:
        raise ConfigError(f"Expected one model, got {len(names)}: {', '.join(names)}. Choose one.")
    if Path(name).name != name or os.path.lexists(name):
        got = "a folder without such weights" if Path(name).is_dir() else "a file" if Path(name).exists() else "nothing"
        raise ConfigError(
            f"Expected the name of a model or the folder of a training at {name}, got {got} there. Name another; a "
            "file of weights is given beside the name of its model (--weights, weights=)."
        )
    raise UnknownNameError("model", name, (*CATALOG, *GROUPS), listed_by="acutance models")


def catalogue_name(name: str) -> str:
    """The name of a model or a group as the catalogue writes it; a name that it does not know stays as it is.

    Example:
        >>> catalogue_name("SSIM"), catalogue_name("ms-ssim"), catalogue_name("Classic"), catalogue_name("runs/Small")
        ('ssim', 'ms_ssim', 'classic', 'runs/Small')
    """
    lowered = name.lower()
    spellings = (lowered, lowered.replace("-", "_"), lowered.replace("_", "-"))
    return next((known for known in spellings if known in CATALOG or known in GROUPS), name)


def model_names(text: str) -> list[str]:
    """Names of models and folders of trainings between commas; a folder may have commas in its own name.

    Raises:
        ConfigError: There is none.

    Example:
        >>> model_names("psnr, SSIM,runs/small")
        ['psnr', 'SSIM', 'runs/small']
    """
    names = (
        [text] if "," in text and Path(text).is_dir() else [name.strip() for name in text.split(",") if name.strip()]
    )
    if not names:
        raise ConfigError(f"Expected the name of a model, got {text!r}. The models are listed by: acutance models")
    return names


def list_records() -> dict[str, CheckpointRecord]:
    """Every file of weights there is, those of trunks too, by name."""
    records: dict[str, CheckpointRecord] = {}
    for entry in list_models():
        if entry.weights is not None:
            records.setdefault(entry.weights.record.name, entry.weights.record)
            trunks = [trunk.record for layout in entry.weights.layouts for trunk in layout.trunks]
            records |= {record.name: record for record in (*trunks, *entry.weights.starts)}
    return dict(sorted(records.items()))


def find_record(name: str) -> CheckpointRecord:
    """A file of weights by name.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    records = list_records()
    name = name if name in records else catalogue_name(name)
    if name not in records:
        raise UnknownNameError("set of weights", name, records)
    return records[name]


def records_of(name: str) -> list[CheckpointRecord]:
    """The file of weights of that name, and the trunks that it needs beside it.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    record = find_record(name)
    name = record.name
    layouts = [
        layout
        for entry in list_models()
        if entry.weights is not None and entry.weights.record.name == name
        for layout in entry.weights.layouts[:1]
    ]
    trunks = {trunk.record.name: trunk.record for layout in layouts for trunk in layout.trunks}
    return [record, *trunks.values()]


def _classic_entry(record: classic.ClassicRecord) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        title=record.title,
        info=record.info,
        needs_reference=True,
        paper=record.paper,
        note=record.matlab,
        options=record.options,
        build=partial(builders.build_classic, record.name),
    )


_AFINE = ModelEntry(
    name="afine",
    title="A-FINE",
    info=afine.AFINE_SCORE,
    needs_reference=True,
    paper=afine.AFINE.paper,
    note="The reference need not be perfect, and which of the two is the reference matters.",
    term_names=(
        "raw_naturalness",
        "raw_reference_naturalness",
        "naturalness",
        "reference_naturalness",
        "raw_fidelity",
        "fidelity",
        "adaptive",
    ),
    options=afine.OPTIONS,
    build=builders.build_afine,
    weights=PublishedWeights(
        record=afine.AFINE,
        layouts=(afine.AFINE_LAYOUT,),
        stored_as="afine",
        anchor=afine.PUBLISHED_ANCHOR,
        read_parts=read_stages,
        starts=(afine.CLIP_ARCHIVE, afine.CLIP_TIMM),
    ),
)

_AFINE_NATURALNESS = ModelEntry(
    name="afine-naturalness",
    title="A-FINE naturalness",
    info=afine.NATURALNESS_SCORE,
    needs_reference=False,
    paper=afine.AFINE.paper,
    note="The no-reference half of A-FINE: one picture, one pass of its encoder.",
    term_names=("raw_naturalness", "naturalness"),
    options=afine.NATURALNESS_OPTIONS,
    build=builders.build_afine_naturalness,
    weights=PublishedWeights(
        record=afine.AFINE, layouts=(afine.NATURALNESS_LAYOUT,), stored_as="afine", read_parts=read_naturalness
    ),
)

_AFINE_FIDELITY = ModelEntry(
    name="afine-fidelity",
    title="A-FINE fidelity",
    info=afine.FIDELITY_SCORE,
    needs_reference=True,
    paper=afine.AFINE.paper,
    note="The half of A-FINE that compares: 0 for equal pictures before it is calibrated, symmetric.",
    term_names=("raw_fidelity", "fidelity"),
    options=afine.FIDELITY_OPTIONS,
    build=builders.build_afine_fidelity,
    weights=PublishedWeights(
        record=afine.AFINE, layouts=(afine.FIDELITY_LAYOUT,), stored_as="afine", read_parts=read_fidelity
    ),
)

_AFINE_TINY = ModelEntry(
    name="afine-tiny",
    title="A-FINE tiny",
    info=afine_tiny.QUALITY,
    needs_reference=True,
    paper=afine_tiny.PAPER,
    note="Its weights come with the package. The reference need not be perfect.",
    term_names=afine_tiny.TERM_NAMES,
    build=builders.build_afine_tiny,
    weights=PublishedWeights(record=afine_tiny.WEIGHTS, layouts=(), stored_as="afine-tiny"),
)

_AFINE_TINY_NATURALNESS = ModelEntry(
    name="afine-tiny-naturalness",
    title="A-FINE tiny naturalness",
    info=afine_tiny.QUALITY,
    needs_reference=False,
    paper=afine_tiny.PAPER,
    note="The no-reference half of afine-tiny, whose weights come with the package.",
    term_names=_AFINE_NATURALNESS.term_names,
    build=builders.build_afine_tiny_naturalness,
    weights=PublishedWeights(record=afine_tiny.WEIGHTS, layouts=(), stored_as="afine-tiny"),
)

_AHIQ = ModelEntry(
    name="ahiq",
    title="AHIQ",
    info=ahiq.AHIQ_SCORE,
    needs_reference=True,
    paper=ahiq.AHIQ.paper,
    note=ahiq.NOTE,
    term_names=ahiq.TERM_NAMES,
    options=ahiq.OPTIONS,
    option_protocols=ahiq.OPTION_PROTOCOLS,
    build=builders.build_ahiq,
    weights=PublishedWeights(record=ahiq.AHIQ, layouts=ahiq.LAYOUTS, stored_as="ahiq"),
)

_HYPERIQA = ModelEntry(
    name="hyperiqa",
    title="HyperIQA",
    info=hyperiqa.HYPERIQA_SCORE,
    needs_reference=False,
    paper=hyperiqa.PAPER,
    note="The authors' weights, trained on KonIQ-10k. They have no bounds: a score may leave 0 to 100.",
    options=hyperiqa.OPTIONS,
    option_protocols=hyperiqa.OPTION_PROTOCOLS,
    build=builders.build_hyperiqa,
    weights=PublishedWeights(
        record=hyperiqa.HYPERIQA, layouts=hyperiqa.LAYOUTS, stored_as="hyperiqa", starts=hyperiqa.STARTS
    ),
)

_HYPERIQA_PYIQA = replace(
    _HYPERIQA,
    name="hyperiqa.pyiqa",
    title="HyperIQA (PyIQA)",
    note="PyIQA's training on KonIQ-10k, whose scores are not those of the authors' weights; here times 100.",
    weights=PublishedWeights(record=hyperiqa.HYPERIQA_PYIQA, layouts=hyperiqa.LAYOUTS, stored_as="hyperiqa"),
)

_MS_HYPERIQA = ModelEntry(
    name="ms_hyperiqa",
    title="MS-HyperIQA",
    info=ms_hyperiqa.MS_HYPERIQA_SCORE,
    needs_reference=False,
    paper=ms_hyperiqa.MS_HYPERIQA.paper,
    note="No weights are published: it takes its own trainings, and best_model.pkl of the reference code.",
    options=ms_hyperiqa.OPTIONS,
    option_protocols=ms_hyperiqa.OPTION_PROTOCOLS,
    build=builders.build_ms_hyperiqa,
    weights=PublishedWeights(
        record=ms_hyperiqa.MS_HYPERIQA,
        layouts=ms_hyperiqa.LAYOUTS,
        stored_as="ms_hyperiqa",
        starts=hyperiqa.STARTS,
    ),
)


def _vtamiq_entry(
    record: CheckpointRecord,
    config: Settings,
    views: Settings,
    layouts: tuple[Layout, ...],
    scheme: NamingScheme,
    options: Options,
    note: str,
) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        title=record.title,
        info=vtamiq.SCORE,
        needs_reference=True,
        paper=record.paper,
        note=f"{note} {vtamiq.IDENTICAL_NOTE}",
        term_names=vtamiq.TERM_NAMES,
        options=options,
        option_protocols=vtamiq.OPTION_PROTOCOLS,
        build=partial(builders.build_vtamiq, config, views),
        weights=PublishedWeights(
            record=record,
            layouts=layouts,
            derive=partial(vtamiq.derived_layout, layouts[0].name, config, scheme),
            stored_as=record.name,
            starts=(vtamiq.VIT_NPZ, vtamiq.VIT_TIMM),
        ),
    )


_VTAMIQ = (
    _vtamiq_entry(
        vtamiq.HEAD_WEIGHTS,
        vtamiq.HEAD,
        vtamiq.HEAD_VIEWS,
        vtamiq.HEAD_LAYOUTS,
        PRESENT,
        vtamiq.HEAD_OPTIONS,
        "The present default of the authors' repository; no weights are published.",
    ),
    _vtamiq_entry(
        vtamiq.PAPER_WEIGHTS,
        vtamiq.PAPER,
        vtamiq.PAPER_VIEWS,
        vtamiq.PAPER_LAYOUTS,
        UNTIL_2022,
        vtamiq.PAPER_OPTIONS,
        "What the paper describes; no weights are published.",
    ),
    _vtamiq_entry(
        vtamiq.KADIS700K_WEIGHTS,
        vtamiq.KADIS700K,
        vtamiq.KADIS700K_VIEWS,
        vtamiq.KADIS700K_LAYOUTS,
        UNTIL_2022,
        vtamiq.KADIS700K_OPTIONS,
        "The authors' one announced checkpoint, trained on KADIS-700k.",
    ),
)

CATALOG: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        _AFINE,
        _AFINE_NATURALNESS,
        _AFINE_FIDELITY,
        _AFINE_TINY,
        _AFINE_TINY_NATURALNESS,
        _AHIQ,
        _HYPERIQA,
        _HYPERIQA_PYIQA,
        _MS_HYPERIQA,
        *_VTAMIQ,
        *(_classic_entry(record) for record in classic.CLASSIC.values()),
    )
}
"""Every model by name; all names are in lower case."""

GROUPS = {"classic": ("psnr", "ssim", "ms_ssim", "gmsd", "vsi")}
"""Names that stand for several models."""
