"""Scores of made pictures by the command: beside their references, and with the picture itself as the reference."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.datasets import OpinionTable, RatedImage, read_table, write_table
from acutance.evaluation import Evaluation, read_run
from acutance.images.read import read_image
from benchmarks.tiny.commands import WHOLE, Weights, run_acutance

SCORES = "scores.csv"
"""Beside the table: what each metric said, of which the pseudo-MOS was made."""
NOT_METRICS = ("image", "reference", "mos")
LEAST_REFERENCES = 2
"""An interval needs two."""


@dataclass(frozen=True)
class Scored:
    """A pair of files, scored by afine-tiny."""

    score: float
    quality_alone: float
    """Naturalness of the picture alone, turned so that higher is better."""


@dataclass(frozen=True)
class PairScores:
    """All that is known of a set of made pictures."""

    table: OpinionTable
    evaluations: list[Evaluation]
    """afine-tiny first, then the metrics."""
    pairs: dict[tuple[str, str], Scored]
    """By image and reference, both as the table names them."""
    same: frozenset[str]
    """Pictures that are their reference, pixel for pixel."""
    labelled_by: tuple[str, ...]
    """Metrics that made the pseudo-MOS."""


def score_pairs(
    folder: Path, output: Path, weights: Weights, metrics: Sequence[str], *, pictures: int | None, rerun: str
) -> PairScores:
    """Score them, or go on with it.

    Args:
        folder: Of ``acutance data synthesize``.
        output: Folder of results; these go to ``pairs`` in it.
        weights: Of a whole afine-tiny.
        metrics: Classic ones, to stand beside it.
        pictures: At least how many, whole references; ``None`` for all.
        rerun: ``--resume`` or ``--overwrite``.
    """
    place = folder / "table.csv"
    table = read_table(place)
    output.mkdir(parents=True, exist_ok=True)
    if pictures is not None:
        table = OpinionTable(_few(table.rows, pictures), table.root, "pairs_few")
        place = output / "pairs_few.csv"
        write_table(table, place)
    results = output / "pairs"
    options = weights.options(WHOLE)
    data = ("--data", place, "--root", folder)
    run_acutance("evaluate", WHOLE, *metrics, *data, "--output", results, rerun, *options)
    manifest, scores = output / "pairs_degraded.csv", output / "pairs_degraded_scores.csv"
    named = _write_manifest(table, manifest)
    run_acutance("score", manifest, "--model", WHOLE, "--terms", "--output", scores, rerun, *options)
    return PairScores(
        table,
        read_run(results).evaluations,
        _read_scores(scores, named),
        frozenset(row.image for row in table if same_pixels(table, row)),
        _labelled_by(folder / SCORES),
    )


def same_pixels(table: OpinionTable, row: RatedImage) -> bool:
    """Whether nothing was done to a picture: some of the weakest levels are no change at all."""
    return np.array_equal(read_image(table.path(row.image)), _reference(table.path(str(row.reference))))


@cache
def _reference(path: Path) -> NDArray[Any]:
    return read_image(path)


def _few(rows: Sequence[RatedImage], pictures: int) -> list[RatedImage]:
    """Rows of the first references, as many as it takes."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[str(row.reference)] = counts.get(str(row.reference), 0) + 1
    kept: set[str] = set()
    for reference in sorted(counts):
        if len(kept) >= LEAST_REFERENCES and sum(counts[name] for name in kept) >= pictures:
            break
        kept.add(reference)
    return [row for row in rows if row.reference in kept]


def _write_manifest(table: OpinionTable, path: Path) -> list[tuple[str, str]]:
    """Each reference beside itself; with each distorted picture as the reference, the clean one and itself."""
    references = sorted({str(row.reference) for row in table})
    pairs = [(reference, reference) for reference in references]
    for row in table:
        pairs += [(str(row.reference), row.image), (row.image, row.image)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "reference"))
        writer.writerows([table.path(name).absolute() for name in pair] for pair in pairs)
    return pairs


def _read_scores(path: Path, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Scored]:
    """What was said of each pair of the manifest, in whose order the file is."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    failed = [row for row in rows if row["error"]]
    if failed or len(rows) != len(named):
        raise SystemExit(
            f"Expected {len(named)} scores in {path}, got {len(rows) - len(failed)}. Run with --overwrite."
        )
    return {
        pair: Scored(float(row["score"]), -float(row["raw_naturalness"])) for pair, row in zip(named, rows, strict=True)
    }


def _labelled_by(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(name for name in next(csv.reader(file), []) if name not in NOT_METRICS)
