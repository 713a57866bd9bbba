import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.stats import norm

from acutance.datasets.faults import DatasetError
from acutance.datasets.pairwise_mos import likelihood, mos_from_counts, most_likely_scores
from tests.raising import raises

COUNTS = st.integers(2, 6).flatmap(
    lambda n: arrays(np.float64, (n, n), elements=st.integers(0, 10).map(float)).map(lambda c: c - np.diag(np.diag(c)))
)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "afine.json"
    return dict(json.loads(path.read_text())["training_units"]["mos_from_counts"])


def by_definition(counts: np.ndarray, scores: np.ndarray) -> float:
    """The sum over pairs, by another library's distribution."""
    return float((counts * norm.logcdf(scores[:, None] - scores)).sum() - 0.5 * (scores**2).sum())


def slopes(counts: np.ndarray, scores: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The gradient of the definition by differences."""
    unit = np.eye(len(scores)) * step
    return np.array([by_definition(counts, scores + e) - by_definition(counts, scores - e) for e in unit]) / (2 * step)


def test_the_authors_scores_come_out_within_the_tolerance_of_their_solver(golden: dict[str, Any]):
    scores = mos_from_counts(np.array(golden["C"]))
    np.testing.assert_allclose(scores, golden["mos_seed0"], atol=golden["spread_over_seeds"])


def test_the_maximum_is_at_least_as_likely_as_the_authors(golden: dict[str, Any]):
    counts = np.array(golden["C"])
    ours = most_likely_scores(counts)
    theirs = np.array(golden["mos_seed0"]) / 100 * np.ptp(ours) + ours.min()
    assert by_definition(counts, ours) >= by_definition(counts, theirs - theirs.mean())


@settings(deadline=None)
@given(COUNTS)
def test_the_gradient_of_the_definition_is_zero_at_the_maximum(counts: np.ndarray):
    np.testing.assert_allclose(slopes(counts, most_likely_scores(counts)), 0, atol=1e-5)


@settings(deadline=None)
@given(COUNTS)
def test_the_likelihood_is_the_definition(counts: np.ndarray):
    scores = np.linspace(-1, 1, len(counts))
    assert likelihood(counts, scores) == pytest.approx(by_definition(counts, scores), rel=1e-12)


@settings(deadline=None)
@given(COUNTS)
def test_the_scores_sum_to_zero(counts: np.ndarray):
    assert abs(most_likely_scores(counts).sum()) < 1e-9


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
    np.testing.assert_allclose(most_likely_scores(counts), found.x, atol=1e-5)


def test_one_sided_labels_have_a_finite_maximum():
    scores = mos_from_counts(np.array([[0.0, 1000.0, 1000.0], [0.0, 0.0, 1000.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(scores, [100, 50, 0], atol=1e-6)


def test_the_order_of_pictures_does_not_matter():
    counts = np.array([[0.0, 7.0, 9.0], [4.0, 0.0, 6.0], [1.0, 5.0, 0.0]])
    order = [2, 0, 1]
    np.testing.assert_allclose(mos_from_counts(counts[np.ix_(order, order)]), mos_from_counts(counts)[order], atol=1e-8)


def test_labels_that_prefer_nothing_give_no_scores():
    with raises(DatasetError, 3):
        mos_from_counts(np.ones((3, 3)))


def test_counts_are_at_least_0():
    with raises(DatasetError, 0):
        most_likely_scores(np.array([[0.0, -1.0], [0.0, 0.0]]))


@pytest.mark.usefixtures("as_users_run_it")
def test_counts_are_a_square():
    with raises(DatasetError, (2, 3)):
        most_likely_scores(np.zeros((2, 3)))
