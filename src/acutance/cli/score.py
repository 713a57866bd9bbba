"""``acutance score``: how good pictures look, beside their references or alone."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import (
    SOME_FAILED,
    Background,
    BatchSize,
    Device,
    Format,
    HdrPeak,
    Models,
    ModelSettings,
    Offline,
    Precision,
    Printed,
    Products,
    Reference,
    Strict,
    Threads,
    Weights,
)

if TYPE_CHECKING:
    from acutance.reports.terminal import Summary

SCORE_EPILOG = (
    "Examples:\n\nacutance score photo.jpg\n\n"
    "acutance score outputs/ --reference truth/ --pair-by stem --model psnr,ssim --output scores.csv"
)


def score(
    images: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders, or one manifest (.csv or .jsonl with image and reference).",
            show_default=False,
        ),
    ],
    reference: Reference = None,
    model: Models = None,
    weights: Weights = None,
    settings: ModelSettings = None,
    pair_by: Annotated[
        str,
        typer.Option(help="How names meet in two folders: path, stem, or a regular expression with one group."),
    ] = "path",
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Score the rest when some files have no partner.")
    ] = False,
    output_format: Printed = Format.table,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File of scores: .csv, .jsonl or .parquet.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the file of scores.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of scores.")] = False,
    terms: Annotated[bool, typer.Option("--terms", help="Also give what scores are made of.")] = False,
    precision: Products = Precision.float32,
    device: Device = "auto",
    batch_size: BatchSize = "auto",
    workers: Threads = None,
    background: Background = "white",
    hdr_peak: HdrPeak = None,
    strict: Strict = False,
    offline: Offline = False,
) -> None:
    """Score pictures beside their references, or alone. Rows go to stdout or a file, all else to stderr."""
    from acutance.cli.arguments import parse_models, parse_options, parse_weights
    from acutance.cli.progress import counting, downloading
    from acutance.errors import ConfigError
    from acutance.reports.terminal import gather, score_table, stdout_console, summary_table
    from acutance.scoring.printing import print_rows
    from acutance.scoring.request import ScoreRequest
    from acutance.scoring.settings import checked_settings
    from acutance.tables.text import printable

    request = ScoreRequest(
        images[0] if len(images) == 1 else images,
        reference,
        parse_models(model or []) or None,
        weights=parse_weights(weights or []),
        options=parse_options(settings or []),
        settings=checked_settings(
            batch_size=batch_size, background=background, workers=workers, hdr_peak=hdr_peak, strict=strict
        ),
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
    )
    if output is None and (resume or overwrite):
        raise ConfigError("Expected --output beside --resume or --overwrite, got none. Name the file of scores.")
    term_names = request.term_names() if terms else ()
    if terms and not term_names:
        typer.echo(f"--terms has no use: {', '.join(request.names)} has no parts", err=True)
    file = None if output is None else request.output(output, term_names=term_names, resume=resume, overwrite=overwrite)
    for line in [*request.report(), *request.hints()]:
        typer.echo(line, err=True)
    with downloading("weights") as advance:
        notes = request.load_models(device=device, precision=precision.value, offline=offline, on_progress=advance)
    for line in notes:
        typer.echo(line, err=True)
    with counting("scoring", hidden=output_format is not Format.table and sys.stdout.isatty()) as advance:
        rows = request.rows(advance) if file is None else request.to_file(file, advance)
        if output_format is not Format.table:
            rows = print_rows(rows, sys.stdout, term_names, as_json=output_format is Format.json)
        summary, kept = gather(rows, request.infos, keep=output_format is Format.table and file is None)
    if output_format is Format.table:
        stdout_console().print(score_table(kept, summary, term_names) if file is None else summary_table(summary))
    for line in request.left_out.after():
        typer.echo(printable(line), err=True)
    _finish(summary, output)


def _finish(summary: "Summary", output: Path | None) -> None:
    from acutance.tables.text import printable

    for row in summary.failed:
        typer.echo(printable(f"failed: {row.image} by {row.model}: {row.error}"), err=True)
    if output is not None:
        typer.echo(f"{summary.rows} row{'s' if summary.rows != 1 else ''} in {output}", err=True)
    if summary.failed:
        typer.echo(f"{len(summary.failed)} of {summary.rows} scores failed", err=True)
        raise typer.Exit(SOME_FAILED)
