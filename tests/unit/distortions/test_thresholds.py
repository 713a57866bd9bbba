from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acutance.distortions.spatial import otsu_thresholds


def between(histogram: NDArray[np.int64], ends: tuple[int, ...]) -> float:
    """Variance between the classes, times the number of values."""
    levels = np.arange(len(histogram))
    borders = [0, *(end + 1 for end in ends), len(histogram)]
    mean = (histogram * levels).sum() / histogram.sum()
    total = 0.0
    for first, behind in pairwise(borders):
        number = histogram[first:behind].sum()
        if number:
            total += number * ((histogram * levels)[first:behind].sum() / number - mean) ** 2
    return total


@given(counts=st.lists(st.integers(0, 9), min_size=4, max_size=10), count=st.integers(1, 3))
def test_no_thresholds_are_better(counts: list[int], count: int):
    histogram = np.array(counts)
    ends = otsu_thresholds(histogram, count)
    if np.count_nonzero(histogram) <= count:
        assert ends is None
        return
    assert ends is not None
    assert len(ends) == count
    best = max(between(histogram, choice) for choice in combinations(range(len(counts) - 1), count))
    assert between(histogram, tuple(ends)) == pytest.approx(best)


def test_thresholds_rise_and_lie_between_levels_that_occur():
    histogram = np.bincount(np.random.default_rng(0).integers(20, 230, 5000), minlength=256)
    ends = otsu_thresholds(histogram, 20)
    assert ends is not None
    assert (np.diff(ends) > 0).all()
    assert ends[0] >= 20
    assert ends[-1] < 229


def test_two_heaps_are_split_between_them():
    histogram = np.zeros(256, np.int64)
    histogram[[50, 51, 52, 200, 201]] = [3, 9, 3, 5, 5]
    assert otsu_thresholds(histogram, 1) == [52]
