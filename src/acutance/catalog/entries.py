"""The catalogue: every model by name, and the weights of all."""

import os
from pathlib import Path

from acutance.errors import ConfigError, UnknownNameError
from acutance.models.afine import entry as afine
from acutance.models.afine_tiny import entry as afine_tiny
from acutance.models.ahiq import entry as ahiq
from acutance.models.classic import entry as classic
from acutance.models.entry import ModelEntry
from acutance.models.hyperiqa import entry as hyperiqa
from acutance.models.ms_hyperiqa import entry as ms_hyperiqa
from acutance.models.vtamiq import entry as vtamiq
from acutance.weights.record import CheckpointRecord


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


CATALOG: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        *afine.ENTRIES,
        *afine_tiny.ENTRIES,
        ahiq.ENTRY,
        *hyperiqa.ENTRIES,
        ms_hyperiqa.ENTRY,
        *vtamiq.ENTRIES,
        *classic.ENTRIES,
    )
}
"""Every model by name; all names are in lower case."""

GROUPS = {"classic": ("psnr", "ssim", "ms_ssim", "gmsd", "vsi")}
"""Names that stand for several models."""
