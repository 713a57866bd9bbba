import numpy as np
import pytest

from acutance.stats.faults import StatisticsError
from acutance.stats.samples import column, paired, varied


def test_columns_that_fit_come_back_as_they_are():
    first, second = paired(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    assert first.tolist() == [1.0, 2.0, 3.0]
    assert second.tolist() == [4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0], "Expected as many numbers on both sides, got 3 and 2"),
        ([1.0, 2.0], [1.0, 2.0], "Expected at least 3 pairs of numbers, got 2"),
        ([1.0, np.nan, 3.0], [1.0, 2.0, 3.0], "Expected finite numbers, got 1 of 3 that are not"),
        ([1.0, 2.0, 3.0], [1.0, np.inf, -np.inf], "Expected finite numbers, got 2 of 3 that are not"),
    ],
)
def test_columns_that_do_not_fit_are_one_clear_line(first, second, words):
    with pytest.raises(StatisticsError, match=words) as caught:
        paired(np.array(first), np.array(second))
    assert "\n" not in str(caught.value)


def test_infinity_passes_where_it_is_allowed_and_nan_never_does():
    assert column(np.array([1.0, np.inf]), infinite=True).tolist() == [1.0, np.inf]
    with pytest.raises(StatisticsError, match="Expected numbers, got 1 of 2"):
        column(np.array([np.nan, np.inf]), infinite=True)


@pytest.mark.usefixtures("as_users_run_it")
def test_whole_numbers_become_float64_and_tables_are_refused():
    assert column(np.array([1, 2])).dtype == np.float64
    with pytest.raises(StatisticsError, match=r"got an array of shape \(2, 2\)"):
        column(np.ones((2, 2)))


def test_equal_numbers_are_refused_by_name():
    with pytest.raises(StatisticsError, match=r"Expected scores that differ, got 3 times 2\.5"):
        varied(np.array([2.5, 2.5, 2.5]), "scores")
