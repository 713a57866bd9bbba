"""``acutance data split``, ``triplets``, ``normalize`` and ``calibrate``: what training makes of a dataset."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.data import data_app
from acutance.cli.options import AllowMissing, DataPart, Overwrite
from acutance.cli.output import check_free, say

if TYPE_CHECKING:
    from acutance.datasets.afine_lists import RatedLine
    from acutance.datasets.splits import Split
    from acutance.datasets.table import OpinionTable


Name = Annotated[str, typer.Argument(help="Name of a dataset, or a table of one (.csv, .parquet).", show_default=False)]
Root = Annotated[Path | None, typer.Argument(help="Its folder; by default that of the table file.", show_default=False)]


class SplitProtocol(StrEnum):
    """Whose shares and rounding."""

    vtamiq = "vtamiq"
    afine = "afine"
    hyperiqa = "hyperiqa"
    vtamiq_fixed = "vtamiq-fixed"


@data_app.command(
    epilog="Examples:\n\nacutance data split kadid10k /data/kadid10k -o split.json --protocol afine\n\n"
    "acutance data split koniq.csv /data/koniq -o splits/k.json --ratios 8:2 --repeats 10"
)
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
    _check_free(places, overwrite=overwrite)
    table = _table(name, root, allow_missing=allow_missing)
    scenes_of(table, compare_contents=compare_contents)
    for place, one in zip(places, _splits(table, protocol.value, ratios, seed, repeats), strict=True):
        write_split(place, one)
        print(f"{place}: {len(one.train)} train, {len(one.validation)} validation, {len(one.test)} test")


@data_app.command(
    epilog="Examples:\n\nacutance data triplets pipal /data/pipal -o Triplet.txt --split split.json --part train\n\n"
    "acutance data triplets sriqa_bench /data/sriqa -o pairs.txt"
)
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

    _check_free([output, *(type_files(types) if types else ())], overwrite=overwrite)
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


@data_app.command(
    epilog="Examples:\n\nacutance data normalize PIPAL/Train/MOS -o normalize_PIPAL_Train_mos.txt\n\n"
    "acutance data normalize pipal /data/pipal -o pipal.txt"
)
def normalize(
    source: Annotated[
        str, typer.Argument(help="Folder of MOS lists in A-FINE's layout, or name of a dataset.", show_default=False)
    ],
    root: Annotated[Path | None, typer.Argument(help="Folder of the named dataset.", show_default=False)] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="List to write.", show_default=False)],
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Write opinions from -2, the best, to 2, as A-FINE's fit takes them; those of SRIQA-Bench from 0 to 100."""
    from acutance.datasets.catalogue import DATASETS
    from acutance.datasets.targets import normalised_lists, write_normalised
    from acutance.errors import ConfigError

    check_free(output, overwrite=overwrite)
    if source in DATASETS and not (root is None and Path(source).is_dir()):
        lines = _of_dataset(source, root, allow_missing=allow_missing)
    elif root is not None or allow_missing:
        raise ConfigError(f"Expected the name of a dataset beside its folder, got {source}. Leave the rest out.")
    else:
        if output.parent.resolve() == Path(source).resolve():
            raise ConfigError(
                f"Expected another folder than that of the lists, which are all read, got {output}. Change --output."
            )
        lines = normalised_lists(Path(source))
    write_normalised(output, lines)
    opinions = [line.mos for line in lines]
    print(f"{output}: {len(lines)} lines, {min(opinions):g} (best) to {max(opinions):g}")


@data_app.command(
    epilog="Examples:\n\nacutance score PIPAL/images -m afine-naturalness --terms -o stage1.csv\n\n"
    "acutance data calibrate stage1.csv normalize_PIPAL_Train_mos.txt"
)
def calibrate(
    scores: Annotated[
        Path, typer.Argument(help="Scores with their parts, from: acutance score --terms -o FILE.", show_default=False)
    ],
    opinions: Annotated[Path, typer.Argument(help="List from: acutance data normalize.", show_default=False)],
    *,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Whose scores, if the file has several.", show_default=False)
    ] = None,
) -> None:
    """Fit A-FINE's logistic from scores to normalised opinions: gamma3 and gamma4, the first values of stage 3.

    Opinions from 0 to 100 are fitted by the combined score (adaptive): beta3 and beta4, of the last scaling.
    """
    from acutance.datasets.targets import read_targets

    targets = read_targets(opinions)
    fitted = targets.fit(_scores(scores, targets.term, model))
    if targets.low:
        print(f"gamma3 {fitted.centre:.4f}\ngamma4 {fitted.scale:.4f}")
        given = f"--set task.gamma3={fitted.centre:.6g} --set task.gamma4={fitted.scale:.6g}"
        typer.echo(f"train stage 3 from there: acutance train afine-stage3 {given}", err=True)
    else:
        print(f"beta3 {fitted.centre:.4f}\nbeta4 {fitted.scale:.4f}")


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
    say(table.notes)
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


def _check_free(places: list[Path], *, overwrite: bool) -> None:
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


def _of_dataset(name: str, root: Path | None, *, allow_missing: bool) -> "list[RatedLine]":
    """The rated images of the training part, or of a dataset without parts."""
    from acutance.datasets.afine_lists import RatedLine
    from acutance.datasets.catalogue import read_published
    from acutance.datasets.splits import part_of_table
    from acutance.datasets.table import OpinionTable
    from acutance.datasets.targets import direction_of, normalised
    from acutance.errors import ConfigError

    if root is None:
        raise ConfigError(f"Expected the folder of the dataset {name}, got none. Name it after the dataset.")
    whole = read_published(name, root, allow_missing=allow_missing)
    part = part_of_table(whole, None, "train")
    rated = OpinionTable([row for row in part if row.mos is not None and row.reference], whole.root, name)
    lines = [RatedLine(Path(row.image).name, Path(row.reference or "").name, row.mos or 0.0) for row in rated]
    if not lines:
        raise ConfigError(f"Expected rated images with references in {name}, got none. Take another dataset.")
    return normalised(lines, final=name == "sriqa_bench", better=direction_of(rated))


def _scores(path: Path, term: str, model: str | None) -> dict[str, float]:
    """What a model says of each image, by its file name."""
    from acutance.datasets.targets import file_name
    from acutance.errors import ConfigError
    from acutance.evaluation.score_files import read_sheet

    sheet = read_sheet(path, term)
    if model is None and len(sheet) > 1:
        raise ConfigError(f"Expected the scores of one model in {path}, got {', '.join(sheet)}. Name one with --model.")
    chosen = model or next(iter(sheet))
    if chosen not in sheet:
        raise ConfigError(f"Expected scores of {chosen} in {path}, got {', '.join(sheet)}. Name one of these.")
    found: dict[str, float] = {}
    for line in sheet[chosen]:
        name = file_name(line.image)
        if line.score is not None and found.setdefault(name, line.score) != line.score:
            raise ConfigError(f"Expected one score of {line.image} in {path}, got two. Remove one line.")
    return found
