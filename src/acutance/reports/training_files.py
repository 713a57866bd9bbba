"""What a training wrote down after each epoch: JSON of MS-HyperIQA's layout, lists, JSON lines or CSV."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acutance.errors import ConfigError, UnknownNameError
from acutance.reports.layout import labels_of
from acutance.stats.samples import Numbers
from acutance.tables.read import read_cells, read_json

METRICS_NAMES = ("metrics.json", "metrics.jsonl", "metrics.csv")
"""Looked for in the folder of a training, in this order."""
COUNTERS = ("epoch", "step", "iteration", "iter")
"""Fields that say when; the first that a file has counts."""


@dataclass(frozen=True)
class TrainingRun:
    """The numbers of one training.

    Attributes:
        label: What it is called in a figure.
        counter: What ``times`` counts, such as ``epoch``.
        times: Ascending, each once.
        fields: Numbers by name, one for each time; NaN where there is none.
    """

    label: str
    counter: str
    times: Numbers
    fields: dict[str, Numbers]


def read_trainings(places: Sequence[Path], labels: Sequence[str] = ()) -> list[TrainingRun]:
    """Read several trainings, told apart by labels or else by the names of their folders.

    Args:
        places: Folders or files of trainings.
        labels: A name for each, or none.

    Raises:
        ConfigError: As ``read_training``, or other than one label for each.
    """
    names = labels_of(places, labels)
    return [read_training(place, name) for place, name in zip(places, names, strict=True)]


def read_training(place: Path, label: str = "") -> TrainingRun:
    """Read what a training wrote down.

    Records of one epoch are taken together, the last number of a field counts. Text and truth values are left out.

    Args:
        place: A folder with metrics.json, metrics.jsonl or metrics.csv, or such a file of any name.
        label: What to call it; by default the name of its folder.

    Raises:
        ConfigError: Nothing there, no records, or a file that was cut short.
        UnknownNameError: A file of another ending.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "metrics.json"
        >>> _ = path.write_text('{"epochs": [{"epoch": 1, "val_srcc": 0.8}, {"epoch": 2, "val_srcc": null}]}')
        >>> run = read_training(path, "mine")
        >>> run.times.tolist(), run.fields["val_srcc"].tolist()
        ([1.0, 2.0], [0.8, nan])
    """
    path = _metrics_file(place)
    records = _records(path)
    if any("image" in record for record in records):
        raise ConfigError(
            f"Expected the numbers of a training in {path}, got a list of pictures. Name metrics.json of its folder."
        )
    return _run(label or labels_of([place], [])[0], path, records)


def _metrics_file(place: Path) -> Path:
    if place.is_dir():
        found = [place / name for name in METRICS_NAMES if (place / name).is_file()]
        if not found:
            raise ConfigError(f"Expected {' or '.join(METRICS_NAMES)} in {place}, got none. Name the file.")
        return found[0]
    if not place.is_file():
        raise ConfigError(f"Expected the numbers of a training at {place}, got nothing there. Check the path.")
    endings = (".json", ".jsonl", ".csv")
    if place.suffix.lower() not in endings:
        raise UnknownNameError("file ending", place.suffix or place.name, endings)
    return place


def _records(path: Path) -> list[Mapping[str, object]]:
    cure = "Check it, or wait until it is written."
    if path.suffix.lower() != ".json":
        return [cells for _, cells in read_cells(path, ConfigError, header=list)]
    found = read_json(path, "the numbers of a training", cure, ConfigError, is_noted=True)
    if isinstance(found, dict):
        found = found.get("epochs", found.get("history"))
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise ConfigError(f"Expected the numbers of a training in {path}, got no list of records, nor epochs. {cure}")
    return found


def _run(label: str, path: Path, records: Iterable[Mapping[str, object]]) -> TrainingRun:
    rows = [{name: number for name, value in record.items() if (number := _number(value)) is not None and name}
            for record in records]  # fmt: skip
    counter = next((name for name in COUNTERS if any(name in row for row in rows)), "")
    times: dict[float, dict[str, float]] = {}
    for place, row in enumerate(rows, start=1):
        time = row.get(counter, math.nan) if counter else float(place)
        if math.isfinite(time):
            times.setdefault(time, {}).update(row)
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in COUNTERS]
    order = sorted(times)
    fields = {name: np.array([times[time].get(name, math.nan) for time in order]) for name in names}
    if not order or not fields:
        raise ConfigError(f"Expected numbers for each epoch in {path}, got none. Train for an epoch first.")
    return TrainingRun(label, counter or "record", np.array(order), fields)


def _number(value: object) -> float | None:
    """A value as a number; ``None`` for text, truth values and what is empty. Infinity is a gap, as NaN is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else math.nan
