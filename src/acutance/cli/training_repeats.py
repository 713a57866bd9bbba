"""``acutance train --repeats``: the same recipe on several random splits, and what their tests come to."""

from collections.abc import Callable, Mapping
from pathlib import Path

import typer
from rich.table import Table

from acutance.cli.tables import stdout_console
from acutance.cli.training_progress import TrainingBars, following
from acutance.training.launch import is_first
from acutance.training.repeating import repeat_recipe
from acutance.training.repeats import TABLE, RepeatedRun, Spread
from acutance.training.run import Resume
from acutance.training.train_config import TrainConfig

TrainOnce = Callable[[TrainingBars, TrainConfig, Path, bool], None]
"""Trains one configuration into a folder with bars; goes on with what is there, if told so."""


def train_repeatedly(
    train_once: TrainOnce, config: TrainConfig, folder: Path, count: int, *, resume: Resume, overwrite: bool
) -> None:
    """Train ``count`` times, tell of each, and print the spread of their tests.

    Args:
        train_once: Trains one of them.
        config: Of the recipe.
        folder: Of all runs.
        count: How many.
        resume: Go on with those in the folder; ``auto`` begins them where there are none.
        overwrite: Replace them.
    """

    def tell(number: int, run: RepeatedRun) -> None:
        typer.echo(f"{number} of {count}: srcc {run.srcc:.4f} on {run.pictures:,} test pictures", err=True)

    with following() as told:
        spreads = repeat_recipe(
            config,
            folder,
            lambda own, run, going_on: train_once(told, own, run, going_on),
            count=count,
            resume=resume,
            overwrite=overwrite,
            on_run=tell,
            on_test=told.test,
        )
    if not is_first():
        return
    stdout_console().print(spread_table(spreads))
    typer.echo(f"{count} trainings of {config.recipe} in {folder}; the test of each: {folder / TABLE}", err=True)


def spread_table(spreads: Mapping[str, Spread]) -> Table:
    """Mean, median and standard deviation of each number."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for name in spreads:
        table.add_column(name, justify="right")
    for statistic in ("mean", "median", "std"):
        table.add_row(statistic, *(f"{getattr(spread, statistic):.4f}" for spread in spreads.values()))
    return table
