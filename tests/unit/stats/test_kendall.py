"""Second sources: scipy on the sample written out, each picture as often as it counts, and a count of all pairs."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings

from acutance.stats.kendall import PairCounter
from tests.unit.stats.test_ties import weighted_columns, written_out


@settings(deadline=None)
@given(weighted_columns())
def test_tau_of_a_weighted_sample_is_scipys_of_the_sample_written_out(sample):
    first, second, counts = sample
    value = PairCounter(first, second).tau_b(counts)
    first, second = written_out(first, counts), written_out(second, counts)
    if len(set(first)) < 2 or len(set(second)) < 2:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(scipy.stats.kendalltau(first, second).statistic, abs=1e-14)


def test_tau_is_that_of_all_pairs_counted_one_by_one():
    generator = np.random.default_rng(3)
    first, second = generator.integers(0, 9, 41), generator.integers(0, 12, 41)
    signs = np.sign(first[:, None] - first) * np.sign(second[:, None] - second)
    untied = [(np.sign(side[:, None] - side) ** 2).sum() for side in (first, second)]
    expected = signs.sum() / np.sqrt(untied[0] * untied[1])
    counter = PairCounter(first.astype(float), second.astype(float))
    assert counter.tau_b(np.ones(41, dtype=np.int64)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("digits", [1, 12])
def test_tau_of_a_hundred_thousand_drawn_pictures_is_scipys(digits):
    generator = np.random.default_rng(digits)
    first = generator.normal(size=100_000)
    second = np.round(first + generator.normal(size=100_000), digits)
    counts = np.bincount(generator.integers(0, 100_000, 100_000), minlength=100_000)
    theirs = scipy.stats.kendalltau(written_out(first, counts), written_out(second, counts)).statistic
    assert PairCounter(first, second).tau_b(counts) == pytest.approx(theirs, abs=1e-13)
