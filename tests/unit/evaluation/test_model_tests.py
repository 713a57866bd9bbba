from collections.abc import Sequence
from itertools import combinations
from math import atanh, sqrt

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from acutance.errors import EvaluationError
from acutance.evaluation import model_tests
from acutance.evaluation.model_tests import compare_models
from acutance.evaluation.results import Agreement, Evaluation, ModelTest
from tests.raising import raises
from tests.unit.evaluation.rated_models import agreement, evaluation, noisy, opinions

CORRELATIONS = ["meng_rosenthal_rubin", "williams", "f_test"]


def by_test(found: list[ModelTest]) -> dict[str, ModelTest]:
    return {test.test: test for test in found}


def two_models(count: int = 60, **fields) -> tuple[Evaluation, Evaluation]:
    """A good model and a bad one, of which the bad one is better when lower."""
    mos = opinions(count)
    bad = [-score for score in noisy(mos, 2.0, 2)]
    good = evaluation("good", noisy(mos, 0.3, 1), mos.tolist(), **fields)
    return good, evaluation("bad", bad, mos.tolist(), better="lower", **fields)


def columns(first: Evaluation, second: Evaluation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of both, higher better, and opinions."""
    one = np.array([p.predicted for p in first.predictions])
    other = -np.array([p.predicted for p in second.predictions])
    return one, other, np.array([p.ground_truth for p in first.predictions])


def line_errors(scores: np.ndarray, mos: np.ndarray) -> np.ndarray:
    return np.asarray(np.polyval(np.polyfit(scores, mos, 1), scores) - mos)


def test_rank_correlations_are_compared_by_meng_rosenthal_and_rubin():
    """Against their equations 1 to 3 written out here, with scipy's Spearman."""
    first, second = two_models()
    one, other, mos = columns(first, second)
    r1, r2, rx = (stats.spearmanr(a, b).statistic for a, b in ((one, mos), (other, mos), (one, other)))
    mean = (r1**2 + r2**2) / 2
    f = min(1, (1 - rx) / (2 * (1 - mean)))
    z = (atanh(r1) - atanh(r2)) * sqrt((60 - 3) / (2 * (1 - rx) * (1 - f * mean) / (1 - mean)))
    found = by_test(compare_models([first, second]))["meng_rosenthal_rubin"]
    assert found.statistic == pytest.approx(z, abs=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert (found.winner, found.count, found.note) == ("good", 60, "")


def test_pearsons_correlations_after_the_curve_are_compared_by_williams():
    """Against Steiger's equation 7 written out here, with numpy's line and correlation."""
    first, second = two_models(curve="linear")
    one, other, mos = columns(first, second)
    r1, r2, rx = (np.corrcoef(a, b)[0, 1] for a, b in ((one, mos), (other, mos), (one, other)))
    n, det = 60, 1 - r1**2 - r2**2 - rx**2 + 2 * r1 * r2 * rx
    t = (r1 - r2) * sqrt((n - 1) * (1 + rx) / (2 * (n - 1) / (n - 3) * det + (r1 + r2) ** 2 / 4 * (1 - rx) ** 3))
    found = by_test(compare_models([first, second]))["williams"]
    assert found.statistic == pytest.approx(t, abs=1e-6)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), n - 3), rel=1e-6)


def test_errors_after_the_curve_are_compared_by_the_f_test():
    """Against scipy's F distribution and numpy's line, which has 2 parameters."""
    first, second = two_models(curve="linear")
    one, other, mos = columns(first, second)
    ratio = (line_errors(one, mos) ** 2).sum() / (line_errors(other, mos) ** 2).sum()
    found = by_test(compare_models([first, second]))["f_test"]
    assert found.statistic == pytest.approx(ratio, rel=1e-6)
    assert found.p_value == pytest.approx(2 * stats.f.cdf(ratio, 58, 58), rel=1e-4)
    assert found.winner == "good"


def test_the_curve_that_was_asked_for_is_fitted():
    """Against scipy's least squares."""
    draw = np.random.default_rng(1)
    seen = draw.uniform(-3, 3, 80)
    mos = 3 + 2 * np.tanh(seen / 2) + draw.normal(0, 0.3, 80)
    first = evaluation("bent", seen.tolist(), mos.tolist())
    second = evaluation("noisy", noisy(seen, 0.5, 2), mos.tolist())

    def curve(x, b1, b2, b3, b4):
        return b2 + (b1 - b2) / (1 + np.exp(-(x - b3) / abs(b4)))

    squares = []
    for one in (first, second):
        scores = np.array([p.predicted for p in one.predictions])
        start = (mos.max(), mos.min(), scores.mean(), scores.std())
        best, _ = optimize.curve_fit(curve, scores, mos, start, ftol=1e-14, xtol=1e-14)
        squares.append(((curve(scores, *best) - mos) ** 2).sum())
    found = by_test(compare_models([first, second]))["f_test"]
    assert found.statistic == pytest.approx(squares[0] / squares[1], rel=1e-6)


def test_a_model_that_orders_pictures_the_wrong_way_loses():
    mos = opinions(40)
    right, wrong = (
        evaluation("right", noisy(mos, 2.0, 1), mos.tolist()),
        evaluation("wrong", (-mos).tolist(), mos.tolist()),
    )
    found = by_test(compare_models([right, wrong]))
    assert found["meng_rosenthal_rubin"].statistic is None  # its correlation is -1, of which Fisher's z is infinite
    assert found["williams"].winner == "right"
    assert (found["williams"].statistic or 0) > 0
    assert (found["f_test"].p_value, found["f_test"].winner) == (
        None,
        "",
    )  # without error once the curve turns it round
    assert "got one that turns the scores of wrong round" in found["f_test"].note


def test_opinions_that_are_better_when_lower_turn_no_test_round():
    mos = opinions(50)
    plain = compare_models(
        [evaluation(name, noisy(mos, n, s), mos.tolist()) for name, n, s in (("a", 1, 1), ("b", 2, 2))]
    )
    turned = compare_models(
        [
            evaluation(name, noisy(mos, n, s), (-mos).tolist(), mos_better="lower")
            for name, n, s in (("a", 1, 1), ("b", 2, 2))
        ]
    )
    for one, other in zip(plain, turned, strict=True):
        assert one.statistic == pytest.approx(other.statistic, rel=1e-6)
        assert one.winner == other.winner


def test_only_pictures_that_both_scored_are_tested_and_the_others_are_told():
    mos = opinions(50)
    good, bad = noisy(mos, 0.3, 1), noisy(mos, 2.0, 2)
    whole = compare_models(
        [evaluation("good", good[5:], mos[5:].tolist()), evaluation("bad", bad[5:], mos[5:].tolist())]
    )
    holes = [None] * 3 + good[3:], bad[:3] + [None] * 2 + bad[5:]
    failed = compare_models([evaluation(n, s, mos.tolist()) for n, s in zip(("good", "bad"), holes, strict=True)])
    assert [test.statistic for test in failed] == pytest.approx([test.statistic for test in whole])
    assert {test.count for test in failed} == {45}
    assert {test.note for test in failed} == {
        "tested on 45 of 50 rated images: good has no score of 3 and bad has no score of 2"
    }


def test_pictures_that_nobody_rated_are_no_part_of_it():
    mos = opinions(30).tolist()
    first = evaluation("a", [*noisy(opinions(30), 1.0, 3), 1.0, 2.0], [*mos, None, None])
    second = evaluation("b", [*noisy(opinions(30), 1.0, 4), 3.0, None], [*mos, None, None])
    found = compare_models([first, second])
    assert {(test.count, test.note) for test in found} == {(30, "")}


def test_datasets_without_opinions_have_no_tests():
    assert compare_models([evaluation("a", [1.0, 2.0]), evaluation("b", [2.0, 1.0])]) == []


def test_a_test_that_cannot_be_computed_says_why_and_corrects_nothing():
    mos = opinions(40)
    scores = {"good": noisy(mos, 0.3, 1), "flat": [1.0] * 40, "bad": noisy(mos, 2.0, 2)}
    found = compare_models([evaluation(name, said, mos.tolist()) for name, said in scores.items()])
    for test in found:
        if "flat" in (test.first, test.second):
            assert (test.statistic, test.p_value, test.p_corrected, test.winner) == (None, None, None, "")
            assert "Expected" in test.note
        else:
            assert test.p_corrected == test.p_value


def test_other_opinions_of_the_same_pictures_are_not_mixed():
    mos = opinions(30)
    other = mos.copy()
    other[:4] += 1
    found = compare_models(
        [evaluation("a", noisy(mos, 1, 1), mos.tolist()), evaluation("b", noisy(mos, 1, 2), other.tolist())]
    )
    assert {test.note for test in found} == {"Expected the same opinions of both, got other ones of 4 images."}


@pytest.mark.slow
def test_p_values_are_corrected_by_holm_over_the_pairs_of_one_dataset_and_test():
    """Against statsmodels."""
    mos = opinions(60)
    models = [evaluation(f"m{seed}", noisy(mos, 0.4 + 0.15 * seed, seed), mos.tolist()) for seed in range(4)]
    found = compare_models(models + [one.model_copy(update={"dataset": "second"}) for one in models[:2]])
    for dataset, count in (("fake", 6), ("second", 1)):
        for name in CORRELATIONS:
            tests = [test for test in found if (test.dataset, test.test) == (dataset, name)]
            assert len(tests) == count
            rejected, corrected, *_ = multipletests([test.p_value for test in tests], 0.05, "holm")
            assert [test.p_corrected for test in tests] == pytest.approx(corrected)
            assert [bool(test.winner) for test in tests] == rejected.tolist()


def test_every_two_models_meet_once_and_progress_tells_how_many():
    mos = opinions(30)
    seen: list[tuple[int, int]] = []
    models = [evaluation(name, noisy(mos, 1.0, place), mos.tolist()) for place, name in enumerate("abc")]
    found = compare_models(models, on_progress=lambda done, total: seen.append((done, total)))
    assert [(test.first, test.second) for test in found if test.test == "f_test"] == list(combinations("abc", 2))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_infinite_scores_keep_their_rank_and_take_the_best_finite_score_for_the_curve():
    mos = np.append(opinions(40), 6.0)
    scores = noisy(mos[:-1], 1.0, 1)
    models = [
        evaluation("a", [*scores, top], mos.tolist(), curve="linear")
        for top in (float("inf"), max(scores) + 1, max(scores))
    ]
    rival = evaluation("b", noisy(mos, 1.0, 2), mos.tolist(), curve="linear")
    infinite, highest, equal = (by_test(compare_models([one, rival])) for one in models)
    assert infinite["meng_rosenthal_rubin"].statistic == pytest.approx(highest["meng_rosenthal_rubin"].statistic)
    assert infinite["f_test"].statistic == pytest.approx(equal["f_test"].statistic)


def test_spreads_and_votes_bring_krasulas_analysis():
    """Better or worse against a count over all pairs, written here."""
    first, second = two_models(40, mos_std=0.8, num_votes=16)
    found = by_test(compare_models([first, second]))
    assert [*found][3:] == ["krasula_different_similar", "krasula_better_worse"]
    one, other, mos = columns(first, second)
    limit = stats.norm.ppf(0.975) * sqrt(2 * 0.8**2 / 16)
    pairs = [(i, j) for i, j in combinations(range(40), 2) if abs(mos[i] - mos[j]) > limit]
    areas = []
    for scores in (one, other):
        leads = np.array([(scores[i] - scores[j]) * np.sign(mos[i] - mos[j]) for i, j in pairs])
        areas.append((leads[:, None] > -leads[None, :]).mean())
    assert areas[0] > areas[1]
    assert found["krasula_better_worse"].winner == "good"
    assert found["krasula_different_similar"].winner == "good"
    assert found["krasula_better_worse"].note == "pairs share images, so p is smaller than it should be"


def test_an_infinite_score_is_ahead_of_every_other_in_krasulas_analysis():
    mos = np.append(opinions(40), 6.0)
    scores = noisy(mos[:-1], 1.0, 1)
    rival = evaluation("b", noisy(mos, 1.0, 2), mos.tolist(), mos_std=0.8, num_votes=16)
    infinite, highest = (
        by_test(compare_models([evaluation("a", [*scores, top], mos.tolist(), mos_std=0.8, num_votes=16), rival]))
        for top in (float("inf"), 1e9)
    )
    for name in ("krasula_different_similar", "krasula_better_worse"):
        assert infinite[name].statistic == pytest.approx(highest[name].statistic)


def test_of_many_pairs_some_are_drawn_and_that_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_tests, "MOST_PAIRS", 100)
    found = by_test(compare_models(two_models(40, mos_std=0.8, num_votes=16)))
    assert found["krasula_better_worse"].note.endswith("; 100 of 780 pairs drawn")


def test_without_votes_there_is_no_krasula():
    assert [*by_test(compare_models(two_models(40, mos_std=0.8)))] == CORRELATIONS


def splits(values: Sequence[float | None], count: int = 20) -> dict[str, Agreement]:
    return {f"seed {place}": agreement(count, srcc=value) for place, value in enumerate(values)}


def test_repeated_splits_are_compared_by_wilcoxon():
    """Against scipy."""
    mos = opinions(30)
    draw = np.random.default_rng(0)
    ours, theirs = draw.normal(0.9, 0.02, 10), draw.normal(0.87, 0.02, 10)
    models = [
        evaluation(name, noisy(mos, 1.0, place), mos.tolist(), splits=splits(values.tolist()), protocol="hyperiqa")
        for place, (name, values) in enumerate((("a", ours), ("b", theirs)))
    ]
    found = by_test(compare_models(models))["wilcoxon_splits"]
    wanted = stats.wilcoxon(ours, theirs)
    assert found.p_value == pytest.approx(wanted.pvalue)
    assert found.winner == "a"
    assert (found.count, found.note) == (10, "splits overlap, so p is smaller than it should be")
    turned = by_test(compare_models(models[::-1]))["wilcoxon_splits"]
    assert turned.winner == "a"
    assert (found.statistic or 0) + (turned.statistic or 0) == 55


def test_splits_that_differ_are_told():
    mos = opinions(30).tolist()
    uneven = splits([0.7, 0.8, 0.9, None]) | {"seed 0": agreement(19, srcc=0.7)}
    models = [
        evaluation("a", noisy(opinions(30), 1.0, 1), mos, splits=splits([0.5, 0.6, 0.7, 0.8])),
        evaluation("b", noisy(opinions(30), 1.0, 2), mos, splits=uneven),
    ]
    found = by_test(compare_models(models))["wilcoxon_splits"]
    assert found.count == 3
    assert (
        found.note.partition("; ")[2]
        == "not all images are common in 1 of 3 splits; left out 1 of 4 splits, without SRCC of both"
    )


def test_parts_and_protocols_are_not_compared_with_each_other():
    mos = opinions(30)
    first = evaluation("a", noisy(mos, 1.0, 1), mos.tolist())
    second = evaluation("b", noisy(mos, 1.0, 2), mos.tolist(), protocol="hyperiqa")
    assert compare_models([first, second]) == []
    assert compare_models([first, second.model_copy(update={"protocol": "plain", "part": "test"})]) == []


def test_a_model_twice_is_an_error():
    mos = opinions(30)
    one = evaluation("a", noisy(mos, 1.0, 1), mos.tolist())
    with raises(EvaluationError, "fake", "a"):
        compare_models([one, one])
