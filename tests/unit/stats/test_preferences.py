import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.errors import StatisticsError
from acutance.stats.preferences import (
    three_alternative_accuracy,
    three_alternative_credit,
    two_alternative_accuracy,
    two_alternative_credit,
)
from tests.raising import raises

GOLDEN = Path(__file__).parents[2] / "golden" / "afine.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["training_units"]["accuracy"]

PAIRS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=30
)


def by_the_words(first: float, second: float, label: float, margin: float) -> bool:
    """A-FINE's rule, lower is better."""
    if label == 1:
        return first < second and abs(first - second) > margin
    if label == 0:
        return first > second and abs(first - second) > margin
    return abs(first - second) <= margin


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float64)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['u1']}-{case['u2']}-{case['gt']}-{case['delta']}")
def test_the_authors_of_afine_count_alike(case: dict[str, Any]):
    found = three_alternative_accuracy(one(case["u1"]), one(case["u2"]), one(case["gt"]), margin=case["delta"])
    assert found == case["correct"]


@settings(deadline=None)
@given(PAIRS, st.sampled_from([0.0, 1.0, 1.5]))
def test_the_accuracy_is_the_share_that_the_rule_allows(pairs: list[tuple[int, int, float]], margin: float):
    first, second, labels = np.array(pairs, dtype=np.float64).T
    expected = np.mean([by_the_words(*pair, margin) for pair in pairs])
    assert three_alternative_accuracy(first, second, labels, margin=margin) == pytest.approx(expected)


@settings(deadline=None)
@given(PAIRS, st.sampled_from([0.0, 1.0]))
def test_turned_scores_and_direction_give_the_same(pairs: list[tuple[int, int, float]], margin: float):
    first, second, labels = np.array(pairs, dtype=np.float64).T
    for count in (three_alternative_accuracy, two_alternative_accuracy):
        turned = count(-first, -second, labels, margin=margin, better="higher")
        assert turned == count(first, second, labels, margin=margin)


def test_an_accuracy_is_the_mean_of_its_credit():
    first, second, labels = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0]), np.array([1.0, 0.5, 0.5])
    assert three_alternative_credit(first, second, labels).tolist() == [1, 0, 1]
    assert two_alternative_credit(first, second, labels).tolist() == [1, 0.5, 0.5]


def test_two_alternatives_count_the_share_of_people_who_agree():
    first, second = np.array([1.0, 2.0, 5.0]), np.array([2.0, 1.0, 5.0])
    shares = np.array([0.8, 0.8, 0.8])
    assert two_alternative_accuracy(first, second, shares) == pytest.approx((0.8 + 0.2 + 0.5) / 3)


def test_within_the_margin_two_alternatives_count_half():
    assert two_alternative_accuracy(one(1.0), one(1.05), one(0.9), margin=0.1) == 0.5


def test_equal_infinite_scores_are_a_tie():
    first, second = np.array([np.inf, np.inf]), np.array([np.inf, 40.0])
    assert three_alternative_accuracy(first, second, np.array([0.5, 1.0]), better="higher") == 1


def test_labels_of_three_alternatives_are_three():
    with raises(StatisticsError, 0, 0.5, 1, 0.7):
        three_alternative_accuracy(one(1.0), one(2.0), one(0.7))


def test_shares_are_at_most_1():
    with raises(StatisticsError, 0, 1, 3):
        two_alternative_accuracy(one(1.0), one(2.0), one(3.0))


@pytest.mark.parametrize("count", [three_alternative_accuracy, two_alternative_accuracy])
def test_no_pair_has_no_accuracy(count):
    with raises(StatisticsError, 1):
        count(np.array([]), np.array([]), np.array([]))


@pytest.mark.parametrize("count", [three_alternative_accuracy, two_alternative_accuracy])
def test_each_pair_has_a_label(count):
    with raises(StatisticsError, 2, 2, 1):
        count(np.ones(2), np.ones(2), one(0.5))


@pytest.mark.parametrize("count", [three_alternative_accuracy, two_alternative_accuracy])
def test_a_missing_score_is_an_error(count):
    with raises(StatisticsError, 1, 1):
        count(one(np.nan), one(1.0), one(0.5))


@pytest.mark.parametrize("margin", [-0.1, np.nan])
def test_a_margin_is_at_least_0(margin: float):
    with raises(StatisticsError, 0, margin):
        three_alternative_accuracy(one(1.0), one(2.0), one(0.5), margin=margin)
