"""``acutance score``: how good images look, beside their references or alone."""

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import (
    Format,
    Models,
    ModelSettings,
    Printed,
    Reference,
    Weights,
    parse_models,
    parse_options,
    parse_weights,
    with_run_options,
)
from acutance.cli.output import end, say
from acutance.scoring.options import RunOptions

if TYPE_CHECKING:
    from typing import TextIO  # checks of types at run time know no StringIO as one

    from acutance.scoring.rows import ScoreRow
    from acutance.scoring.run import ScorePlan

SCORE_EPILOG = (
    "Examples:\n\nacutance score photo.jpg\n\n"
    "acutance score outputs/ --reference truth/ --pair-by stem --model psnr,ssim --output scores.csv"
)


@with_run_options()
def score(
    images: Annotated[
        list[str],
        typer.Argument(
            help="Images, folders, or one manifest (.csv or .jsonl with image and reference).",
            show_default=False,
        ),
    ],
    *,
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
    run: RunOptions,
) -> None:
    """Score images beside their references, or alone. Rows go to stdout or a file, all else to stderr."""
    from acutance.cli.progress import counting, downloading
    from acutance.errors import ConfigError
    from acutance.reports.terminal import gather, score_table, stdout_console, summary_table
    from acutance.scoring.run import load_models, open_score_file, plan_scores, score_rows

    plan = plan_scores(
        images[0] if len(images) == 1 else images,
        reference,
        parse_models(model or []) or None,
        options=run,
        weights=parse_weights(weights or []),
        model_options=parse_options(settings or []),
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
    )
    if output is None and (resume or overwrite):
        raise ConfigError("--resume and --overwrite need --output. Name the file of scores.")
    term_names = plan.term_names() if terms else ()
    if terms and not term_names:
        say([f"--terms has no use: {', '.join(plan.names)} has no parts"])
    file = None
    if output is not None:
        file = open_score_file(plan, output, term_names=term_names, resume=resume, overwrite=overwrite)
    say([*plan.report(), *([] if model else _hints(plan))])
    with downloading("weights") as advance:
        models, notes = load_models(plan, advance)
    say(notes)
    is_table = output_format is Format.table
    with counting("scoring", hidden=not is_table and sys.stdout.isatty()) as advance:
        rows = score_rows(plan, models, file, advance)
        if not is_table:
            rows = print_rows(rows, sys.stdout, term_names, as_json=output_format is Format.json)
        infos = {name: loaded.info for name, loaded in zip(plan.names, models, strict=True)}
        summary, kept = gather(rows, infos, keep=is_table and file is None)
    if is_table:
        stdout_console().print(score_table(kept, summary, term_names) if file is None else summary_table(summary))
    say(plan.left_out.after())
    failures = [f"{row.image} by {row.model}: {row.error}" for row in summary.failed]
    where = f"{summary.rows} row{'s' if summary.rows != 1 else ''} in {output}"
    end(failures, summary.rows, "" if output is None else where)


def print_rows(
    rows: "Iterable[ScoreRow]", stream: "TextIO", term_names: Sequence[str] = (), *, as_json: bool
) -> "Iterator[ScoreRow]":
    """Write CSV with a header, or one JSON array, row by row, and pass the rows on."""
    from acutance.scoring.rows import ROW_FIELDS
    from acutance.tables.write import csv_line, json_line

    terms = tuple(term_names)
    if not as_json:
        stream.write(csv_line([*ROW_FIELDS, *terms]))
        for row in rows:
            stream.write(csv_line(list(row.as_dict(terms).values())))
            stream.flush()
            yield row
        return
    separator = "[\n"
    for row in rows:
        stream.write(separator + json_line(row.as_dict(terms), always_noted=True).rstrip("\n"))
        stream.flush()
        separator = ",\n"
        yield row
    stream.write("[]\n" if separator == "[\n" else "\n]\n")
    stream.flush()


def _hints(plan: "ScorePlan") -> list[str]:
    """What may have been meant otherwise: two images of one size that are scored alone, by no model's name."""
    from acutance.images.decode import upright_size
    from acutance.scoring.run import names_two_files

    pairs = plan.pairing.pairs
    if not names_two_files(plan.named) or any(pair.reference for pair in pairs):
        return []
    sizes = {upright_size(Path(pair.image.source)) for pair in pairs}
    first, second = (shlex.quote(os.fspath(pair.image.source)) for pair in pairs)
    if len(sizes) > 1 or None in sizes or first == second:
        return []
    return [f"hint: scored alone, not compared; to compare: acutance score {first} --reference {second}"]
