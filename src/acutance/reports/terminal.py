"""Tables for people in a terminal: scores, evaluations and comparisons."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column as RichColumn
from rich.table import Table
from rich.text import Text

from acutance.reports import columns
from acutance.reports.columns import Column, Row
from acutance.tables.text import number, printable
from acutance.types import ScoreInfo

if TYPE_CHECKING:  # listing models loads no statistics
    from acutance.comparison.results import Comparison, MethodScores, Strength
    from acutance.evaluation.results import Evaluation, EvaluationRun
    from acutance.scoring.rows import ScoreRow
    from acutance.stats.samples import Mean

UNBOUNDED = 10_000
"""Letters of a line where nothing is folded."""
STATISTICS = "srcc krcc plcc rmse mae outlier_ratio"
"""Columns of statistics that are printed."""
SHOWN_TESTS = 30
"""Lines of tests that are printed; more are only written to files."""
SHOWN_DISAGREEMENTS = 5
EQUAL = 1e-9
"""Strengths that differ by no more are equal but for rounding."""
STAR = "*"
"""Marks a best method whose lead over the next one is significant."""


@dataclass
class Summary:
    """Summary of the rows so far: the scores of every model, and the failed rows."""

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
    """The scores of every image, and their means over the images that have one."""
    per_image = len(summary.names)
    has_references = any(row.reference for row in rows)
    headings = [f"{name} {columns.ARROWS[info.better]}" for name, info in summary.infos.items()]
    table = plain_table("image", *(["reference"] if has_references else []), numbers=[*headings, *term_names])
    for start in range(0, len(rows), per_image):
        group = rows[start : start + per_image]
        reference = [next((row.reference for row in group if row.reference), "")] if has_references else []
        names = [Text(printable(name)) for name in (group[0].image, *reference)]  # not rich's markup
        scores = ["error" if row.score is None else number(row.score) for row in group]
        terms = {name: number(value) for row in group for name, value in row.terms.items()}
        table.add_row(*names, *scores, *(terms.get(name, "") for name in term_names))
    if len(rows) > per_image:
        table.add_section()
        means, blank = summary.means(), [""] if has_references else []
        table.add_row("mean", *blank, *(_marked_mean(mean, len(rows) // per_image) for mean in means), style="bold")
        if any(mean.has_infinite for mean in means):
            table.add_row("mean of finite scores", *blank, *map(_finite_mean, means))
    return table


def summary_table(summary: Summary) -> Table:
    """One line a model: how many images have a score, and their mean, least and largest."""
    means = summary.means()
    extra = ["mean of finite scores"] if any(mean.has_infinite for mean in means) else []
    table = plain_table("model", "better", numbers=["scored", "failed", "mean", *extra, "least", "largest"])
    for (name, info), mean in zip(summary.infos.items(), means, strict=True):
        scores = summary.scores.get(name)
        failed = sum(row.model == name for row in summary.failed)
        ends = [number(min(scores)), number(max(scores))] if scores else ["-"] * 2
        finite = [_finite_mean(mean)] if extra else []
        table.add_row(name, info.better, str(mean.count), str(failed), number(mean.value), *finite, *ends)
    return table


def _marked_mean(mean: "Mean", images: int) -> str:
    """The mean, with the number of its images where others failed."""
    return number(mean.value) + (f" of {mean.count}" if 0 < mean.count < images else "")


def _finite_mean(mean: "Mean") -> str:
    """The mean of the finite scores and their number, where others are not finite."""
    if not mean.has_infinite:
        return ""
    return "-" if mean.finite is None else f"{number(mean.finite)} of {mean.finite_count}"


def plain_table(*texts: str | Text, numbers: Sequence[str] = ()) -> Table:
    """A table without lines: columns of text, which fold, then columns of numbers."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def column_table(shown: "Sequence[Column[Row]]", rows: "Iterable[Row]") -> Table:
    """Rows of a table by its columns."""
    table = plain_table()
    for column in shown:
        heading = column.heading or column.title.lower()
        table.add_column(heading, overflow="fold") if column.is_text else table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(_shown(column, row) for column in shown))
    return table


def _shown(column: "Column[Row]", row: "Row") -> Text | str:
    value = column.printed(row) if column.printed else column.of(row)
    if column.is_text:
        style = "" if column.name != "winner" else "dim" if value == "-" else "bold"
        return Text(printable(value), style=style)
    return value if isinstance(value, str) else number(value.value if isinstance(value, columns.Measured) else value)


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
    """
    known = table.columns
    names = next((place for place, column in enumerate(known) if column.justify != "left"), len(known))
    if names == len(known) or _fits(table, width):
        return [table]
    parts: list[Table] = []
    start = names
    while start < len(known):
        end = start + 1
        while end < len(known) and _fits(_with_columns([*known[:names], *known[start : end + 1]]), width):
            end += 1
        parts.append(_with_columns([*known[:names], *known[start:end]]))
        start = end
    return parts


def _with_columns(taken: Sequence[RichColumn]) -> Table:
    table = plain_table()
    for column in taken:
        table.add_column(column.header, justify=column.justify, overflow=column.overflow)
    for cells in zip(*(column.cells for column in taken), strict=True):
        table.add_row(*cells)
    return table


def _fits(table: Table, width: int) -> bool:
    return Console(width=UNBOUNDED, markup=False).measure(table).maximum <= width


def evaluation_tables(
    run: "EvaluationRun", group_by: str | None = None, *, tests: bool = False
) -> Iterator[Table | str]:
    """Everything that is printed of a run: models by statistics, groups, protocols, models by datasets, and tests.

    Args:
        group_by: Also the groups of this kind.
        tests: Also the tests between models.
    """
    by_dataset: dict[str, list[Evaluation]] = {}
    for one in run.evaluations:
        by_dataset.setdefault(one.dataset, []).append(one)
    for dataset, listed in by_dataset.items():
        yield _title(dataset, listed[0])
        agreements = [columns.AgreementRow(one, one.agreement) for one in listed]
        yield column_table(columns.chosen(columns.AGREEMENTS, f"model {STATISTICS} count failed unrated"), agreements)
        for one in listed:
            yield from (printable(f"{one.model}: {note}") for note in columns.agreement_notes(one.agreement))
        if any(one.protocol_results for one in listed):
            yield _protocol(listed)
        if group_by is not None:
            chosen = columns.chosen(columns.group_columns(group_by), f"group model {STATISTICS} count note")
            yield column_table(chosen, _groups(listed, group_by))
    if len(by_dataset) > 1:
        yield "SRCC of every model on every dataset"
        yield _matrix(run, list(by_dataset))
    if tests and run.tests:
        yield "tests between models, p after Holm's correction"
        names = "dataset first second test statistic p_value p_corrected count winner note"
        yield column_table(columns.chosen(columns.MODEL_TESTS, names), run.tests)


def _title(dataset: str, one: "Evaluation") -> str:
    part = "" if one.part == "all" else f", part {one.part}"
    protocol = "" if one.protocol == "plain" else f", protocol {one.protocol}"
    return printable(f"{dataset}{part}{protocol}")


def _groups(listed: "Sequence[Evaluation]", by: str) -> list[columns.AgreementRow]:
    """The groups of all models, those of one name beside each other."""
    rows = [
        columns.AgreementRow(one, group.agreement, group.name) for one in listed for group in one.groups.get(by, [])
    ]
    places = {name: place for place, name in enumerate(dict.fromkeys(row.group for row in rows))}
    return sorted(rows, key=lambda row: places[row.group])


def _protocol(listed: "Sequence[Evaluation]") -> Table:
    table = plain_table("of the protocol")
    for one in listed:
        table.add_column(_name(one), justify="right")
    for name in dict.fromkeys(name for one in listed for name in one.protocol_results):
        table.add_row(name.replace("_", " "), *(number(one.protocol_results.get(name)) for one in listed))
    return table


def _matrix(run: "EvaluationRun", datasets: Sequence[str]) -> Table:
    table = plain_table("model", numbers=[printable(name) for name in datasets])
    found = {(one.model, one.dataset): one for one in run.evaluations}
    for model in dict.fromkeys(one.model for one in run.evaluations):
        listed = [found.get((model, dataset)) for dataset in datasets]
        first = next(one for one in listed if one is not None)
        table.add_row(_name(first), *("" if one is None else _matrix_cell(one) for one in listed))
    return table


def _matrix_cell(one: "Evaluation") -> str:
    failed = f" ({one.failed} failed)" if one.failed else ""
    return f"{number(one.agreement.srcc)}{failed}"


def _name(one: "Evaluation") -> Text:
    return Text(printable(columns.with_arrow(one)))


def comparison_tables(comparison: "Comparison") -> Iterator[Table | str]:
    """Tables of a comparison and the lines below them, in the order of printing."""
    from acutance.comparison.results import PREFERENCES

    if comparison.results:
        yield method_table(comparison)
        yield _legend(comparison)
    if comparison.tests:
        yield _test_table(comparison) if len(comparison.tests) <= SHOWN_TESTS else _many_tests(comparison)
    for name, places in comparison.orders.items():
        yield _order_table(places) if name == PREFERENCES else _order_line(name, places)
    if comparison.disagreements:
        yield column_table(columns.DISAGREEMENTS, comparison.disagreements[:SHOWN_DISAGREEMENTS])
    if worst := [one for one in comparison.results if one.worst]:
        yield column_table(columns.chosen(columns.method_columns(comparison), "method model worst"), worst)


def method_table(comparison: "Comparison") -> Table:
    """Methods as rows and models as columns: mean, interval and wins; the best mean of a model is bold."""
    headings = [f"{model} {columns.ARROWS[comparison.better[model]]}" for model in comparison.models]
    table = plain_table("method", numbers=headings)
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
    below = f"{columns.ends(one.interval)}, {wins}" if one.interval else wins
    if one.is_mixed:
        below = f"finite: {number(one.finite_mean)} of {one.finite_count}, {below}"
    return Text("\n").join([mean, Text(below, style="dim")])


def _legend(comparison: "Comparison") -> str:
    counts = {one.model: one.count for one in comparison.results}
    listed = [f"{count} by {model}" for model, count in counts.items()]
    over = str(next(iter(counts.values()))) if len(set(counts.values())) == 1 else ", ".join(listed)
    levels = {one.interval.level for one in comparison.results if one.interval}
    parts = [f"means over {over} image{'' if over == '1' else 's'}"]
    if any(one.is_mixed for one in comparison.results):
        parts.append("finite: mean of the finite scores and their number; intervals are of it")
    parts += [f"intervals hold {level:.0%} of bootstrap draws of images" for level in sorted(levels)]
    if any(mark.endswith(STAR) for model in comparison.models for mark in _marks(comparison, model).values()):
        parts.append(f"best{STAR}: significantly ahead of the next (Wilcoxon, Holm, 0.05)")
    return "; ".join(parts)


def _test_table(comparison: "Comparison") -> Table:
    known = [*columns.method_test_columns(comparison.tests), columns.interval_column(attrgetter("interval"))]
    names = "model first second difference interval first_wins ties second_wins p_value p_corrected winner"
    return column_table(columns.chosen(known, names), comparison.tests)


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
    known = [*columns.chosen(columns.STRENGTHS, "method strength"), columns.interval_column(attrgetter("one.interval"))]
    return column_table(known, [columns.OrderRow("", place, one) for place, one in enumerate(places, start=1)])
