"""Tables in a terminal."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from acutance.tables.text import number, printable
from acutance.types import ScoreInfo

if TYPE_CHECKING:
    from acutance.comparison.results import Comparison, MethodScores, Strength
    from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Interval, ModelTest
    from acutance.scoring import ScoreRow
    from acutance.stats.samples import Mean

UNBOUNDED = 10_000
"""Letters of a line where nothing is folded."""
ARROWS = {"higher": "↑", "lower": "↓"}
"""Which way is better."""


@dataclass
class Summary:
    """What stays of rows that went by: the scores of every model, and the failed rows."""

    infos: Mapping[str, ScoreInfo]
    """How to read the scores of each model, in the order of the columns."""
    rows: int = 0
    failed: "list[ScoreRow]" = field(default_factory=list)
    scores: dict[str, MutableSequence[float]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The models."""
        return list(self.infos)

    def add(self, row: "ScoreRow") -> None:
        """Take one row into account."""
        self.rows += 1
        if row.score is None:
            self.failed.append(row)
        else:
            self.scores.setdefault(row.model, array("d")).append(row.score)

    def means(self) -> "list[Mean]":
        """The mean of each model."""
        from acutance.stats.samples import mean_of

        return [mean_of(self.scores.get(name, ())) for name in self.names]


def gather(
    rows: "Iterable[ScoreRow]", infos: Mapping[str, ScoreInfo], *, keep: bool
) -> "tuple[Summary, list[ScoreRow]]":
    """Let all rows go by: their summary and, if they are to be kept, the rows."""
    summary = Summary(infos)
    kept = []
    for row in rows:
        summary.add(row)
        if keep:
            kept.append(row)
    return summary, kept


def score_table(rows: "Sequence[ScoreRow]", summary: Summary, term_names: Sequence[str] = ()) -> Table:
    """The scores of every picture, and their means over the pictures that have one."""
    per_picture = len(summary.names)
    has_references = any(row.reference for row in rows)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("image", overflow="fold")
    if has_references:
        table.add_column("reference", overflow="fold")
    for name, info in summary.infos.items():
        table.add_column(f"{name} {ARROWS[info.better]}", justify="right")
    for name in term_names:
        table.add_column(name, justify="right")
    for start in range(0, len(rows), per_picture):
        group = rows[start : start + per_picture]
        reference = [next((row.reference for row in group if row.reference), "")] if has_references else []
        names = [Text(printable(name)) for name in (group[0].image, *reference)]  # not rich's markup
        table.add_row(*names, *map(_score, group), *_terms(group, term_names))
    if len(rows) > per_picture:
        table.add_section()
        means, blank = summary.means(), [""] if has_references else []
        table.add_row("mean", *blank, *(_marked_mean(mean, len(rows) // per_picture) for mean in means), style="bold")
        if any(mean.has_infinite for mean in means):
            table.add_row("mean of finite scores", *blank, *map(_finite_mean, means))
    return table


def summary_table(summary: Summary) -> Table:
    """One line a model: how many pictures have a score, and their mean, least and largest."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("model", "better"):
        table.add_column(heading)
    means = summary.means()
    extra = ["mean of finite scores"] if any(mean.has_infinite for mean in means) else []
    for heading in ("scored", "failed", "mean", *extra, "least", "largest"):
        table.add_column(heading, justify="right")
    for (name, info), mean in zip(summary.infos.items(), means, strict=True):
        scores = summary.scores.get(name)
        failed = sum(row.model == name for row in summary.failed)
        ends = [number(min(scores)), number(max(scores))] if scores else ["-"] * 2
        finite = [_finite_mean(mean)] if extra else []
        table.add_row(name, info.better, str(mean.count), str(failed), _mean(mean.value), *finite, *ends)
    return table


def stdout_console() -> Console:
    """A console on stdout that does not fold tables when nobody looks."""
    console = Console()
    return console if console.is_terminal else Console(width=UNBOUNDED, no_color=True)


def print_part(console: Console, part: Table | str) -> None:
    """Print a line, or a table; one that is wider than the terminal stands in several parts, so that none is cut."""
    for one in [part] if isinstance(part, str) else in_parts(part, console.width):
        console.print(one, markup=False, highlight=False)


def in_parts(table: Table, width: int) -> list[Table]:
    """A table, or where it is too wide several with some of its columns each, all of them with the names in front.

    Args:
        table: Columns of names on the left, which are left-justified, then columns of numbers.
        width: Letters of a line.
    """
    columns = table.columns
    names = next((place for place, column in enumerate(columns) if column.justify != "left"), len(columns))
    if names == len(columns) or _fits(table, width):
        return [table]
    parts: list[Table] = []
    start = names
    while start < len(columns):
        end = start + 1
        while end < len(columns) and _fits(_with_columns(columns, names, slice(start, end + 1)), width):
            end += 1
        parts.append(_with_columns(columns, names, slice(start, end)))
        start = end
    return parts


def _with_columns(columns: Sequence[Column], names: int, chosen: slice) -> Table:
    taken = [*columns[:names], *columns[chosen]]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in taken:
        table.add_column(column.header, justify=column.justify, overflow=column.overflow)
    for cells in zip(*(column.cells for column in taken), strict=True):
        table.add_row(*cells)
    return table


def _fits(table: Table, width: int) -> bool:
    return Console(width=UNBOUNDED, markup=False).measure(table).maximum <= width


def _score(row: "ScoreRow") -> str:
    return "error" if row.score is None else number(row.score)


def _terms(group: "Sequence[ScoreRow]", names: Sequence[str]) -> list[str]:
    terms = {name: value for row in group for name, value in row.terms.items()}
    return [number(terms[name]) if name in terms else "" for name in names]


def _mean(value: float | None) -> str:
    return number(value)


def _marked_mean(mean: "Mean", pictures: int) -> str:
    """The mean, with the number of its pictures where others failed."""
    return _mean(mean.value) + (f" of {mean.count}" if 0 < mean.count < pictures else "")


def _finite_mean(mean: "Mean") -> str:
    """The mean of the finite scores and their number, where others are not finite."""
    if not mean.has_infinite:
        return ""
    return "-" if mean.finite is None else f"{number(mean.finite)} of {mean.finite_count}"


STATISTICS = ("srcc", "krcc", "plcc", "rmse", "mae", "outlier_ratio")
HEADINGS = (*(name.replace("_", " ") for name in STATISTICS), "count", "failed", "unrated")


def evaluation_tables(
    run: "EvaluationRun", group_by: str | None = None, *, tests: bool = False
) -> Iterator[Table | str]:
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


def _title(dataset: str, one: "Evaluation") -> str:
    part = "" if one.part == "all" else f", part {one.part}"
    protocol = "" if one.protocol == "plain" else f", protocol {one.protocol}"
    return printable(f"{dataset}{part}{protocol}")


def _agreements(listed: "Sequence[Evaluation]") -> Table:
    table = _table(["model"], HEADINGS)
    for one in listed:
        numbers = _statistics(one.agreement)
        counts = [str(one.agreement.count), _count(one.failed), _count(one.unrated)]
        table.add_row(_name(one), *numbers, *counts)
    return table


def _groups(listed: "Sequence[Evaluation]", by: str) -> Table:
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


def _protocol(listed: "Sequence[Evaluation]") -> Table:
    names = list(dict.fromkeys(name for one in listed for name in one.protocol_results))
    table = _table(["of the protocol"], [])
    for one in listed:
        table.add_column(_name(one), justify="right")
    for name in names:
        table.add_row(name.replace("_", " "), *(number(one.protocol_results.get(name)) for one in listed))
    return table


def _matrix(run: "EvaluationRun", datasets: Sequence[str]) -> Table:
    table = _table(["model"], [printable(name) for name in datasets])
    found = {(one.model, one.dataset): one for one in run.evaluations}
    for model in dict.fromkeys(one.model for one in run.evaluations):
        listed = [found.get((model, dataset)) for dataset in datasets]
        first = next(one for one in listed if one is not None)
        table.add_row(_name(first), *("" if one is None else _matrix_cell(one) for one in listed))
    return table


def _matrix_cell(one: "Evaluation") -> str:
    failed = f" ({one.failed} failed)" if one.failed else ""
    return f"{number(one.agreement.srcc)}{failed}"


def _tests(tests: "Sequence[ModelTest]") -> Table:
    table = _table(["data set", "first", "second", "test"], ["statistic", "p", "p corrected", "count"])
    for heading in ("better", "note"):
        table.add_column(heading)
    for test in tests:
        names = [Text(printable(name)) for name in (test.dataset, test.first, test.second, test.test)]
        numbers = [number(test.statistic), _p(test.p_value), _p(test.p_corrected), str(test.count)]
        table.add_row(*names, *numbers, Text(printable(test.winner)), test.note)
    return table


def _problems(listed: "Sequence[Evaluation]") -> Iterator[str]:
    """What a reader must know of the numbers: missing ones, another curve than wanted, infinite scores."""
    for one in listed:
        yield from (printable(f"{one.model}: {note}") for note in _notes(one.agreement))


def _notes(agreement: "Agreement") -> list[str]:
    notes = [agreement.problem, agreement.curve.note if agreement.curve else ""]
    if agreement.clipped:
        many = "1 infinite score counts" if agreement.clipped == 1 else f"{agreement.clipped} infinite scores count"
        notes.append(f"{many} as the nearest finite one for the curve and errors.")
    return [note for note in notes if note]


def _statistics(agreement: "Agreement") -> list[str]:
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


def _name(one: "Evaluation") -> Text:
    return Text(printable(f"{one.model} {ARROWS[one.better]}"))


def _count(number: int) -> str:
    return str(number) if number else "0"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"


SHOWN_TESTS = 30
"""Lines of tests that are printed; more are only written to files."""
SHOWN_DISAGREEMENTS = 5
SHOWN_WORST = 3
"""Pictures that are printed for each method and model."""
EQUAL = 1e-9
"""Strengths that differ by no more are equal but for rounding."""
STAR = "*"
"""Marks a best method whose lead over the next one is significant."""


def comparison_tables(comparison: "Comparison") -> Iterator[Table | str]:
    """What is printed of a comparison, one after another: tables, and lines below them.

    Args:
        comparison: What to show.
    """
    from acutance.comparison.results import PREFERENCES

    if comparison.results:
        yield method_table(comparison)
        yield _legend(comparison)
    if comparison.tests:
        yield _test_table(comparison) if len(comparison.tests) <= SHOWN_TESTS else _many_tests(comparison)
    for name, places in comparison.orders.items():
        yield _order_table(places) if name == PREFERENCES else _order_line(name, places)
    if comparison.disagreements:
        yield _disagreement_table(comparison)
    if any(one.worst for one in comparison.results):
        yield _worst_table(comparison)


def method_table(comparison: "Comparison") -> Table:
    """Methods as rows and models as columns: mean, interval and wins; the best mean of a model is bold.

    Args:
        comparison: With results.
    """
    table = _folding("method")
    for model in comparison.models:
        table.add_column(f"{model} {ARROWS[comparison.better[model]]}", justify="right")
    by_place = {(one.method, one.model): one for one in comparison.results}
    marks = {model: _marks(comparison, model) for model in comparison.models}
    for method in comparison.methods:
        cells = [_cell(by_place[method, model], marks[model].get(method)) for model in comparison.models]
        table.add_row(Text(printable(method)), *cells)
    return table


def _marks(comparison: "Comparison", model: str) -> dict[str, str]:
    """``best`` for the best method or methods, with a star where its lead over the next one is significant."""
    sign = 1 if comparison.better[model] == "higher" else -1
    means = {one.method: sign * one.mean for one in comparison.results if one.model == model and one.mean is not None}
    ranked = sorted(means, key=lambda method: -means[method])
    if len(ranked) < 2 or means[ranked[0]] == means[ranked[-1]]:
        return {}
    best = [method for method in ranked if means[method] == means[ranked[0]]]
    lead = set(ranked[:2])
    is_ahead = any(
        {test.first, test.second} == lead and test.winner == ranked[0]
        for test in comparison.tests
        if test.model == model
    )
    return {best[0]: f"best{STAR}"} if len(best) == 1 and is_ahead else dict.fromkeys(best, "best")


def _cell(one: "MethodScores", mark: str | None) -> Text:
    mean = Text(f"{mark or ''} {number(one.mean)}".strip(), style="bold" if mark else "")
    wins = f"{one.wins} win{'' if one.wins == 1 else 's'}"
    below = f"{_interval(one.interval)}, {wins}" if one.interval else wins
    if one.is_mixed:
        below = f"finite: {number(one.finite_mean)} of {one.finite_count}, {below}"
    return Text("\n").join([mean, Text(below, style="dim")])


def _legend(comparison: "Comparison") -> str:
    counts = {one.model: one.count for one in comparison.results}
    listed = [f"{count} by {model}" for model, count in counts.items()]
    over = str(next(iter(counts.values()))) if len(set(counts.values())) == 1 else ", ".join(listed)
    levels = {one.interval.level for one in comparison.results if one.interval}
    parts = [f"means over {over} picture{'' if over == '1' else 's'}"]
    if any(one.is_mixed for one in comparison.results):
        parts.append("finite: mean of the finite scores and their number; intervals are of it")
    parts += [f"intervals hold {level:.0%} of bootstrap draws of pictures" for level in sorted(levels)]
    if any(mark.endswith(STAR) for model in comparison.models for mark in _marks(comparison, model).values()):
        parts.append(f"best{STAR}: significantly ahead of the next (Wilcoxon, Holm, 0.05)")
    return "; ".join(parts)


def _test_table(comparison: "Comparison") -> Table:
    table = _folding("model", "first", "second")
    for heading in ("difference", "interval", "first wins", "ties", "second wins", "p", "corrected"):
        table.add_column(heading, justify="right")
    table.add_column("better", overflow="fold")
    for one in comparison.tests:
        names = [Text(printable(name)) for name in (one.model, one.first, one.second)]
        finite = f" (finite: {number(one.finite_difference)} of {one.finite_count})" if one.is_mixed else ""
        counts = [str(count) for count in (one.first_wins, one.ties, one.second_wins)]
        p_values = [_p_of_methods(one.p_value), _p_of_methods(one.p_corrected)]
        winner = Text(printable(one.winner) or "-", style="bold" if one.winner else "dim")
        table.add_row(*names, number(one.difference) + finite, _interval(one.interval), *counts, *p_values, winner)
    return table


def _many_tests(comparison: "Comparison") -> str:
    decided = sum(bool(one.winner) for one in comparison.tests)
    return (
        f"{decided} of {len(comparison.tests)} differences between two methods are significant; "
        "they are listed in tests.csv of --output and in --format json"
    )


def _order_line(name: str, places: "Sequence[Strength]") -> str:
    listed = ""
    for place, above in zip(places, [None, *places], strict=False):
        sign = "" if above is None else " = " if abs(above.strength - place.strength) < EQUAL else " > "
        listed += f"{sign}{printable(place.name)} ({place.strength:+.2f})"
    return f"order by wins, {name} (Bradley-Terry, log odds): {listed}"


def _order_table(places: "Sequence[Strength]") -> Table:
    table = _folding("preferred")
    table.add_column("strength", justify="right")
    table.add_column("interval", justify="right")
    for place in places:
        table.add_row(Text(printable(place.name)), f"{place.strength:+.4f}", _interval(place.interval))
    return table


def _disagreement_table(comparison: "Comparison") -> Table:
    table = _folding("models disagree on", "first", "second")
    table.add_column("tau-b", justify="right")
    for one in comparison.disagreements[:SHOWN_DISAGREEMENTS]:
        names = (one.picture, one.first_model, one.second_model)
        table.add_row(*[Text(printable(name)) for name in names], f"{one.agreement:+.2f}")
    return table


def _worst_table(comparison: "Comparison") -> Table:
    table = _folding("method", "model", "worst beside the others")
    for one in comparison.results:
        if one.worst:
            pictures = ", ".join(one.worst[:SHOWN_WORST])
            table.add_row(*[Text(printable(text)) for text in (one.method, one.model, pictures)])
    return table


def _folding(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _interval(interval: "Interval | None") -> str:
    return "-" if interval is None else f"{number(interval.low)} to {number(interval.high)}"


def _p_of_methods(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.0e}"
