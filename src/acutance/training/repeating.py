"""A recipe trained several times, each on a random split of its own: which can be, and the folder of them all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from acutance.datasets.splits import repeated_splits
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, TrainingError
from acutance.tables.atomic import atomic_write
from acutance.tables.strict_json import json_text
from acutance.training.data import DataConfig, read_rated
from acutance.training.launch import launch_of
from acutance.training.processes import from_first, launched, spread_over, together
from acutance.training.repeats import SPLIT, SUMMARY, TABLE, OnRun, Spread, repeat
from acutance.training.run_folder import CHECKPOINT, CONFIG, RunFolder
from acutance.training.train_config import TrainConfig
from acutance.types import OnProgress

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


def demand_single(folder: Path) -> None:
    """Raise where a folder holds several trainings.

    Raises:
        ConfigError: It does.
    """
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
        config: What is trained.
        folder: Where to write.
        train_once: Trains once.
        count: How many trainings; more than before where earlier ones are gone on with.
        resume: Go on with the trainings in the folder: those that were tested stay as they are; ``auto`` begins them
            where there are none.
        overwrite: Replace them.
        on_run: Called after each training with its number, from 1, and its test.
        on_test: Called with pictures tested and in all.

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
    data = config.task.data
    if not isinstance(data, DataConfig) or data.dataset == "kadis700k":
        raise ConfigError(
            f"Expected a recipe that learns opinions of pictures beside --repeats, got {config.recipe}. Train it once, "
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
        RunFolder(folder).demand_same(plain)
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
