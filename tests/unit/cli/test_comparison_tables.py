import io
import math

from rich.console import Console
from rich.table import Table

from acutance.comparison.api import compare_scores
from acutance.comparison.measure import Draws
from acutance.comparison.results import Comparison
from acutance.reports.terminal import comparison_tables, method_table
from tests.unit.comparison.fakes import picture


def compared(*rows: tuple[float | None, ...], methods: str = "ab") -> Comparison:
    """Methods by PSNR, a row an image."""
    images = [picture(f"p{index}", {"psnr": dict(zip(methods, row, strict=True))}) for index, row in enumerate(rows)]
    return compare_scores(images, list(methods), {"psnr": "higher"}, draws=Draws(20))


def shown(comparison: Comparison) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=200, no_color=True)
    for part in comparison_tables(comparison):
        console.print(part, markup=False, highlight=False)
    return stream.getvalue()


def styles(table: Table) -> list[str]:
    """Style of the first line of each cell of the first model."""
    return [str(cell.spans[0].style) if cell.spans else "" for cell in table.columns[1].cells]  # type: ignore[union-attr]


def test_the_best_mean_is_bold_and_a_significant_lead_has_a_star():
    comparison = compared(*((20.0 + index, 25.0 + 2 * index) for index in range(8)))
    assert "best* 32.0000" in shown(comparison)
    assert "significantly ahead of the next" in shown(comparison)
    assert [style == "bold" for style in styles(method_table(comparison))] == [False, True]


def test_a_lead_that_chance_explains_has_no_star():
    text = shown(compared((20.0, 21.0), (22.0, 25.0)))
    assert "best 23.0000" in text
    assert "best*" not in text


def test_equal_methods_are_not_best_and_stand_side_by_side_in_the_order():
    text = shown(compared((20.0, 20.0), (22.0, 22.0)))
    assert "best" not in text
    assert "a (+0.00) = b (+0.00)" in text


def test_methods_that_share_the_best_mean_are_both_best():
    assert shown(compared((20.0, 20.0, 19.0), (22.0, 22.0, 19.0), methods="abc")).count("best 21.0000") == 2


def test_the_worst_pictures_and_every_two_methods_are_listed():
    text = shown(compared((20.0, 21.0), (22.0, 25.0)))
    (tests,) = [line.split() for line in text.splitlines() if line.startswith("psnr ")]
    assert tests[:4] == ["psnr", "a", "b", "-2.0000"]
    assert "p1, p0" in text


def test_many_tests_are_only_counted():
    methods = "abcdefghi"
    text = shown(compared(*(tuple(float(place) for place in range(9)) for _ in range(9)), methods=methods))
    assert "of 36" in text


def test_beside_an_infinite_mean_stands_that_of_the_finite_scores():
    lines = [line.split() for line in shown(compared((math.inf, 21.0), (22.0, 25.0), (24.0, 26.0))).splitlines()]
    assert lines[1] == ["a", "best", "inf"]
    assert lines[2][:4] == ["finite:", "23.0000", "of", "2,"]
    assert lines[3] == ["b", "24.0000"]
    (test,) = [line for line in lines if line[:3] == ["psnr", "a", "b"]]
    assert test[3:8] == ["inf", "(finite:", "-2.5000", "of", "2)"]


def test_where_nothing_is_finite_the_mean_is_infinite():
    text = shown(compared((math.inf, math.inf)))
    assert "means over 1 image" in text
    assert text.splitlines()[1].split() == ["a", "inf"]
    assert "finite:" not in text
