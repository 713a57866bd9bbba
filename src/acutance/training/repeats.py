"""The same training over several random splits, and what its tests come to (VTAMIQ's protocol: 20 on LIVE)."""

import csv
import statistics
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from acutance.catalog.loading import load
from acutance.datasets.splits import Protocol, repeated_splits, rows_of, write_split
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, TrainingError
from acutance.models.quality_model import QualityModel, SharesReferences
from acutance.stats.correlation import agreement
from acutance.tables.atomic import atomic_write
from acutance.tables.strict_json import from_json, json_text
from acutance.training.pictures import PictureStore
from acutance.training.processes import from_first
from acutance.training.references import PairScorer
from acutance.training.validation import ScoreOne, scores_of
from acutance.types import CurveKind, OnProgress

STATISTICS = ("srcc", "krcc", "plcc", "rmse")
"""What is told of every test (the authors' ``run_multi``)."""
RESULT, SUMMARY, TABLE, SPLIT = "test.json", "summary.json", "runs.csv", "split.json"

TrainOne = Callable[[Path, int, Path], object]
"""Trains once: with the split of a file, a seed, into a folder; goes on with what is there already."""


@dataclass(frozen=True)
class RepeatedRun:
    """The test of one training."""

    seed: int
    """Of its split and of everything random in it."""
    pictures: int
    """Pictures of the test part."""
    srcc: float
    """Spearman's correlation, positive where model and people agree."""
    krcc: float
    """Kendall's tau-b."""
    plcc: float
    """Pearson's correlation after the curve."""
    rmse: float
    """Error after the curve in units of the opinions."""


OnRun = Callable[[int, RepeatedRun], None]


@dataclass(frozen=True)
class Spread:
    """A number over several runs."""

    mean: float
    median: float
    std: float
    """Of the population: divided by the number of runs."""


def repeat(
    table: OpinionTable,
    train_one: TrainOne,
    folder: Path,
    *,
    count: int,
    protocol: str | Protocol = "vtamiq",
    seed: int = 0,
    curve: CurveKind = "logistic5",
    device: str = "auto",
    fabric: Fabric | None = None,
    on_run: OnRun | None = None,
    on_test: OnProgress | None = None,
    **options: Any,  # noqa: ANN401 (each model has its own)
) -> dict[str, Spread]:
    """Train over random splits by scene and test each on its own test part, with the weights that validated best.

    Everything is in the folder: ``run_01/`` and so on with ``split.json`` and ``test.json``, ``runs.csv`` and
    ``summary.json``. Runs that were tested are not trained again, so that more can be asked for later.

    Args:
        table: All rated pictures.
        train_one: Trains once.
        folder: Where to write.
        count: How many runs.
        protocol: Of the splits.
        seed: Of all splits and runs.
        curve: Fitted from scores to opinions for PLCC and RMSE; the authors' has five parameters.
        device: Where to test: ``auto``, ``cpu`` or ``cuda``.
        fabric: Launched, where several processes train together: the first one alone tests, and writes the folder.
        on_run: Called after each run with its number, from 1, and its test.
        on_test: Called with pictures scored and in all.
        options: Of the model that tests, such as ``protocol="grid"``; by default those that the run validated with.

    Returns:
        The spread of each of ``STATISTICS``.

    Raises:
        ConfigError: A count below 1, or too few scenes.
        TrainingError: A run that leaves no weights, or a test without correlation.
    """
    splits = repeated_splits(table, protocol, count=count, seed=seed)
    runs: list[RepeatedRun] = []
    first = fabric is None or fabric.is_global_zero
    for number, split in enumerate(splits, start=1):
        run = folder / f"run_{number:02d}"
        own_seed = int(split.seed or 0)
        if not from_first(fabric, (run / RESULT).exists):
            with nullcontext(run) if first else TemporaryDirectory() as place:  # others may not see the folder
                write_split(Path(place) / SPLIT, split)
                train_one(Path(place) / SPLIT, own_seed, run)
        part, wanted = rows_of(table, split, "test"), {"device": device, **options}
        test = partial(_tested, part, run, own_seed, curve, wanted, on_test)
        runs.append(from_first(fabric, test))
        if on_run is not None and first:
            on_run(number, runs[-1])
    summary = summarised(runs)
    if first:
        _write_runs(folder / TABLE, runs)
        _write_json(folder / SUMMARY, {"runs": count, **{name: asdict(spread) for name, spread in summary.items()}})
    return summary


def summarised(runs: Sequence[RepeatedRun]) -> dict[str, Spread]:
    """Mean, median and population standard deviation of each of ``STATISTICS``.

    Args:
        runs: At least one.

    Example:
        >>> runs = [RepeatedRun(seed, 5, srcc, 0.5, 0.5, 1.0) for seed, srcc in enumerate((0.8, 0.9, 0.7))]
        >>> spread = summarised(runs)["srcc"]
        >>> round(spread.mean, 3), spread.median, round(spread.std, 3)
        (0.8, 0.8, 0.082)
    """
    spreads = {}
    for name in STATISTICS:
        values = [float(getattr(run, name)) for run in runs]
        spreads[name] = Spread(statistics.fmean(values), statistics.median(values), statistics.pstdev(values))
    return spreads


def _tested(
    part: OpinionTable, run: Path, seed: int, curve: CurveKind, options: dict[str, Any], on_test: OnProgress | None
) -> RepeatedRun:
    """The test of a run, which is made if it is not there yet."""
    if not (run / RESULT).exists():
        _write_json(run / RESULT, asdict(_test(part, run, seed, curve, options, on_test)))
    return _read_result(run / RESULT, seed)


def _test(
    table: OpinionTable, run: Path, seed: int, curve: CurveKind, options: dict[str, Any], on_test: OnProgress | None
) -> RepeatedRun:
    """Score the test part with the best weights of a run."""
    rated = OpinionTable([row for row in table if row.mos is not None and row.image != row.reference], table.root, "")
    model = load(str(run), **options)
    with torch.inference_mode():
        scores = scores_of(
            rated,
            _scorer(model),
            PictureStore().read,
            device=next(model.parameters()).device,
            with_references=model.needs_reference,
            on_progress=on_test,
        )
    mos = np.array([row.mos for row in rated], dtype=np.float64)
    figures = agreement(
        scores, mos, better=model.info.better, mos_better=rated.rows[0].better if len(rated) else "higher", curve=curve
    )
    found = {name: getattr(figures, name) for name in STATISTICS}
    if any(value is None for value in found.values()):
        raise TrainingError(f"Expected a correlation on the test part of {run}, got none: {figures.problem}")
    return RepeatedRun(seed=seed, pictures=len(rated), **found)


def _scorer(model: QualityModel) -> ScoreOne:
    if model.needs_reference and isinstance(model, SharesReferences):
        return PairScorer(model)
    return lambda distorted, reference: model(distorted, reference)


def _read_result(path: Path, seed: int) -> RepeatedRun:
    try:
        run = RepeatedRun(**from_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"Expected the test of a run in {path}, got: {error}. Remove the file.") from error
    if run.seed != seed:
        raise ConfigError(
            f"Expected runs of the seed that was asked for in {path.parent.parent}, got others. Take another folder."
        )
    return run


def _write_json(path: Path, content: dict[str, object]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json_text(content, 2) + "\n", encoding="utf-8")


def _write_runs(path: Path, runs: Sequence[RepeatedRun]) -> None:
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(runs[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(run) for run in runs)
