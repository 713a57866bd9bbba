"""``acutance data split`` and ``acutance data triplets``: who trains and who tests, and with which pairs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import AllowMissing, Overwrite

if TYPE_CHECKING:
    from acutance.datasets.splits import Split
    from acutance.datasets.table import OpinionTable

SPLIT_EPILOG = (
    "Examples:\n\nacutance data split kadid10k /data/kadid10k -o split.json --protocol afine\n\n"
    "acutance data split koniq.csv /data/koniq -o splits/k.json --ratios 8:2 --repeats 10"
)
TRIPLETS_EPILOG = (
    "Examples:\n\nacutance data triplets pipal /data/pipal -o Triplet.txt --split split.json --part train\n\n"
    "acutance data triplets sriqa_bench /data/sriqa -o pairs.txt"
)

Name = Annotated[str, typer.Argument(help="Name of a dataset, or a table of one (.csv, .parquet).", show_default=False)]
Root = Annotated[Path | None, typer.Argument(help="Its folder; by default that of the table file.", show_default=False)]


class SplitProtocol(StrEnum):
    """Whose shares and rounding."""

    vtamiq = "vtamiq"
    afine = "afine"
    hyperiqa = "hyperiqa"
    vtamiq_fixed = "vtamiq-fixed"


class DataPart(StrEnum):
    """Who a picture is for."""

    train = "train"
    validation = "validation"
    test = "test"


def split(
    name: Name,
    root: Root = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON file to write.", show_default=False)],
    protocol: Annotated[
        SplitProtocol, typer.Option(help="Whose shares and rounding: 6:2:2, 7:1:2, 8:2, or VTAMIQ's fixed references.")
    ] = SplitProtocol.vtamiq,
    ratios: Annotated[
        str, typer.Option(help="Other shares, such as 7:1:2 or 8:2, rounded as by the protocol.", show_default=False)
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the order of scenes.")] = 0,
    repeats: Annotated[
        int, typer.Option(help="Several splits, each with a seed of its own, as NAME-000.json and on.", min=1)
    ] = 1,
    compare_contents: Annotated[
        bool, typer.Option("--compare-contents", help="Read all files: find copies under other names.")
    ] = False,
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Split a dataset by scene, so that no reference trains and tests."""
    from acutance.datasets.splits import scenes_of, write_split

    places = [output] if repeats == 1 else [output.with_stem(f"{output.stem}-{i:03}") for i in range(repeats)]
    _demand_free(places, overwrite=overwrite)
    table = _table(name, root, allow_missing=allow_missing)
    scenes_of(table, compare_contents=compare_contents)
    for place, one in zip(places, _splits(table, protocol.value, ratios, seed, repeats), strict=True):
        write_split(place, one)
        print(f"{place}: {len(one.train)} train, {len(one.validation)} validation, {len(one.test)} test")


def triplets(
    name: Name,
    root: Root = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="List to write.", show_default=False)],
    split: Annotated[
        Path | None, typer.Option(help="Split of the dataset, from: acutance data split.", show_default=False)
    ] = None,
    part: Annotated[
        DataPart | None,
        typer.Option(help="Which part, by the split or by the dataset's own; train by default.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    reference_first: Annotated[
        bool, typer.Option("--reference-first", help="A-FINE's slip: a reference may stand first.")
    ] = False,
    reference_as_png: Annotated[
        bool, typer.Option("--reference-as-png", help="A-FINE's slip: references are called .png.")
    ] = False,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="File names without folders, as in A-FINE's lists.")
    ] = False,
    types: Annotated[
        Path | None, typer.Option(help="Folder for DiffIQA's lists of each type.", show_default=False)
    ] = None,
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """List the triplets of a dataset, six columns, or the pairs of SRIQA-Bench and PieAPP, four columns."""
    from acutance.cli.progress import counting
    from acutance.datasets.comparisons import write_pairs
    from acutance.datasets.diffiqa import by_type, type_files, write_types
    from acutance.datasets.triplets import PairRules, training_pairs

    _demand_free([output, *(type_files(types) if types else ())], overwrite=overwrite)
    rows = _part(_table(name, root, allow_missing=allow_missing), split, part)
    rules = PairRules(
        part=None if split else (part or DataPart.train).value,
        seed=seed,
        reference_first=reference_first,
        reference_as_png=reference_as_png,
    )
    with counting("labels") as advance:
        pairs = training_pairs(rows, rules, on_progress=advance)
    if types:
        by_type(pairs)  # raises before anything is written
    write_pairs(output, pairs, names_only=names_only)
    if types:
        write_types(types, pairs, names_only=names_only)
    print(f"{output}: {len(pairs)} lines")


def _table(name: str, root: Path | None, *, allow_missing: bool) -> "OpinionTable":
    """A dataset by its name and folder, or a table file."""
    from acutance.datasets.catalogue import find_dataset, read_published
    from acutance.datasets.table import TABLE_ENDINGS, read_table
    from acutance.errors import ConfigError

    if Path(name).suffix.lower() in TABLE_ENDINGS:
        return read_table(name, root)
    if root is None:
        find_dataset(name)
        raise ConfigError(f"Expected the folder of the dataset {name}, got none. Name it after the dataset.")
    table = read_published(name, root, allow_missing=allow_missing)
    for note in table.notes:
        typer.echo(note, err=True)
    return table


def _part(table: "OpinionTable", split: Path | None, part: DataPart | None) -> "OpinionTable":
    """The rows of a part, which is not asked for where nothing tells the parts."""
    from acutance.datasets.splits import part_of_table, read_split
    from acutance.errors import ConfigError

    if part and split is None and not any(row.split for row in table):
        raise ConfigError(
            f"Expected a split beside --part {part.value}, since the table of {table.name} has no parts of its own, "
            "got none. Name one with --split, or leave out --part to take the whole table."
        )
    return part_of_table(table, read_split(split, table) if split else None, (part or DataPart.train).value)


def _splits(table: "OpinionTable", protocol: str, ratios: str, seed: int, repeats: int) -> "list[Split]":
    from acutance.datasets.splits import (
        Protocol,
        find_protocol,
        fixed_split,
        parse_ratios,
        repeated_splits,
        split_table,
    )
    from acutance.errors import ConfigError

    if protocol == SplitProtocol.vtamiq_fixed:
        if ratios or repeats > 1 or seed:
            raise ConfigError(
                "Expected neither ratios nor repeats nor a seed beside fixed references, got some. Leave them out."
            )
        return [fixed_split(table)]
    chosen = find_protocol(protocol)
    if ratios:
        chosen = Protocol(parse_ratios(ratios), chosen.rule)
    if repeats == 1:
        return [split_table(table, chosen, seed=seed)]
    return repeated_splits(table, chosen, count=repeats, seed=seed)


def _demand_free(places: list[Path], *, overwrite: bool) -> None:
    from acutance.errors import ConfigError

    for place in places:
        try:
            is_folder, is_there = place.is_dir(), place.exists()
            above = next(filter(Path.exists, place.parents), place.parent)
            is_below_a_file = above.is_file()
        except OSError as error:
            raise ConfigError(
                f"Expected a place to write at {place}, got: {error.strerror or error}. Name another."
            ) from error
        if is_below_a_file:
            raise ConfigError(f"Expected a folder at {above} to write {place}, got a file. Name another.")
        if is_folder or (is_there and not overwrite):
            cure = "Name another." if is_folder else "Name another, or replace it with --overwrite."
            raise ConfigError(f"Expected no file at {place}, got one. {cure}")
