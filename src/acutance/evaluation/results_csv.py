"""Results as CSV: a line for each model, data set and group, every digit of every number."""

from collections.abc import Iterable, Iterator

from acutance.evaluation.results import Agreement, Evaluation, ModelTest
from acutance.stats.bootstrap import Statistic
from acutance.tables.write import csv_line, json_line

STATISTICS = ("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio")
"""Statistics of an agreement, in the order of columns."""
WITH_INTERVALS: tuple[Statistic, ...] = ("srcc", "krcc", "plcc", "rmse", "mae")
"""Those that have a bootstrap interval."""
KEYS = ("model", "dataset", "protocol", "part", "by", "group", "count", "failed", "unrated")
COLUMNS = (
    *KEYS,
    *(f"{name}{end}" for name in STATISTICS for end in (("", "_low", "_high") if name in WITH_INTERVALS else ("",))),
    "curve",
    "clipped",
    "value",
    "problem",
)
"""``value`` is a named number of a protocol, whose name stands in ``group``."""

Cell = str | float | None
Row = dict[str, Cell]


def results_csv(evaluations: Iterable[Evaluation]) -> Iterator[str]:
    """The lines of ``results.csv``: the whole data set first, then its groups, then the protocol's numbers."""
    yield csv_line(COLUMNS)
    for one in evaluations:
        for row in result_rows(one):
            yield csv_line([row.get(name) for name in COLUMNS])


def printed_lines(evaluations: Iterable[Evaluation], group_by: str | None, *, as_json: bool) -> Iterator[str]:
    """What is printed for programs: lines of CSV, or one JSON array; whole data sets, protocols, and chosen groups.

    Args:
        evaluations: What to print.
        group_by: Which groups, if any.
        as_json: JSON instead of CSV.
    """
    wanted = ("all", "protocol", group_by)
    rows = [row for one in evaluations for row in result_rows(one) if row["by"] in wanted]
    if not as_json:
        yield csv_line(COLUMNS)
        yield from (csv_line([row.get(name) for name in COLUMNS]) for row in rows)
        return
    lines = [json_line({name: row.get(name) for name in COLUMNS}).rstrip("\n") for row in rows]
    yield "[\n" + ",\n".join(lines) + "\n]\n"


def result_rows(one: Evaluation) -> Iterator[Row]:
    """The rows of one evaluation, by the names of the columns."""
    keys: Row = {"model": one.model, "dataset": one.dataset, "protocol": one.protocol, "part": one.part}
    counts: Row = {"failed": one.failed, "unrated": one.unrated}
    yield keys | {"by": "all"} | counts | agreement_cells(one.agreement)
    for by, groups in one.groups.items():
        for group in groups:
            yield keys | {"by": by, "group": group.name} | agreement_cells(group.agreement)
    for name, value in one.protocol_results.items():
        yield keys | {"by": "protocol", "group": name, "value": value}


def tests_csv(tests: Iterable[ModelTest]) -> Iterator[str]:
    """The lines of ``model_tests.csv``: models against each other."""
    yield csv_line(tuple(ModelTest.model_fields))
    for test in tests:
        yield csv_line(["" if value is None else value for value in test.model_dump().values()])


def agreement_cells(agreement: Agreement) -> Row:
    """The cells of one agreement, by the names of the columns."""
    cells: Row = {"count": agreement.count}
    for name in STATISTICS:
        cells[name] = getattr(agreement, name)
        interval = agreement.intervals.get(name)
        if name in WITH_INTERVALS and interval is not None:
            cells |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    curve = agreement.curve.kind if agreement.curve else None
    return cells | {"curve": curve, "clipped": agreement.clipped, "problem": agreement.problem or None}
