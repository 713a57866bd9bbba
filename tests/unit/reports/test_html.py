import sys
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.errors import MissingExtraError
from acutance.evaluation.results import Interval
from acutance.extras import install_command
from acutance.reports import html
from acutance.reports.columns import Column, Measured
from acutance.reports.html import Block, Lines, Part, Plot, folded, paragraph, render, table
from acutance.tables.text import printable
from tests.raising import lacking, raises

NAME: Column[tuple[str, ...]] = Column("name", "name", value=lambda row: row[0])


def markup(blocks: Sequence[Block]) -> str:
    """What stands in the only part of a page."""
    page = render("a page", [], [Part("part", "A part", blocks)])
    return page.partition("<h2>A part</h2>\n")[2].partition("</section>")[0]


def numbers(*values, title="value", **column) -> str:
    """A table of a column of numbers."""
    known = {"kind": "number", **column}
    return markup(table("t", [NAME, Column("value", title, value=lambda row: row[1], **known)], [("a", *values)]))


class _Reader(HTMLParser):
    """What a parser makes of markup."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_comes_back_from_a_parser_as_text(text):
    read = _Reader(markup([*paragraph("." + text), Plot(text, "data:,"), Lines([text])]))
    assert [tag for tag, _ in read.tags] == ["p", "figure", "figcaption", "div", "img", "pre"]
    assert dict(read.tags)["img"]["alt"] == printable(text)
    assert "." + printable(text) in read.text
    read.text.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=[]), min_size=1))
def test_any_text_of_a_table_is_text(text):
    column: Column[str] = Column(text, text, text, value=str)
    read = _Reader(markup(table(text, [column], [text], first_heads=False)))
    assert [tag for tag, _ in read.tags] == [
        *("div", "table", "caption", "thead", "tr", "th", "button", "tbody", "tr", "td")
    ]
    assert dict(read.tags)["button"]["title"] == printable(text)
    assert read.text.count(printable(text)) >= 3


@pytest.mark.parametrize(
    ("value", "sorted_by"),
    [(0.1 + 0.2, "0.30000000000000004"), (float("-inf"), "-Infinity"), (float("nan"), ""), (None, ""), (3, "3.0")],
)
def test_a_number_is_sorted_in_full_precision_by_what_javascript_reads(value, sorted_by):
    assert f'data-value="{sorted_by}"' in numbers(value)


def test_an_interval_stands_small_behind_its_number_and_says_its_level():
    measured = Measured(0.9, Interval(low=0.85, high=0.95, level=0.9))
    assert '0.90 <small title="90% interval">[0.85, 0.95]</small>' in numbers(measured, form=".2f")


def test_the_best_number_is_marked_and_one_of_several_says_of_how_many():
    assert '<td class="number best" data-value="0.5">0.5 of 1,200</td>' in numbers(Measured(0.5, of=1200, is_best=True))


def test_the_first_cell_of_a_row_is_its_heading_unless_told_otherwise():
    rows = [("a<b",)]
    assert '<th scope="row">a&lt;b</th>' in markup(table("t", [NAME], rows))
    assert "<th scope=" not in markup(table("t", [NAME], rows, first_heads=False)).partition("<tbody>")[2]


def test_every_header_is_a_button_and_stands_over_its_numbers():
    shown = numbers(1.0, meaning="what it means")
    assert shown.count('scope="col" aria-sort="none"') == 2
    assert '<th scope="col" aria-sort="none" class="number"><button type="button" title="what it means">' in shown


def test_a_long_table_is_cut_and_says_so():
    row = ("x" * 10_000,)
    assert "rows)" not in markup(table("t", [NAME], [row] * 50))
    cut = markup(table("t", [NAME], [row] * 70))
    kept = cut.count("<tr>") - 1
    assert 50 < kept < 70
    assert not lacking(cut, "t", kept, 70)


def test_what_is_empty_leaves_no_mark():
    assert paragraph("") == table("t", [NAME], []) == folded("more", []) == []
    assert (
        markup(table("t", [NAME, Column("s", "s", value=lambda row: "", kind="long")], [("a",)])).count("<td></td>")
        == 1
    )
    assert "empty" not in render("a page", [], [Part("empty", "Nothing", [])])


def test_a_part_has_a_heading_and_a_place_that_links_lead_to():
    page = render("a page", [], [Part("tests", "A < B", paragraph("x"))])
    assert '<section id="tests"><h2>A &lt; B</h2>\n<p>x</p>' in page
    assert '<a href="#tests">A &lt; B</a>' in page


def test_what_is_folded_can_be_open():
    assert markup(folded("more", paragraph("x"))).startswith("<details><summary>more</summary>\n<p>x</p>")
    assert markup(folded("more", paragraph("x"), is_open=True)).startswith("<details open>")


def test_without_jinja2_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    html._environment.cache_clear()
    with raises(MissingExtraError, "jinja2", install_command("plots")):
        markup(paragraph("x"))
