import numpy as np
import pytest

from acutance.stats.faults import StatisticsError
from acutance.stats.samples import column, paired, varied
from tests.raising import raises


def test_columns_that_fit_come_back_as_they_are():
    first, second = paired(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    assert first.tolist() == [1.0, 2.0, 3.0]
    assert second.tolist() == [4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0], (3, 2)),
        ([1.0, 2.0], [1.0, 2.0], (3, 2)),
        ([1.0, np.nan, 3.0], [1.0, 2.0, 3.0], (1, 3)),
        ([1.0, 2.0, 3.0], [1.0, np.inf, -np.inf], (2, 3)),
    ],
)
def test_columns_that_do_not_fit_are_one_clear_line(first, second, words):
    with raises(StatisticsError, *words) as caught:
        paired(np.array(first), np.array(second))
    assert "\n" not in str(caught.value)


def test_infinity_passes_where_it_is_allowed_and_nan_never_does():
    assert column(np.array([1.0, np.inf]), infinite=True).tolist() == [1.0, np.inf]
    with raises(StatisticsError, 1, 2):
        column(np.array([np.nan, np.inf]), infinite=True)


@pytest.mark.usefixtures("as_users_run_it")
def test_whole_numbers_become_float64_and_tables_are_refused():
    assert column(np.array([1, 2])).dtype == np.float64
    with raises(StatisticsError, (2, 2)):
        column(np.ones((2, 2)))


def test_equal_numbers_are_refused_by_name():
    with raises(StatisticsError, "scores", 3, 2.5):
        varied(np.array([2.5, 2.5, 2.5]), "scores")
