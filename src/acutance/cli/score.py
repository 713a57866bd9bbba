"""``acutance score``: how good pictures look, beside their references or alone."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from acutance.cli.tables import Summary

SCORE_EPILOG = (
    "Examples:\n\nacutance score out.png --reference truth.png\n\n"
    "acutance score outputs/ --reference truth/ --model afine --model psnr --output scores.csv"
)
SOME_FAILED = 1


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Precision(StrEnum):
    """Type of the matrix products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float64 = "float64"


def score(
    images: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders, or one manifest (.csv or .jsonl with image and reference).",
            show_default=False,
        ),
    ],
    reference: Annotated[
        str | None,
        typer.Option("--reference", "-r", help="The undistorted picture, or a folder of them.", show_default=False),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="Model to score with; may be repeated. By default psnr, ssim, ms_ssim, gmsd and vsi.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="File of weights, or MODEL=FILE; may be repeated.", show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Option of a model, such as ssim.channel=rgb; may be repeated.", show_default=False),
    ] = None,
    pair_by: Annotated[
        str,
        typer.Option(help="How names meet in two folders: path, stem, or a regular expression with one group."),
    ] = "path",
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Score the rest when some files have no partner.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", "-f", help="What to print.")] = Format.table,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File of scores: .csv, .jsonl or .parquet.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the file of scores.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of scores.")] = False,
    terms: Annotated[bool, typer.Option("--terms", help="Also give what scores are made of.")] = False,
    precision: Annotated[Precision, typer.Option(help="bfloat16 is faster and a little off.")] = Precision.float32,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[str, typer.Option(help="Pictures of one size scored at once: a number or auto.")] = "auto",
    workers: Annotated[int | None, typer.Option(help="Threads that decode ahead.", show_default=False)] = None,
    background: Annotated[str, typer.Option(help="Colour under transparent pixels.")] = "white",
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
) -> None:
    """Score pictures beside their references, or alone. Rows go to stdout or a file, all else to stderr."""
    from acutance.cli.arguments import parse_options, parse_weights
    from acutance.cli.progress import counting, downloading
    from acutance.cli.tables import gather, score_table, stdout_console, summary_table
    from acutance.errors import ConfigError
    from acutance.scoring.printing import print_rows
    from acutance.scoring.request import ScoreRequest
    from acutance.scoring.settings import checked_settings

    request = ScoreRequest(
        images[0] if len(images) == 1 else images,
        reference,
        model or None,
        weights=parse_weights(weights or []),
        options=parse_options(settings or []),
        settings=checked_settings(batch_size=batch_size, background=background, workers=workers),
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
    )
    if output is None and (resume or overwrite):
        raise ConfigError("Expected --output beside --resume or --overwrite, got none. Name the file of scores.")
    term_names = request.term_names() if terms else ()
    file = None if output is None else request.output(output, term_names=term_names, resume=resume, overwrite=overwrite)
    for line in request.report():
        typer.echo(line, err=True)
    with downloading("weights") as advance:
        request.load_models(device=device, precision=precision.value, offline=offline, on_progress=advance)
    with counting("scoring", hidden=output_format is not Format.table and sys.stdout.isatty()) as advance:
        rows = request.rows(advance) if file is None else request.to_file(file, advance)
        if output_format is not Format.table:
            rows = print_rows(rows, sys.stdout, term_names, as_json=output_format is Format.json)
        summary, kept = gather(rows, request.infos, keep=output_format is Format.table and file is None)
    if output_format is Format.table:
        stdout_console().print(score_table(kept, summary, term_names) if file is None else summary_table(summary))
    _finish(summary, output)


def _finish(summary: "Summary", output: Path | None) -> None:
    from acutance.cli.tables import printable

    for row in summary.failed:
        typer.echo(printable(f"failed: {row.image} by {row.model}: {row.error}"), err=True)
    if output is not None:
        typer.echo(f"{summary.rows} rows in {output}", err=True)
    if summary.failed:
        typer.echo(f"{len(summary.failed)} of {summary.rows} scores failed", err=True)
        raise typer.Exit(SOME_FAILED)
