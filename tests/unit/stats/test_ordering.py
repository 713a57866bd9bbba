import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.stats import norm

from acutance.errors import StatisticsError
from acutance.stats.ordering import bradley_terry, log_likelihood, log_posterior, thurstone_scores
from tests.raising import raises

# Agresti (2002), Categorical Data Analysis, tables 10.10 and 10.11: American League East 1987, wins over one another of
# Milwaukee, Detroit, Toronto, New York, Boston, Cleveland and Baltimore, at home and away together.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ],
    dtype=np.float64,
)
PUBLISHED = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]
"""Against Baltimore."""

COUNTS = st.integers(2, 6).flatmap(
    lambda n: arrays(np.float64, (n, n), elements=st.integers(0, 10).map(float)).map(lambda c: c - np.diag(np.diag(c)))
)
WINS = st.integers(2, 5).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(1, 9).map(float)))


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "afine.json"
    return dict(json.loads(path.read_text())["training_units"]["mos_from_counts"])


def by_generalised_linear_model(wins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strengths and standard errors by logistic regression, the last player at 0, then moved to mean 0."""
    count = len(wins)
    ones, others = np.triu_indices(count, 1)
    design = np.zeros((len(ones), count))
    design[np.arange(len(ones)), ones], design[np.arange(len(ones)), others] = 1, -1
    outcomes = np.stack([wins[ones, others], wins[others, ones]], axis=1)
    fit = sm.GLM(outcomes, design[:, :-1], family=sm.families.Binomial()).fit(tol=1e-14)
    centred = (np.eye(count) - 1 / count)[:, :-1]
    return centred @ fit.params, np.sqrt(np.diag(centred @ fit.cov_params() @ centred.T))


def test_the_baseball_teams_of_agresti_have_their_published_strengths():
    found = bradley_terry(BASEBALL).strengths
    np.testing.assert_allclose(found - found[-1], PUBLISHED, atol=5e-3)


def test_logistic_regression_finds_the_same_strengths_and_errors():
    found, (strengths, errors) = bradley_terry(BASEBALL), by_generalised_linear_model(BASEBALL)
    np.testing.assert_allclose(found.strengths, strengths, atol=1e-8)
    np.testing.assert_allclose(found.standard_errors, errors, atol=1e-8)


def test_ties_are_half_a_win_for_both_as_in_logistic_regression():
    wins = np.array([[0, 3.5, 4], [1.5, 0, 2.5], [1, 2.5, 0]])
    found, (strengths, errors) = bradley_terry(wins), by_generalised_linear_model(wins)
    np.testing.assert_allclose(found.strengths, strengths, atol=1e-8)
    np.testing.assert_allclose(found.standard_errors, errors, atol=1e-8)


@settings(deadline=None)
@given(WINS)
def test_expected_wins_are_the_wins_there_were(wins: np.ndarray):
    np.fill_diagonal(wins, 0)
    strengths = bradley_terry(wins).strengths
    chances = 1 / (1 + np.exp(strengths - strengths[:, None]))
    np.testing.assert_allclose(((wins + wins.T) * chances * (1 - np.eye(len(wins)))).sum(1), wins.sum(1), atol=1e-6)


@settings(deadline=None)
@given(WINS)
def test_strengths_sum_to_0(wins: np.ndarray):
    assert abs(bradley_terry(wins).strengths.sum()) < 1e-9


def test_a_solver_of_scipy_finds_no_higher_likelihood():
    found = minimize(lambda strengths: -log_likelihood(BASEBALL, strengths), np.zeros(7), method="BFGS", tol=1e-10)
    assert log_likelihood(BASEBALL, bradley_terry(BASEBALL).strengths) >= -found.fun - 1e-9


def test_the_order_of_players_does_not_matter():
    order = np.array([3, 0, 6, 1, 5, 2, 4])
    shuffled = bradley_terry(BASEBALL[np.ix_(order, order)])
    np.testing.assert_allclose(shuffled.strengths, bradley_terry(BASEBALL).strengths[order], atol=1e-9)


def test_players_need_not_all_meet_if_wins_make_chains():
    wins = np.array([[0, 3.0, 0], [1.0, 0, 3.0], [0, 1.0, 0]])
    np.testing.assert_allclose(bradley_terry(wins).strengths, [np.log(3), 0, -np.log(3)], atol=1e-9)


def test_all_ties_leave_all_equal():
    np.testing.assert_allclose(bradley_terry(np.full((4, 4), 2.5)).strengths, 0, atol=1e-12)


def test_a_prior_is_so_many_wins_more_on_both_sides_of_every_pair():
    found, expected = bradley_terry(BASEBALL, prior=0.5), bradley_terry(BASEBALL + 0.5)
    np.testing.assert_allclose(found.strengths, expected.strengths, atol=1e-10)
    np.testing.assert_allclose(found.standard_errors, expected.standard_errors, atol=1e-10)


def test_with_a_prior_an_unbeaten_player_has_a_finite_strength():
    found = bradley_terry(np.array([[0, 5.0], [0, 0]]), prior=0.5)
    assert found.strengths[0] == pytest.approx(np.log(5.5 / 0.5) / 2)


def test_very_uneven_wins_are_solved():
    found = bradley_terry(np.array([[0, 1e6, 0.0], [1.0, 0, 1e6], [0.0, 1.0, 0]]))
    np.testing.assert_allclose(found.strengths, [np.log(1e6), 0, -np.log(1e6)], atol=1e-4)


@pytest.mark.parametrize(
    ("wins", "words"),
    [
        ([[0, 5.0], [0, 0]], (1, 0, 0)),
        ([[0, 1, 1], [1, 0, 1], [0, 0, 0.0]], (1, 2, 0)),
        ([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0.0]], (2,)),
        ([[0, 1, 1, 1], [1, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 0.0]], ()),
        ([[0.0]], (2, 1)),
        ([[0, -1.0], [1, 0]], (0,)),
        ([[0, np.nan], [1, 0]], (0,)),
    ],
)
def test_wins_that_give_no_strengths_are_named(wins: list[list[float]], words: tuple[object, ...]):
    with raises(StatisticsError, *words):
        bradley_terry(np.array(wins, dtype=np.float64))


def test_a_prior_is_at_least_0():
    with raises(StatisticsError, 0, -1):
        bradley_terry(BASEBALL, prior=-1.0)


@pytest.mark.usefixtures("as_users_run_it")
def test_wins_are_a_square():
    with raises(StatisticsError, (2, 3)):
        bradley_terry(np.ones((2, 3)))


def by_definition(counts: np.ndarray, scores: np.ndarray) -> float:
    """The sum over pairs, by another library's distribution."""
    return float((counts * norm.logcdf(scores[:, None] - scores)).sum() - 0.5 * (scores**2).sum())


def slopes(counts: np.ndarray, scores: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The gradient of the definition by differences."""
    unit = np.eye(len(scores)) * step
    return np.array([by_definition(counts, scores + e) - by_definition(counts, scores - e) for e in unit]) / (2 * step)


def test_the_maximum_is_at_least_as_likely_as_the_authors(golden: dict[str, Any]):
    counts = np.array(golden["C"])
    ours = thurstone_scores(counts)
    theirs = np.array(golden["mos_seed0"]) / 100 * np.ptp(ours) + ours.min()
    assert by_definition(counts, ours) >= by_definition(counts, theirs - theirs.mean())


@settings(deadline=None)
@given(COUNTS)
def test_the_gradient_of_the_definition_is_zero_at_the_maximum(counts: np.ndarray):
    np.testing.assert_allclose(slopes(counts, thurstone_scores(counts)), 0, atol=1e-5)


@settings(deadline=None)
@given(COUNTS)
def test_the_likelihood_is_the_definition(counts: np.ndarray):
    scores = np.linspace(-1, 1, len(counts))
    assert log_posterior(counts, scores) == pytest.approx(by_definition(counts, scores), rel=1e-12)


@settings(deadline=None)
@given(COUNTS)
def test_the_scores_sum_to_zero(counts: np.ndarray):
    assert abs(thurstone_scores(counts).sum()) < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_scipys_constrained_solver_finds_the_same_maximum(seed: int):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 10, (5, 5)).astype(float)
    np.fill_diagonal(counts, 0)
    found = minimize(
        lambda scores: -by_definition(counts, scores),
        random.random(5),
        constraints={"type": "eq", "fun": np.sum},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    np.testing.assert_allclose(thurstone_scores(counts), found.x, atol=1e-5)


def test_counts_are_at_least_0():
    with raises(StatisticsError, 0):
        thurstone_scores(np.array([[0.0, -1.0], [0.0, 0.0]]))


@pytest.mark.usefixtures("as_users_run_it")
def test_counts_are_a_square():
    with raises(StatisticsError, (2, 3)):
        thurstone_scores(np.zeros((2, 3)))
