from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.reports.html import Html, escaped, joined, number, probability, tag
from acutance.tables.text import printable


class _Reader(HTMLParser):
    """What a parser makes of markup."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_comes_back_from_a_parser_as_text(text):
    read = _Reader(tag("td", text, title=text))
    assert read.tags == [("td", {"title": printable(text)})]
    assert read.text == printable(text)
    read.text.encode("utf-8")


def test_markup_is_not_escaped_twice_and_text_beside_it_is():
    assert tag("p", tag("b", "<"), "<") == "<p><b>&lt;</b>&lt;</p>"
    assert joined([Html("<hr>"), "&"]) == "<hr>&amp;"
    assert escaped(escaped("&")) == "&amp;"


def test_markup_that_was_changed_by_hand_is_text_again():
    assert escaped(tag("b", "x") + "<i>") == "&lt;b&gt;x&lt;/b&gt;&lt;i&gt;"


def test_attributes_that_are_false_are_left_out_and_true_ones_have_no_value():
    assert tag("input", hidden=True, checked=False, data_at="5") == '<input hidden data-at="5">'


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-1e-9, "-1e-09"), (float("-inf"), "-∞"), (float("nan"), "-"), (None, "-"), (123456.0, "1.2346e+05")],
)
def test_numbers_are_short_and_missing_ones_a_dash(value, written):
    assert number(value) == written


def test_what_rounds_to_zero_has_no_sign():
    assert (number(-1e-9, ".4f"), number(-1e-9, "+.2f"), number(1234.0, ",.0f")) == ("0.0000", "+0.00", "1,234")


def test_no_probability_is_written_as_zero():
    assert [probability(value) for value in (0.0, 0.00009, 0.0001, 1.0, None)] == [
        "<0.0001",
        "<0.0001",
        "0.0001",
        "1.0000",
        "-",
    ]
