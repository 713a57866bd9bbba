"""Second sources: scipy.stats and numpy on the same numbers; the direction is the one that people would state."""

import numpy as np
import pytest
import scipy.stats

from acutance.errors import StatisticsError
from acutance.stats.correlation import agreement, clipped_scores
from tests.raising import raises

SIGNED = ("srcc", "krcc", "plcc", "plcc_unfitted")
UNSIGNED = ("rmse", "mae")


def rated(seed=0, count=80):
    """PSNR-like scores, and opinions that rise with them."""
    generator = np.random.default_rng(seed)
    scores = generator.uniform(20, 45, count)
    return scores, 9 / (1 + np.exp(-(scores - 32) / 3)) + 0.5 * generator.normal(size=count)


def test_every_number_is_that_of_scipy_and_numpy():
    scores, mos = rated()
    figures = agreement(scores, mos, better="higher", mos_better="higher")
    assert figures.curve is not None
    predicted = figures.curve(scores)
    assert figures.count == 80
    assert figures.srcc == pytest.approx(scipy.stats.spearmanr(scores, mos).statistic, abs=1e-12)
    assert figures.krcc == pytest.approx(scipy.stats.kendalltau(scores, mos).statistic, abs=1e-12)
    assert figures.plcc == pytest.approx(scipy.stats.pearsonr(predicted, mos).statistic, abs=1e-12)
    assert figures.plcc_unfitted == pytest.approx(scipy.stats.pearsonr(scores, mos).statistic, abs=1e-12)
    assert figures.rmse == pytest.approx(np.sqrt(np.mean((predicted - mos) ** 2)), abs=1e-12)
    assert figures.mae == pytest.approx(np.mean(np.abs(predicted - mos)), abs=1e-12)
    assert (figures.outlier_ratio, figures.outlier_rule, figures.clipped, figures.problem) == (None, None, 0, "")


@pytest.mark.parametrize("curve", ["logistic4", "logistic5", "linear", "none"])
@pytest.mark.parametrize(("better", "mos_better"), [("higher", "lower"), ("lower", "higher"), ("lower", "lower")])
def test_a_model_that_agrees_is_positive_whichever_way_its_numbers_go(curve, better, mos_better):
    scores, mos = rated()
    plain = agreement(scores, mos, better="higher", mos_better="higher", curve=curve)
    scores_turn, mos_turn = (1 if side == "higher" else -1 for side in (better, mos_better))
    turned = agreement(scores_turn * scores, mos_turn * mos, better=better, mos_better=mos_better, curve=curve)
    for name in SIGNED:
        assert getattr(plain, name) > 0.8
        assert getattr(turned, name) == pytest.approx(getattr(plain, name), abs=1e-9)
    for name in UNSIGNED if curve != "none" else ():
        assert getattr(turned, name) == pytest.approx(getattr(plain, name), abs=1e-8)


@pytest.mark.parametrize("curve", ["logistic4", "logistic5", "linear", "none"])
def test_a_model_that_disagrees_is_negative_and_no_absolute_value_hides_it(curve):
    scores, mos = rated()
    figures = agreement(scores, -mos, better="higher", mos_better="higher", curve=curve)
    assert all(getattr(figures, name) < -0.8 for name in SIGNED)


def test_an_infinite_score_keeps_the_best_rank_and_takes_the_best_finite_score_for_the_curve():
    scores, mos = rated()
    scores[[3, 7]] = np.inf
    mos[[3, 7]] = 9.5, 9.9
    finite = np.where(np.isinf(scores), scores[np.isfinite(scores)].max(), scores)
    figures = agreement(scores, mos, better="higher", mos_better="higher")
    assert figures.clipped == 2
    assert figures.srcc == pytest.approx(scipy.stats.spearmanr(scores, mos).statistic, abs=1e-12)
    assert figures.krcc == pytest.approx(scipy.stats.kendalltau(scores, mos).statistic, abs=1e-12)
    clipped = agreement(finite, mos, better="higher", mos_better="higher")
    assert clipped.srcc != figures.srcc
    assert (figures.plcc, figures.rmse, figures.mae) == (clipped.plcc, clipped.rmse, clipped.mae)


def test_outliers_are_counted_by_the_rule_that_is_named():
    scores, mos = rated()
    spreads, votes = np.full(80, 1.0), np.full(80, 25.0)
    narrow = agreement(scores, mos, better="higher", mos_better="higher", mos_std=spreads, num_votes=votes)
    wide = agreement(scores, mos, better="higher", mos_better="higher", mos_std=spreads)
    assert narrow.curve is not None
    errors = np.abs(narrow.curve(scores) - mos)
    assert narrow.outlier_ratio == np.mean(errors > 2.0639 * 1.0 / 5)  # Student's quantile for 24 degrees of freedom
    assert wide.outlier_ratio == np.mean(errors > 2.0)
    assert (narrow.outlier_rule, wide.outlier_rule) == ("p1401", "vqeg")


def test_unknown_spreads_leave_out_the_outlier_ratio_alone_and_say_so():
    scores, mos = rated()
    spreads = np.full(80, 1.0)
    spreads[5] = np.nan
    figures = agreement(scores, mos, better="higher", mos_better="higher", mos_std=spreads)
    assert figures.outlier_ratio is None
    assert figures.problem.startswith("No outlier ratio: Expected finite numbers, got 1 of 80")
    assert figures.rmse is not None


@pytest.mark.parametrize(
    ("scores", "mos", "words"),
    [
        ([], [], "Expected at least 3 images with score and opinion, got 0"),
        ([1.0, 2.0], [1.0, 2.0], "Expected at least 3 images with score and opinion, got 2"),
        ([3.0, 3.0, 3.0], [1.0, 2.0, 3.0], "Expected scores that differ, got 3 times 3"),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], "Expected opinions that differ, got 3 times 5"),
        ([np.nan, 2.0, 3.0], [1.0, 2.0, 3.0], "Expected numbers, got 1 of 3 that are not"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, np.nan], "Expected finite numbers, got 1 of 3 that are not"),
        ([np.inf, -np.inf, np.inf], [1.0, 2.0, 3.0], "Expected finite scores, got 3 infinite ones"),
        ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0], "Expected an opinion for each score, got 4 scores and 3 opinions"),
    ],
)
def test_what_cannot_be_computed_is_none_and_one_clear_line_says_why(scores, mos, words):
    figures = agreement(np.array(scores), np.array(mos), better="higher", mos_better="higher")
    assert words in figures.problem
    assert "\n" not in figures.problem
    assert {getattr(figures, name) for name in (*SIGNED, *UNSIGNED, "curve")} == {None}
    assert figures.count == len(scores)


def test_one_finite_score_beside_infinite_ones_has_ranks_and_no_curve():
    scores, mos = np.array([30.0, np.inf, 30.0, np.inf]), np.array([1.0, 5.0, 2.0, 4.0])
    figures = agreement(scores, mos, better="higher", mos_better="higher")
    assert figures.srcc == pytest.approx(scipy.stats.spearmanr(scores, mos).statistic, abs=1e-12)
    assert (figures.plcc, figures.rmse, figures.curve) == (None, None, None)
    assert "Expected scores that differ" in figures.problem


def test_three_pictures_get_a_line_and_the_curve_says_so():
    figures = agreement(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0]), better="higher", mos_better="higher")
    assert figures.curve is not None
    assert (figures.curve.kind, figures.curve.wanted) == ("linear", "logistic4")
    assert "5 distinct scores are needed, there are 3" in figures.curve.note


def test_scores_without_a_finite_one_are_refused():
    with raises(StatisticsError, 2):
        clipped_scores(np.array([np.inf, -np.inf]))


def test_a_flat_curve_has_errors_and_no_plcc_and_one_clear_line_says_why():
    scores, mos = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, 0.0, 1.0])
    figures = agreement(scores, mos, better="higher", mos_better="higher", curve="linear")
    assert (figures.plcc, figures.rmse, figures.mae) == (None, 0.5, 0.5)
    assert figures.problem == "No PLCC: the fitted curve is flat, so that scores tell nothing of the opinions."
