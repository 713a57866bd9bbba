import pytest

from acutance.tables.text import number, pretty, printable, probability, readable, some


def test_few_names_are_told_and_many_are_counted():
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert some(["a", "b", "c", "d"], 1) == "a and 3 more"


@pytest.mark.parametrize(
    ("text", "line"), [("a b.png", "a b.png"), ("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m"), ("ü图", "ü图")]
)
def test_control_characters_are_spelt_out(text: str, line: str):
    assert printable(text) == line


def test_marks_that_turn_the_direction_of_writing_are_spelt_out():
    assert printable("a\u202egnp.exe\t\x00") == r"a\u202egnp.exe\t\x00"


def test_bytes_of_a_name_that_are_no_utf_8_are_spelt_out():
    assert readable("a\udcff\n") == "a\\udcff\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5000"), (-0.00001, "0.0000"), (3, "3"), (None, "-"), (float("inf"), "inf"), (float("nan"), "nan")],
)
def test_a_number_has_four_digits_and_a_dash_stands_for_none(value: float | None, text: str):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-1e-9, "-1e-09"), (float("-inf"), "-∞"), (float("nan"), "-"), (None, "-"), (123456.0, "1.2346e+05")],
)
def test_numbers_of_pages_are_short_and_missing_ones_a_dash(value, written):
    assert pretty(value) == written


def test_what_rounds_to_zero_on_a_page_has_no_sign():
    assert (pretty(-1e-9, ".4f"), pretty(-1e-9, "+.2f"), pretty(1234.0, ",.0f")) == ("0.0000", "+0.00", "1,234")


def test_no_probability_is_written_as_zero():
    assert [probability(value) for value in (0.0, 0.00009, 0.0001, 1.0, None)] == [
        "<0.0001",
        "<0.0001",
        "0.0001",
        "1.0000",
        "-",
    ]
