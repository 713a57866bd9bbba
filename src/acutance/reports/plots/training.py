"""Curves of trainings: loss and correlations after each epoch, with the best marked; several are overlaid."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acutance.errors import ConfigError, UnknownNameError
from acutance.reports.plots.canvas import (
    DASHES,
    INK,
    Axes,
    Figure,
    FuncFormatter,
    Line2D,
    MaxNLocator,
    colour_of,
    house_style,
    legend_below,
    lowered,
    panel_grid,
    variant_of,
)
from acutance.reports.plots.labels import all_wrapped, labels_of, number, statistic_label
from acutance.stats.samples import Numbers
from acutance.tables.read import read_cells, read_json

METRICS_NAMES = ("metrics.json", "metrics.jsonl", "metrics.csv")
"""Looked for in the folder of a training, in this order."""
COUNTERS = ("epoch", "step", "iteration", "iter")
"""Fields that say when; the first that a file has counts."""


@dataclass(frozen=True)
class TrainingRun:
    """The numbers of one training."""

    label: str
    """What it is called in a figure."""
    counter: str
    """What ``times`` counts, such as ``epoch``."""
    times: Numbers
    """Ascending, each once."""
    fields: dict[str, Numbers]
    """Numbers by name, one for each time; NaN where there is none."""


def read_trainings(places: Sequence[Path], labels: Sequence[str] = ()) -> list[TrainingRun]:
    """Read several trainings, told apart by labels or else by the names of their folders.

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
            f"Expected the numbers of a training in {path}, got a list of images. Name metrics.json of its folder."
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


PARTS = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
         "validation": "validation", "test": "test"}  # fmt: skip
"""What a field may begin or end with, and which part of the data that is."""
PART_OF_NAME = re.compile(rf"^(?:({'|'.join(PARTS)})[_/.](.+)|(.+)[_/.]({'|'.join(PARTS)}))$")
USUAL = ("loss", "srcc", "plcc")
"""Quantities that are drawn unless others are asked for."""
HIGHER = ("srcc", "plcc", "krcc", "accuracy", "acc")
"""Quantities of which the highest is the best."""
LOWER = ("loss", "rmse", "mae")
"""Quantities, or ends of their names, of which the lowest is the best."""
WIDE = 100.0
"""Ratio of the largest to the least value from which positive losses stand on a logarithmic axis."""
TRAIN_DASH = (0, (3, 2))
"""Of the curves of training data."""
BEST_SIZE = 7.5
"""Points of the letters of a panel's legend."""
BEST_LINE = 0.16
"""Inches of a line of it."""
BEST_COLUMNS = 3
"""Best values beside each other."""
BELOW_AXIS = 0.45
"""Inches from the axis to it: under the numbers and the label."""
FEW = 60
"""Times up to which each is a point."""
BEST_PARTS = ("validation", "test", "train", "")
"""Of which part the best value is marked: the first that is there."""


@dataclass(frozen=True)
class Field:
    """Quantity that a field holds, such as the validation's SRCC."""

    name: str
    """As in the file, such as ``val_srcc``."""
    quantity: str
    """Such as ``srcc``."""
    part: str
    """``train``, ``validation``, ``test`` or empty."""


def field_of(name: str) -> Field:
    """Quantity that a field holds, by its name.

    Example:
        >>> field_of("val_srcc"), field_of("loss/train").part, field_of("lr").part
        (Field(name='val_srcc', quantity='srcc', part='validation'), 'train', '')
    """
    found = PART_OF_NAME.match(name)
    if found is None:
        return Field(name, name, "")
    before, rest, other, after = found.groups()
    return Field(name, rest or other, PARTS[before or after])


@house_style()
def training_figure(runs: Sequence[TrainingRun], *, quantities: Sequence[str] = ()) -> Figure:
    """A panel for each quantity, with a curve for each training and part of its data; the best value is a star.

    Missing numbers are gaps. Training data is thin and dashed, validation data solid.

    Args:
        runs: At least one; their labels stand in the legends.
        quantities: What to draw, such as ``l1_loss``; ``all`` draws everything; by default loss, SRCC and PLCC,
            or everything if there is none of these.

    Raises:
        UnknownNameError: A quantity that no training has.
        ConfigError: No trainings.

    Example:
        >>> run = TrainingRun("mine", "epoch", np.array([1.0, 2.0]), {"val_srcc": np.array([0.7, 0.8])})
        >>> training_figure([run]).axes[0].get_title(loc="left")
        'SRCC'
    """
    if not runs:
        raise ConfigError("Expected at least one training to plot, got none. Name its folder.")
    chosen = _chosen(runs, quantities)
    figure, panels = panel_grid(len(chosen), 4.6, 3.3 + BEST_LINE * -(-len(runs) // BEST_COLUMNS))
    for axes, quantity in zip(panels, chosen, strict=True):
        _draw_quantity(axes, runs, quantity)
    _legend(figure, runs, chosen)
    return figure


def _chosen(runs: Sequence[TrainingRun], quantities: Sequence[str]) -> list[str]:
    there = list(dict.fromkeys(field_of(name).quantity for run in runs for name in run.fields))
    if "all" in quantities:
        return there
    for name in quantities:
        if name not in there:
            raise UnknownNameError("quantity", name, there)
    return list(dict.fromkeys(quantities)) or [name for name in USUAL if name in there] or there


def _draw_quantity(axes: Axes, runs: Sequence[TrainingRun], quantity: str) -> None:
    bests: list[tuple[int, str, str]] = []
    for rank, run in enumerate(runs):
        fields = [field for field in map(field_of, run.fields) if field.quantity == quantity]
        for field in fields:
            _draw_curve(axes, run.times, run.fields[field.name], rank, field.part)
        if fields:
            judged = min(fields, key=lambda field: BEST_PARTS.index(field.part))
            bests.append((rank, judged.part, _mark_best(axes, run.times, run.fields[judged.name], quantity, rank)))
    axes.set_title(statistic_label(quantity))
    axes.set_xlabel(", ".join(dict.fromkeys(run.counter for run in runs)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    _scale(axes, runs, quantity)
    _best_legend(axes, [best for best in bests if best[2]])


def _best_legend(axes: Axes, bests: Sequence[tuple[int, str, str]]) -> None:
    """Under a panel, the best value of each training: its rank, the part of its data, and what to say."""
    if not bests:
        return
    parts = {part for _, part, _ in bests}
    title = f"best, {parts.pop()}" if len(parts) == 1 and "" not in parts else "best"
    labels = [f"{best} ({part})" if parts and part else best for _, part, best in bests]
    axes.legend(
        [_run_line(rank) for rank, _, _ in bests], labels, title=title, ncols=min(BEST_COLUMNS, len(bests)),
        loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=lowered(axes, BELOW_AXIS), borderaxespad=0,
        fontsize=BEST_SIZE, title_fontsize=BEST_SIZE, alignment="left", borderpad=0, columnspacing=1.2,
    )  # fmt: skip


def _draw_curve(axes: Axes, times: Numbers, values: Numbers, rank: int, part: str) -> None:
    aside = part == "train"
    axes.plot(
        times, values, color=colour_of(rank), alpha=0.6 if aside else 1.0, linewidth=1.1 if aside else 1.8,
        linestyle=TRAIN_DASH if aside else variant_of(rank, DASHES), marker="." if len(times) <= FEW else "",
        markersize=3 if aside else 5,
    )  # fmt: skip


def _mark_best(axes: Axes, times: Numbers, values: Numbers, quantity: str, rank: int) -> str:
    """Mark the best value of a curve, and say it in the legend."""
    sign = _direction(quantity)
    if not sign or np.isnan(values).all():
        return ""
    best = int(np.nanargmax(sign * values))
    axes.plot([times[best]], [values[best]], marker="*", markersize=10, color=colour_of(rank), markeredgecolor=INK,
              markeredgewidth=0.6, linestyle="none", zorder=5)  # fmt: skip
    return f"{number(float(values[best]), 4)} at {times[best]:g}"


def _direction(quantity: str) -> int:
    """1 where higher is better, -1 where lower is, 0 where nobody said."""
    last = re.split(r"[_/.]", quantity.lower())[-1]
    return 1 if last in HIGHER else -1 if last in LOWER else 0


def _scale(axes: Axes, runs: Sequence[TrainingRun], quantity: str) -> None:
    """A logarithmic axis for losses that fall far, with plain numbers beside it."""
    fields = [values for run in runs for name, values in run.fields.items() if field_of(name).quantity == quantity]
    values = np.concatenate(fields)
    values = values[~np.isnan(values)]
    if _direction(quantity) < 0 and len(values) and values.min() > 0 and values.max() > WIDE * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda tick, _: ""))
        axes.set_ylabel("logarithmic")


def _legend(figure: Figure, runs: Sequence[TrainingRun], quantities: Sequence[str]) -> None:
    """Which colour is which training, and which line which part of the data, where there are several."""
    parts = {field_of(name).part for run in runs for name in run.fields if field_of(name).quantity in quantities}
    shown: list[str] = [part for part in ("train", "validation", "test") if part in parts]
    shown = shown if len(shown) > 1 else []
    names = all_wrapped([run.label for run in runs], 44, 2) if len(runs) > 1 else []
    of_runs = [_run_line(rank) for rank in range(len(names))]
    of_parts = [
        Line2D([], [], color=INK, linestyle=TRAIN_DASH if part == "train" else "-",
               linewidth=1.1 if part == "train" else 1.8)
        for part in shown
    ]  # fmt: skip
    if names or shown:
        legend_below(figure, [*of_runs, *of_parts], [*names, *shown])


def _run_line(rank: int) -> Line2D:
    """What a legend shows for a training."""
    return Line2D([], [], color=colour_of(rank), linestyle=variant_of(rank, DASHES), linewidth=1.8)
