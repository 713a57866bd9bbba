"""Results of an evaluation as records that files keep, and the columns of its tables."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from acutance.tables.write import csv_rows, json_line
from acutance.types import Better, CurveKind

if TYPE_CHECKING:  # results are read without the statistics that made them
    from acutance.stats.bootstrap import Statistic


class Frozen(BaseModel):
    """A record that does not change; ``model_dump_json`` writes infinity as ``null``, files of results keep it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Frozen):
    """An interval of confidence."""

    low: float
    high: float
    level: float = 0.95
    """Share of draws inside."""


class FittedCurve(Frozen):
    """The curve from scores to opinions by which PLCC and RMSE were computed."""

    kind: CurveKind
    """Which function was fitted in the end."""
    wanted: CurveKind
    """Which function was asked for."""
    parameters: tuple[float, ...]
    """Its parameters, in the order of the formula in docs/statistics.md; they take raw scores."""
    note: str = ""
    """Why another function than the wanted one was fitted; empty if it was not."""


class Agreement(Frozen):
    """Agreement of the scores of some images with opinions of them.

    Correlations are signed so that a model that agrees is positive, whichever way its scores and the opinions go;
    a negative one is a model that disagrees.
    """

    count: int
    """How many images, all of them scored and rated."""
    srcc: float | None
    """Spearman's rank correlation, -1 to 1; ``None`` where it cannot be computed, see ``problem``."""
    krcc: float | None
    """Kendall's tau-b, -1 to 1."""
    plcc: float | None
    """Pearson's correlation after the fitted curve, -1 to 1; negative if the curve turns the scores round."""
    plcc_unfitted: float | None
    """Pearson's correlation without a curve, -1 to 1."""
    rmse: float | None
    """Root of the mean squared error after the curve, in units of the opinions."""
    mae: float | None
    """Mean absolute error after the curve, in units of the opinions."""
    outlier_ratio: float | None
    """Share of images whose fitted score lies outside the interval of the opinion; ``None`` without spreads."""
    outlier_rule: str = ""
    """Which one: ``p1401``, Student's t times the standard error, or ``vqeg``, twice the deviation, without votes."""
    curve: FittedCurve | None
    intervals: dict[str, Interval] = Field(default_factory=dict)
    """Bootstrap intervals by the names of the fields above."""
    clipped: int = 0
    """How many infinite scores (identical images) took the best finite score for the curve and its errors."""
    problem: str = ""
    """Why a statistic is missing, in one line; empty if none is."""


class Group(Frozen):
    """The agreement within images that share something."""

    name: str
    """Such as ``jpeg``, ``3`` or ``reference/I01.png``."""
    agreement: Agreement


class Prediction(Frozen):
    """One image, the score that a model gave it and the opinion that people have of it."""

    image: str
    """Path relative to the root of the dataset."""
    predicted: float | None
    """The score; ``None`` if the image failed."""
    ground_truth: float | None
    """The opinion as published."""
    reference: str | None = None
    """Path of the reference relative to the root."""
    mos_std: float | None = None
    """Standard deviation of the opinions."""
    num_votes: int | None = None
    """How many people were asked."""
    distortion: str | None = None
    level: int | None = None
    scene: str | None = None
    error: str | None = None
    """Why it failed, in one line."""


class Evaluation(Frozen):
    """One model on one dataset."""

    model: str
    dataset: str
    better: Better
    """Which direction of the scores means better quality."""
    mos_better: Better
    """Which direction of the opinions does."""
    root: str = ""
    """Folder that the paths start from, absolute."""
    protocol: str = "plain"
    """Name of the protocol."""
    part: str = "all"
    """Which part of the dataset: all, train, validation or test."""
    agreement: Agreement
    """Over all images."""
    groups: dict[str, list[Group]] = Field(default_factory=dict)
    """By ``distortion``, ``level`` and ``reference``, where the dataset has them."""
    protocol_results: dict[str, float | int | None] = Field(default_factory=dict)
    """Named numbers of the protocol, such as ``accuracy`` or ``srcc_median``; empty for the plain one."""
    failed: int = 0
    """How many images have no score; they are listed in ``predictions`` with an error."""
    unrated: int = 0
    """How many images have a score and no opinion."""
    notes: list[str] = Field(default_factory=list)
    """What one must know of the dataset: published images that are not there, columns that were not read."""
    predictions: list[Prediction]


class ModelTest(Frozen):
    """Whether one model is better than another on one dataset, by one test."""

    dataset: str
    first: str
    second: str
    test: str
    """Name of the test, such as ``meng_rosenthal_rubin``, ``williams``, ``f_test`` or ``krasula_better_worse``."""
    statistic: float | None
    """What the test computes; ``None`` where it cannot be computed, see ``note``."""
    p_value: float | None
    """Two-sided, uncorrected."""
    p_corrected: float | None
    """After Holm's correction over the pairs of models of one dataset and test."""
    winner: str = ""
    """Which of the two is significantly better at 0.05 after correction; empty if none."""
    count: int = 0
    """How many images both have a score and an opinion of: those alone are tested; splits for ``wilcoxon_splits``."""
    note: str = ""
    """Images that only one of them scored, what weakens the test, or why it cannot be computed; may be empty."""


class EvaluationRun(Frozen):
    """All evaluations of one command."""

    eval_time: str
    """``YYYY-MM-DD HH:MM:SS``."""
    evaluations: list[Evaluation]
    tests: list[ModelTest] = Field(default_factory=list)
    """Models against each other, where there are several."""
    provenance: dict[str, object] = Field(default_factory=dict)
    """By dataset: what the scores depend on, as scoring describes it."""


STATISTICS = ("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio")
"""Statistics of an agreement, in the order of the columns of every table."""
WITH_INTERVALS: "tuple[Statistic, ...]" = ("srcc", "krcc", "plcc", "rmse", "mae")
"""Those that have a bootstrap interval."""
COLUMNS = (
    *("model", "dataset", "protocol", "part", "by", "group", "count", "failed", "unrated"),
    *(f"{name}{end}" for name in STATISTICS for end in (("", "_low", "_high") if name in WITH_INTERVALS else ("",))),
    *("curve", "clipped", "value", "problem"),
)
"""Columns of ``results.csv``; ``value`` is a named number of a protocol, whose name stands in ``group``."""

Row = dict[str, str | float | None]


def results_csv(evaluations: Iterable[Evaluation]) -> Iterator[str]:
    """The lines of ``results.csv``: the whole dataset first, then its groups, then the protocol's numbers."""
    return csv_rows(COLUMNS, (row for one in evaluations for row in result_rows(one)))


def printed_lines(evaluations: Iterable[Evaluation], group_by: str | None, *, as_json: bool) -> Iterator[str]:
    """Results for programs: lines of CSV, or one JSON array, of whole datasets, protocols, and the groups asked for."""
    wanted = ("all", "protocol", group_by)
    rows = [row for one in evaluations for row in result_rows(one) if row["by"] in wanted]
    if not as_json:
        yield from csv_rows(COLUMNS, rows)
        return
    lines = [json_line({name: row.get(name) for name in COLUMNS}).rstrip("\n") for row in rows]
    yield "[\n" + ",\n".join(lines) + "\n]\n"


def result_rows(one: Evaluation) -> Iterator[Row]:
    """The rows of one evaluation, by the names of the columns."""
    keys: Row = {"model": one.model, "dataset": one.dataset, "protocol": one.protocol, "part": one.part}
    yield keys | {"by": "all", "failed": one.failed, "unrated": one.unrated} | _agreement_cells(one.agreement)
    for by, groups in one.groups.items():
        for group in groups:
            yield keys | {"by": by, "group": group.name} | _agreement_cells(group.agreement)
    for name, value in one.protocol_results.items():
        yield keys | {"by": "protocol", "group": name, "value": value}


def tests_csv(tests: Iterable[ModelTest]) -> Iterator[str]:
    """The lines of ``model_tests.csv``: models against each other."""
    return csv_rows(tuple(ModelTest.model_fields), (test.model_dump() for test in tests))


def _agreement_cells(agreement: Agreement) -> Row:
    cells: Row = {"count": agreement.count, "clipped": agreement.clipped, "problem": agreement.problem or None}
    for name in STATISTICS:
        cells[name] = getattr(agreement, name)
        if name in WITH_INTERVALS and (interval := agreement.intervals.get(name)) is not None:
            cells |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    return cells | {"curve": agreement.curve.kind if agreement.curve else None}
