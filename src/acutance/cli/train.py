"""``acutance train``: a recipe and what was changed of it become a folder with weights."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from acutance.training.recipes import AUTHORS_NAMES, refuse_authors_name

if TYPE_CHECKING:
    from rich.table import Table

    from acutance.cli.progress import TrainingBars
    from acutance.training.config import TrainConfig
    from acutance.training.repeats import RepeatedRun, Spread
    from acutance.training.run import Resume

    TrainOnce = Callable[[TrainingBars, TrainConfig, Path, bool], None]

TRAIN_EPILOG = (
    "Examples:\n\nacutance train ms-hyperiqa --data koniq_train.json --root datasets/ --validation 0.1 -o runs/ms\n\n"
    "acutance train runs/ms --resume\n\n"
    "torchrun --nproc-per-node 4 -m acutance train afine-stage1 -o runs/stage1 --auto-resume"
)
_NAMES = [f"{theirs} = {ours}" for theirs, ours in AUTHORS_NAMES.items()]
_ROWS = (len(_NAMES) + 1) // 2
TRAIN_HELP = (
    "Train a model by a published recipe; score with the run's folder afterwards: acutance score --model FOLDER.\n\n"
    "\b\nWhat options of HyperIQA's and MS-HyperIQA's programs are called here:\n"
    + "\n".join(
        f"{left:<39}{right}".rstrip() for left, right in zip_longest(_NAMES[:_ROWS], _NAMES[_ROWS:], fillvalue="")
    )
    + "\n\nAll programs of the authors: docs/guides/from-the-authors-code.md"
)


class TrainCommand(TyperCommand):
    """The command, which knows the options of the authors' programs and says what they are called here."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (its class moved from click to typer)
        """Refuse the options of the authors' programs before all else."""
        for word in args:
            if word.startswith("--"):
                refuse_authors_name(word)
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


SHOWN_ROWS = 5
"""Lines of metrics that are printed at the end."""
SHOWN_NUMBERS = ("epoch", "iteration", "train_loss", "train_srcc")
"""What is shown of them besides validation; parts of the loss and rates are in the files."""
FAILED = 2
"""Exit status of a process that stopped with the others."""


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="Name of a recipe, a config.json of a run, or a run's folder with --resume; without it, a list.",
            show_default=False,
        ),
    ] = "",
    *,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            "-d",
            help="Rated images: a dataset's name, or a table or list (.csv, .parquet, .json).",
            show_default=False,
        ),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder of the images.", show_default=False)] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            help="Share of the scenes held out to validate, where the data have no such part; by default 0.1.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write.", show_default=False)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Setting such as loop.epochs=3; may be repeated.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was broken off.")] = False,
    auto_resume: Annotated[
        bool,
        typer.Option("--auto-resume", "--auto_resume", help="Go on with the run in the folder if there is one."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in the folder.")] = False,
    repeats: Annotated[
        int | None,
        typer.Option(help="Train on so many random splits, test on each one's test part.", min=1, show_default=False),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the configuration and leave.")] = False,
) -> None:
    """Train a model by a published recipe; ``TRAIN_HELP`` is what the command says of it."""
    if not recipe:
        given = (data, root, output, settings, resume, auto_resume, overwrite, repeats, show)
        _list(asked=validation is not None or any(given))
        return
    from acutance.extras import require
    from acutance.training.launch import launch_of

    launch_of()  # Fabric cannot be imported beside ranks that are no numbers
    require("lightning_fabric", extra="train")
    from acutance.cli.progress import following
    from acutance.errors import ConfigError
    from acutance.training.launch import keep_freed_memory
    from acutance.training.repeats import begun_repeats, require_single
    from acutance.training.settings import changed, configuration, data_settings, resolved

    begun = configuration(recipe)
    chosen = [*data_settings(begun, data=data, root=root, validation=validation), *(settings or [])]
    if show:
        print(changed(begun, chosen).model_dump_json(indent=2))
        return
    asked = {"--resume": resume, "--auto-resume": auto_resume, "--overwrite": overwrite}
    if sum(asked.values()) > 1:
        got = " and ".join(name for name, given in asked.items() if given)
        raise ConfigError(f"Expected one of {', '.join(asked)}, got {got}. Leave the others out.")
    going_on: Resume = "auto" if auto_resume else resume
    config, folder = resolved(recipe, chosen, output, resume=resume or auto_resume)
    keep_freed_memory()
    with _quiet_where_another_tells():
        count = repeats or (begun_repeats(folder) if going_on else None)
        if count is None:
            require_single(folder)
            with following() as told:
                _train_once(told, config, folder, going_on, overwrite=overwrite)
            _finish(folder, config)
        else:
            train_repeatedly(_train_once, config, folder, count, resume=going_on, overwrite=overwrite)


def _train_once(
    told: "TrainingBars", config: "TrainConfig", folder: Path, resume: "Resume", *, overwrite: bool = False
) -> None:
    from acutance.training.run import train as run

    run(
        lambda: config.task.build(folder),
        optimizer=config.optimizer,
        schedule=config.schedule,
        loop=config.loop,
        folder=folder,
        config=config.model_dump(mode="json"),
        resume=resume,
        overwrite=overwrite,
        on_step=told.step,
        on_validation=told.validation,
        on_prepare=told.preparation,
    )


@contextmanager
def _quiet_where_another_tells() -> Iterator[None]:
    """Of several processes the first one warns, and the first of each machine says what stopped them all."""
    from acutance.errors import OtherProcessError
    from acutance.training.launch import is_first, is_first_here
    from acutance.training.processes import leave

    logger = logging.getLogger("acutance")
    level = logger.level
    try:
        with warnings.catch_warnings():
            if not is_first():
                logger.setLevel(logging.ERROR)
                warnings.simplefilter("ignore")
            yield
    except (OtherProcessError, KeyboardInterrupt):
        if is_first_here():
            raise
        raise typer.Exit(FAILED) from None
    finally:
        logger.setLevel(level)
        leave()


def _list(*, asked: bool) -> None:
    """The recipes; an error if something else was asked for."""
    from acutance.errors import ConfigError

    if asked:
        raise ConfigError("Expected a recipe or a run to train, got none. The recipes are listed by: acutance train")

    from acutance.reports.terminal import plain_table, stdout_console
    from acutance.training.recipes import recipes

    table = plain_table("recipe", "trains", "data")
    for entry in recipes().values():
        table.add_row(entry.name, entry.trains, entry.data)
    stdout_console().print(table)


def _finish(folder: Path, config: "TrainConfig") -> None:
    """The last lines of metrics and what can be done next."""
    from acutance.training.launch import is_first

    if not is_first():
        return
    from acutance.reports.terminal import stdout_console

    stdout_console().print(metrics_table(folder))
    typer.echo(f"weights of {config.recipe} in {folder}; score with: acutance score photos/ --model {folder}", err=True)


def train_repeatedly(
    train_once: "TrainOnce", config: "TrainConfig", folder: Path, count: int, *, resume: "Resume", overwrite: bool
) -> None:
    """Train ``count`` times, tell of each, and print the spread of their tests.

    Args:
        resume: Go on with those in the folder; ``auto`` begins them where there are none.
    """
    from acutance.cli.progress import following
    from acutance.reports.terminal import stdout_console
    from acutance.training.launch import is_first
    from acutance.training.repeats import TABLE, repeat_recipe

    def tell(number: int, run: "RepeatedRun") -> None:
        typer.echo(f"{number} of {count}: srcc {run.srcc:.4f} on {run.pictures:,} test images", err=True)

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


def spread_table(spreads: "Mapping[str, Spread]") -> "Table":
    """Mean, median and standard deviation of each number."""
    from acutance.reports.terminal import plain_table

    table = plain_table("", numbers=list(spreads))
    for statistic in ("mean", "median", "std"):
        table.add_row(statistic, *(f"{getattr(spread, statistic):.4f}" for spread in spreads.values()))
    return table


def metrics_table(folder: Path) -> "Table":
    """The last lines of the metrics of a run."""
    from acutance.reports.terminal import plain_table
    from acutance.tables.strict_json import from_json

    rows = from_json((folder / "metrics.json").read_text(encoding="utf-8"))["epochs"][-SHOWN_ROWS:]
    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if name in SHOWN_NUMBERS or name.startswith("val_")
    ]
    table = plain_table(numbers=names)
    for row in rows:
        table.add_row(*("-" if row.get(name) is None else f"{row[name]:.5g}" for name in names))
    return table
