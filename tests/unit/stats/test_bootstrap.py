"""Second sources: scipy and numpy on every drawn sample written out; coverage of a known truth by simulation."""

from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from acutance.errors import StatisticsError
from acutance.stats.bootstrap import Statistic, bootstrap_agreement, bootstrap_mean
from acutance.stats.curves import fit_curve
from tests.raising import raises

ALL: tuple[Statistic, ...] = ("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae")
FEW = 40
"""Draws of the tests that compute every one of them twice."""


def rated(seed=0, scenes=25, each=8):
    """Scores with ties, opinions, and the scene of each image."""
    generator = np.random.default_rng(seed)
    names = np.repeat([f"I{number:02d}" for number in range(scenes)], each)
    scores = np.round(generator.uniform(20, 45, scenes * each), 1)
    shift = np.repeat(generator.normal(size=scenes), each)
    mos = 9 / (1 + np.exp(-(scores - 32) / 3)) + 0.4 * shift + 0.4 * generator.normal(size=scenes * each)
    return scores, np.round(mos, 2), [str(name) for name in names]


def drawn_rows(scenes, draws, seed):
    """The rows of each draw, written out from the documented stream of numbers."""
    names = list(dict.fromkeys(scenes))
    rows = {name: [row for row, scene in enumerate(scenes) if scene == name] for name in names}
    for number in range(draws):
        picked = np.random.default_rng((seed, number)).integers(0, len(names), len(names))
        yield np.concatenate([rows[names[index]] for index in picked]).astype(np.int64)


def fitted_again(scores, mos, start):
    """What scipy's least squares makes of a sample."""

    def curve(b):
        return b[1] + (b[0] - b[1]) / (1 + np.exp(-(scores - b[2]) / abs(b[3])))

    found = least_squares(lambda b: curve(b) - mos, start, x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15)
    return curve(found.x)


def interval(values, level=0.95):
    return tuple(np.quantile(values, [(1 - level) / 2, (1 + level) / 2]))


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_intervals_are_quantiles_of_scipys_statistics_of_every_drawn_sample(level):
    scores, mos, scenes = rated()
    start = fit_curve(scores, mos).parameters
    values: dict[str, list[float]] = {name: [] for name in ALL}
    for rows in drawn_rows(scenes, FEW, seed=3):
        one, other = scores[rows], mos[rows]
        predicted = fitted_again(one, other, start)
        values["srcc"].append(scipy.stats.spearmanr(one, other).statistic)
        values["krcc"].append(scipy.stats.kendalltau(one, other).statistic)
        values["plcc"].append(scipy.stats.pearsonr(predicted, other).statistic)
        values["plcc_unfitted"].append(scipy.stats.pearsonr(one, other).statistic)
        values["rmse"].append(np.sqrt(np.mean((predicted - other) ** 2)))
        values["mae"].append(np.mean(np.abs(predicted - other)))
    found = bootstrap_agreement(
        scores, mos, scenes, better="higher", mos_better="higher", draws=FEW, seed=3, level=level, statistics=ALL
    )
    tolerance = {"plcc": 1e-7, "rmse": 1e-7, "mae": 1e-4}  # a curve is fitted to 1e-8 of the squared error
    for name in ALL:
        assert found[name] == pytest.approx(interval(values[name], level), abs=tolerance.get(name, 1e-12)), name
    assert found.note == ""


@st.composite
def tied(draw):
    """Two columns with many ties, neither constant."""
    count = draw(st.integers(3, 30))
    values = st.lists(st.integers(0, 6), min_size=count, max_size=count).filter(lambda column: len(set(column)) > 1)
    return np.array(draw(values), dtype=float), np.array(draw(values), dtype=float)


@settings(deadline=None)
@given(tied(), st.integers(0, 1000))
def test_rank_correlations_of_a_draw_with_ties_are_scipys_of_the_drawn_sample(columns, seed):
    scores, mos = columns
    found = bootstrap_agreement(
        scores, mos, None, better="higher", mos_better="higher", draws=1, seed=seed, statistics=("srcc", "krcc")
    )
    (rows,) = drawn_rows(list(range(len(scores))), 1, seed)
    one, other = scores[rows], mos[rows]
    if len(set(one)) < 2 or len(set(other)) < 2:
        assert found == {}
    else:
        assert found["srcc"][0] == pytest.approx(scipy.stats.spearmanr(one, other).statistic, abs=1e-14)
        assert found["krcc"][0] == pytest.approx(scipy.stats.kendalltau(one, other).statistic, abs=1e-14)


@pytest.mark.parametrize("digits", [1, 12])
def test_rank_correlations_of_a_hundred_thousand_drawn_pictures_are_scipys(digits):
    generator = np.random.default_rng(digits)
    scores = np.round(generator.normal(size=100_000), 3)
    mos = np.round(scores + generator.normal(size=100_000), digits)
    found = bootstrap_agreement(
        scores, mos, None, better="higher", mos_better="higher", draws=1, statistics=("srcc", "krcc")
    )
    rows = np.random.default_rng((0, 0)).integers(0, 100_000, 100_000)
    assert found["srcc"][0] == pytest.approx(scipy.stats.spearmanr(scores[rows], mos[rows]).statistic, abs=1e-13)
    assert found["krcc"][0] == pytest.approx(scipy.stats.kendalltau(scores[rows], mos[rows]).statistic, abs=1e-13)


@pytest.mark.parametrize("scenes", ["few", "each"])
def test_the_same_seed_gives_the_same_numbers_whatever_the_workers(scenes):
    scores, mos, names = rated()
    found = [
        bootstrap_agreement(
            scores,
            mos,
            names if scenes == "few" else None,
            better="higher",
            mos_better="higher",
            draws=37,
            seed=5,
            workers=workers,
        )
        for workers in (1, 2, 5)
    ]
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_other_numbers():
    scores, mos, scenes = rated()
    first, second = (
        bootstrap_agreement(
            scores, mos, scenes, better="higher", mos_better="higher", draws=20, seed=seed, statistics=("srcc",)
        )
        for seed in (0, 1)
    )
    assert first != second


def test_pictures_of_a_scene_that_go_together_make_the_interval_wider_than_pictures_that_stand_alone():
    generator = np.random.default_rng(0)
    shift = np.repeat(generator.normal(size=25), 40)
    values = shift + 0.1 * generator.normal(size=1000)
    scenes = np.repeat(np.arange(25), 40).tolist()
    together, alone = bootstrap_mean(values, scenes), bootstrap_mean(values)
    assert together[1] - together[0] > 4 * (alone[1] - alone[0])


@pytest.mark.parametrize("curve", ["logistic4", "logistic5", "linear", "none"])
def test_a_model_whose_scores_and_opinions_go_down_has_the_same_intervals(curve):
    scores, mos, scenes = rated()
    options = {"draws": 30, "curve": curve, "statistics": ("srcc", "krcc", "plcc")}
    up = bootstrap_agreement(scores, mos, scenes, better="higher", mos_better="higher", **options)
    down = bootstrap_agreement(-scores, mos, scenes, better="lower", mos_better="higher", **options)
    wrong = bootstrap_agreement(-scores, mos, scenes, better="higher", mos_better="higher", **options)
    for name, ends in up.items():
        assert ends[0] > 0.7
        assert down[name] == pytest.approx(ends, abs=1e-6)
        assert wrong[name] == pytest.approx((-ends[1], -ends[0]), abs=1e-6)


@pytest.mark.parametrize("curve", ["logistic5", "linear", "none"])
def test_every_kind_of_curve_gives_what_a_fit_to_the_drawn_sample_gives(curve):
    scores, mos, scenes = rated()
    values = []
    for rows in drawn_rows(scenes, FEW // 2, seed=0):
        fitted = fit_curve(scores[rows], mos[rows], kind=curve)(scores[rows])
        values.append(np.sqrt(np.mean((fitted - mos[rows]) ** 2)))
    found = bootstrap_agreement(
        scores, mos, scenes, better="higher", mos_better="higher", draws=FEW // 2, curve=curve, statistics=("rmse",)
    )
    assert found["rmse"] == pytest.approx(interval(values), rel=2e-3 if curve == "logistic5" else 1e-9)


def test_a_curve_that_was_fitted_before_saves_the_fit_and_changes_nothing():
    scores, mos, scenes = rated()
    options: dict[str, Any] = {"better": "higher", "mos_better": "higher", "draws": 20, "statistics": ("plcc", "mae")}
    fitted = fit_curve(scores, mos)
    found = bootstrap_agreement(scores, mos, scenes, curve=fitted, **options)
    assert found == bootstrap_agreement(scores, mos, scenes, **options)


def test_infinite_scores_keep_their_ranks_in_every_draw():
    scores, mos, scenes = rated()
    scores[:5] = np.inf
    values = [scipy.stats.spearmanr(scores[rows], mos[rows]).statistic for rows in drawn_rows(scenes, FEW, seed=0)]
    found = bootstrap_agreement(scores, mos, scenes, better="higher", mos_better="higher", draws=FEW)
    assert found["srcc"] == pytest.approx(interval(values), abs=1e-12)
    assert set(found) == {"srcc", "krcc", "plcc", "rmse", "mae"}


def test_draws_that_are_constant_are_counted_and_stated():
    scores = np.array([1.0, 1.0, 1.0, 2.0, 3.0])
    mos = np.array([1.0, 2.0, 1.5, 3.0, 5.0])
    scenes = ["a", "a", "a", "b", "c"]
    found = bootstrap_agreement(
        scores, mos, scenes, better="higher", mos_better="higher", draws=500, curve="linear", statistics=ALL
    )
    constant = sum(len(set(scores[rows])) == 1 for rows in drawn_rows(scenes, 500, seed=0))
    assert 30 < constant < 100  # 3 of 27 draws take one scene three times
    assert found.left_out == dict.fromkeys(ALL, constant)
    assert found.note == (
        f"Of 500 draws, these gave no number and are not in the interval: "
        f"{', '.join(f'{name} in {constant}' for name in ALL)}."
    )


def test_draws_with_too_few_scores_for_their_curve_are_counted_apart():
    scores, mos = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([1.0, 1.1, 2.0, 4.0, 5.0, 5.1])
    found = bootstrap_agreement(scores, mos, None, better="higher", mos_better="higher", draws=200)
    distinct = [len(set(rows.tolist())) for rows in drawn_rows(list(range(6)), 200, seed=0)]
    assert found.left_out["rmse"] == sum(count <= 4 for count in distinct)
    assert found.left_out["srcc"] == sum(count == 1 for count in distinct)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scenes": ["a"] * 200}, (2, 1)),
        ({"scenes": ["a", "b"]}, (200, 2)),
        ({"draws": 0}, (1, 0)),
        ({"level": 1.0}, (0, 1, 1)),
        ({"seed": -1}, (0, -1)),
        ({"scores": np.ones(200)}, ("scores", 200, 1)),
        ({"scores": np.ones(3)}, (3, 200)),
    ],
)
def test_settings_and_numbers_that_make_no_sense_are_refused(change, words):
    scores, mos, scenes = rated()
    options = {"scores": scores, "mos": mos, "scenes": scenes, "better": "higher", "mos_better": "higher"} | change
    with raises(StatisticsError, *words):
        bootstrap_agreement(**options)


@pytest.mark.usefixtures("as_users_run_it")
def test_an_unknown_statistic_is_refused_by_name():
    scores, mos, scenes = rated()
    options: dict[str, Any] = {"better": "higher", "mos_better": "higher", "statistics": ("r2",)}
    with raises(StatisticsError, "srcc", "krcc", "r2"):
        bootstrap_agreement(scores, mos, scenes, **options)


def test_progress_counts_up_to_all_draws():
    scores, mos, scenes = rated()
    seen: list[tuple[int, int]] = []
    bootstrap_agreement(
        scores,
        mos,
        scenes,
        better="higher",
        mos_better="higher",
        draws=20,
        statistics=("srcc",),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(8, 20), (16, 20), (20, 20)]


def test_the_interval_of_a_mean_is_that_of_every_drawn_sample():
    values, _, scenes = rated()
    means = [values[rows].mean() for rows in drawn_rows(scenes, 300, seed=9)]
    assert bootstrap_mean(values, scenes, draws=300, seed=9) == pytest.approx(interval(means), abs=1e-10)


def test_scenes_of_unequal_size_are_drawn_whole():
    values, scenes = np.array([1.0, 2.0, 3.0, 10.0]), ["a", "a", "a", "b"]
    means = [values[rows].mean() for rows in drawn_rows(scenes, 200, seed=0)]
    assert bootstrap_mean(values, scenes, draws=200) == pytest.approx(interval(means), abs=1e-12)


def test_the_interval_of_a_mean_is_close_to_scipys_bootstrap():
    values = np.random.default_rng(1).exponential(size=300)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert bootstrap_mean(values, draws=4000) == pytest.approx((theirs.low, theirs.high), abs=0.01)


@pytest.mark.slow
def test_nineteen_of_twenty_intervals_hold_the_truth():
    truth, held = 0.0, 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        scenes = np.repeat(np.arange(40), 5)
        values = generator.normal(size=40)[scenes] + generator.normal(size=200)
        low, high = bootstrap_mean(values, scenes.tolist(), draws=200)
        held += low <= truth <= high
    assert 0.88 < held / 200 < 0.98  # percentile intervals of 40 scenes are a little narrow
