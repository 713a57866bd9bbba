import math

import numpy as np
import pytest

from acutance.evaluation.results import FittedCurve
from acutance.reports.plots.canvas import figure_png
from acutance.reports.plots.evaluation import scatter_figure
from tests.unit.reports.drawn import evaluation_of, panels, rising, run_of, titles, words

LINE = FittedCurve(kind="linear", wanted="logistic4", parameters=(2.0, 1.0))


def scatter_of(*evaluations, draws=10):
    """The panels of a scatter figure."""
    return panels(scatter_figure(run_of(*evaluations), draws=draws))


def points(axes):
    """The places of all images of a cloud."""
    return axes.collections[0].get_offsets().tolist()


def test_scores_are_drawn_as_the_model_gave_them():
    (axes,) = scatter_of(evaluation_of([30.0, 35.0, 41.0], [1.0, 4.0, 5.0]))
    assert points(axes) == [[30.0, 1.0], [35.0, 4.0], [41.0, 5.0]]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert (left < 30, right > 41, low < 1, high > 5) == (True,) * 4
    assert right - left < 1.2 * 11


def test_the_axes_say_which_way_is_better():
    (axes,) = scatter_of(evaluation_of(*rising(9), better="lower"))
    assert axes.get_xlabel() == "score, lower is better"
    assert axes.get_ylabel() == "opinion, higher is better"


def test_every_model_and_data_set_has_a_panel():
    evaluations = [evaluation_of(*rising(9), model=model, dataset=name) for name in "ab" for model in ("x", "y")]
    evaluations.append(evaluation_of(*rising(9), model="x", dataset="b", part="test"))
    assert titles(scatter_figure(run_of(*evaluations), draws=0)) == [
        "x\non a", "x\non b", "x\non b (test)", "y\non a", "y\non b",
    ]  # fmt: skip


def test_the_numbers_stand_in_a_box_with_intervals_and_failed_pictures():
    (axes,) = scatter_of(evaluation_of([1.0, 2.0, 3.0, None], [1.0, 3.0, 2.0, 4.0], srcc=0.5, curve=LINE), draws=0)
    assert words(axes).splitlines() == [
        "SRCC 0.500 [0.450, 0.520]", "PLCC 0.400", "RMSE 0.500", "curve: linear (not logistic4)", "N 3, failed 1",
    ]  # fmt: skip


def test_the_box_stands_where_fewest_pictures_lie():
    scores, mos = rising(300)
    (rises,) = scatter_of(evaluation_of(scores, mos), draws=0)
    (falls,) = scatter_of(evaluation_of(scores, [-opinion for opinion in mos]), draws=0)
    places = [(axes.texts[0].get_ha(), axes.texts[0].get_va()) for axes in (rises, falls)]
    assert places[0] in {("left", "top"), ("right", "bottom")}
    assert places[1] in {("right", "top"), ("left", "bottom")}


def test_the_fitted_curve_runs_over_the_scores_with_its_band():
    (axes,) = scatter_of(evaluation_of(*rising(60), curve=LINE))
    (line,) = axes.lines
    across, up = np.array(line.get_data())
    np.testing.assert_allclose(up, 2 * across + 1)
    assert (across[0], across[-1]) == (min(rising(60)[0]), max(rising(60)[0]))
    band = axes.collections[1].get_paths()[0].vertices
    assert (band[:, 0].min(), band[:, 0].max()) == (across[0], across[-1])


def test_without_a_curve_none_is_drawn():
    (axes,) = scatter_of(evaluation_of(*rising(60)))
    assert (len(axes.lines), len(axes.collections)) == (0, 1)


def test_a_dense_cloud_is_counted_in_cells_that_hold_every_picture():
    axes, bar = scatter_of(evaluation_of(*rising(5000)), draws=0)
    assert axes.collections[0].get_array().sum() == 5000
    assert bar.get_ylabel() == "images"


def test_infinite_scores_stand_at_the_side_and_are_counted():
    scores, mos = rising(20)
    (axes,) = scatter_of(evaluation_of([math.inf, -math.inf, *scores], [7.0, -7.0, *mos], curve=LINE))
    cloud, best, worst = list(axes.collections)[:3]
    assert len(cloud.get_offsets()) == 20
    assert (best.get_offsets().tolist(), worst.get_offsets().tolist()) == ([[1.0, 7.0]], [[0.0, -7.0]])
    assert "infinite 2" in words(axes)
    assert axes.get_ylim()[1] > 7


@pytest.mark.parametrize(
    ("scores", "mos"),
    [([3.0], [4.0]), ([3.0] * 9, list(range(9))), ([1.0, 2.0, 3.0], [5.0] * 3), ([0.0] * 4, [0.0] * 4)],
    ids=["one image", "constant scores", "constant opinions", "all zero"],
)
def test_what_has_no_statistics_is_drawn_with_the_reason(scores, mos):
    mos = [float(opinion) for opinion in mos]
    figure = scatter_figure(run_of(evaluation_of(scores, mos, srcc=None, problem="Expected scores that differ.")))
    assert len(points(panels(figure)[0])) == len(scores)
    assert panels(figure)[0].get_xlabel().splitlines()[1] == "Expected scores that differ."
    assert figure_png(figure, 40)


@pytest.mark.parametrize("scores", [[None, None], [math.inf, math.inf], [math.nan, math.nan]])
def test_a_panel_without_any_point_says_so(scores):
    (axes,) = scatter_of(evaluation_of(scores, [1.0, 2.0], srcc=None, curve=LINE))
    assert "no image has a finite score\nand an opinion" in words(axes)
    assert axes.collections[:0] == axes.lines[:0] == []
