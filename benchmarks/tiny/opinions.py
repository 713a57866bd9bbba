"""afine-tiny on the test part of BIQ2021, beside what is published."""

from pathlib import Path

import numpy as np

from acutance.datasets import OpinionTable, read_dataset, write_table
from acutance.datasets.splits import part_of_table
from acutance.evaluation import read_run
from acutance.evaluation.results import Evaluation
from acutance.stats.bootstrap import bootstrap_agreement
from benchmarks.tiny.commands import ALONE, Weights, run_acutance
from benchmarks.tiny.figures import Figure, Section, Table

SROCC, PLCC = 0.73, 0.78
"""What is wanted at least."""
PUBLISHED = {
    "BRISQUE": (0.604, None),
    "ENIQA": (0.634, None),
    "ResNet-50": (0.647, None),
    "NASNet-Large, 88 M parameters": (0.673, 0.708),
    "SGL-IQA": (0.71, None),
    "DeepEns": (0.792, 0.810),
}
"""SROCC and PLCC on BIQ2021's test part, as published; ``None`` where it is not known here."""

Ends = tuple[float | None, float | None]


def measure_opinions(root: Path, output: Path, weights: Weights, *, pictures: int | None, rerun: str) -> Section:
    """Evaluate by the command.

    Args:
        root: Folder of BIQ2021.
        output: Folder of results; the evaluation goes to ``opinions`` in it.
        weights: Of afine-tiny.
        pictures: How many of the test part; ``None`` for all.
        rerun: ``--resume`` or ``--overwrite``.
    """
    folder = output / "opinions"
    if pictures is None:
        data = ["--data", "biq2021", "--root", str(root), "--part", "test"]
    else:
        few = output / "opinions_few.csv"
        write_table(OpinionTable(tested_photographs(root).rows[:pictures], root, few.stem), few)
        data = ["--data", str(few), "--root", str(root)]
    run_acutance("evaluate", ALONE, *data, "--output", folder, rerun, *weights.options(ALONE))
    (evaluation,) = read_run(folder).evaluations
    return _section(evaluation)


def tested_photographs(root: Path) -> OpinionTable:
    """The photographs that nothing was trained on."""
    return part_of_table(read_dataset("biq2021", root), None, "test")


def _section(evaluation: Evaluation) -> Section:
    found = evaluation.agreement
    kind = "none" if found.curve is None else found.curve.kind
    figures = [
        _figure("SROCC", found.srcc, _ends(evaluation, "srcc"), at_least=SROCC),
        _figure(f"PLCC after {kind}", found.plcc, _ends(evaluation, "plcc"), at_least=PLCC),
        _figure("PLCC of the scores as they are", found.plcc_unfitted, _raw_interval(evaluation), at_least=PLCC),
        _figure(f"RMSE after {kind}, of opinions from 0 to 1", found.rmse, _ends(evaluation, "rmse")),
    ]
    return Section(
        f"Opinions: BIQ2021, {found.count} test photographs",
        figures,
        [_beside_published(_known(found.srcc), _known(found.plcc))],
        [f"{evaluation.failed} failed. The other numbers are as published, PLCC perhaps without a curve."],
        {"dataset": evaluation.dataset, "count": found.count, "failed": evaluation.failed, "problem": found.problem},
    )


def _beside_published(srocc: float, plcc: float) -> Table:
    rows: list[tuple[str, float, float | None]] = [(name, *numbers) for name, numbers in PUBLISHED.items()]
    rows = sorted([*rows, ("**afine-tiny**", srocc, plcc)], key=lambda row: row[1])
    cells = [[name, f"{first:.3f}", "" if second is None else f"{second:.3f}"] for name, first, second in rows]
    return Table(("BIQ2021", "SROCC", "PLCC"), cells)


def _figure(what: str, value: float | None, ends: Ends, *, at_least: float | None = None) -> Figure:
    return Figure(what=what, value=_known(value), low=ends[0], high=ends[1], at_least=at_least)


def _ends(evaluation: Evaluation, name: str) -> Ends:
    interval = evaluation.agreement.intervals.get(name)
    return (None, None) if interval is None else (interval.low, interval.high)


def _raw_interval(evaluation: Evaluation) -> Ends:
    """The one interval that the command does not write."""
    both = [
        (row.predicted, row.ground_truth)
        for row in evaluation.predictions
        if row.predicted is not None and row.ground_truth is not None
    ]
    scores, mos = np.array(both).T
    found = bootstrap_agreement(
        scores,
        mos,
        None,
        better=evaluation.better,
        mos_better=evaluation.mos_better,
        curve="none",
        statistics=("plcc_unfitted",),
    )
    return found["plcc_unfitted"]


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
