import numpy as np
import pytest
from scipy.optimize import curve_fit

from acutance.evaluation.results import FittedCurve
from acutance.reports.plots import scatter as curve_band_module
from acutance.reports.plots.scatter import LEVEL, curve_band, curve_of
from acutance.stats.curves import fit_curve

LINE = FittedCurve(kind="linear", wanted="linear", parameters=(2.0, 1.0))
AT = np.linspace(-1.0, 1.0, 7)


def logistic4(scores, top, bottom, middle, width):
    """VQEG's function of 4 parameters, written from ITU-T P.1401."""
    return bottom + (top - bottom) / (1 + np.exp(-(scores - middle) / abs(width)))


def cloud(count: int, scenes: int, seed: int = 0):
    """Scores around 0, opinions on an S over them with an error of its own for each scene, and scenes."""
    draw = np.random.default_rng(seed)
    scene_of = np.arange(count) % scenes
    scores = draw.normal(size=count)
    mos = (
        logistic4(scores, 5.0, 1.0, 0.2, 0.5) + draw.normal(size=scenes)[scene_of] * 0.4 + draw.normal(size=count) * 0.2
    )
    return scores, mos, [f"{scene:04}" for scene in scene_of]


def drawn_images(scenes: list[str], draws: int, seed: int):
    """The images of each draw one by one, as often as their scene was drawn: the definition, without weights."""
    names = sorted(set(scenes))
    images = {name: [place for place, scene in enumerate(scenes) if scene == name] for name in names}
    random = np.random.default_rng(seed)
    for _ in range(draws):
        chosen = random.integers(len(names), size=len(names))
        yield [image for place in chosen for image in images[names[place]]]


def band_of(*arguments, **options):
    """A band that is there."""
    band = curve_band(*arguments, **options)
    assert band is not None
    return band


def ends(curves):
    return np.quantile(np.array(curves), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)


@pytest.mark.parametrize("kind", ["logistic4", "logistic5", "linear", "none"])
def test_the_curve_of_a_file_is_the_one_that_was_fitted(kind):
    scores, mos, _ = cloud(60, 20)
    fitted = fit_curve(scores, mos, kind=kind)
    stored = FittedCurve(kind=fitted.kind, wanted=fitted.wanted, parameters=fitted.parameters)
    np.testing.assert_array_equal(curve_of(stored)(AT), fitted(AT))


def test_the_band_of_a_line_is_numpys_over_the_drawn_pictures():
    scores, mos, scenes = cloud(60, 12)
    band = band_of(LINE, scores, mos, scenes, AT, draws=40, seed=3)
    lines = [np.polyval(np.polyfit(scores[there], mos[there], 1), AT) for there in drawn_images(scenes, 40, 3)]
    np.testing.assert_allclose([band.low, band.high], ends(lines), atol=1e-6)


def test_the_band_of_a_logistic_curve_is_scipys_over_the_drawn_pictures():
    scores, mos, scenes = cloud(150, 30)
    fitted = fit_curve(scores, mos, kind="logistic4")
    curve = FittedCurve(kind="logistic4", wanted="logistic4", parameters=fitted.parameters)
    band = band_of(curve, scores, mos, scenes, AT, draws=30, seed=1)
    refitted = [
        logistic4(AT, *curve_fit(logistic4, scores[there], mos[there], fitted.parameters)[0])
        for there in drawn_images(scenes, 30, 1)
    ]
    np.testing.assert_allclose([band.low, band.high], ends(refitted), atol=1e-4)


def test_counting_close_scores_as_one_place_hardly_moves_the_band(monkeypatch):
    scores, mos, scenes = cloud(3000, 300)
    curve = FittedCurve(kind="logistic4", wanted="logistic4", parameters=(5.0, 1.0, 0.2, 0.5))
    binned = band_of(curve, scores, mos, scenes, AT, draws=20)
    monkeypatch.setattr(curve_band_module, "BINS", 5000)
    whole = band_of(curve, scores, mos, scenes, AT, draws=20)
    width = (whole.high - whole.low).min()
    np.testing.assert_allclose([binned.low, binned.high], [whole.low, whole.high], atol=0.02 * width)


def test_pictures_of_one_scene_are_drawn_together():
    scores, mos, scenes = cloud(400, 10)
    apart = [str(place) for place in range(400)]
    by_scene, by_image = (
        band_of(LINE, scores, mos, drawn, AT, draws=60) for drawn in (scenes, apart)
    )  # errors are shared within a scene, so that ten scenes say less than 400 images
    assert ((by_scene.high - by_scene.low) > 1.5 * (by_image.high - by_image.low)).all()


def test_the_same_seed_gives_the_same_band_and_another_seed_another():
    scores, mos, scenes = cloud(60, 12)
    first, again, other = (band_of(LINE, scores, mos, scenes, AT, draws=20, seed=seed) for seed in (5, 5, 6))
    assert first.low.tolist() == again.low.tolist()
    assert first.low.tolist() != other.low.tolist()


def test_the_order_of_the_pictures_does_not_matter():
    scores, mos, scenes = cloud(60, 12)
    turned = [values[::-1].copy() for values in (scores, mos)]
    first = band_of(LINE, scores, mos, scenes, AT, draws=20)
    second = band_of(LINE, *turned, scenes[::-1], AT, draws=20)
    np.testing.assert_allclose(first.low, second.low, atol=1e-9)


def test_there_is_no_band_where_draws_say_nothing():
    scores, mos, scenes = cloud(60, 12)
    none = FittedCurve(kind="none", wanted="none", parameters=())
    assert curve_band(none, scores, mos, scenes, AT, draws=20) is None
    assert curve_band(LINE, scores, mos, scenes, AT, draws=0) is None
    assert curve_band(LINE, scores, mos, ["a", "b", "c", "d"] * 15, AT, draws=20) is None
    assert curve_band(LINE, np.ones(60), mos, scenes, AT, draws=20) is None
