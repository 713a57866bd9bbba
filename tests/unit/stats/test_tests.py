from itertools import product

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import norm, rankdata, wilcoxon
from scipy.stats import t as t_distribution
from statsmodels.stats.multitest import multipletests

from acutance.errors import StatisticsError
from acutance.stats.tests import Outcome, f_test, holm, meng_rosenthal_rubin, wilcoxon_signed_rank, williams
from tests.raising import raises

# Hollander and Wolfe (1973), page 29, as in R's documentation of wilcox.test: depression before and after.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])

# May and Hittner (1997), Psychological Reports 80, 475-480: r_first, r_second, r_between, z for 50 cases.
MAY_AND_HITTNER = [
    *((0.5, 0.2, r / 10, z) for r, z in enumerate([1.62, 1.70, 1.80, 1.91, 2.06, 2.245, 2.50, 2.87, 3.50])),
    *((0.7, 0.4, r / 10, z) for r, z in enumerate([2.03, 2.10, 2.20, 2.32, 2.47, 2.66, 2.94, 3.35, 4.05])),
]

# Benjamini and Hochberg (1995), section 3.2: 15 comparisons after a heart attack.
HEART_ATTACK = np.array(
    [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1]
)
FAMILIES = {
    "published": HEART_ATTACK[::-1],
    "ties": np.array([0.03, 0.01, 0.03, 0.01, 0.5, 0.5]),
    "ends": np.array([0.0, 1.0, 0.0]),
    "one": np.array([0.2]),
    "many": np.random.default_rng(0).uniform(0, 0.2, 40),
}


def normal(seed: int, count: int, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, count)


def f_tail(ratio: float, first: int, second: int) -> float:
    """Chance of a larger ratio, from the incomplete beta function."""
    return float(betainc(second / 2, first / 2, second / (second + first * ratio)))


def all_signs(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's sum and p-value by going through every choice of signs."""
    differences = (first - second)[first != second]
    ranks = rankdata(np.abs(differences))
    found = ranks[differences > 0].sum()
    sums = np.array([np.dot(ranks, signs) for signs in product((0, 1), repeat=len(ranks))])
    return found, min(1.0, 2 * min((sums <= found + 1e-9).mean(), (sums >= found - 1e-9).mean()))


def correlations(seed: int, count: int) -> tuple[float, float, float]:
    """Of two models that are equally good, with opinions and with each other."""
    random = np.random.default_rng(seed)
    opinions = random.normal(size=count)
    scores = opinions + random.normal(size=(2, count)) + 0.5 * random.normal(size=count)
    found = np.asarray(np.corrcoef(np.vstack([opinions, scores])))
    return found[0, 1], found[0, 2], found[1, 2]


def test_the_ratio_is_that_of_mean_squares_and_its_tail_that_of_the_incomplete_beta_function():
    first, second = normal(0, 40, 1.4), normal(1, 30)
    found = f_test(first, second)
    assert found.statistic == pytest.approx((np.dot(first, first) / 39) / (np.dot(second, second) / 29), rel=1e-12)
    assert found.p_value == pytest.approx(2 * f_tail(found.statistic, 39, 29), abs=1e-10)


def test_parameters_of_a_curve_take_degrees_of_freedom():
    first, second = normal(0, 40, 1.4), normal(1, 30)
    found = f_test(first, second, parameters_first=5, parameters_second=4)
    assert found.statistic == pytest.approx((np.dot(first, first) / 35) / (np.dot(second, second) / 26), rel=1e-12)
    assert found.p_value == pytest.approx(2 * f_tail(found.statistic, 35, 26), abs=1e-10)


def test_the_upper_5_percent_point_of_a_table_is_p_0_1():
    first, second = np.full(11, np.sqrt(2.9782)), np.ones(11)  # F(0.05; 10, 10) = 2.9782 in tables
    assert f_test(first, second).p_value == pytest.approx(0.1, abs=1e-5)


def test_swapped_models_have_the_inverse_ratio_and_the_same_p_value():
    first, second = normal(0, 40, 1.4), normal(1, 30)
    found, swapped = f_test(first, second), f_test(second, first)
    assert found.statistic * swapped.statistic == pytest.approx(1)
    assert found.p_value == pytest.approx(swapped.p_value)


def test_a_model_without_error_is_better_for_sure():
    assert f_test(np.zeros(5), np.ones(5)) == Outcome(0.0, 0.0)
    assert f_test(np.ones(5), np.zeros(5)) == Outcome(np.inf, 0.0)


def test_two_models_without_error_cannot_be_tested():
    with raises(StatisticsError):
        f_test(np.zeros(5), np.zeros(5))


def test_residuals_must_outnumber_parameters():
    with raises(StatisticsError, 4, 4):
        f_test(np.ones(4), np.ones(5), parameters_first=4)


def test_residuals_are_finite():
    with raises(StatisticsError, 1, 3):
        f_test(np.array([1.0, np.nan, 2.0]), np.ones(3))


def test_williams_t_is_that_of_silver_hittner_and_may_2006():
    found = williams(0.3, 0.4, 0.5, 100)  # DEPCOR, Applied Psychological Measurement 30, 152-153
    assert found.statistic == pytest.approx(-1.0767, abs=5e-5)
    assert found.p_value == pytest.approx(0.2843, abs=5e-5)


def test_williams_t_is_that_of_the_determinant_of_the_correlations():
    first, second, between, count = 0.82, 0.75, 0.9, 60
    matrix = np.array([[1, first, second], [first, 1, between], [second, between, 1]])
    spread = 2 * (count - 1) / (count - 3) * np.linalg.det(matrix) + ((first + second) / 2) ** 2 * (1 - between) ** 3
    expected = (first - second) * np.sqrt((count - 1) * (1 + between)) / np.sqrt(spread)
    found = williams(first, second, between, count)
    assert found.statistic == pytest.approx(expected, rel=1e-10)
    assert found.p_value == pytest.approx(2 * t_distribution.cdf(-expected, 57), rel=1e-9)


def test_williams_test_takes_a_perfect_model():
    found = williams(1.0, 0.5, 0.5, 20)
    assert found.statistic > 2
    assert found.p_value < 0.05


def test_meng_rosenthal_and_rubins_z_is_that_of_their_paper():
    found = meng_rosenthal_rubin(0.63, -0.03, -0.19, 15)  # Psychological Bulletin 111, 172-175
    assert found.statistic == pytest.approx(1.68, abs=5e-3)
    assert found.p_value / 2 == pytest.approx(0.047, abs=5e-4)


def test_the_interval_of_their_paper_follows_from_z():
    difference = np.arctanh(0.63) - np.arctanh(-0.03)
    half = norm.ppf(0.975) * difference / meng_rosenthal_rubin(0.63, -0.03, -0.19, 15).statistic
    assert difference - half == pytest.approx(-0.129, abs=1e-3)
    assert difference + half == pytest.approx(1.671, abs=1e-3)


def test_meng_rosenthal_and_rubins_z_is_that_of_silver_hittner_and_may_2006():
    found = meng_rosenthal_rubin(0.3, 0.4, 0.5, 100)
    assert found.statistic == pytest.approx(-1.0707, abs=5e-5)
    assert found.p_value == pytest.approx(0.2843, abs=5e-5)


@pytest.mark.parametrize(("first", "second", "between", "z"), MAY_AND_HITTNER)
def test_meng_rosenthal_and_rubins_z_is_that_of_may_and_hittner_1997(
    first: float, second: float, between: float, z: float
):
    assert meng_rosenthal_rubin(first, second, between, 50).statistic == pytest.approx(z, abs=5.1e-3)


@pytest.mark.parametrize("test", [williams, meng_rosenthal_rubin])
def test_equally_good_models_differ_significantly_one_time_in_twenty(test):
    found = [test(*map(float, correlations(seed, 60)), 60).p_value for seed in range(2000)]
    assert 0.035 < (np.array(found) < 0.05).mean() < 0.065


@pytest.mark.parametrize("test", [williams, meng_rosenthal_rubin])
def test_swapped_models_have_the_opposite_statistic(test):
    found, swapped = test(0.6, 0.5, 0.7, 40), test(0.5, 0.6, 0.7, 40)
    assert found.statistic == pytest.approx(-swapped.statistic)
    assert found.p_value == pytest.approx(swapped.p_value)


@pytest.mark.parametrize("test", [williams, meng_rosenthal_rubin])
@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.5, 0.4, 0.3, 3), (4, 3)),
        ((0.5, float("nan"), 0.3, 9), (-1, 1, 0.5, "nan", 0.3)),
        ((0.5, 1.2, 0.3, 9), (-1, 1, 0.5, 1.2, 0.3)),
        ((0.5, 0.5, 1.0, 9), (1,)),
        ((0.9, -0.9, 0.9, 9), (0.9, -0.9, 0.9)),
    ],
)
def test_correlations_that_cannot_be_tested_are_named(
    test, numbers: tuple[float, float, float, int], words: tuple[object, ...]
):
    with raises(StatisticsError, *words):
        test(*numbers)


def test_fishers_z_has_no_value_at_1():
    with raises(StatisticsError, -1, 1, 1, 0.5):
        meng_rosenthal_rubin(1.0, 0.5, 0.5, 20)


def test_models_that_are_each_others_reverse_cannot_be_compared_by_williams():
    with raises(StatisticsError, 0.5, -0.5, -1):
        williams(0.5, -0.5, -1.0, 20)


def test_wilcoxons_test_gives_what_r_documents():
    found = wilcoxon_signed_rank(BEFORE, AFTER)
    assert found.statistic == 40
    assert found.p_value / 2 == pytest.approx(0.01953, abs=5e-6)  # R's alternative is "greater"


@pytest.mark.parametrize("count", [1, 2, 5, 20, 50])
def test_few_pairs_have_scipys_exact_p_value(count: int):
    first, second = normal(count, count), normal(count + 100, count) + 0.3
    found = wilcoxon_signed_rank(first, second)
    assert found.statistic == wilcoxon(first, second, alternative="greater").statistic
    assert found.p_value == pytest.approx(wilcoxon(first, second, method="exact").pvalue, abs=1e-12)


@pytest.mark.parametrize("decimals", [8, 1])
def test_many_pairs_have_scipys_normal_p_value_with_ties_or_without(decimals: int):
    first, second = normal(3, 200).round(decimals), (normal(4, 200) + 0.1).round(decimals)
    expected = wilcoxon(first, second, method="asymptotic", correction=False)
    assert wilcoxon_signed_rank(first, second).p_value == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_with_ties_and_equal_pairs_the_p_value_counts_all_signs(seed: int):
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 5, 12) / 4, random.integers(0, 5, 12) / 4
    found = wilcoxon_signed_rank(first, second)
    assert (found.statistic, found.p_value) == pytest.approx(all_signs(first, second), abs=1e-12)


def test_equal_infinite_scores_are_an_equal_pair_and_others_the_largest_difference():
    first, second = np.array([np.inf, np.inf, 3.0, 5.0]), np.array([np.inf, 40.0, 4.0, 3.0])
    assert wilcoxon_signed_rank(first, second) == wilcoxon_signed_rank(
        np.array([99.0, 3.0, 5.0]), np.array([40.0, 4.0, 3.0])
    )


def test_pairs_that_are_all_equal_cannot_be_tested():
    with raises(StatisticsError, 4):
        wilcoxon_signed_rank(np.ones(4), np.ones(4))


def test_pairs_have_two_sides():
    with raises(StatisticsError, 3, 2):
        wilcoxon_signed_rank(np.ones(3), np.zeros(2))


def test_figures_are_numbers():
    with raises(StatisticsError, 1, 2):
        wilcoxon_signed_rank(np.array([1.0, np.nan]), np.zeros(2))


@pytest.mark.parametrize("family", FAMILIES)
def test_statsmodels_corrects_by_holm_alike(family: str):
    expected = multipletests(FAMILIES[family], method="holm")[1]
    np.testing.assert_allclose(holm(FAMILIES[family]), expected, rtol=1e-12)


def test_three_findings_of_benjamini_and_hochbergs_example_are_left_after_holms_correction():
    assert int((holm(HEART_ATTACK) <= 0.05).sum()) == 3


def test_no_tests_have_no_corrections():
    assert holm(np.array([])).tolist() == []


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_p_value_is_named(wrong: float):
    with raises(StatisticsError, f"{wrong:g}"):
        holm(np.array([0.5, wrong]))


def test_a_plain_list_of_p_values_will_do():
    assert holm([0.01, 0.04]).tolist() == [0.02, 0.04]
