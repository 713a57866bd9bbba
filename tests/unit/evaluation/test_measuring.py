from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from acutance.datasets.table import RatedImage
from acutance.evaluation.measure import EvaluationOptions, ScoredTable, agreement_of, evaluate_model
from acutance.stats.bootstrap import bootstrap_agreement
from acutance.stats.curves import SMALL_GROUP
from tests.unit.datasets.tables import rated, table_of

NO_DRAWS = EvaluationOptions(draws=0)


def many(count: int = 120, settings: EvaluationOptions = NO_DRAWS) -> ScoredTable:
    """Ratings of 10 scenes, 3 distortions and 4 levels, and scores that go the other way."""
    random = np.random.default_rng(3)
    mos = random.uniform(0, 10, count)
    rows = [
        RatedImage(
            image=f"images/{place:03}.png",
            reference=f"refs/{place % 10}.png",
            mos=float(mos[place]),
            mos_std=1.0,
            num_votes=16,
            distortion="abc"[place % 3],
            level=place % 4 + 1,
        )
        for place in range(count)
    ]
    scores = -1 / (1 + np.exp(-(mos - 5))) + random.normal(0, 0.1, count)
    return ScoredTable("ours", "lower", table_of(*rows), scores, [None] * count, settings)


def changed(inputs: ScoredTable, scores: np.ndarray, *rows: RatedImage) -> ScoredTable:
    table = table_of(*(rows or inputs.table.rows))
    return replace(inputs, scores=scores, table=table)


def test_correlations_agree_with_scipy_and_go_up_for_a_model_that_agrees():
    inputs = many()
    found = evaluate_model(inputs).agreement
    assert found.count == 120
    assert found.srcc == pytest.approx(-stats.spearmanr(inputs.scores, inputs.mos).statistic, abs=1e-12)
    assert found.krcc == pytest.approx(-stats.kendalltau(inputs.scores, inputs.mos).statistic, abs=1e-12)
    assert found.plcc_unfitted == pytest.approx(-stats.pearsonr(inputs.scores, inputs.mos).statistic, abs=1e-12)
    assert found.srcc is not None
    assert found.srcc > 0.8


def test_rmse_is_that_of_a_line_as_numpy_fits_it():
    inputs = many(settings=replace(NO_DRAWS, curve="linear"))
    residuals = inputs.mos - np.polyval(np.polyfit(inputs.scores, inputs.mos, 1), inputs.scores)
    found = evaluate_model(inputs).agreement
    assert found.rmse == pytest.approx(np.sqrt(np.mean(residuals**2)), abs=1e-9)
    assert found.mae == pytest.approx(np.mean(np.abs(residuals)), abs=1e-9)
    limit = stats.t.ppf(0.975, 15) / np.sqrt(16)
    assert found.outlier_ratio == pytest.approx(np.mean(np.abs(residuals) > limit))


def test_failed_and_unrated_pictures_are_counted_told_and_left_out():
    inputs = many()
    scores = inputs.scores.copy()
    scores[:2] = np.nan
    rows = [replace(row, mos=None) if place in (1, 5) else row for place, row in enumerate(inputs.table.rows)]
    found = evaluate_model(replace(changed(inputs, scores, *rows), errors=["no such file"] + [None] * 119))
    assert (found.agreement.count, found.failed, found.unrated) == (117, 2, 1)
    keep = np.isfinite(scores) & (np.arange(120) != 5)
    assert found.agreement.srcc == pytest.approx(-stats.spearmanr(inputs.scores[keep], inputs.mos[keep]).statistic)
    first, second, third = found.predictions[:3]
    assert (first.predicted, first.error, second.error) == (None, "no such file", "no score")
    assert (third.predicted, third.error, second.ground_truth) == (float(scores[2]), None, None)
    assert len(found.predictions) == 120


def test_groups_agree_with_the_same_rows_alone():
    inputs = many()
    found = evaluate_model(inputs)
    assert {by: [group.name for group in groups] for by, groups in found.groups.items()} == {
        "distortion": ["a", "b", "c"],
        "level": ["1", "2", "3", "4"],
        "reference": [f"refs/{number}.png" for number in range(10)],
    }
    within = np.arange(120) % 3 == 1
    group = found.groups["distortion"][1].agreement
    assert group.count == 40
    assert group.srcc == pytest.approx(-stats.spearmanr(inputs.scores[within], inputs.mos[within]).statistic)


def test_levels_are_in_order_of_their_numbers():
    rows = [rated(f"{level}.png", float(level), level=level) for level in (10, 9, 2)]
    inputs = ScoredTable("ours", "higher", table_of(*rows), np.arange(3.0), [None] * 3, NO_DRAWS)
    assert [group.name for group in evaluate_model(inputs).groups["level"]] == ["2", "9", "10"]


def test_a_small_group_has_a_straight_line_and_says_so():
    inputs = many()
    by_reference = evaluate_model(inputs).groups["reference"][0].agreement
    assert by_reference.count == 12 < SMALL_GROUP
    assert by_reference.curve is not None
    assert (by_reference.curve.kind, by_reference.curve.wanted) == ("linear", "logistic4")
    assert by_reference.curve.note == "Fewer than 20 pictures: a straight line in place of logistic4."
    within = np.arange(120) % 10 == 0
    expected = -stats.pearsonr(inputs.scores[within], inputs.mos[within]).statistic
    assert by_reference.plcc == pytest.approx(expected, abs=1e-9)


def test_a_group_too_small_for_any_number_says_so():
    rows = [rated("a.png", 1.0, distortion="x"), rated("b.png", 2.0, distortion="y"), rated("c.png", 3.0)]
    inputs = ScoredTable("ours", "higher", table_of(*rows), np.arange(3.0), [None] * 3, NO_DRAWS)
    groups = evaluate_model(inputs).groups["distortion"]
    assert [(group.name, group.agreement.count, group.agreement.srcc) for group in groups] == [
        ("x", 1, None),
        ("y", 1, None),
    ]
    assert groups[0].agreement.problem.startswith("Expected at least 3 images")


def test_a_group_of_failed_pictures_alone_is_told_as_empty():
    rows = [rated(f"{n}.png", float(n), distortion="x" if n < 3 else "y") for n in range(6)]
    scores = np.array([np.nan] * 3 + [1.0, 2.0, 4.0])
    inputs = ScoredTable("ours", "higher", table_of(*rows), scores, [None] * 6, NO_DRAWS)
    first, second = evaluate_model(inputs).groups["distortion"]
    assert (first.agreement.count, first.agreement.srcc, second.agreement.srcc) == (0, None, 1.0)


def test_a_data_set_without_opinions_has_counts_and_no_numbers():
    rows = [rated("a.png", None), rated("b.png", None)]
    inputs = ScoredTable("ours", "higher", table_of(*rows), np.arange(2.0), [None] * 2, NO_DRAWS)
    found = evaluate_model(inputs)
    assert (found.agreement.count, found.unrated, found.agreement.srcc) == (0, 2, None)
    assert found.agreement.problem


def test_opinions_some_of_which_lack_a_spread_have_no_outlier_ratio():
    inputs = many()
    bare = [replace(row, mos_std=None, num_votes=None) for row in inputs.table.rows]
    assert evaluate_model(changed(inputs, inputs.scores, *bare)).agreement.outlier_ratio is None
    mixed = [*bare[:60], *inputs.table.rows[60:]]
    found = evaluate_model(changed(inputs, inputs.scores, *mixed)).agreement
    assert found.outlier_ratio is None
    assert found.problem.startswith("No outlier ratio")


def test_infinite_scores_keep_their_rank_and_are_counted():
    inputs = many()
    scores = inputs.scores.copy()
    scores[np.argmin(scores)] = -np.inf
    found = evaluate_model(changed(inputs, scores))
    assert (found.agreement.clipped, found.failed) == (1, 0)
    assert found.agreement.srcc == evaluate_model(inputs).agreement.srcc
    assert -np.inf in [row.predicted for row in found.predictions]


def test_intervals_are_those_of_a_bootstrap_by_scene_with_the_same_seed():
    inputs = many(settings=EvaluationOptions(draws=50, seed=4))
    found = evaluate_model(inputs).agreement
    expected = bootstrap_agreement(
        inputs.scores,
        inputs.mos,
        [f"refs/{place % 10}.png" for place in range(120)],
        better="lower",
        mos_better="higher",
        draws=50,
        seed=4,
        level=0.95,
        curve="logistic4",
        statistics=("srcc", "krcc", "plcc", "rmse", "mae"),
    )
    assert {name: (one.low, one.high) for name, one in found.intervals.items()} == expected
    assert found.intervals["srcc"].level == 0.95
    assert evaluate_model(many()).agreement.intervals == {}


def test_groups_of_several_scenes_have_an_interval_of_srcc():
    inputs = many(settings=EvaluationOptions(draws=50, seed=4))
    groups = evaluate_model(inputs).groups
    expected = bootstrap_agreement(
        inputs.scores[1::3],
        inputs.mos[1::3],
        [f"refs/{place % 10}.png" for place in range(1, 120, 3)],
        better="lower",
        mos_better="higher",
        draws=50,
        seed=4,
        statistics=("srcc",),
    )
    within = groups["distortion"][1].agreement.intervals
    assert {name: (one.low, one.high) for name, one in within.items()} == expected
    assert groups["reference"][0].agreement.intervals == {}
    assert groups["reference"][0].agreement.problem == ""


def test_progress_counts_the_draws():
    seen: list[tuple[int, int]] = []
    settings = EvaluationOptions(draws=20)
    evaluate_model(many(settings=settings), on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_single_scene_has_numbers_and_no_intervals():
    inputs = many(settings=EvaluationOptions(draws=50))
    rows = [replace(row, scene="one") for row in inputs.table.rows]
    found = evaluate_model(changed(inputs, inputs.scores, *rows)).agreement
    assert found.srcc is not None
    assert found.intervals == {}
    assert found.problem.startswith("No intervals: ")


def test_the_agreement_alone_is_that_of_the_evaluation():
    assert agreement_of(many()) == evaluate_model(many()).agreement
