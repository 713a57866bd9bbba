import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.stats.means import Mean, mean_of

INF = math.inf


@pytest.mark.parametrize(
    ("numbers", "value", "finite", "finite_count"),
    [
        ([], None, None, 0),
        ([1.0, 4.0], 2.5, 2.5, 2),
        ([1.0, INF, 4.0], INF, 2.5, 2),
        ([1.0, -INF], -INF, 1.0, 1),
        ([INF, INF], INF, None, 0),
        ([INF, 3.0, -INF], None, 3.0, 1),
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
