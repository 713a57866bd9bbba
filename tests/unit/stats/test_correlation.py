"""Second sources: scipy.stats, a count of all pairs, and sums written out by hand."""

import numpy as np
import pytest
import scipy.stats

from acutance.errors import StatisticsError
from acutance.stats.correlation import krcc, mae, outlier_ratio, plcc, rmse, srcc
from tests.raising import raises

CORRELATIONS = {
    "srcc": (srcc, lambda first, second: scipy.stats.spearmanr(first, second).statistic),
    "krcc": (krcc, lambda first, second: scipy.stats.kendalltau(first, second).statistic),
    "plcc": (plcc, lambda first, second: scipy.stats.pearsonr(first, second).statistic),
}


def columns(seed: int, count: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    first = generator.normal(size=count)
    second = first + generator.normal(size=count)
    return (np.round(2 * first), np.round(second)) if ties else (first, second)


@pytest.mark.parametrize("name", CORRELATIONS)
@pytest.mark.parametrize("count", [5, 64, 65, 1000])
@pytest.mark.parametrize("ties", [False, True])
def test_correlations_are_those_of_scipy(name, count, ties):
    ours, theirs = CORRELATIONS[name]
    first, second = columns(count, count, ties=ties)
    assert ours(first, second) == pytest.approx(theirs(first, second), abs=1e-12)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_correlations_change_their_sign_when_one_side_is_turned(name):
    ours, _ = CORRELATIONS[name]
    first, second = columns(1, 50, ties=True)
    assert ours(-first, second) == pytest.approx(-ours(first, second), abs=1e-12)


@pytest.mark.parametrize("name", CORRELATIONS)
@pytest.mark.parametrize("power", [-150, 150])
def test_correlations_do_not_depend_on_the_unit_however_extreme(name, power):
    ours, _ = CORRELATIONS[name]
    first, second = columns(2, 50, ties=False)
    assert ours(first * 10.0**power, second) == pytest.approx(ours(first, second), abs=1e-12)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_equal_numbers_have_no_correlation(name):
    ours, _ = CORRELATIONS[name]
    with raises(StatisticsError, 4, 7):
        ours(np.arange(4.0), np.full(4, 7.0))


@pytest.mark.parametrize("name", CORRELATIONS)
def test_two_pictures_have_no_correlation(name):
    ours, _ = CORRELATIONS[name]
    with raises(StatisticsError, 3, 2):
        ours(np.array([1.0, 2.0]), np.array([1.0, 2.0]))


def test_errors_are_the_sums_written_out():
    predicted, mos = np.array([1.0, 2.0, 5.0, 4.0]), np.array([2.0, 2.0, 3.0, 7.0])
    assert rmse(predicted, mos) == pytest.approx(((1 + 0 + 4 + 9) / 4) ** 0.5, abs=1e-15)
    assert mae(predicted, mos) == pytest.approx((1 + 0 + 2 + 3) / 4, abs=1e-15)


@pytest.mark.parametrize(("votes", "quantile"), [(5, 2.776), (16, 2.131), (31, 2.042), (1_000_001, 1.960)])
def test_an_outlier_lies_beyond_students_quantile_of_the_printed_table(votes, quantile):
    half = 0.8 * quantile / votes**0.5
    inside, outside = np.array([3.0 + 0.999 * half]), np.array([3.0 + 1.001 * half])
    opinion = np.array([3.0]), np.array([0.8]), np.array([float(votes)])
    assert outlier_ratio(inside, *opinion) == 0.0
    assert outlier_ratio(outside, *opinion) == 1.0


def test_without_votes_an_outlier_lies_beyond_two_standard_deviations():
    mos, spreads = np.zeros(4), np.full(4, 0.5)
    assert outlier_ratio(np.array([0.9, -0.9, 1.1, -1.1]), mos, spreads) == 0.5


@pytest.mark.parametrize(
    ("spread", "votes", "words"),
    [(-1.0, None, (0, -1)), (1.0, 1.0, (2, 1)), (np.nan, None, (2, 2))],
)
def test_spreads_and_votes_that_make_no_sense_are_refused(spread, votes, words):
    counts = None if votes is None else np.full(2, votes)
    with raises(StatisticsError, *words):
        outlier_ratio(np.zeros(2), np.ones(2), np.full(2, spread), counts)


def test_tau_is_that_of_all_pairs_counted_one_by_one():
    generator = np.random.default_rng(3)
    first, second = generator.integers(0, 9, 41), generator.integers(0, 12, 41)
    signs = np.sign(first[:, None] - first) * np.sign(second[:, None] - second)
    untied = [(np.sign(side[:, None] - side) ** 2).sum() for side in (first, second)]
    expected = signs.sum() / np.sqrt(untied[0] * untied[1])
    assert krcc(first.astype(float), second.astype(float)) == pytest.approx(expected, abs=1e-14)
