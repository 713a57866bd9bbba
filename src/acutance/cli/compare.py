"""``acutance compare``: methods beside each other."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import (
    BootstrapDraws,
    Directions,
    Format,
    Models,
    ModelSettings,
    Printed,
    Reference,
    Weights,
    parse_directions,
    parse_models,
    parse_options,
    parse_weights,
    with_run_options,
)
from acutance.cli.output import check_drawable, end, say, write_page
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
    from acutance.cli.progress import counting, downloading
    from acutance.comparison.api import measure, read, score
    from acutance.comparison.measure import Draws
    from acutance.comparison.results import write_comparison

    check_drawable(report, plots=plots, replaces=overwrite or resume)
    if plots:
        _check_plots(output, is_drawable=bool(methods))
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
    say(work.report())
    with downloading("weights") as advance:
        notes = work.load_models(advance)
    say(notes)
    with counting("scoring") as advance:
        score(work, advance)
    comparison = measure(work)
    if output is not None:
        write_comparison(comparison, output)
    _print(comparison, output_format)
    if plots and output is not None:
        _draw(comparison, output / "plots", overwrite=overwrite or resume)
    write_page(comparison, report, replaces=overwrite or resume)
    say(work.left_out.after())
    failures = [
        f"{image.images[method]} by {model}: {error}"
        for image in comparison.pictures
        for model, errors in image.errors.items()
        for method, error in errors.items()
    ]
    total = len(comparison.models) * sum(len(image.images) for image in comparison.pictures)
    end(failures, total, "" if output is None else f"results in {output}")


def _check_plots(output: Path | None, *, is_drawable: bool) -> None:
    """Raise before any work where there would be nothing to draw, or nowhere to."""
    from acutance.errors import ConfigError

    if output is None or not is_drawable:
        lacking = "--output" if output is None else "folders of methods"
        raise ConfigError(f"Expected {lacking} beside --plots, got none. Name it, or leave --plots out.")


def _print(comparison: "Comparison", output_format: Format) -> None:
    from acutance.comparison.results import comparison_json, methods_csv
    from acutance.reports.terminal import comparison_tables, print_part, stdout_console

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
    say(f"note: {note}" for note in comparison.notes)


def _draw(comparison: "Comparison", folder: Path, *, overwrite: bool) -> None:
    from acutance.reports.plots.canvas import save_figure
    from acutance.reports.plots.comparison import violin_figure, wins_figure

    for name, draw in (("violins", violin_figure), ("wins", wins_figure)):
        save_figure(draw(comparison), folder / f"{name}.png", overwrite=overwrite)
        say([f"figure: {folder / name}.png"])
