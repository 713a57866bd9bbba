import math

import numpy as np
import pytest
from scipy.stats import bootstrap, wilcoxon
from statsmodels.stats.multitest import multipletests

from acutance.comparison.measure import Draws, interval_of, method_results, method_tests, worst_images
from acutance.errors import ConfigError
from acutance.types import Better
from tests.raising import raises
from tests.unit.comparison.fakes import complete, drawn

NONE_FAILED = dict.fromkeys(("blur", "noise", "ours", "m0", "m1", "m2", "m3"), 0)
FEW = Draws(200)


def test_means_medians_and_wins_are_those_of_numpy():
    scores = drawn(1, ties=True)
    results = method_results(scores, NONE_FAILED, FEW)
    assert [one.mean for one in results] == pytest.approx(scores.values.mean(axis=0).tolist())
    assert [one.median for one in results] == pytest.approx(np.median(scores.values, axis=0).tolist())
    best = scores.values == scores.values.max(axis=1, keepdims=True)
    expected = (best & ~best.all(axis=1, keepdims=True)).sum(axis=0)
    assert [one.wins for one in results] == expected.tolist()


def test_intervals_are_near_those_of_scipys_bootstrap():
    values = drawn(2, pictures=200).values[:, 0]
    ours = interval_of(values, Draws(4000))
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=4000, rng=1).confidence_interval
    assert ours is not None
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.05 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.05 * width)


def test_the_same_seed_gives_the_same_interval_and_another_another():
    values = drawn(2).values[:, 0]
    assert interval_of(values, Draws(100, seed=1)) == interval_of(values, Draws(100, seed=1))
    assert interval_of(values, Draws(100, seed=1)) != interval_of(values, Draws(100, seed=2))


def test_one_picture_or_no_draws_give_no_interval():
    assert interval_of(np.array([1.0]), Draws()) is None
    assert interval_of(np.array([1.0, 2.0]), Draws(0)) is None


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_p_values_are_scipys_signed_ranks_with_the_correction_of_statsmodels(better: Better):
    values = drawn(4, pictures=30, methods=4).values
    scores = complete(values, better=better, methods=[f"m{index}" for index in range(4)])
    tests = method_tests(scores, FEW)
    pairs = [(first, second) for first in range(4) for second in range(first + 1, 4)]
    p_values = [wilcoxon(values[:, first], values[:, second], method="exact").pvalue for first, second in pairs]
    corrected = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose([test.p_value for test in tests], p_values, rtol=1e-9)
    np.testing.assert_allclose([test.p_corrected for test in tests], corrected, rtol=1e-9)
    for test, (first, second), p_corrected in zip(tests, pairs, corrected, strict=True):
        gap = values[:, first] - values[:, second]
        assert test.difference == pytest.approx(gap.mean())
        is_first = (gap.mean() > 0) == (better == "higher")
        assert test.winner == ("" if p_corrected >= 0.05 else f"m{first if is_first else second}")
        wins = (int((gap > 0).sum()), int((gap < 0).sum()))
        assert (test.first_wins, test.second_wins) == (wins if better == "higher" else wins[::-1])


def test_infinite_scores_win_rank_first_and_make_means_infinite_beside_the_finite_ones():
    rows = [[math.inf, 30.0], [math.inf, math.inf], [31.0, 30.0]] + [[30.0 + index, 29.0] for index in range(6)]
    scores = complete(rows, methods=["a", "b"])
    (test,) = method_tests(scores, FEW)
    assert (test.first_wins, test.ties, test.second_wins) == (8, 1, 0)
    assert test.difference == math.inf
    assert (test.finite_difference, test.finite_count) == (22 / 8, 8)
    assert test.interval is not None
    assert test.interval.low < 22 / 8 < test.interval.high
    assert test.p_value == pytest.approx(2 / 2**8)
    assert test.winner == "a"
    first, second = method_results(scores, {"a": 0, "b": 0}, FEW)
    assert (first.mean, first.finite_mean, first.finite_count) == (math.inf, 226 / 7, 7)
    assert first.interval is not None
    assert first.interval.low < 226 / 7 < first.interval.high
    assert first.wins == 8
    assert (second.mean, second.finite_count, second.median) == (math.inf, 8, 29.0)
    assert first.is_mixed
    assert test.is_mixed


def test_infinite_scores_of_both_signs_have_no_mean():
    scores = complete([[math.inf, 1.0], [-math.inf, 2.0]], methods=["a", "b"])
    first, second = method_results(scores, {"a": 0, "b": 0}, FEW)
    assert (first.mean, first.finite_mean, first.finite_count, first.median) == (None, None, 0, None)
    assert (second.mean, second.finite_mean, second.finite_count) == (1.5, 1.5, 2)
    (test,) = method_tests(scores, FEW)
    assert (test.difference, test.finite_difference, test.finite_count) == (None, None, 0)


def test_where_every_score_is_infinite_the_mean_is_and_nothing_differs():
    scores = complete([[math.inf, math.inf]] * 3, methods=["a", "b"])
    (test,) = method_tests(scores, FEW)
    assert (test.difference, test.p_value, test.ties) == (0.0, 1.0, 3)
    (first, _) = method_results(scores, {"a": 0, "b": 0}, FEW)
    assert (first.mean, first.interval, first.median) == (math.inf, None, math.inf)
    assert (first.finite_mean, first.finite_count) == (None, 0)


def test_equal_scores_have_p_1_and_no_winner():
    (test,) = method_tests(complete([[1.0, 1.0]] * 5), FEW)
    assert (test.p_value, test.p_corrected, test.winner, test.ties) == (1.0, 1.0, "", 5)


def test_without_pictures_there_are_no_numbers():
    scores = complete(np.zeros((0, 2)))
    assert method_tests(scores, FEW) == []
    result = method_results(scores, {"blur": 3, "noise": 1}, FEW)[0]
    assert (result.count, result.failed, result.mean, result.median, result.wins) == (0, 3, None, None, 0)


@pytest.mark.parametrize(("better", "expected"), [("higher", ["p2", "p0"]), ("lower", ["p1"])])
def test_a_method_is_worst_where_it_falls_farthest_below_the_mean_of_the_others(better: Better, expected: list[str]):
    scores = complete([[1.0, 2.0, 3.0], [5.0, 4.0, 3.0], [1.0, 9.0, 9.0], [2.0, 1.0, 3.0]], better=better)
    assert worst_images(scores, 0) == expected
    assert worst_images(scores, 0, kept=1) == expected[:1]
    assert worst_images(complete([[1.0]]), 0) == []


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        ((1, 0, 0.95), (0, 2, 1)),
        ((10, -1, 0.95), (-1, "2**32 - 1")),
        ((10, 0, 95.0), (95.0, 0.95)),
    ],
)
def test_draws_out_of_range_are_an_error(draws: tuple[int, int, float], words: tuple[object, ...]):
    with raises(ConfigError, *words):
        Draws(*draws)
