"""Second source: scipy on the sample written out, each picture as often as it counts."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.stats.ties import Ties, weighted_srcc


@st.composite
def weighted_columns(draw):
    """Two columns with many ties, and how often each picture counts."""
    count = draw(st.integers(2, 30))
    values = st.lists(st.integers(0, 6), min_size=count, max_size=count)
    first, second, counts = draw(values), draw(values), draw(values)
    return np.array(first, dtype=float), np.array(second, dtype=float), np.array(counts, dtype=np.int64)


def written_out(column, counts):
    return np.repeat(column, counts)


@settings(deadline=None)
@given(weighted_columns())
def test_spearman_of_a_weighted_sample_is_scipys_of_the_sample_written_out(sample):
    first, second, counts = sample
    value = weighted_srcc(Ties(first), Ties(second), counts)
    first, second = written_out(first, counts), written_out(second, counts)
    if len(set(first)) < 2 or len(set(second)) < 2:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(scipy.stats.spearmanr(first, second).statistic, abs=1e-14)


def test_spearman_of_a_hundred_thousand_drawn_pictures_is_scipys():
    generator = np.random.default_rng(0)
    first = np.round(generator.normal(size=100_000), 3)
    second = first + generator.normal(size=100_000)
    counts = np.bincount(generator.integers(0, 100_000, 100_000), minlength=100_000)
    theirs = scipy.stats.spearmanr(written_out(first, counts), written_out(second, counts)).statistic
    assert weighted_srcc(Ties(first), Ties(second), counts) == pytest.approx(theirs, abs=1e-14)


def test_tied_pairs_are_those_one_counts_by_hand():
    ties = Ties(np.array([5.0, 1.0, 5.0, 2.0]))
    assert ties.tied_pairs(np.array([2, 3, 1, 1])) == 3 + 3  # 5 three times, 1 three times, 2 once
    assert Ties(np.array([1.0, 2.0])).tied_pairs(np.array([4, 1])) == 6
