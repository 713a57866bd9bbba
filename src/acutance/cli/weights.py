"""``acutance weights``: which weights there are, bringing them here, checking and converting them."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import Offline, Overwrite

if TYPE_CHECKING:
    from rich.table import Table

    from acutance.weights.record import CheckpointRecord

weights_app = typer.Typer(
    help="List, fetch, verify, convert and merge the weights of models.",
    epilog="Examples:\n\nacutance weights fetch afine\n\nacutance weights verify afine",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the weights, from: acutance weights list", show_default=False)]


@weights_app.command("list", epilog="Examples:\n\nacutance weights list\n\nacutance weights list | grep afine")
def list_weights() -> None:
    """List the published weights: size, how they are got, where they are on this machine, which are to fetch by hand.

    A terminal shows what fits; a file or another program gets a line of all that is known for each.
    """
    from rich.text import Text

    from acutance.catalog import list_records
    from acutance.reports.terminal import stdout_console
    from acutance.weights.download import WEIGHTS_VARIABLE, find

    found = {record: find(record) for record in list_records().values()}
    console = stdout_console()
    if not console.is_terminal:
        with console.capture() as lines:
            console.print(_whole_table(found))
        print("\n".join(line.rstrip() for line in lines.get().splitlines()))
        return
    console.print(_short_table(found))
    folder = os.environ.get(WEIGHTS_VARIABLE)
    place = f"{WEIGHTS_VARIABLE}={folder}" if folder else f"the folder that {WEIGHTS_VARIABLE} names (not set now)"
    absent = [record for record, path in found.items() if path is None and record.got_by == "hand"]
    by_hand = {f"{record.local_filename} ({record.name})": record.origin or "" for record in absent}
    fold = partial(wrap, break_long_words=False, break_on_hyphens=False)  # addresses and paths stay whole, to be copied
    ways = {name: fold(way, console.width - 4) for name, way in by_hand.items()}
    here = {record.name: [str(path)] for record, path in found.items() if path is not None}
    for heading, entries in ((f"by hand, into {place}", ways), ("here", here)):
        if entries:
            console.print()
            for line in fold(heading, console.width):
                console.print(Text(line, style="bold"), soft_wrap=True)
            for name, indented in entries.items():
                console.print(Text(name))
                for line in indented:
                    console.print(Text(f"    {line}"), soft_wrap=True)
    console.print("\nThe others: acutance weights fetch NAME. Licences: acutance weights list | cat", markup=False)


def _short_table(found: "Mapping[CheckpointRecord, Path | None]") -> "Table":
    """What fits into 80 columns."""
    from acutance.reports.terminal import plain_table

    table = plain_table("weights", "size", "got by", "here", "commercial use")
    for record, path in found.items():
        table.add_row(record.name, _size(record, path), record.got_by, "yes" if path else "no", record.commercial_use)
    return table


def _whole_table(found: "Mapping[CheckpointRecord, Path | None]") -> "Table":
    from rich.text import Text

    from acutance.reports.terminal import plain_table

    table = plain_table("weights", "size", "from", "on this machine", "licence", "by hand")
    for record, path in found.items():
        by_hand = f"{record.origin}, as {record.local_filename}" if record.got_by == "hand" else ""
        size, here = _size(record, path), Text(str(path or "no"))
        table.add_row(record.name, size, record.source, here, record.licence, by_hand)
    return table


def _size(record: "CheckpointRecord", path: Path | None) -> str:
    """Of the file that is here, or about that of the published one."""
    size = path.stat().st_size if path else record.size_bytes
    return f"{size / 1e6:.0f} MB" if size is not None else "unknown"


@weights_app.command(epilog="Examples:\n\nacutance weights fetch afine\n\nacutance weights fetch afine --offline")
def fetch(
    name: Name, *, offline: Annotated[bool, typer.Option("--offline", help="Only look on this machine.")] = False
) -> None:
    """Download weights once, with the backbones they need, checked against the hub's checksum; print where they are."""
    from acutance.catalog import records_of
    from acutance.cli.progress import downloading
    from acutance.weights.download import fetch as fetch_weights

    for record in records_of(name):
        with downloading(record.filename) as advance:
            path = fetch_weights(record, offline=offline, on_progress=advance)
        typer.echo(f"Licence: {record.licence}", err=True)
        print(path)


@weights_app.command(epilog="Examples:\n\nacutance weights verify afine\n\nacutance weights verify afine afine.pth")
def verify(
    name: Name,
    path: Annotated[
        Path | None, typer.Argument(help="File to check; by default the one here.", show_default=False)
    ] = None,
) -> None:
    """Check weights: their sha256, every tensor's name and shape, and the score of a pair where one is published."""
    from acutance.catalog import find_record
    from acutance.cli.progress import downloading
    from acutance.inspection import ANCHOR_TOLERANCE, check_anchor, check_backbone, read_weights
    from acutance.weights.download import compared
    from acutance.weights.download import verify as verify_file

    with downloading("reading") as advance:
        result = verify_file(find_record(name), path, keep=False, on_progress=advance)
    if find_record(name).is_backbone:
        check_backbone(name, result.path)
    else:
        read_weights(name, result.path, whole=False)
    kept = result.at_first_use
    if not result.ok:
        which = f" as at its first use; if you replaced it, remove {result.path}.sha256" if kept else ""
        typer.echo(f"acutance: {result.path} has the sha256 {result.sha256}, not {result.expected}{which}", err=True)
        raise typer.Exit(1)
    anchor = None if find_record(name).is_backbone else check_anchor(name, result.path)
    if anchor is None or anchor.ok:  # the digest of another file would speak against the right one later
        result = compared(find_record(name), result.path, result.sha256)
    checksum = "as at its first use" if kept else "as published" if result.expected else "nothing to compare it with"
    if result.noted:
        checksum = f"first use, kept in {result.noted.name}"
    print(f"{result.path}\nsha256 {result.sha256} ({checksum})\nlayout complete")
    if anchor is not None:
        print(f"anchor pair: got {anchor.got:.8f}, wanted {anchor.wanted:.8f} +- {ANCHOR_TOLERANCE:g}")
        if not anchor.ok:
            typer.echo(f"acutance: {result.path} is not the published {find_record(name).filename}", err=True)
            raise typer.Exit(1)


@weights_app.command(
    epilog="Examples:\n\nacutance weights convert afine afine.pth afine.safetensors\n\nacutance weights convert afine"
)
def convert(
    name: Name,
    source: Annotated[
        Path | None, typer.Argument(help="Published file; by default the one here.", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Argument(help="By default NAME.safetensors.", show_default=False)] = None,
    *,
    overwrite: Overwrite = False,
    offline: Offline = False,
) -> None:
    """Write weights as safetensors, backbones included, without the parts that scoring does not use."""
    from acutance.catalog import find_record
    from acutance.cli.progress import downloading
    from acutance.errors import ConfigError
    from acutance.inspection import read_weights
    from acutance.weights import store
    from acutance.weights.download import find, missing, sha256_of

    record = find_record(name)
    if record.is_backbone:
        raise ConfigError(f"Expected the weights of a model, got {name}, a part of one. Convert that model's weights.")
    path = source or find(record)
    if path is None:
        raise missing(record, "nothing on this machine")
    if path.is_dir():
        raise ConfigError(
            f"Expected a file of weights, got the folder {path}. Do: acutance weights merge {path} -o FILE"
        )
    target = output or Path(f"{name}.safetensors")
    if target.exists() and not (overwrite and target.is_file() and not target.samefile(path)):
        raise ConfigError(f"Expected no file at {target}, got one. Name another, or replace it with --overwrite.")
    with downloading("backbones") as advance:
        read = read_weights(name, path, whole=True, offline=offline, on_progress=advance)
    backbone_sha256 = {part: sha256_of(file) for part, file in read.backbones.items()}
    store.save(
        target,
        read.tensors,
        model=read.weights.stored_as,
        config=read.config,
        source_sha256=sha256_of(path),
        trunk_sha256=backbone_sha256,
        score_info=read.score_info,
        options=read.options,
    )
    before, after = path.stat().st_size / 1e6, target.stat().st_size / 1e6
    print(f"{target} ({after:.0f} MB, from {before:.0f} MB)")


@weights_app.command(
    epilog="Examples:\n\nacutance weights merge released/ -o afine.safetensors\n\n"
    "acutance weights merge stage1/ stage2/ stage3/ -o afine.pth\n\n"
    "acutance weights merge stage1/net_qhead.pth ViT-B-32.pt -m afine-naturalness -o original.safetensors"
)
def merge(
    places: Annotated[
        list[Path],
        typer.Argument(help="Folders of the files of A-FINE's stages, or the files.", show_default=False),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help=".safetensors, or .pth as the authors merge.")],
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", help="afine, or a half: afine-naturalness, afine-fidelity.")
    ] = "afine",
    overwrite: Overwrite = False,
) -> None:
    """Write the files of A-FINE's stages as one; a file named by itself goes before those of folders.

    Untouched CLIP (the authors' mode Original) is ViT-B-32.pt in the place of clip_model.pth.
    """
    from acutance.errors import ConfigError
    from acutance.inspection import read_stage_files
    from acutance.weights import store
    from acutance.weights.download import sha256_of

    if output.suffix not in (".safetensors", ".pth") or (output.suffix == ".pth" and model != "afine"):
        wanted = "a file .safetensors" if model != "afine" else "a file .safetensors or .pth"
        raise ConfigError(f"Expected {wanted} for the merged {model}, got {output}. Change --output.")
    read = read_stage_files(model, places)
    if output.exists() and (not overwrite or any(path.samefile(output) for path in read.backbones.values())):
        raise ConfigError(f"Expected no file at {output}, got one. Name another, or replace it with --overwrite.")
    if output.suffix == ".pth":
        from acutance.models.afine.weights import CLIP_MODEL
        from acutance.training.publish import merge as merge_as_published
        from acutance.training.publish import unused_of_clip

        merge_as_published(read.tensors, unused_of_clip(read.backbones[CLIP_MODEL]), output)
    else:
        digests = {path.name: sha256_of(path) for path in read.backbones.values()}
        store.save(
            output,
            read.tensors,
            model="afine",
            config=read.config,
            source_sha256=None,
            trunk_sha256=digests,
            scores_as=None if model == "afine" else model,
        )
    print(f"{output} ({output.stat().st_size / 1e6:.0f} MB, from {len(read.backbones)} files)")
    for path in read.backbones.values():
        typer.echo(str(path), err=True)
