import pytest

from acutance.evaluation.results import Interval
from acutance.reports.html import Part, folded, long_cell, number_cell, paragraph, table, text_cell
from tests.raising import lacking


@pytest.mark.parametrize(
    ("value", "sorted_by"),
    [(0.1 + 0.2, "0.30000000000000004"), (float("-inf"), "-Infinity"), (float("nan"), ""), (None, ""), (3, "3.0")],
)
def test_a_number_is_sorted_in_full_precision_by_what_javascript_reads(value, sorted_by):
    assert f'data-value="{sorted_by}"' in number_cell(value)


def test_an_interval_stands_small_behind_its_number_and_says_its_level():
    cell = number_cell(0.9, ".2f", interval=Interval(low=0.85, high=0.95, level=0.9))
    assert '0.90 <small title="90% interval">[0.85, 0.95]</small>' in cell


def test_the_first_cell_of_a_row_is_its_heading_unless_told_otherwise():
    rows = [[text_cell("a<b"), number_cell(1.0)]]
    assert '<th scope="row">a&lt;b</th>' in table("t", ["name", "value"], rows)
    assert "<th scope=" not in table("t", ["name", "value"], rows, first_heads=False).partition("<tbody>")[2]


def test_every_header_is_a_button_and_stands_over_its_numbers():
    markup = table("t", ["name", ("value", "what it means")], [[text_cell("a"), number_cell(1.0)]])
    assert markup.count('scope="col" aria-sort="none"') == 2
    assert '<th scope="col" aria-sort="none" class="number"><button type="button" title="what it means">' in markup


def test_a_long_table_is_cut_and_says_so():
    row = [text_cell("x" * 10_000)]
    whole = table("t", ["name"], [row] * 50)
    assert "rows)" not in whole
    cut = table("t", ["name"], [row] * 70)
    kept = cut.count("<tr>") - 1
    assert 50 < kept < 70
    assert not lacking(cut, "t", kept, 70)


def test_what_is_empty_leaves_no_mark():
    assert paragraph("") == ""
    assert long_cell("") == "<td></td>"


def test_a_part_has_a_heading_and_a_place_that_links_lead_to():
    assert Part("tests", "A < B", paragraph("x")).html() == '<section id="tests"><h2>A &lt; B</h2><p>x</p></section>'


def test_what_is_folded_can_be_open():
    assert folded("more", "x") == "<details><summary>more</summary>x</details>"
    assert folded("more", "x", is_open=True).startswith("<details open>")
