import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm, rankdata

from acutance.stats.delong import area_under_curve, delong, delong_mirrored, delong_test, placement_counts
from acutance.stats.faults import StatisticsError
from tests.raising import raises

VALUES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=20).map(np.array)


def by_definition(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Areas and covariance as DeLong, DeLong and Clarke-Pearson (1988) write them, case by case."""
    models, ours = positives.shape
    theirs = negatives.shape[1]
    kernel = np.zeros((models, ours, theirs))
    for r in range(models):
        for i in range(ours):
            for j in range(theirs):
                x, y = positives[r, i], negatives[r, j]
                kernel[r, i, j] = 1.0 if x > y else 0.5 if x == y else 0.0
    areas = kernel.mean(axis=(1, 2))
    above, below = kernel.mean(axis=2) - areas[:, None], kernel.mean(axis=1) - areas[:, None]
    covariance = np.zeros((models, models))
    for r in range(models):
        for s in range(models):
            covariance[r, s] = (above[r] * above[s]).sum() / (ours - 1) / ours
            covariance[r, s] += (below[r] * below[s]).sum() / (theirs - 1) / theirs
    return areas, covariance


def two_models(*, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    positives, negatives = random.normal(0.8, 1, (2, 23)), random.normal(0, 1, (2, 31))
    return (positives.round(), negatives.round()) if ties else (positives, negatives)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_and_covariance_are_those_of_the_definition(ties: bool):  # noqa: FBT001
    positives, negatives = two_models(ties=ties)
    found, (areas, covariance) = delong(positives, negatives), by_definition(positives, negatives)
    np.testing.assert_allclose(found.areas, areas, atol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)


def test_the_test_divides_the_difference_by_its_spread():
    positives, negatives = two_models(ties=True)
    areas, covariance = by_definition(positives, negatives)
    expected = (areas[0] - areas[1]) / np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    found = delong_test(delong(positives, negatives))
    assert found.statistic == pytest.approx(expected, rel=1e-10)
    assert found.p_value == pytest.approx(2 * norm.cdf(-abs(expected)), rel=1e-10)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_the_area_is_mann_and_whitneys_u_of_scipy(positives: np.ndarray, negatives: np.ndarray):
    expected = mannwhitneyu(positives, negatives, method="asymptotic").statistic / len(positives) / len(negatives)
    assert area_under_curve(positives, negatives) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_placements_are_mid_ranks_of_all_less_those_of_ours(ours: np.ndarray, theirs: np.ndarray):
    ranks = rankdata(np.concatenate([ours, theirs]))[: len(ours)] - rankdata(ours)
    np.testing.assert_array_equal(placement_counts(ours, theirs), 2 * ranks)


@pytest.mark.parametrize("ties", [False, True])
def test_cases_against_their_opposites_need_half_the_work(ties: bool):  # noqa: FBT001
    values, _ = two_models(ties=ties)
    found, expected = delong_mirrored(values), delong(values, -values)
    np.testing.assert_array_equal(found.areas, expected.areas)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-14)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_an_area_alone_is_to_the_last_digit_the_area_beside_others(positives: np.ndarray, negatives: np.ndarray):
    twice = delong(np.stack([np.tile(positives, 2)] * 2), np.stack([np.tile(negatives, 2)] * 2))
    assert twice.areas.tolist() == [area_under_curve(positives, negatives)] * 2


def test_infinite_values_have_a_place():
    assert area_under_curve(np.array([np.inf, 3.0]), np.array([np.inf, 2.0])) == (0.5 + 1 + 0 + 1) / 4


def test_constant_values_are_chance():
    assert area_under_curve(np.ones(3), np.ones(4)) == 0.5


def test_models_of_one_order_cannot_be_tested():
    positives, negatives = two_models(ties=False)
    same = delong(np.stack([positives[0], np.exp(positives[0])]), np.stack([negatives[0], np.exp(negatives[0])]))
    with raises(StatisticsError):
        delong_test(same)


def test_two_models_are_compared():
    positives, negatives = two_models(ties=False)
    with raises(StatisticsError, 1):
        delong_test(delong(positives[:1], negatives[:1]))


def test_no_case_on_one_side_is_an_error():
    with raises(StatisticsError, 1, 1, 2, 0):
        area_under_curve(np.ones(2), np.array([]))


def test_a_spread_takes_two_cases_on_both_sides():
    with raises(StatisticsError, 2, 2, 1, 2):
        delong(np.ones((1, 1)), np.ones((1, 2)))


def test_values_are_numbers():
    with raises(StatisticsError, 1, 1):
        area_under_curve(np.array([np.nan]), np.ones(2))


@pytest.mark.usefixtures("as_users_run_it")
def test_both_sides_have_the_same_models():
    with raises(StatisticsError, 2, 1):
        delong(np.ones((2, 3)), np.ones((1, 3)))
