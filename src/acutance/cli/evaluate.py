"""``acutance evaluate``: how well models agree with people."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import (
    AllowMissing,
    BootstrapDraws,
    Directions,
    Format,
    GroupBy,
    ModelSettings,
    OpinionBetter,
    Printed,
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
    from acutance.evaluation.results import EvaluationRun

EVALUATE_EPILOG = (
    "Examples:\n\nacutance evaluate psnr ssim --data kadid10k --root /data/kadid10k --output results\n\n"
    "acutance evaluate --scores theirs.csv --better ours=higher --data table.csv --output results --report report.html"
)


class Part(StrEnum):
    """Which rows of a dataset."""

    all = "all"
    train = "train"
    validation = "validation"
    test = "test"


class Curve(StrEnum):
    """The function from scores to opinions."""

    logistic4 = "logistic4"
    logistic5 = "logistic5"
    linear = "linear"
    none = "none"


@with_run_options()
def evaluate(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Models to evaluate, such as psnr ssim; from: acutance models", show_default=False),
    ] = None,
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="The same as an option: -m psnr,ssim; may be repeated.", show_default=False),
    ] = None,
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            "-d",
            help="Name of a dataset, a table or list (.csv, .parquet, .json), or "
            "A-FINE's list of pairs (.txt) or folder of MOS lists, or a quoted pattern of such files; may be repeated.",
        ),
    ],
    root: Annotated[
        list[str] | None,
        typer.Option(
            help="Its folder, one for each --data in their order, one for all files, or NAME=DIR.", show_default=False
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of results.", show_default=False)],
    reference: Annotated[
        Path | None,
        typer.Option("--reference", "-r", help="The undistorted image, in lists that name none.", show_default=False),
    ] = None,
    opinion_better: OpinionBetter = None,
    allow_missing: AllowMissing = False,
    scores: Annotated[
        list[str] | None,
        typer.Option(help="File of scores made before (.csv, .jsonl, .parquet), or NAME=FILE.", show_default=False),
    ] = None,
    better: Directions = None,
    protocol: Annotated[str, typer.Option(help="Named protocol.")] = "plain",
    part: Annotated[
        Part | None, typer.Option(help="Part of the data; by default the protocol's.", show_default=False)
    ] = None,
    split: Annotated[
        list[Path] | None, typer.Option(help="Split, from: acutance data split; its test part.", show_default=False)
    ] = None,
    curve: Annotated[
        Curve | None,
        typer.Option(help="Fitted before PLCC and errors; logistic4 or the protocol's.", show_default=False),
    ] = None,
    draws: BootstrapDraws = 1000,
    seed: Annotated[int, typer.Option(help="Seed of draws and splits.", min=0)] = 0,
    margin: Annotated[float, typer.Option(help="Scores no further apart are a tie, in pairs.", min=0)] = 0.0,
    group_by: Annotated[
        GroupBy | None, typer.Option(help="Print the groups of this kind too.", show_default=False)
    ] = None,
    tests: Annotated[bool, typer.Option("--tests", help="Print the tests between models too.")] = False,
    output_format: Printed = Format.table,
    report: Annotated[Path | None, typer.Option(help="Page of results to write, .html.", show_default=False)] = None,
    plots: Annotated[bool, typer.Option("--plots", help="Draw figures into the folder of results.")] = False,
    eval_results: Annotated[
        Path | None,
        typer.Option(help="File to write with MS-HyperIQA's own fields alone, of one model.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the scores in the folder of results.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results and scores.")] = False,
    weights: Weights = None,
    settings: ModelSettings = None,
    run: RunOptions,
) -> None:
    """Score datasets and say how well the scores agree with people. Scores are kept, and resumed."""
    from acutance.cli.progress import counting, downloading
    from acutance.evaluation.api import measure, read, score, with_tests
    from acutance.evaluation.files import check_one_model, write_plain_results, write_run
    from acutance.evaluation.measure import EvaluationOptions

    _check_models(models or [])
    _check_outputs(output, report, eval_results, plots=plots, replaces=overwrite or resume)
    with counting("labels") as advance:
        work = read(
            parse_models([*(models or []), *(model or [])]),
            list(data),
            list(root or []),
            reference=reference,
            opinion_better=opinion_better.value if opinion_better else None,
            allow_missing=allow_missing,
            scores=list(scores or []),
            better=parse_directions(better or []),
            splits=list(split or []),
            options=EvaluationOptions(
                protocol=protocol,
                part=part.value if part else None,
                curve=curve.value if curve else None,
                draws=draws,
                seed=seed,
                margin=margin,
            ),
            weights=parse_weights(weights or []),
            model_options=parse_options(settings or []),
            settings=run,
            output=output,
            resume=resume,
            overwrite=overwrite,
            on_progress=advance,
        )
    if eval_results is not None:
        check_one_model(work.names)
    say(work.report())
    with downloading("weights") as advance:
        notes = work.load_models(advance)
    say(notes)
    with counting("scoring") as advance:
        score(work, advance)
    with counting("statistics") as advance:
        results = with_tests(measure(work, advance))
    write_run(results, output)
    if eval_results is not None:
        write_plain_results(results, eval_results)
    _tell_of_nothing(results, group_by.value if group_by else None, tests=tests)
    _print(results, output_format, group_by.value if group_by else None, tests=tests)
    if plots:
        from acutance.reports.plots.evaluation import write_plots

        say(f"figure: {path}" for path in write_plots(results, output / "plots", overwrite=overwrite or resume))
    write_page(results, report, replaces=overwrite or resume)
    say(work.remarks())
    failures = [
        f"{row.image} of {one.dataset} by {one.model}: {row.error}"
        for one in results.evaluations
        for row in one.predictions
        if row.error is not None
    ]
    end(failures, sum(len(one.predictions) for one in results.evaluations), f"results in {output}")


def _check_models(words: list[str]) -> None:
    """Raise for a file among the models: the shell has made several words of a pattern behind --data."""
    from acutance.datasets.lists import OPINION_ENDINGS
    from acutance.errors import ConfigError

    for word in words:
        if Path(word).suffix.lower() in OPINION_ENDINGS and Path(word).is_file():
            raise ConfigError(
                f"Expected models, got the file {word}. Quote a pattern, so that it arrives whole: --data "
                f"'{Path(word).parent / '*'}{Path(word).suffix}'; or say --data before each file."
            )


def _check_outputs(
    output: Path, report: Path | None, eval_results: Path | None, *, plots: bool, replaces: bool
) -> None:
    """Raise before any work for what would fail after it."""
    from acutance.errors import ConfigError

    if output.exists() and not output.is_dir():
        raise ConfigError(f"Expected a folder of results at {output}, got a file. Name another.")
    if eval_results is not None and eval_results.exists() and not replaces:
        raise ConfigError(f"Expected no file at {eval_results}, got one. Name another, or replace it: --overwrite.")
    check_drawable(report, plots=plots, replaces=replaces)


def _tell_of_nothing(run: "EvaluationRun", group_by: str | None, *, tests: bool) -> None:
    """Lines about what was asked for and is not there."""
    for one in run.evaluations:
        if group_by is not None and not one.groups.get(group_by):
            say([f"{one.dataset} has no groups by {group_by}"])
    if tests and not run.tests:
        say(["--tests has no use: there is one model"])


def _print(run: "EvaluationRun", output_format: Format, group_by: str | None, *, tests: bool) -> None:
    from acutance.evaluation.results import printed_lines
    from acutance.reports.terminal import evaluation_tables, print_part, stdout_console

    if output_format is Format.table:
        console = stdout_console()
        for part in evaluation_tables(run, group_by, tests=tests):
            print_part(console, part)
        return
    sys.stdout.writelines(printed_lines(run.evaluations, group_by, as_json=output_format is Format.json))
