"""Second sources: scipy.optimize.least_squares and curve_fit from many starts, numpy.polyfit for the line."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import OptimizeWarning, curve_fit, least_squares

from acutance.errors import StatisticsError
from acutance.stats.curves import Curve, Refit, fit_curve
from acutance.stats.logistic import MAX_BEYOND, MAX_WIDTH, MAX_WIDTH_SLOPED, MIN_WIDTH
from tests.raising import raises


def logistic4(scores, b1, b2, b3, b4):
    """VQEG's function as it is printed."""
    return b2 + (b1 - b2) / (1 + np.exp(-(scores - b3) / abs(b4)))


def logistic5(scores, b1, b2, b3, b4, b5):
    """The function of 5 parameters as it is printed."""
    return b1 * (0.5 - 1 / (1 + np.exp(b2 * (scores - b3)))) + b4 * scores + b5


PRINTED: dict[str, Callable[..., np.ndarray]] = {"logistic4": logistic4, "logistic5": logistic5}
SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "saturating": lambda scores: np.tanh(2 * scores),
    "exponential": lambda scores: np.exp(scores / 2),
    "cubic": lambda scores: scores + scores**3 / 5,
    "unrelated": lambda scores: 0 * scores,
    "step": lambda scores: 1 / (1 + np.exp(-(scores - 0.3) / 0.05)),
}
LEAST_RMSE = {
    "saturating": (0.2920463005, 0.2914564161),
    "exponential": (0.28977726, 0.2896119173),
    "cubic": (0.5129572199, 0.2926791677),
    "unrelated": (0.2877462299, 0.2865335774),
    "step": (0.2966483392, 0.2966251133),
}
"""Of logistic4 and logistic5, by Newton steps with all second derivatives from 8 starts: another search than ours."""
TRUE = {"logistic4": (9.0, 1.5, 32.0, 2.5), "logistic5": (6.0, 0.4, 31.0, 0.05, 4.0)}
"""Parameters like those of PSNR on opinions from 0 to 9."""


def sample(kind, *, count=120, noise=0.4, seed=0):
    generator = np.random.default_rng(seed)
    scores = generator.uniform(20, 45, count)
    return scores, PRINTED[kind](scores, *TRUE[kind]) + noise * generator.normal(size=count)


def squared_error(curve, scores, mos):
    return float(((curve(scores) - mos) ** 2).sum())


def best_of_many_starts(kind, scores, mos, *, starts=10):
    """The least squared error that scipy finds in the box that docs/statistics.md states."""
    generator = np.random.default_rng(0)
    spread = np.ptp(scores)
    narrowest = MIN_WIDTH * np.subtract(*np.quantile(scores, [0.9, 0.1]))
    widest = (MAX_WIDTH if kind == "logistic4" else MAX_WIDTH_SLOPED) * spread
    place = 3 if kind == "logistic4" else 1  # where the width, or one over it, stands
    lower, upper = np.full(len(TRUE[kind]), -np.inf), np.full(len(TRUE[kind]), np.inf)
    lower[place], upper[place] = (narrowest, widest) if kind == "logistic4" else (1 / widest, 1 / narrowest)

    def errors(parameters):
        with np.errstate(over="ignore"):
            return PRINTED[kind](scores, *parameters) - mos

    best = np.inf
    for _ in range(starts):
        centre, width = generator.choice(scores), spread * 10 ** generator.uniform(-1.5, -0.1)
        steep = (mos.max(), mos.min(), centre, width)
        found = least_squares(
            errors,
            steep if kind == "logistic4" else (np.ptp(mos), 1 / width, centre, 0.0, mos.mean()),
            bounds=(lower, upper),
            x_scale="jac",
            max_nfev=100,
        )
        width = found.x[3] if kind == "logistic4" else 1 / found.x[1]
        beyond = max(found.x[2] - scores.max(), scores.min() - found.x[2])
        if beyond <= MAX_BEYOND * width:
            best = min(best, 2 * found.cost)
    return best


@pytest.mark.parametrize("kind", PRINTED)
def test_a_curve_without_noise_is_found_again(kind):
    scores, mos = sample(kind, noise=0.0)
    curve = fit_curve(scores, mos, kind=kind)
    assert curve.kind == curve.wanted == kind
    assert curve.note == ""
    assert curve.parameters == pytest.approx(TRUE[kind], rel=1e-6)


@pytest.mark.parametrize("kind", PRINTED)
def test_a_curve_is_the_function_that_is_printed(kind):
    scores, mos = sample(kind)
    curve = fit_curve(scores, mos, kind=kind)
    assert curve(scores) == pytest.approx(PRINTED[kind](scores, *curve.parameters), abs=1e-12)


@pytest.mark.parametrize("kind", PRINTED)
def test_parameters_are_those_of_scipys_curve_fit_started_at_the_truth(kind):
    scores, mos = sample(kind)
    theirs, _ = curve_fit(PRINTED[kind], scores, mos, p0=TRUE[kind], ftol=1e-15, xtol=1e-15, gtol=1e-15)
    assert fit_curve(scores, mos, kind=kind).parameters == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("kind", PRINTED)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", ["saturating", "exponential", "cubic", "unrelated"])
def test_no_start_of_scipy_leads_lower(kind, seed, shape):
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=60) if seed % 2 else generator.exponential(size=60)
    mos = SHAPES[shape](scores) + 0.3 * generator.normal(size=60)
    ours = squared_error(fit_curve(scores, mos, kind=kind), scores, mos)
    assert ours <= best_of_many_starts(kind, scores, mos) * (1 + 1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_another_search_ends_at_the_same_error(shape):
    generator = np.random.default_rng(list(SHAPES).index(shape))
    scores = np.round(generator.normal(size=300), 2)
    mos = SHAPES[shape](scores) + 0.3 * generator.normal(size=300)
    curves = fit_curve(scores, mos, kind="logistic4"), fit_curve(scores, mos, kind="logistic5")
    found = [np.sqrt(squared_error(curve, scores, mos) / 300) for curve in curves]
    assert found == pytest.approx(LEAST_RMSE[shape], rel=1e-8)


@pytest.mark.parametrize("kind", [*PRINTED, "linear"])
@pytest.mark.parametrize("factor", [-1e6, 1e-6, 3.0])
def test_the_fit_does_not_depend_on_units_of_the_scores(kind, factor):
    scores, mos = sample("logistic4")
    moved = factor * scores + 1e3 * factor
    before, after = fit_curve(scores, mos, kind=kind), fit_curve(moved, mos, kind=kind)
    assert after.kind == before.kind == kind
    assert after(moved) == pytest.approx(before(scores), abs=1e-6)
    assert after.is_decreasing == (before.is_decreasing != (factor < 0))


@pytest.mark.parametrize("kind", [*PRINTED, "linear"])
@pytest.mark.parametrize("factor", [-1e6, 1e-6, 3.0])
def test_the_fit_follows_units_of_the_opinions(kind, factor):
    scores, mos = sample("logistic5")
    before, after = fit_curve(scores, mos, kind=kind), fit_curve(scores, factor * mos - 7 * factor, kind=kind)
    assert after.kind == before.kind == kind
    assert after(scores) / factor + 7 == pytest.approx(before(scores), abs=1e-6)


@pytest.mark.parametrize("kind", PRINTED)
def test_a_hundred_times_the_same_pictures_have_the_same_curve(kind):
    scores, mos = sample(kind, count=60)
    once, often = fit_curve(scores, mos, kind=kind), fit_curve(np.repeat(scores, 100), np.repeat(mos, 100), kind=kind)
    assert often(scores) == pytest.approx(once(scores), abs=1e-4)


def test_the_line_is_numpys():
    scores, mos = sample("logistic4")
    curve = fit_curve(scores, mos, kind="linear")
    assert curve.parameters == pytest.approx(np.polyfit(scores, mos, 1), rel=1e-9)
    assert curve(scores) == pytest.approx(np.polyval(np.polyfit(scores, mos, 1), scores), abs=1e-9)


def test_without_a_curve_scores_stay_as_they_are():
    scores, mos = sample("logistic4")
    curve = fit_curve(scores, mos, kind="none")
    assert curve == Curve(kind="none", wanted="none", parameters=(), is_decreasing=False)
    assert curve(scores) is scores


def test_a_curve_that_falls_says_so():
    scores, mos = sample("logistic4")
    for kind in ("logistic4", "logistic5", "linear"):
        assert not fit_curve(scores, mos, kind=kind).is_decreasing
        assert fit_curve(scores, -mos, kind=kind).is_decreasing


@pytest.mark.parametrize(
    ("kind", "distinct", "fitted", "note"),
    [
        ("logistic5", 5, "logistic4", "logistic5: 6 distinct scores are needed, there are 5"),
        ("logistic4", 4, "linear", "logistic4: 5 distinct scores are needed, there are 4"),
        (
            "logistic5",
            3,
            "linear",
            "logistic5: 6 distinct scores are needed, there are 3; "
            "logistic4: 5 distinct scores are needed, there are 3",
        ),
    ],
)
def test_too_few_distinct_scores_fall_back_and_the_curve_says_so(kind, distinct, fitted, note):
    scores = np.tile(np.arange(float(distinct)), 4)
    mos = np.tanh(scores - 1) + 0.1 * np.random.default_rng(0).normal(size=len(scores))
    curve = fit_curve(scores, mos, kind=kind)
    assert (curve.kind, curve.wanted, curve.note) == (fitted, kind, note)


@pytest.mark.parametrize("kind", [*PRINTED, "linear", "none"])
def test_few_images_get_a_line_in_place_of_a_logistic_and_the_curve_says_so(kind):
    scores, mos = sample("logistic4", count=19)
    few, enough = (fit_curve(scores, mos, kind=kind, min_images=least) for least in (20, 19))
    assert enough.kind == few.wanted == kind
    assert few.kind == ("none" if kind == "none" else "linear")
    assert few.note == (f"Fewer than 20 pictures: a straight line in place of {kind}." if kind in PRINTED else "")


def test_errors_are_those_of_a_line_where_no_curve_is_wanted():
    scores, mos = sample("logistic4")
    curve = fit_curve(scores, mos, kind="none", needs_errors=True)
    assert (curve.kind, curve.wanted) == ("linear", "none")
    assert curve.parameters == fit_curve(scores, mos, kind="linear").parameters


@pytest.mark.parametrize("kind", PRINTED)
def test_opinions_on_a_line_get_the_line_and_the_curve_says_so(kind):
    scores = np.linspace(10.0, 20.0, 30)
    curve = fit_curve(scores, 3 * scores - 1, kind=kind)
    assert curve.kind == "linear"
    assert curve.parameters == pytest.approx((3.0, -1.0), rel=1e-9)
    assert f"{kind}: no such curve is better than a line" in curve.note


@pytest.mark.parametrize("kind", PRINTED)
def test_two_clusters_make_a_step_without_a_warning(kind):
    scores = np.concatenate([np.linspace(0, 1, 20), np.linspace(9, 10, 20)])
    mos = (scores > 5).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = fit_curve(scores, mos, kind=kind)
    assert curve(scores) == pytest.approx(mos, abs=1e-3)


def test_one_score_far_from_all_others_does_not_break_the_fit():
    scores, mos = sample("logistic4")
    scores, mos = np.append(scores, 1e6), np.append(mos, 9.0)
    curve = fit_curve(scores, mos)
    assert curve.kind == "logistic4"
    assert np.sqrt(np.mean((curve(scores) - mos) ** 2)) < 0.45


@pytest.mark.parametrize("kind", [*PRINTED, "linear"])
def test_a_refit_to_images_that_count_several_times_is_a_fit_to_the_sample_written_out(kind):
    scores, mos = sample(kind if kind in PRINTED else "logistic4", count=200)
    counts = np.random.default_rng(1).integers(0, 4, 200)
    refitted = Refit(scores, mos, fit_curve(scores, mos, kind=kind))(counts)
    expected = fit_curve(np.repeat(scores, counts), np.repeat(mos, counts), kind=kind)
    assert refitted is not None
    ours, theirs = (counts @ (values - mos) ** 2 for values in (refitted, expected(scores)))
    assert ours == pytest.approx(theirs, rel=1e-7)


def test_a_refit_to_too_few_distinct_scores_gives_nothing():
    scores, mos = sample("logistic4")
    counts = np.zeros(120, dtype=np.int64)
    counts[:4] = 30
    assert Refit(scores, mos, fit_curve(scores, mos))(counts) is None


def test_a_refit_to_images_over_which_the_logistic_is_constant_gives_their_mean():
    generator = np.random.default_rng(0)
    scores, mos = np.append(generator.uniform(0, 1, 40), 100.0), np.append(generator.normal(size=40), 9.0)
    step = Curve(kind="logistic4", wanted="logistic4", parameters=(9.0, 0.0, 50.0, 0.1), is_decreasing=False)
    refitted = Refit(scores, mos, step)(np.append(np.ones(40, dtype=np.int64), 0))
    assert refitted is not None
    assert refitted[:40] == pytest.approx(mos[:40].mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "mos", "words"),
    [
        ([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0], ("scores", 4, 1)),
        ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0], ("opinions", 4, 1)),
        ([1.0, 2.0], [1.0, 2.0], (3, 2)),
        ([1.0, 2.0, np.inf], [1.0, 2.0, 3.0], (1, 3)),
    ],
)
def test_numbers_that_have_no_curve_are_one_clear_line(scores, mos, words):
    with raises(StatisticsError, *words):
        fit_curve(np.array(scores), np.array(mos))


def test_scipys_fit_from_its_usual_start_is_worse_or_fails_where_ours_is_not():
    scores, mos = sample("logistic5")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        start = (mos.max(), mos.min(), scores.mean(), 0.1, 0.1)  # the start of many published scripts
        theirs, _ = curve_fit(logistic5, scores, mos, p0=start, maxfev=10_000)
        scripted = float(((logistic5(scores, *theirs) - mos) ** 2).sum())
    assert squared_error(fit_curve(scores, mos, kind="logistic5"), scores, mos) <= scripted * (1 + 1e-9)
