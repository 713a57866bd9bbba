from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from acutance.stats import opinion_pairs as module
from acutance.stats.faults import StatisticsError
from acutance.stats.opinion_pairs import Pairs, opinion_pairs, pairs_of_scores
from tests.raising import raises

SCENES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=4, max_size=12)


def ratings(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores, opinions, their spreads and numbers of votes."""
    random = np.random.default_rng(seed)
    votes = random.integers(5, 30, count).astype(np.float64)
    return random.normal(size=count), random.uniform(1, 5, count), random.uniform(0, 1, count), votes


def listed(pairs: Pairs) -> list[tuple[float, int]]:
    """Each pair once, whichever picture stands first, sorted."""
    return sorted(
        (abs(lead), int(label * np.sign(lead))) for lead, label in zip(pairs.leads[0], pairs.labels, strict=True)
    )


def one_by_one(count: int, scenes: list[str] | None = None, level: float = 0.95) -> list[tuple[float, int]]:
    """The same from the formula, pair by pair; higher is better."""
    scores, mos, spreads, votes = ratings(count)
    found = []
    for i, j in combinations(range(count), 2):
        if scenes is not None and scenes[i] != scenes[j]:
            continue
        z = (mos[i] - mos[j]) / np.sqrt(spreads[i] ** 2 / votes[i] + spreads[j] ** 2 / votes[j])
        label = np.sign(z) if norm.cdf(abs(z)) > level else 0
        found.append((abs(scores[i] - scores[j]), int(label * np.sign(scores[i] - scores[j]))))
    return sorted(found)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_all_pairs_are_those_of_the_formula(level: float):
    scores, *opinions = ratings(20)
    assert listed(opinion_pairs([(scores, "higher")], *opinions, level=level)) == one_by_one(20, level=level)


@settings(deadline=None)
@given(SCENES)
def test_pairs_are_of_one_scene(scenes: list[str]):
    scores, *opinions = ratings(len(scenes))
    found = opinion_pairs([(scores, "higher")], *opinions, scenes=scenes)
    assert listed(found) == one_by_one(len(scenes), scenes)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_it_does_not_matter_how_many_are_computed_at_a_time(monkeypatch: pytest.MonkeyPatch, chunk: int):
    monkeypatch.setattr(module, "CHUNK", chunk)
    scores, *opinions = ratings(15)
    assert listed(opinion_pairs([(scores, "higher")], *opinions)) == one_by_one(15)


def test_too_many_pairs_are_drawn_without_repeating_one():
    scores, *opinions = ratings(40)
    found = opinion_pairs([(scores, "higher")], *opinions, most_pairs=500)
    assert found.sampled
    assert len(set(listed(found))) == 500
    assert set(listed(found)) < set(one_by_one(40))


def test_the_seed_decides_what_is_drawn():
    scores, *opinions = ratings(40)
    first, again, other = (
        listed(opinion_pairs([(scores, "higher")], *opinions, most_pairs=100, seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_every_pair_is_drawn_about_as_often():
    scores, *opinions = ratings(8)
    seen = [listed(opinion_pairs([(scores, "higher")], *opinions, most_pairs=9, seed=seed)) for seed in range(600)]
    counts = np.array([sum(pair in drawn for drawn in seen) for pair in one_by_one(8)])
    assert counts.min() > 600 * 9 / 28 * 0.7
    assert counts.max() < 600 * 9 / 28 * 1.3


def test_directions_turn_leads_and_labels():
    scores, mos, spreads, votes = ratings(10)
    found = opinion_pairs([(-scores, "lower")], -mos, spreads, votes, mos_better="lower")
    expected = opinion_pairs([(scores, "higher")], mos, spreads, votes)
    np.testing.assert_array_equal(found.leads, expected.leads)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_without_any_spread_opinions_differ_unless_they_are_equal():
    found = opinion_pairs([(np.arange(3.0), "higher")], np.array([1.0, 1.0, 2.0]), np.zeros(3), 10)
    assert found.labels.tolist() == [0, -1, -1]


def test_the_same_infinite_score_leads_by_0():
    found = opinion_pairs([(np.array([np.inf, np.inf, 30.0]), "higher")], np.array([5.0, 5.0, 1.0]), np.ones(3), 20)
    assert found.leads.tolist() == [[0.0, np.inf, np.inf]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mos": np.ones(3)}, (3, 4)),
        ({"models": [(np.ones(5), "higher")]}, (4, "scores", 5)),
        ({"num_votes": np.ones(3)}, (4, "votes", 3)),
        ({"scenes": ["a"]}, (4, "scenes", 1)),
        ({"scenes": ["a", "b", "c", "d"]}, (2, 4)),
        ({"mos_std": np.full(4, -1.0)}, (0, 1, -1, 10)),
        ({"num_votes": 0}, (0, 1, 1, 0)),
        ({"mos": np.array([1, 2, 3, np.nan])}, (1, 4)),
        ({"models": [(np.array([1, 2, 3, np.nan]), "higher")]}, (1, 4)),
        ({"level": 1.0}, (0.5, 1, 1, 5000000)),
        ({"most_pairs": 0}, (0.5, 1, 0.95, 0)),
    ],
)
def test_opinions_without_pairs_are_named(change: dict[str, object], words: tuple[object, ...]):
    given = {"models": [(np.ones(4), "higher")], "mos": np.ones(4), "mos_std": np.ones(4), "num_votes": 10} | change
    with raises(StatisticsError, *words):
        opinion_pairs(**given)  # type: ignore[arg-type]


def test_labels_of_pairs_say_better_worse_or_neither():
    with raises(StatisticsError, -1, 0, 1):
        pairs_of_scores([(np.ones(2), np.ones(2), "higher")], np.array([0, 2]))


def test_each_pair_has_two_scores():
    with raises(StatisticsError, 2, 3):
        pairs_of_scores([(np.ones(2), np.ones(3), "higher")], np.array([0, 1]))
