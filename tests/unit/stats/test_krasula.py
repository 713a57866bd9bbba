"""Second sources: the authors' program, DeLong's definition case by case, scipy, and pairs counted one by one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from acutance.errors import StatisticsError
from acutance.stats.krasula import CHUNK, KrasulaComparison, Pairs, compare_krasula, delong, delong_test, opinion_pairs
from tests.raising import raises

MOS = np.array([1.2, 1.9, 2.0, 2.4, 2.9, 3.1, 3.2, 3.6, 3.9, 4.1, 4.4, 4.8])
SPREADS = np.array([0.6, 0.8, 0.5, 0.9, 0.7, 0.8, 1.0, 0.9, 0.7, 0.6, 0.5, 0.4])
VOTES = np.array([15.0, 15, 20, 20, 15, 25, 15, 20, 20, 25, 15, 20])
FIRST = np.array([20.0, 24, 23, 27, 30, 30, 28, 33, 36, 35, 41, 40])
SECOND = np.array([0.50, 0.40, 0.55, 0.47, 0.52, 0.60, 0.71, 0.66, 0.62, 0.69, 0.90, 0.74])

# AucPerfMetric._metrics_performance of Netflix's vmaf at f85a853, which follows the authors' own program line by line,
# on the 66 pairs above, 59 of which differ at 0.95.
PUBLISHED = {
    "auc_different_similar": (0.9309927360774823, 0.6900726392251819),
    "auc_better_worse": (0.9994254524561907, 0.9445561620224072),
    "correct": (0.9830508474576272, 0.8813559322033898),
    "threshold": (4.399999999999999, 0.17799999999999994),
}
PUBLISHED_P_DIFFERENT_SIMILAR = 0.01999524163192845
PUBLISHED_P_BETTER_WORSE = 0.003509213394098376

VALUES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=20).map(np.array)


def compared(first: np.ndarray = FIRST, second: np.ndarray = SECOND) -> KrasulaComparison:
    return compare_krasula(first, second, MOS, SPREADS, VOTES)


def figures_one_by_one(scores: np.ndarray) -> tuple[float, float, float]:
    """The two areas and C0 by counting pairs of pairs; higher is better."""
    pairs = opinion_pairs([scores], MOS, SPREADS, VOTES)
    different = [(lead, label) for lead, label in zip(pairs.differences[0], pairs.labels, strict=True) if label]
    similar = [lead for lead, label in zip(pairs.differences[0], pairs.labels, strict=True) if not label]
    apart = [np.heaviside(abs(lead) - abs(gap), 0.5) for lead, _ in different for gap in similar]
    order = [np.heaviside(one * a + other * b, 0.5) for one, a in different for other, b in different]
    return float(np.mean(apart)), float(np.mean(order)), float(np.mean([one * a > 0 for one, a in different]))


def ratings(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores, opinions, their spreads and numbers of votes."""
    random = np.random.default_rng(seed)
    votes = random.integers(5, 30, count).astype(np.float64)
    return random.normal(size=count), random.uniform(1, 5, count), random.uniform(0, 1, count), votes


def listed(pairs: Pairs) -> list[tuple[float, int]]:
    """Each pair once, whichever image stands first, sorted."""
    both = zip(pairs.differences[0], pairs.labels, strict=True)
    return sorted((abs(lead), int(label * np.sign(lead))) for lead, label in both)


def pairs_one_by_one(count: int, level: float = 0.95) -> list[tuple[float, int]]:
    """The same from the formula, pair by pair; higher is better."""
    scores, mos, spreads, votes = ratings(count)
    found = []
    for i, j in combinations(range(count), 2):
        z = (mos[i] - mos[j]) / np.sqrt(spreads[i] ** 2 / votes[i] + spreads[j] ** 2 / votes[j])
        label = np.sign(z) if norm.cdf(abs(z)) > level else 0
        found.append((abs(scores[i] - scores[j]), int(label * np.sign(scores[i] - scores[j]))))
    return sorted(found)


def areas_by_definition(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_figures_are_those_of_the_authors_program(name: str):
    found = compared()
    assert (getattr(found.first, name), getattr(found.second, name)) == pytest.approx(PUBLISHED[name], abs=1e-12)


def test_the_p_values_are_those_of_the_authors_program():
    found = compared()
    assert found.different_similar is not None
    assert found.better_worse is not None
    assert found.different_similar.p_value == pytest.approx(PUBLISHED_P_DIFFERENT_SIMILAR, abs=1e-12)
    assert found.better_worse.p_value == pytest.approx(PUBLISHED_P_BETTER_WORSE, abs=1e-12)
    assert found.better_worse.statistic > 0


def test_the_pairs_are_counted():
    found = compared().first
    assert (found.pairs, found.different, found.similar, found.sampled) == (66, 59, 7, False)


@pytest.mark.parametrize("scores", [FIRST, SECOND, np.ones(12)])
def test_the_figures_are_counts_of_pairs(scores: np.ndarray):
    found = compared(scores).first
    figures = (found.auc_different_similar, found.auc_better_worse, found.correct)
    assert figures == pytest.approx(figures_one_by_one(scores), abs=1e-12)


def test_a_model_has_the_same_figures_beside_any_other():
    assert compared(FIRST, np.exp(SECOND)).first == compared().first == compared(SECOND, FIRST).second


def test_a_constant_score_is_chance_and_never_correct():
    found = compared(np.ones(12)).first
    assert (found.auc_different_similar, found.auc_better_worse, found.correct) == (0.5, 0.5, 0.0)


def test_the_wrong_direction_turns_better_into_worse_and_leaves_different_as_it_is():
    found = compared(SECOND, -SECOND)
    assert found.second.auc_better_worse == pytest.approx(1 - found.first.auc_better_worse)
    assert found.second.auc_different_similar == found.first.auc_different_similar


def test_a_monotone_curve_over_the_scores_leaves_the_share_of_correct_pairs():
    assert compared(np.exp(FIRST / 5)).first.correct == compared().first.correct


def test_a_random_part_of_many_pairs_gives_nearly_the_same():
    random = np.random.default_rng(0)
    mos = random.uniform(1, 5, 400)
    scores, spreads, votes = mos + random.normal(0, 0.5, 400), np.full(400, 0.8), np.full(400, 20.0)
    everything = compare_krasula(scores, -scores, mos, spreads, votes).first
    part = compare_krasula(scores, -scores, mos, spreads, votes, most_pairs=20_000).first
    assert (everything.pairs, part.pairs, part.sampled) == (79_800, 20_000, True)
    assert part.auc_different_similar == pytest.approx(everything.auc_different_similar, abs=0.02)
    assert part.auc_better_worse == pytest.approx(everything.auc_better_worse, abs=0.005)


def test_two_infinite_scores_are_equal():
    scores = np.array([np.inf, np.inf, 30.0, 20.0])
    opinions = np.array([5.0, 5.0, 3.0, 1.0]), np.full(4, 0.5), np.full(4, 20.0)
    found = compare_krasula(scores, -scores, *opinions).first
    assert (found.correct, found.auc_different_similar, found.threshold) == (1.0, 1.0, 0.0)


def test_the_threshold_may_be_infinite():
    scores = np.array([np.inf, 40.0, 30.0, 20.0])
    opinions = np.array([5.0, 5.0, 3.0, 1.0]), np.full(4, 0.5), np.full(4, 20.0)
    assert compare_krasula(scores, -scores, *opinions).first.threshold == np.inf


def test_without_similar_pairs_only_better_and_worse_are_told():
    found = compare_krasula(MOS, -MOS, MOS, np.zeros(12), VOTES)
    assert found.first.auc_different_similar is None
    assert found.first.threshold is None
    assert found.first.problem == "Expected similar pairs, got 66 pairs that all differ significantly."
    assert (found.first.auc_better_worse, found.second.auc_better_worse) == (1.0, 0.0)
    assert found.different_similar is None


def test_models_that_are_alike_cannot_be_tested():
    found = compared(FIRST, FIRST)
    assert found.first == found.second
    assert found.better_worse is None
    assert found.different_similar is None


def test_one_pair_has_an_order_and_is_too_few_to_test():
    scores = np.array([1.0, 2.0])
    found = compare_krasula(scores, -scores, np.array([1.0, 5.0]), np.full(2, 0.5), np.full(2, 20.0))
    assert (found.first.pairs, found.first.auc_better_worse) == (1, 1.0)
    assert (found.first.correct, found.second.correct) == (1.0, 0.0)
    assert found.better_worse is None


def test_opinions_that_never_differ_give_no_figures():
    with raises(StatisticsError, 66):
        compare_krasula(FIRST, SECOND, np.ones(12), SPREADS, VOTES)


def test_a_missing_score_is_an_error():
    with raises(StatisticsError, 1, 12):
        compared(np.where(MOS > 4.5, np.nan, FIRST))


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_all_pairs_are_those_of_the_formula(level: float):
    scores, *opinions = ratings(20)
    assert listed(opinion_pairs([scores], *opinions, level=level)) == pairs_one_by_one(20, level=level)


def test_more_pairs_than_are_computed_at_a_time_are_all_there():
    scores, *opinions = ratings(1050)
    found = opinion_pairs([scores], *opinions)
    first, second = np.triu_indices(1050, 1)
    assert len(first) > CHUNK
    np.testing.assert_array_equal(found.differences[0], scores[first] - scores[second])


def test_too_many_pairs_are_drawn_without_repeating_one():
    scores, *opinions = ratings(40)
    found = opinion_pairs([scores], *opinions, most_pairs=500)
    assert found.sampled
    assert len(set(listed(found))) == 500
    assert set(listed(found)) < set(pairs_one_by_one(40))


def test_the_seed_decides_what_is_drawn():
    scores, *opinions = ratings(40)
    first, again, other = (listed(opinion_pairs([scores], *opinions, most_pairs=100, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_pair_is_drawn_about_as_often():
    scores, *opinions = ratings(8)
    seen = [listed(opinion_pairs([scores], *opinions, most_pairs=9, seed=seed)) for seed in range(600)]
    counts = np.array([sum(pair in drawn for drawn in seen) for pair in pairs_one_by_one(8)])
    assert counts.min() > 600 * 9 / 28 * 0.7
    assert counts.max() < 600 * 9 / 28 * 1.3


def test_without_any_spread_opinions_differ_unless_they_are_equal():
    found = opinion_pairs([np.arange(3.0)], np.array([1.0, 1.0, 2.0]), np.zeros(3), np.full(3, 10.0))
    assert found.labels.tolist() == [0, -1, -1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mos": np.ones(3)}, (3, 4)),
        ({"models": [np.ones(5)]}, (4, "scores", 5)),
        ({"num_votes": np.ones(3)}, (4, "votes", 3)),
        ({"mos_std": np.full(4, -1.0)}, (0, 1, -1, 10)),
        ({"num_votes": np.zeros(4)}, (0, 1, 1, 0)),
        ({"mos": np.array([1, 2, 3, np.nan])}, (1, 4)),
        ({"models": [np.array([1, 2, 3, np.nan])]}, (1, 4)),
        ({"level": 1.0}, (0.5, 1, 1, 5000000)),
        ({"most_pairs": 0}, (0.5, 1, 0.95, 0)),
    ],
)
def test_opinions_without_pairs_are_named(change: dict[str, object], words: tuple[object, ...]):
    given = {"models": [np.ones(4)], "mos": np.ones(4), "mos_std": np.ones(4), "num_votes": np.full(4, 10.0)} | change
    with raises(StatisticsError, *words):
        opinion_pairs(**given)  # type: ignore[arg-type]


def test_one_picture_makes_no_pair():
    with raises(StatisticsError, 2, 1):
        opinion_pairs([np.ones(1)], np.ones(1), np.ones(1), np.ones(1))


@pytest.mark.parametrize("ties", [False, True])
def test_areas_and_covariance_are_those_of_the_definition(ties: bool):  # noqa: FBT001
    positives, negatives = two_models(ties=ties)
    found, (areas, covariance) = delong(positives, negatives), areas_by_definition(positives, negatives)
    np.testing.assert_allclose(found.areas, areas, atol=1e-12)
    assert found.covariance is not None
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)


def test_the_test_divides_the_difference_by_its_spread():
    positives, negatives = two_models(ties=True)
    areas, covariance = areas_by_definition(positives, negatives)
    expected = (areas[0] - areas[1]) / np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    found = delong_test(delong(positives, negatives))
    assert found.statistic == pytest.approx(expected, rel=1e-10)
    assert found.p_value == pytest.approx(2 * norm.cdf(-abs(expected)), rel=1e-10)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_the_area_is_mann_and_whitneys_u_of_scipy(positives: np.ndarray, negatives: np.ndarray):
    expected = mannwhitneyu(positives, negatives, method="asymptotic").statistic / len(positives) / len(negatives)
    assert delong(positives[None], negatives[None]).areas.tolist() == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_cases_against_their_opposites_are_the_same_by_half_the_work(ties: bool):  # noqa: FBT001
    values, _ = two_models(ties=ties)
    found, expected = delong(values), delong(values, -values)
    np.testing.assert_array_equal(found.areas, expected.areas)
    assert found.covariance is not None
    assert expected.covariance is not None
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-14)


def test_infinite_values_have_a_place():
    found = delong(np.array([[np.inf, 3.0]]), np.array([[np.inf, 2.0]]))
    assert found.areas.tolist() == [(0.5 + 1 + 0 + 1) / 4]


def test_constant_values_are_chance():
    assert delong(np.ones((1, 3)), np.ones((1, 4))).areas.tolist() == [0.5]


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
        delong(np.ones((1, 2)), np.ones((1, 0)))


def test_a_test_of_areas_takes_two_cases_on_both_sides():
    found = delong(np.ones((2, 1)), np.ones((2, 2)))
    assert found.covariance is None
    with raises(StatisticsError, 2, 1):
        delong_test(found)


def test_values_are_numbers():
    with raises(StatisticsError, 1, 1):
        delong(np.array([[np.nan]]), np.ones((1, 2)))


@pytest.mark.usefixtures("as_users_run_it")
def test_both_sides_have_the_same_models():
    with raises(StatisticsError, 2, 1):
        delong(np.ones((2, 3)), np.ones((1, 3)))
