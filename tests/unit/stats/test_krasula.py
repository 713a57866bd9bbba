import numpy as np
import pytest

from acutance.stats.faults import StatisticsError
from acutance.stats.krasula import (
    KrasulaComparison,
    compare_krasula,
    compare_krasula_of_pairs,
    krasula,
    krasula_of_pairs,
)
from acutance.stats.opinion_pairs import opinion_pairs
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


def compared() -> KrasulaComparison:
    return compare_krasula(FIRST, SECOND, MOS, SPREADS, VOTES, first_better="higher", second_better="higher")


def one_by_one(scores: np.ndarray) -> tuple[float, float, float]:
    """The two areas and C0 by counting pairs of pairs; higher is better."""
    pairs = opinion_pairs([(scores, "higher")], MOS, SPREADS, VOTES)
    different = [(lead, label) for lead, label in zip(pairs.leads[0], pairs.labels, strict=True) if label]
    similar = [lead for lead, label in zip(pairs.leads[0], pairs.labels, strict=True) if not label]
    apart = [np.heaviside(abs(lead) - abs(gap), 0.5) for lead, _ in different for gap in similar]
    order = [np.heaviside(one * a + other * b, 0.5) for one, a in different for other, b in different]
    return float(np.mean(apart)), float(np.mean(order)), float(np.mean([one * a > 0 for one, a in different]))


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
    found = krasula(FIRST, MOS, SPREADS, VOTES, better="higher")
    assert (found.pairs, found.different, found.similar, found.sampled) == (66, 59, 7, False)


@pytest.mark.parametrize("scores", [FIRST, SECOND, np.ones(12)])
def test_the_figures_are_counts_of_pairs(scores: np.ndarray):
    found = krasula(scores, MOS, SPREADS, VOTES, better="higher")
    figures = (found.auc_different_similar, found.auc_better_worse, found.correct)
    assert figures == pytest.approx(one_by_one(scores), abs=1e-12)


def test_one_model_alone_has_the_figures_it_has_beside_another():
    assert krasula(FIRST, MOS, SPREADS, VOTES, better="higher") == compared().first


def test_a_constant_score_is_chance_and_never_correct():
    found = krasula(np.ones(12), MOS, SPREADS, VOTES, better="higher")
    assert (found.auc_different_similar, found.auc_better_worse, found.correct) == (0.5, 0.5, 0.0)


def test_the_wrong_direction_turns_better_into_worse_and_leaves_different_as_it_is():
    right = krasula(SECOND, MOS, SPREADS, VOTES, better="higher")
    wrong = krasula(SECOND, MOS, SPREADS, VOTES, better="lower")
    assert wrong.auc_better_worse == pytest.approx(1 - right.auc_better_worse)
    assert wrong.auc_different_similar == right.auc_different_similar


def test_scores_are_not_bent_by_any_monotone_curve_in_better_against_worse():
    found = krasula(np.exp(FIRST / 5), MOS, SPREADS, VOTES, better="higher")
    assert found.correct == compared().first.correct


def test_pairs_with_labels_give_what_their_opinions_give():
    pairs = opinion_pairs([(FIRST, "higher"), (SECOND, "higher")], MOS, SPREADS, VOTES)
    nothing = np.zeros(66)
    found = compare_krasula_of_pairs(
        (pairs.leads[0], nothing, "higher"), (-pairs.leads[1], nothing, "lower"), pairs.labels
    )
    assert found == compared()
    assert krasula_of_pairs(pairs.leads[0], nothing, pairs.labels, better="higher") == found.first


def test_only_pictures_of_one_scene_are_compared():
    scenes = ["a"] * 6 + ["b"] * 6
    found = krasula(FIRST, MOS, SPREADS, VOTES, better="higher", scenes=scenes)
    assert found.pairs == 30


def test_a_random_part_of_many_pairs_gives_nearly_the_same():
    random = np.random.default_rng(0)
    mos = random.uniform(1, 5, 400)
    scores, spreads = mos + random.normal(0, 0.5, 400), np.full(400, 0.8)
    everything = krasula(scores, mos, spreads, 20, better="higher")
    part = krasula(scores, mos, spreads, 20, better="higher", most_pairs=20_000)
    assert (everything.pairs, part.pairs, part.sampled) == (79_800, 20_000, True)
    assert part.auc_different_similar == pytest.approx(everything.auc_different_similar, abs=0.02)
    assert part.auc_better_worse == pytest.approx(everything.auc_better_worse, abs=0.005)


def test_two_infinite_scores_are_equal():
    scores = np.array([np.inf, np.inf, 30.0, 20.0])
    found = krasula(scores, np.array([5.0, 5.0, 3.0, 1.0]), np.full(4, 0.5), 20, better="higher")
    assert (found.correct, found.auc_different_similar, found.threshold) == (1.0, 1.0, 0.0)


def test_the_threshold_may_be_infinite():
    scores = np.array([np.inf, 40.0, 30.0, 20.0])
    found = krasula(scores, np.array([5.0, 5.0, 3.0, 1.0]), np.full(4, 0.5), 20, better="higher")
    assert found.threshold == np.inf


def test_without_similar_pairs_only_better_and_worse_are_told():
    found = compare_krasula(MOS, -MOS, MOS, np.zeros(12), VOTES, first_better="higher", second_better="higher")
    assert found.first.auc_different_similar is None
    assert found.first.threshold is None
    assert found.first.problem == "Expected similar pairs, got 66 pairs that all differ significantly."
    assert (found.first.auc_better_worse, found.second.auc_better_worse) == (1.0, 0.0)
    assert found.different_similar is None


def test_models_that_are_alike_cannot_be_tested():
    found = compare_krasula(FIRST, -FIRST, MOS, SPREADS, VOTES, first_better="higher", second_better="lower")
    assert found.first == found.second
    assert found.better_worse is None
    assert found.different_similar is None


def test_one_pair_is_too_few_to_test():
    found = compare_krasula_of_pairs(
        (np.array([1.0]), np.array([2.0]), "higher"), (np.array([2.0]), np.array([1.0]), "higher"), np.array([-1])
    )
    assert (found.first.correct, found.second.correct) == (1.0, 0.0)
    assert found.better_worse is None


def test_opinions_that_never_differ_give_no_figures():
    with raises(StatisticsError, 66):
        krasula(FIRST, np.ones(12), SPREADS, VOTES, better="higher")


def test_two_pictures_that_differ_have_an_order():
    found = krasula(np.array([1.0, 2.0]), np.array([1.0, 5.0]), np.full(2, 0.5), 20, better="higher")
    assert (found.pairs, found.auc_better_worse, found.correct) == (1, 1.0, 1.0)


def test_a_missing_score_is_an_error():
    with raises(StatisticsError, 1, 12):
        krasula(np.where(MOS > 4.5, np.nan, FIRST), MOS, SPREADS, VOTES, better="higher")
