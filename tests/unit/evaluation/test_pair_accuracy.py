import json
from pathlib import Path

import numpy as np
import pytest

from acutance.datasets.comparisons import Comparison
from acutance.errors import StatisticsError
from acutance.evaluation.measure import Scores
from acutance.evaluation.pairs import images_of, pair_accuracy
from acutance.stats.preferences import three_alternative_accuracy, two_alternative_accuracy
from acutance.types import Better
from tests.raising import raises

GOLDEN = Path(__file__).parents[2] / "golden" / "afine.json"
"""Its accuracies were made by the authors' code."""


def pairs_and_scores(
    count: int, references: int = 5
) -> tuple[list[Comparison], dict[tuple[str, str | None], float | None]]:
    """Scores are whole numbers, so that there are ties."""
    draw = np.random.default_rng(0)
    wins = draw.choice([0, 0.5, 1], count)
    pairs = [Comparison(f"a{i}", f"b{i}", f"r{i % references}", float(win)) for i, win in enumerate(wins)]
    return pairs, {key: float(draw.integers(0, 4)) for key in images_of(pairs)}


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text())["training_units"]["accuracy"])
def test_a_pair_is_right_where_afines_authors_say_so(case: dict[str, float]):
    pair = Comparison("a", "b", "r", float(case["gt"]))
    scores: Scores = {("a", "r"): float(case["u1"]), ("b", "r"): float(case["u2"])}
    found = pair_accuracy([pair], scores, better="lower", margin=case["delta"], kind="3afc", draws=0)
    assert found.accuracy == case["correct"]


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_scores_of_all_pictures_give_what_the_statistic_gives_on_columns(better: Better):
    pairs, scores = pairs_and_scores(200)
    first, second = (
        np.array([scores[getattr(pair, side), pair.reference] for pair in pairs]) for side in ("first", "second")
    )
    wins = np.array([pair.first_wins for pair in pairs])
    found = pair_accuracy(pairs, scores, better=better, margin=1.0, draws=0)
    assert found.accuracy == pytest.approx(three_alternative_accuracy(first, second, wins, margin=1.0, better=better))


def test_shares_of_people_are_averaged():
    pairs = [Comparison("a", "b", "r", 0.7), Comparison("a", "c", "r", 0.2), Comparison("b", "c", "r", 0.9)]
    scores: Scores = {("a", "r"): 1.0, ("b", "r"): 2.0, ("c", "r"): 2.0}
    found = pair_accuracy(pairs, scores, better="lower", kind="2afc", draws=0)
    assert found.accuracy == pytest.approx((0.7 + 0.2 + 0.5) / 3)  # by hand; the last is a tie
    columns = (np.array([1.0, 1.0, 2.0]), np.array([2.0, 2.0, 2.0]), np.array([0.7, 0.2, 0.9]))
    assert found.accuracy == pytest.approx(two_alternative_accuracy(*columns))


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_pair_with_a_failed_picture_counts_as_wrong_and_is_told(nothing: float | None):
    pairs = [Comparison("a", "b", "r", 1.0), Comparison("a", "c", "r", 0.5)]
    found = pair_accuracy(pairs, {("a", "r"): 1.0, ("b", "r"): 2.0, ("c", "r"): nothing}, better="lower", draws=0)
    assert (found.count, found.missing, found.accuracy) == (2, 1, 0.5)
    assert found.credits.tolist() == [1.0, 0.0]


def test_a_model_that_failed_everywhere_is_never_right():
    found = pair_accuracy([Comparison("a", "b", "r", 1.0)], {}, better="lower", draws=0)
    assert (found.missing, found.accuracy) == (1, 0.0)


def test_no_pairs_have_no_accuracy():
    found = pair_accuracy([], {}, better="lower")
    assert (found.count, found.accuracy, found.interval) == (0, None, None)


def test_two_infinite_scores_are_a_tie():
    same = float("inf")
    found = pair_accuracy([Comparison("a", "r", "r", 0.5)], {("a", "r"): same, ("r", "r"): same}, better="higher")
    assert found.accuracy == 1.0


def test_intervals_draw_whole_references():
    """Against a bootstrap written here: the pairs of 5 references, drawn 20,000 times."""
    pairs, scores = pairs_and_scores(100)
    found = pair_accuracy(pairs, scores, better="higher", draws=4000)
    credit = found.credits.reshape(20, 5)  # a column a reference
    draws = np.random.default_rng(7).integers(0, 5, (20_000, 5))
    means = credit.mean(axis=0)[draws].mean(axis=1)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.015)
    assert found.interval.low < (found.accuracy or 0) < found.interval.high


def test_the_same_seed_gives_the_same_interval():
    pairs, scores = pairs_and_scores(150, references=70)
    one, same, other = (
        pair_accuracy(pairs, scores, better="higher", draws=99, seed=seed).interval for seed in (3, 3, 4)
    )
    assert one == same != other


def test_one_reference_has_no_interval():
    pairs = [Comparison("a", "b", "r", 1.0), Comparison("a", "c", "r", 0.0)]
    assert pair_accuracy(pairs, {}, better="lower").interval is None


def test_labels_that_are_shares_are_not_counted_as_wins():
    pairs = [Comparison("a", "b", "r", 0.7)]
    with raises(StatisticsError, 0, 0.5, 1, 0.7):
        pair_accuracy(pairs, {("a", "r"): 1.0, ("b", "r"): 2.0}, better="lower", kind="3afc")


def test_pictures_come_once_a_reference_and_the_reference_beside_itself():
    pairs = [Comparison("b", "r2", "r2", 1.0), Comparison("a", "b", "r1", 0.0), Comparison("a", "c", "r1", 0.5)]
    assert images_of(pairs) == [("a", "r1"), ("b", "r1"), ("c", "r1"), ("b", "r2"), ("r2", "r2")]
