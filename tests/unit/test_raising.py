import pytest

from tests.raising import lacking, raises


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("got 2, 2 and 1.", (2, 2, 1)),
        ("at /data/x/a.csv, line 3, got '.txt'.", ("a.csv", 3, ".txt", "/data/x")),
        ("from 0 to 2**32 - 1, got -1", (0, "2**32 - 1", -1)),
        ("of shape (2, 3), got 0.5. Use --resume", ((2, 3), 0.5, "--resume")),
    ],
)
def test_values_are_found_in_any_message_as_whole_words(message: str, values: tuple[object, ...]):
    assert lacking(message, *values) == []


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("got 2 and 1", (2, 2)),
        ("got 0.5", (5,)),
        ("got 0.5", (0,)),
        ("got -1", (1,)),
        ("got 12", (1,)),
        ("got ms-ssim", ("ssim",)),
        ("got pnsr", ("psnr",)),
    ],
)
def test_a_value_in_another_word_or_too_seldom_is_lacking(message: str, values: tuple[object, ...]):
    assert lacking(message, *values) == [str(values[0])]


def test_an_error_that_names_something_else_fails():
    with pytest.raises(AssertionError), raises(ValueError, "b.png"):
        int("a.png")
