"""``acutance compare``: methods beside each other."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import (
    SOME_FAILED,
    BootstrapDraws,
    Directions,
    Format,
    Models,
    ModelSettings,
    Printed,
    Reference,
    Weights,
    with_run_options,
)
from acutance.scoring.options import RunOptions

if TYPE_CHECKING:
    from acutance.comparison.results import Comparison

COMPARE_EPILOG = (
    "Examples:\n\nacutance compare --reference truth/ swinir/ realesrgan/ ours/ --model psnr,afine-tiny\n\n"
    "acutance compare --preferences votes.csv"
)


@with_run_options()
def compare(
    methods: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folder of each method; its name is that of the folder unless given as NAME=DIR.", show_default=False
        ),
    ] = None,
    *,
    reference: Reference = None,
    model: Models = None,
    weights: Weights = None,
    settings: ModelSettings = None,
    pair_by: Annotated[
        str,
        typer.Option(help="How names meet in the folders: path, stem, or a regular expression with one group."),
    ] = "path",
    allow_unmatched: Annotated[
        bool, typer.Option("--allow-unmatched", help="Compare the images that all methods have.")
    ] = False,
    scores: Annotated[
        Path | None,
        typer.Option(help="File of acutance score on these folders, instead of scoring.", show_default=False),
    ] = None,
    better: Directions = None,
    preferences: Annotated[
        Path | None,
        typer.Option(
            help="CSV file of what people prefer: first, second, and first_wins or winner.", show_default=False
        ),
    ] = None,
    output_format: Printed = Format.table,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the comparison and its scores.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the scores of the folder.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Page with images side by side to write, .html.", show_default=False)
    ] = None,
    plots: Annotated[bool, typer.Option("--plots", help="Draw violins and wins into the folder.")] = False,
    draws: BootstrapDraws = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the draws.", min=0)] = 0,
    run: RunOptions,
) -> None:
    """Compare methods by the images they made, or by what people prefer. Tables go to stdout, all else to stderr."""
    from acutance.cli.arguments import parse_directions, parse_models, parse_options, parse_weights
    from acutance.cli.progress import counting, downloading
    from acutance.comparison.api import measure, read, score
    from acutance.comparison.measure import Draws
    from acutance.comparison.results import write_comparison
    from acutance.tables.text import printable

    _check_outputs(output, report, plots=plots, is_drawable=bool(methods), replaces=overwrite or resume)
    work = read(
        methods or [],
        reference,
        parse_models(model or []) or None,
        weights=parse_weights(weights or []),
        model_options=parse_options(settings or []),
        settings=run,
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
        scores=scores,
        better=parse_directions(better or []),
        preferences=preferences,
        draws=Draws(draws, seed),
        output=output,
        resume=resume,
        overwrite=overwrite,
    )
    for line in work.report():
        typer.echo(line, err=True)
    with downloading("weights") as advance:
        notes = work.load_models(advance)
    for line in notes:
        typer.echo(line, err=True)
    with counting("scoring") as advance:
        score(work, advance)
    comparison = measure(work)
    if output is not None:
        write_comparison(comparison, output)
    _print(comparison, output_format)
    _draw(comparison, output if plots else None, report, replaces=overwrite or resume)
    for line in work.left_out.after():
        typer.echo(printable(line), err=True)
    _finish(comparison, output)


def _check_outputs(output: Path | None, report: Path | None, *, plots: bool, is_drawable: bool, replaces: bool) -> None:
    """Raise before any work for what would fail after it."""
    from acutance.errors import ConfigError
    from acutance.extras import require

    if plots:
        require("matplotlib", extra="plots")
        if output is None or not is_drawable:
            lacking = "--output" if output is None else "folders of methods"
            raise ConfigError(f"Expected {lacking} beside --plots, got none. Name it, or leave --plots out.")
    if report is not None:
        from acutance.reports.page import check_report_place

        check_report_place(report, overwrite=replaces)


def _print(comparison: "Comparison", output_format: Format) -> None:
    from acutance.comparison.results import comparison_json, methods_csv
    from acutance.reports.terminal import comparison_tables, print_part, stdout_console
    from acutance.tables.text import printable

    if output_format is Format.table:
        console = stdout_console()
        for index, part in enumerate(comparison_tables(comparison)):
            if index and not isinstance(part, str):
                console.print()
            print_part(console, part)
    elif output_format is Format.csv:
        sys.stdout.writelines(methods_csv(comparison))
    else:
        sys.stdout.write(comparison_json(comparison))
    sys.stdout.flush()
    for note in comparison.notes:
        typer.echo(printable(f"note: {note}"), err=True)


def _draw(comparison: "Comparison", output: Path | None, report: Path | None, *, replaces: bool) -> None:
    from acutance.cli.progress import counting

    if output is not None:
        from acutance.reports.plots.canvas import save_figure
        from acutance.reports.plots.comparison import violin_figure, wins_figure

        for name, draw in (("violins", violin_figure), ("wins", wins_figure)):
            path = output / "plots" / f"{name}.png"
            save_figure(draw(comparison), path, overwrite=replaces)
            typer.echo(f"figure: {path}", err=True)
    if report is not None:
        from acutance.reports.page import write_report

        with counting("report") as advance:
            write_report(comparison, report, overwrite=replaces, on_progress=advance)
        typer.echo(f"report: {report}", err=True)


def _finish(comparison: "Comparison", output: Path | None) -> None:
    from acutance.tables.text import printable

    total = failed = 0
    for image in comparison.pictures:
        total += len(image.images) * len(comparison.models)
        for model, errors in image.errors.items():
            for method, error in errors.items():
                failed += 1
                typer.echo(printable(f"failed: {image.images[method]} by {model}: {error}"), err=True)
    if output is not None:
        typer.echo(f"results in {output}", err=True)
    if failed:
        typer.echo(f"{failed} of {total} scores failed", err=True)
        raise typer.Exit(SOME_FAILED)
