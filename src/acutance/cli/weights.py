"""``acutance weights``: which weights there are, bringing them here, checking and converting them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import torch

    from acutance.catalog.entries import PublishedWeights

weights_app = typer.Typer(
    help="List, fetch, verify and convert the weights of models.",
    epilog="Examples:\n\nacutance weights fetch afine\n\nacutance weights verify afine",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the weights, from: acutance weights list", show_default=False)]


@weights_app.command("list", epilog="Examples:\n\nacutance weights list\n\nacutance weights list | grep afine")
def list_weights() -> None:
    """List the published weights, and where they are on this machine."""
    from rich.table import Table
    from rich.text import Text

    from acutance.checkpoints.download import find
    from acutance.cli.tables import stdout_console

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("weights", "size", "from", "on this machine", "licence"):
        table.add_column(heading, overflow="fold")
    for published in _all_weights().values():
        record = published.record
        size = f"{record.size_bytes / 1e6:.0f} MB" if record.size_bytes else "unknown"
        table.add_row(
            record.name,
            size,
            f"{record.repository}: {record.filename}",
            Text(str(find(record) or "no")),
            record.licence,
        )
    stdout_console().print(table)


@weights_app.command(epilog="Examples:\n\nacutance weights fetch afine\n\nacutance weights fetch afine --offline")
def fetch(name: Name, *, offline: Annotated[bool, typer.Option(help="Only look on this machine.")] = False) -> None:
    """Download weights once, checked against the hub's checksum, and print where they are."""
    from acutance.checkpoints.download import fetch as fetch_weights
    from acutance.cli.progress import downloading

    record = _find(name).record
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
    """Check weights: their sha256 against the published one, and every tensor's name and shape."""
    from acutance.catalog.loading import read_weights
    from acutance.checkpoints.verify import verify as verify_file
    from acutance.cli.progress import downloading

    published = _find(name)
    with downloading("reading") as advance:
        result = verify_file(published.record, path, on_progress=advance)
    read_weights(published, result.path, _expected(name))
    checksum = "as published" if result.expected else "nothing to compare it with"
    if not result.ok:
        typer.echo(f"acutance: {result.path} has the sha256 {result.sha256}, not {result.expected}", err=True)
        raise typer.Exit(1)
    print(f"{result.path}\nsha256 {result.sha256} ({checksum})\nlayout complete")


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
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output.")] = False,
) -> None:
    """Write weights as safetensors, without the parts that scoring does not use."""
    from acutance.catalog.loading import read_weights
    from acutance.checkpoints import store
    from acutance.checkpoints.digest import sha256_of
    from acutance.checkpoints.download import find, missing
    from acutance.errors import ConfigError

    published = _find(name)
    path = source or find(published.record)
    if path is None:
        raise missing(published.record, "nothing on this machine")
    target = output or Path(f"{name}.safetensors")
    if target.exists() and not (overwrite and target.is_file() and not target.samefile(path)):
        raise ConfigError(f"Expected no file at {target}, got one. Name another, or replace it with --overwrite.")
    tensors = read_weights(published, path, _expected(name))
    store.save(target, tensors, model=published.stored_as, config={}, source_sha256=sha256_of(path))
    before, after = path.stat().st_size / 1e6, target.stat().st_size / 1e6
    print(f"{target} ({after:.0f} MB, from {before:.0f} MB)")


def _all_weights() -> "dict[str, PublishedWeights]":
    from acutance.catalog import list_models

    return {
        entry.name: entry.weights
        for entry in list_models()
        if entry.weights is not None and entry.weights.stored_as == entry.name
    }


def _find(name: str) -> "PublishedWeights":
    from acutance.errors import UnknownNameError

    known = _all_weights()
    if name not in known:
        raise UnknownNameError("set of weights", name, known)
    return known[name]


def _expected(name: str) -> "dict[str, torch.Tensor]":
    """The tensors of the model: names and shapes, without numbers."""
    import torch

    from acutance.catalog import find_model

    with torch.device("meta"):
        return find_model(name).build().state_dict()
