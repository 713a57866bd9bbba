"""Tables of an evaluation for people: models by statistics, models by data sets, groups, protocols, tests."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from acutance.cli.tables import ARROWS
from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, ModelTest
from acutance.tables.text import number, printable

STATISTICS = ("srcc", "krcc", "plcc", "rmse", "mae", "outlier_ratio")
HEADINGS = (*(name.replace("_", " ") for name in STATISTICS), "count", "failed", "unrated")


def evaluation_tables(run: EvaluationRun, group_by: str | None = None, *, tests: bool = False) -> Iterator[Table | str]:
    """Everything that is printed of a run.

    Args:
        run: The evaluations.
        group_by: Also the groups of this kind.
        tests: Also the tests between models.
    """
    by_dataset: dict[str, list[Evaluation]] = {}
    for one in run.evaluations:
        by_dataset.setdefault(one.dataset, []).append(one)
    for dataset, listed in by_dataset.items():
        yield _title(dataset, listed[0])
        yield _agreements(listed)
        yield from _problems(listed)
        if any(one.protocol_results for one in listed):
            yield _protocol(listed)
        if group_by is not None:
            yield _groups(listed, group_by)
    if len(by_dataset) > 1:
        yield "SRCC of every model on every data set"
        yield _matrix(run, list(by_dataset))
    if tests and run.tests:
        yield "tests between models, p after Holm's correction"
        yield _tests(run.tests)


def _title(dataset: str, one: Evaluation) -> str:
    part = "" if one.part == "all" else f", part {one.part}"
    protocol = "" if one.protocol == "plain" else f", protocol {one.protocol}"
    return printable(f"{dataset}{part}{protocol}")


def _agreements(listed: Sequence[Evaluation]) -> Table:
    table = _table(["model"], HEADINGS)
    for one in listed:
        numbers = _statistics(one.agreement)
        counts = [str(one.agreement.count), _count(one.failed), _count(one.unrated)]
        table.add_row(_name(one), *numbers, *counts)
    return table


def _groups(listed: Sequence[Evaluation], by: str) -> Table:
    table = _table([by, "model"], (*HEADINGS[: len(STATISTICS)], "count"))
    table.add_column("note", overflow="fold")
    models = {one.model: {group.name: group.agreement for group in one.groups.get(by, [])} for one in listed}
    for name in dict.fromkeys(name for groups in models.values() for name in groups):
        for one in listed:
            agreement = models[one.model].get(name)
            if agreement is not None:
                cells = [*_statistics(agreement), str(agreement.count), " ".join(_notes(agreement))]
                table.add_row(Text(printable(name)), _name(one), *cells)
    return table


def _protocol(listed: Sequence[Evaluation]) -> Table:
    names = list(dict.fromkeys(name for one in listed for name in one.protocol_results))
    table = _table(["of the protocol"], [])
    for one in listed:
        table.add_column(_name(one), justify="right")
    for name in names:
        table.add_row(name.replace("_", " "), *(number(one.protocol_results.get(name)) for one in listed))
    return table


def _matrix(run: EvaluationRun, datasets: Sequence[str]) -> Table:
    table = _table(["model"], [printable(name) for name in datasets])
    found = {(one.model, one.dataset): one for one in run.evaluations}
    for model in dict.fromkeys(one.model for one in run.evaluations):
        listed = [found.get((model, dataset)) for dataset in datasets]
        first = next(one for one in listed if one is not None)
        table.add_row(_name(first), *("" if one is None else _matrix_cell(one) for one in listed))
    return table


def _matrix_cell(one: Evaluation) -> str:
    failed = f" ({one.failed} failed)" if one.failed else ""
    return f"{number(one.agreement.srcc)}{failed}"


def _tests(tests: Sequence[ModelTest]) -> Table:
    table = _table(["data set", "first", "second", "test"], ["statistic", "p", "p corrected", "count"])
    for heading in ("better", "note"):
        table.add_column(heading)
    for test in tests:
        names = [Text(printable(name)) for name in (test.dataset, test.first, test.second, test.test)]
        numbers = [number(test.statistic), _p(test.p_value), _p(test.p_corrected), str(test.count)]
        table.add_row(*names, *numbers, Text(printable(test.winner)), test.note)
    return table


def _problems(listed: Sequence[Evaluation]) -> Iterator[str]:
    """What a reader must know of the numbers: missing ones, another curve than wanted, infinite scores."""
    for one in listed:
        yield from (printable(f"{one.model}: {note}") for note in _notes(one.agreement))


def _notes(agreement: Agreement) -> list[str]:
    notes = [agreement.problem, agreement.curve.note if agreement.curve else ""]
    if agreement.clipped:
        many = "1 infinite score counts" if agreement.clipped == 1 else f"{agreement.clipped} infinite scores count"
        notes.append(f"{many} as the nearest finite one for the curve and errors.")
    return [note for note in notes if note]


def _statistics(agreement: Agreement) -> list[str]:
    cells = []
    for name in STATISTICS:
        interval = agreement.intervals.get(name)
        cell = number(getattr(agreement, name))
        cells.append(cell if interval is None else f"{cell} [{interval.low:z.4f}, {interval.high:z.4f}]")
    return cells


def _table(texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _name(one: Evaluation) -> Text:
    return Text(printable(f"{one.model} {ARROWS[one.better]}"))


def _count(number: int) -> str:
    return str(number) if number else "0"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"
