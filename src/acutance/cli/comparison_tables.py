"""A comparison of methods for people: methods as rows, models as columns."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from acutance.cli.tables import ARROWS
from acutance.comparison.results import PREFERENCES, Comparison, MethodScores, Strength
from acutance.evaluation.results import Interval
from acutance.tables.text import number, printable

SHOWN_TESTS = 30
"""Lines of tests that are printed; more are only written to files."""
SHOWN_DISAGREEMENTS = 5
SHOWN_WORST = 3
"""Pictures that are printed for each method and model."""
EQUAL = 1e-9
"""Strengths that differ by no more are equal but for rounding."""
STAR = "*"
"""Marks a best method whose lead over the next one is significant."""


def comparison_tables(comparison: Comparison) -> Iterator[Table | str]:
    """What is printed of a comparison, one after another: tables, and lines below them.

    Args:
        comparison: What to show.
    """
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


def method_table(comparison: Comparison) -> Table:
    """Methods as rows and models as columns: mean, interval and wins; the best mean of a model is bold.

    Args:
        comparison: With results.
    """
    table = _table("method")
    for model in comparison.models:
        table.add_column(f"{model} {ARROWS[comparison.better[model]]}", justify="right")
    by_place = {(one.method, one.model): one for one in comparison.results}
    marks = {model: _marks(comparison, model) for model in comparison.models}
    for method in comparison.methods:
        cells = [_cell(by_place[method, model], marks[model].get(method)) for model in comparison.models]
        table.add_row(Text(printable(method)), *cells)
    return table


def _marks(comparison: Comparison, model: str) -> dict[str, str]:
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


def _cell(one: MethodScores, mark: str | None) -> Text:
    mean = Text(f"{mark or ''} {number(one.mean)}".strip(), style="bold" if mark else "")
    wins = f"{one.wins} win{'' if one.wins == 1 else 's'}"
    below = f"{_interval(one.interval)}, {wins}" if one.interval else wins
    if one.is_mixed:
        below = f"finite: {number(one.finite_mean)} of {one.finite_count}, {below}"
    return Text("\n").join([mean, Text(below, style="dim")])


def _legend(comparison: Comparison) -> str:
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


def _test_table(comparison: Comparison) -> Table:
    table = _table("model", "first", "second")
    for heading in ("difference", "interval", "first wins", "ties", "second wins", "p", "corrected"):
        table.add_column(heading, justify="right")
    table.add_column("better", overflow="fold")
    for one in comparison.tests:
        names = [Text(printable(name)) for name in (one.model, one.first, one.second)]
        finite = f" (finite: {number(one.finite_difference)} of {one.finite_count})" if one.is_mixed else ""
        counts = [str(count) for count in (one.first_wins, one.ties, one.second_wins)]
        p_values = [_p(one.p_value), _p(one.p_corrected)]
        winner = Text(printable(one.winner) or "-", style="bold" if one.winner else "dim")
        table.add_row(*names, number(one.difference) + finite, _interval(one.interval), *counts, *p_values, winner)
    return table


def _many_tests(comparison: Comparison) -> str:
    decided = sum(bool(one.winner) for one in comparison.tests)
    return (
        f"{decided} of {len(comparison.tests)} differences between two methods are significant; "
        "they are listed in tests.csv of --output and in --format json"
    )


def _order_line(name: str, places: Sequence[Strength]) -> str:
    listed = ""
    for place, above in zip(places, [None, *places], strict=False):
        sign = "" if above is None else " = " if abs(above.strength - place.strength) < EQUAL else " > "
        listed += f"{sign}{printable(place.name)} ({place.strength:+.2f})"
    return f"order by wins, {name} (Bradley-Terry, log odds): {listed}"


def _order_table(places: Sequence[Strength]) -> Table:
    table = _table("preferred")
    table.add_column("strength", justify="right")
    table.add_column("interval", justify="right")
    for place in places:
        table.add_row(Text(printable(place.name)), f"{place.strength:+.4f}", _interval(place.interval))
    return table


def _disagreement_table(comparison: Comparison) -> Table:
    table = _table("models disagree on", "first", "second")
    table.add_column("tau-b", justify="right")
    for one in comparison.disagreements[:SHOWN_DISAGREEMENTS]:
        names = (one.picture, one.first_model, one.second_model)
        table.add_row(*[Text(printable(name)) for name in names], f"{one.agreement:+.2f}")
    return table


def _worst_table(comparison: Comparison) -> Table:
    table = _table("method", "model", "worst beside the others")
    for one in comparison.results:
        if one.worst:
            pictures = ", ".join(one.worst[:SHOWN_WORST])
            table.add_row(*[Text(printable(text)) for text in (one.method, one.model, pictures)])
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{number(interval.low)} to {number(interval.high)}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.0e}"
