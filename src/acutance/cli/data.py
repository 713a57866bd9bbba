"""``acutance data``: which datasets there are, what is there of one, and its table as a file."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import AllowMissing, DataPart, Direction, OpinionBetter, Overwrite
from acutance.cli.output import check_free, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from acutance.datasets.catalogue import DatasetReport
    from acutance.datasets.folder import DatasetFacts
    from acutance.datasets.table import OpinionTable

SHOWN_FAULTS = 20
"""How many faults of a kind are shown before they are only counted."""


data_app = typer.Typer(
    help="List, check, read and split datasets of rated images; make distorted images.",
    epilog="Examples:\n\nacutance data check kadid10k /data/kadid10k\n\nacutance data table csiq /data/csiq -o t.csv",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the dataset, from: acutance data list", show_default=False)]
Root = Annotated[Path, typer.Argument(help="Its folder, in the published layout.", show_default=False)]


@data_app.command("list", epilog="Examples:\n\nacutance data list\n\nacutance data list | grep lower")
def list_datasets() -> None:
    """List the datasets that can be read: counts, scale, licence and where to get them."""
    from acutance.datasets.catalogue import list_datasets as known_datasets
    from acutance.reports.terminal import plain_table, stdout_console

    table = plain_table()
    for heading in ("dataset", "images", "references", "better", "range", "from", "licence"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("images", "references") else "left")
    for facts in known_datasets():
        references = "" if facts.references is None else str(facts.references)
        better = facts.better if facts.rated else ""
        table.add_row(facts.name, str(facts.pictures), references, better, _scale(facts), facts.where, facts.licence)
    stdout_console().print(table)


@data_app.command(
    epilog="Examples:\n\nacutance data check tid2013 /data/tid2013\n\nacutance data check table.csv koniq --pictures"
)
def check(
    name: Annotated[str, typer.Argument(help="Name of the dataset, or a .csv or .parquet table.", show_default=False)],
    root: Annotated[
        Path | None, typer.Argument(help="Its folder; a table without one is checked alone.", show_default=False)
    ] = None,
    *,
    pictures: Annotated[bool, typer.Option("--pictures", help="Open every image too.")] = False,
) -> None:
    """Count what is there of a dataset against the published numbers, or check a table; status 1 at any fault."""
    from acutance.cli.progress import counting
    from acutance.datasets.catalogue import check_dataset, find_dataset
    from acutance.datasets.table import TABLE_ENDINGS
    from acutance.errors import ConfigError
    from acutance.reports.terminal import stdout_console

    if Path(name).suffix.lower() in TABLE_ENDINGS:
        _check_table_file(Path(name), root, pictures=pictures)
        return
    if root is None:
        find_dataset(name)
        raise ConfigError(f"Expected the folder of the dataset {name}, got none. Name it after the dataset.")
    with counting("images") as advance:
        report = check_dataset(name, root, decode=pictures, on_progress=advance)
    stdout_console().print(_report_table(report))
    for kind, faults in (
        ("", report.differences),
        ("missing: ", report.missing),
        ("", [str(problem) for problem in report.problems]),
        ("", report.unreadable),
    ):
        _tell(faults, kind)
    if not report.is_complete:
        typer.echo(f"acutance: {report.facts.title} is not as published; get it from {report.facts.where}", err=True)
        raise typer.Exit(1)


@data_app.command(
    epilog="Examples:\n\nacutance data table kadid10k /data/kadid10k -o kadid10k.parquet\n\n"
    "acutance data table PIPAL.txt Train_Dis --references Train_Ref --part train -o pipal.csv"
)
def table(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the dataset, or a list of rated images (.csv, .json; .txt of lines name,score).",
            show_default=False,
        ),
    ],
    root: Annotated[
        Path | None, typer.Argument(help="Its folder; by default that of the list.", show_default=False)
    ] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .parquet file.", show_default=False)],
    references: Annotated[
        Path | None,
        typer.Option(
            help="Folder of references that a list does not name; paths then start from the output's folder.",
            show_default=False,
        ),
    ] = None,
    pair_by: Annotated[
        str | None,
        typer.Option(
            help="How images and those references meet: a regular expression with one group; by default the first "
            "five letters of their names.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[
        DataPart | None,
        typer.Option(help="Part of a split that the images of a list belong to.", show_default=False),
    ] = None,
    append: Annotated[bool, typer.Option("--append", help="Add to the table that is there.")] = False,
    allow_missing: AllowMissing = False,
    opinion_better: OpinionBetter = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the table of a dataset or a list, if it is whole and sound: one row per image, with reference and score."""
    from acutance.datasets.lists import FIRST_LETTERS, joined, moved, with_references
    from acutance.datasets.table import TABLE_ENDINGS, read_table, require_sound, write_table
    from acutance.errors import ConfigError
    from acutance.tables.read import check_ending

    check_ending(output, TABLE_ENDINGS)
    given = {"--references": references, "--part": part, "--append": append or None}
    if unlisted := [option for option, value in given.items() if value is not None and not Path(name).suffix]:
        raise ConfigError(
            f"Expected a list beside {unlisted[0]}, got the dataset {name}, which has its own. Leave it out."
        )
    if append and (overwrite or not output.is_file()):
        got = "--overwrite beside it" if overwrite else "none"
        raise ConfigError(f"Expected a table at {output} to --append to, got {got}. Leave one of them out.")
    check_free(output, overwrite=overwrite or append)
    if pair_by is not None and references is None:
        raise ConfigError(f"Expected --references beside --pair-by, got {pair_by} alone. Name their folder.")
    rated = _dataset_or_list(name, root, output, opinion_better, allow_missing=allow_missing)
    say(rated.notes)
    if references is not None or append:
        rated = moved(
            with_references(rated, references, pair_by or FIRST_LETTERS) if references else rated, output.parent
        )
    if part is not None:
        rated.rows = [replace(row, split=part.value) for row in rated]
    if append:
        rated = joined([read_table(output), rated])
    require_sound(rated, look_for_files=False)
    write_table(rated, output)
    print(f"{output} ({len(rated)} rows)")


def _dataset_or_list(
    name: str, root: Path | None, output: Path, better: Direction | None, *, allow_missing: bool
) -> "OpinionTable":
    from acutance.datasets.catalogue import find_dataset, read_published
    from acutance.datasets.lists import OPINION_ENDINGS, PLAIN_ENDING, read_opinions, read_plain_list
    from acutance.errors import ConfigError, OpinionDirectionError

    if Path(name).suffix.lower() == PLAIN_ENDING:
        if better is not None:
            raise ConfigError(f"Expected no --opinion-better beside {name}, whose scores are better when higher.")
        return read_plain_list(name, root)
    if Path(name).suffix.lower() in OPINION_ENDINGS:
        if allow_missing:
            raise ConfigError(f"Expected a dataset's name beside --allow-missing, got the list {name}. Leave it out.")
        try:
            return read_opinions(name, root, better=better.value if better else None)
        except OpinionDirectionError as error:
            command = shlex.join(["acutance", "data", "table", name, *([str(root)] if root else []), "-o", str(output)])
            raise OpinionDirectionError(error.path, error.column, command, error.place) from error
    find_dataset(name)
    if better is not None:
        raise ConfigError(f"Expected no --opinion-better beside the dataset {name}, which tells its own. Leave it out.")
    if root is None:
        raise ConfigError(f"Expected the folder of the dataset {name}, got none. Name it after the dataset.")
    return read_published(name, root, allow_missing=allow_missing)


def _check_table_file(path: Path, root: Path | None, *, pictures: bool) -> None:
    """Tell what is wrong with a table file; its images are looked for if their folder is named."""
    from acutance.cli.progress import counting
    from acutance.datasets.catalogue import unreadable_images
    from acutance.datasets.table import check_table, read_table
    from acutance.errors import ConfigError

    if root is None and pictures:
        raise ConfigError(f"Expected the folder of the images of {path}, got none. Name it after the table.")
    rated = read_table(path, root)
    faults = [str(problem) for problem in check_table(rated, look_for_files=root is not None)]
    if pictures and not faults:
        with counting("images") as advance:
            faults = unreadable_images(rated, advance)
    _tell(faults)
    if faults:
        raise typer.Exit(1)
    print(f"{path} ({len(rated)} rows): nothing wrong")


def _tell(faults: "Sequence[str]", kind: str = "") -> None:
    """The first faults of a kind, and how many more."""
    more = [f"and {len(faults) - SHOWN_FAULTS} more"] if len(faults) > SHOWN_FAULTS else []
    say(f"acutance: {kind}{fault}" for fault in [*faults[:SHOWN_FAULTS], *more])


def _report_table(report: "DatasetReport") -> "Table":
    from acutance.reports.terminal import plain_table

    facts, found = report.facts, report.found
    table = plain_table(facts.name, numbers=["found", "published"])
    table.add_row("images with a score", str(found.rated), str(facts.rated))
    table.add_row("images without a score", str(found.unrated), str(facts.unrated))
    if facts.references is not None:
        table.add_row("references", str(found.references), str(facts.references))
    for split in dict.fromkeys((*facts.splits, *found.splits)):
        table.add_row(f"to {split}", str(found.splits.get(split, 0)), str(facts.splits.get(split, "")))
    table.add_row("missing files", str(len(report.missing)), "0")
    if report.mos_range is not None:
        table.add_row("range of scores", "{:g} to {:g}".format(*report.mos_range), _scale(facts))
        table.add_row("better", facts.better, "")
    return table


def _scale(facts: "DatasetFacts") -> str:
    return "" if facts.low is None or facts.high is None else f"{facts.low:g} to {facts.high:g}"
