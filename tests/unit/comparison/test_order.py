from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from acutance.comparison.measure import CompleteScores
from acutance.comparison.order import order_by_scores, order_by_wins
from acutance.errors import StatisticsError
from tests.raising import raises
from tests.unit.comparison.fakes import complete, drawn


def logistic_regression(scores: CompleteScores) -> tuple[Any, Any]:
    """Strengths (mean 0) and standard errors by images as clusters, by statsmodels' binomial GLM."""
    count = len(scores.methods)
    rows, shares, groups = [], [], []
    for place, quality in enumerate(scores.quality):
        for first in range(count):
            for second in range(first + 1, count):
                row = np.zeros(count)
                row[first], row[second] = 1.0, -1.0
                rows.append(row)
                shares.append(0.5 * (1 + np.sign(quality[first] - quality[second])))
                groups.append(place)
    basis = np.vstack([np.eye(count - 1), -np.ones(count - 1)])  # the last is minus the sum of the others
    model = sm.GLM(np.array(shares), np.array(rows) @ basis, family=sm.families.Binomial())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": np.array(groups), "use_correction": False}, tol=1e-14)
    return basis @ fit.params, np.sqrt(np.diag(basis @ fit.cov_params() @ basis.T))


@pytest.mark.parametrize("ties", [False, True])
def test_strengths_and_their_intervals_are_those_of_a_logistic_regression_with_pictures_as_clusters(*, ties: bool):
    scores = drawn(5, pictures=60, methods=4, ties=ties)
    strengths, errors = logistic_regression(scores)
    order = order_by_scores(scores, 0.9)
    assert order.note == ""
    reach = norm.ppf(0.95)
    for place in order.places:
        index = scores.methods.index(place.name)
        assert place.strength == pytest.approx(strengths[index], abs=1e-6)
        assert place.interval is not None
        assert place.interval.low == pytest.approx(strengths[index] - reach * errors[index], abs=1e-6)
        assert place.interval.high == pytest.approx(strengths[index] + reach * errors[index], abs=1e-6)
        assert place.interval.level == 0.9
    assert [place.strength for place in order.places] == sorted(
        (place.strength for place in order.places), reverse=True
    )


def test_a_method_that_is_never_beaten_gets_a_finite_strength_and_a_note_and_no_interval():
    order = order_by_scores(complete([[1.0, 2.0], [1.0, 2.0]], methods=["a", "b"]), 0.95)
    assert order.note.startswith("one tie between every two methods was added")
    assert [(place.name, place.interval) for place in order.places] == [("b", None), ("a", None)]
    assert order.places[0].strength == pytest.approx(0.5 * np.log(2.5 / 0.5))


def test_equal_methods_have_equal_strengths():
    order = order_by_scores(complete([[1.0, 1.0], [2.0, 2.0]]), 0.95)
    assert [place.strength for place in order.places] == [0.0, 0.0]
    assert [place.interval for place in order.places] == [None, None]  # nothing varies, which is not certainty


def test_lower_scores_win_where_lower_is_better():
    scores = complete([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]], better="lower", methods=["a", "b"])
    assert [place.name for place in order_by_scores(scores, 0.95).places] == ["a", "b"]


def test_groups_that_never_met_have_no_order():
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 2] = 1.0
    with raises(StatisticsError, 2):
        order_by_wins(["a", "b", "c", "d"], wins, 0.95)
