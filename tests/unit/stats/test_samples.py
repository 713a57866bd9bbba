import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.errors import StatisticsError
from acutance.stats.samples import Mean, check_varies, column, mean_of, paired
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
        check_varies(np.array([2.5, 2.5, 2.5]), "scores")


@pytest.mark.parametrize(
    ("numbers", "value", "finite", "finite_count"),
    [
        ([], None, None, 0),
        ([1.0, 4.0], 2.5, 2.5, 2),
        ([1.0, math.inf, 4.0], math.inf, 2.5, 2),
        ([1.0, -math.inf], -math.inf, 1.0, 1),
        ([math.inf, math.inf], math.inf, None, 0),
        ([math.inf, 3.0, -math.inf], None, 3.0, 1),
    ],
)
def test_an_infinite_number_makes_the_mean_infinite_and_the_finite_ones_have_their_own(
    numbers: list[float], value: float | None, finite: float | None, finite_count: int
):
    assert mean_of(numbers) == Mean(value, finite, finite_count, len(numbers))
    assert mean_of(numbers).has_infinite == (finite_count < len(numbers))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_mean_does_not_depend_on_the_order(numbers: list[float]):
    assert mean_of(numbers) == mean_of(sorted(numbers))


def test_numbers_whose_sum_is_too_large_have_a_mean():
    assert mean_of([1.5e308, 1.5e308]).value == pytest.approx(1.5e308)
