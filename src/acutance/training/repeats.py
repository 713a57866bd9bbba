"""A recipe trained on several random splits, each tested on its own test part (VTAMIQ's protocol: 20 on LIVE)."""

import csv
import json
import shutil
import statistics
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from lightning_fabric import Fabric

from acutance.catalog import load
from acutance.datasets.splits import Protocol, repeated_splits, rows_of, write_split
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, TrainingError
from acutance.stats.correlation import agreement
from acutance.tables.atomic import atomic_write
from acutance.tables.strict_json import from_json, json_text
from acutance.training.config import TrainConfig
from acutance.training.data import DataConfig, read_rated
from acutance.training.images import ImageStore, opinions_of, scores_of
from acutance.training.launch import launch_of
from acutance.training.processes import from_first, launched, spread_over, together
from acutance.training.run_folder import CHECKPOINT, CONFIG, RunFolder
from acutance.types import CurveKind, OnProgress

STATISTICS = ("srcc", "krcc", "plcc", "rmse")
"""Numbers of every test (the authors' ``run_multi``)."""
CURVE: CurveKind = "logistic5"
"""Fitted from scores to opinions for PLCC and RMSE; that of the authors has five parameters."""
RESULT, SUMMARY, TABLE, SPLIT = "test.json", "summary.json", "runs.csv", "split.json"

TrainOne = Callable[[Path, int, Path], object]
"""Trains once: with the split of a file, a seed, into a folder; goes on with what is there already."""


@dataclass(frozen=True)
class RepeatedRun:
    """The test of one training."""

    seed: int
    """Of its split and of everything random in it."""
    pictures: int
    """Images of the test part."""
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
        fabric: Launched, where several processes train together: the first one alone tests, and writes the folder.
        on_run: Called after each run with its number, from 1, and its test.
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
        test = partial(_tested, part, run, own_seed, wanted, on_test)
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
    part: OpinionTable, run: Path, seed: int, options: dict[str, Any], on_test: OnProgress | None
) -> RepeatedRun:
    """The test of a run, which is made if it is not there yet."""
    if not (run / RESULT).exists():
        _write_json(run / RESULT, asdict(_test(part, run, seed, options, on_test)))
    return _read_result(run / RESULT, seed)


def _test(
    table: OpinionTable, run: Path, seed: int, options: dict[str, Any], on_test: OnProgress | None
) -> RepeatedRun:
    """Score the test part with the best weights of a run."""
    rated = OpinionTable([row for row in table if row.mos is not None and row.image != row.reference], table.root, "")
    model = load(str(run), **options)
    with torch.inference_mode():
        scores = scores_of(rated, model, ImageStore().read, on_test)
    mos, mos_better = opinions_of(rated), rated.rows[0].better if len(rated) else "higher"
    figures = agreement(scores, mos, better=model.info.better, mos_better=mos_better, curve=CURVE)
    found = {name: getattr(figures, name) for name in STATISTICS}
    if any(value is None for value in found.values()):
        raise TrainingError(f"Expected a correlation on the test part of {run}, got none: {figures.problem}")
    return RepeatedRun(seed=seed, pictures=len(rated), **found)


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


COUNT = "repeats.json"
"""Says that a folder is one of several trainings, and how many were asked for."""
PROTOCOL = "vtamiq"
"""Of the splits where the recipe takes the dataset's own parts: VTAMIQ's 6:2:2."""

TrainOnce = Callable[[TrainConfig, Path, bool], object]
"""Trains into a folder; goes on with the run that is there if told so."""


def begun_repeats(folder: Path) -> int | None:
    """How many trainings were asked for in a folder; ``None`` where it is no folder of several.

    Raises:
        TrainingError: A file that does not say it.
    """
    try:
        return int(json.loads((folder / COUNT).read_text(encoding="utf-8"))["runs"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"Expected how many trainings there are in {folder / COUNT}, got: {error}. Say it: --repeats 20"
        ) from error


def require_single(folder: Path) -> None:
    """Raise where a folder holds several trainings."""
    if (folder / COUNT).exists():
        raise ConfigError(f"Expected the folder of one training, got one of several: {folder}. Take another folder.")


def repeat_recipe(
    config: TrainConfig,
    folder: Path,
    train_once: TrainOnce,
    *,
    count: int,
    resume: bool | Literal["auto"] = False,
    overwrite: bool = False,
    on_run: OnRun | None = None,
    on_test: OnProgress | None = None,
) -> dict[str, Spread]:
    """Train a recipe on several random splits, and test each on the test part of its own.

    The protocol of the data splits, ``vtamiq`` where it is ``own``; its seed is that of the splits, each of which has
    another one for itself and for its training. The folder holds ``config.json``, ``repeats.json`` and what
    ``repeats.repeat`` writes. With several processes this is called in each of them, as ``run.train`` is.

    Args:
        count: How many trainings; more than before where earlier ones are gone on with.
        resume: Go on with the trainings in the folder: those that were tested stay as they are; ``auto`` begins them
            where there are none.
        on_run: Called after each training with its number, from 1, and its test.

    Returns:
        The spread of each of ``repeats.STATISTICS``.

    Raises:
        ConfigError: A recipe that learns no opinions or has a split already, trainings that are there, or others than
            are to be gone on with.
        TrainingError: A training that cannot go on.
    """
    data = _opinions(config)
    launch = launch_of()
    loop = spread_over(config.loop, launch)
    protocol = PROTOCOL if data.protocol == "own" else data.protocol

    def readable() -> OpinionTable:
        table = read_rated(data)
        repeated_splits(table, protocol, count=count, seed=data.seed)
        return table

    there = launched(loop) if launch else None
    table = together(there, readable)  # says what is missing before anything is written or another process is started
    fabric = there or (launched(loop) if loop.processes > 1 else None)
    from_first(fabric, lambda: _begin(config, folder, count, resume=resume, overwrite=overwrite))

    def train_one(split: Path, seed: int, run: Path) -> None:
        going_on = from_first(fabric, (run / CONFIG).exists)
        train_once(_with(config, data, split, seed), run, going_on)

    return repeat(
        table,
        train_one,
        folder,
        count=count,
        protocol=protocol,
        seed=data.seed,
        device=config.loop.device,
        fabric=fabric,
        on_run=on_run,
        on_test=on_test,
    )


def _opinions(config: TrainConfig) -> DataConfig:
    """The data of a recipe that can be trained on several splits."""
    data = getattr(config.task, "data", None)
    if not isinstance(data, DataConfig) or data.dataset == "kadis700k":
        raise ConfigError(
            f"Expected a recipe that learns opinions of images beside --repeats, got {config.recipe}. Train it once, "
            "without --repeats."
        )
    if data.split is not None:
        raise ConfigError(
            f"Expected no split beside --repeats, which draws its own, got {data.split}. Leave task.data.split out."
        )
    return data


def _begin(config: TrainConfig, folder: Path, count: int, *, resume: bool | Literal["auto"], overwrite: bool) -> None:
    if resume and overwrite:
        raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
    plain = config.model_dump(mode="json")
    if not (folder / COUNT).exists() and ((folder / CONFIG).exists() or (folder / CHECKPOINT).exists()):
        raise ConfigError(f"Expected a folder of several trainings, got that of one: {folder}. Take another folder.")
    if resume is True or (resume and (folder / COUNT).exists()):
        RunFolder(folder).require_same(plain)
    else:
        _clear(folder, overwrite=overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((COUNT, {"runs": count}), (CONFIG, plain)):
        with atomic_write(folder / name) as temporary:
            temporary.write_text(json_text(content, 2) + "\n", encoding="utf-8")


def _clear(folder: Path, *, overwrite: bool) -> None:
    """Remove earlier trainings, if that was asked for."""
    runs = [run for run in folder.glob("run_*") if (run / SPLIT).exists()]
    begun = sum((run / CONFIG).exists() for run in runs)
    if begun and not overwrite:
        raise ConfigError(
            f"Expected no trainings in {folder}, got {begun}. Continue them with --resume, or replace them with "
            "--overwrite."
        )
    for run in runs:
        shutil.rmtree(run)
    for name in (SUMMARY, TABLE):
        (folder / name).unlink(missing_ok=True)


def _with(config: TrainConfig, data: DataConfig, split: Path, seed: int) -> TrainConfig:
    """The configuration of one training."""
    own = data.model_copy(update={"split": str(split.resolve())})
    task = config.task.model_copy(update={"data": own})
    return config.model_copy(update={"task": task, "loop": config.loop.model_copy(update={"seed": seed})})
