import math

import numpy as np
import pytest

from acutance.errors import ConfigError
from acutance.reports.plots.canvas import figure_png
from acutance.reports.plots.comparison import violin_figure, wins_figure
from tests.raising import raises
from tests.unit.reports.drawn import (
    bar_heights,
    comparison_of,
    legend_words,
    outside,
    panels,
    tick_words,
    titles,
    words,
)

SCORES: dict[str, list[float | None]] = {"a": [1.0, 2.0, 3.0, 6.0], "b": [2.0, 2.5, 4.0, 8.0]}


def lines_at(axes, across):
    """The heights of all lines that stand at one place."""
    return [line.get_ydata() for line in axes.lines if set(np.ravel(line.get_xdata())) == {across}]


def test_every_model_has_a_panel_that_says_which_way_is_better():
    figure = violin_figure(comparison_of({"psnr": SCORES, "lpips": SCORES}, better="lower"))
    assert titles(figure) == ["psnr", "lpips"]
    assert {axes.get_ylabel() for axes in panels(figure)} == {"score, lower is better"}
    assert tick_words(panels(figure)[0], "x") == ["a", "b"]


def test_a_violin_covers_the_scores_with_mean_interval_and_quartiles():
    (axes,) = panels(violin_figure(comparison_of({"psnr": SCORES})))
    first, second = (body.get_paths()[0].vertices[:, 1] for body in axes.collections)
    assert (first.min(), first.max(), second.min(), second.max()) == (1.0, 6.0, 2.0, 8.0)
    quartiles, interval, mean = lines_at(axes, 0)
    assert list(quartiles) == np.quantile([1.0, 2.0, 3.0, 6.0], [0.25, 0.75]).tolist()
    assert (list(interval), list(mean)) == ([2.75, 3.5], [3.0])


def test_only_pictures_that_every_method_has_a_score_for_are_drawn():
    (axes,) = panels(violin_figure(comparison_of({"psnr": {**SCORES, "b": [None, 2.5, 4.0, 8.0]}})))
    assert axes.collections[0].get_paths()[0].vertices[:, 1].min() == 2.0


def test_infinite_scores_are_counted_above_and_the_mean_of_the_finite_ones_is_drawn():
    figure = violin_figure(comparison_of({"psnr": {**SCORES, "b": [math.inf, 2.5, 4.0, 5.5]}}))
    (axes,) = panels(figure)
    assert words(axes) == "1 infinite"
    assert axes.collections[1].get_paths()[0].vertices[:, 1].min() == 2.5
    _, interval, mean = lines_at(axes, 1)
    assert (list(interval), list(mean)) == ([3.75, 4.5], [4.0])
    assert "finite" in " ".join(legend_words(figure))


@pytest.mark.parametrize(
    "scores",
    [{"a": [1.0], "b": [2.0]}, {"a": [1.0, 2.0], "b": [2.0, 2.0]}, {"a": [1.0] * 5, "b": [2.0] * 5},
     {"a": [math.inf] * 3, "b": [1.0, 2.0, 3.0]}],
    ids=["one image", "two images", "all equal", "all infinite"],
)  # fmt: skip
def test_scores_that_make_no_violin_are_points_or_lines(scores):
    figure = violin_figure(comparison_of({"psnr": scores}))
    heights = {float(y) for line in panels(figure)[0].lines for y in np.ravel(line.get_ydata())}
    assert heights >= {value for values in scores.values() for value in values if len(values) < 3 and value < 9}
    assert figure_png(figure, 30)


def test_a_method_without_scores_is_said_so():
    (axes,) = panels(violin_figure(comparison_of({"psnr": {"a": [None, None], "b": [1.0, 2.0]}})))
    assert words(axes).splitlines() == ["no scores", "no scores"]


def test_methods_of_one_name_stand_beside_each_other_for_several_comparisons():
    both = [comparison_of({"psnr": SCORES}), comparison_of({"psnr": {"b": [1.0, 2.0, 4.0], "c": [4.0, 5.0, 7.0]}})]
    figure = violin_figure(both, ["before", "after"])
    (axes,) = panels(figure)
    assert tick_words(axes, "x") == ["a", "b", "c"]
    across = [body.get_paths()[0].vertices[:, 0] for body in axes.collections]
    middles = [(places.min() + places.max()) / 2 for places in across]
    assert middles == pytest.approx([-0.2125, 0.7875, 1.2125, 2.2125])
    assert legend_words(figure)[:2] == ["before", "after"]


def test_wins_are_bars_of_pictures():
    figure = wins_figure(comparison_of({"psnr": SCORES}, wins={"a": 1, "b": 3}))
    (axes,) = panels(figure)
    assert (bar_heights(axes), words(axes).splitlines()) == ([1.0, 3.0], ["1", "3"])
    assert axes.get_ylabel() == "wins of 4 images"
    assert legend_words(figure) == []


def test_wins_of_several_comparisons_are_shares():
    both = [
        comparison_of({"psnr": SCORES}, wins={"a": 1, "b": 3}),
        comparison_of({"psnr": {"b": [1.0, 2.0]}}, wins={"b": 1}),
    ]
    figure = wins_figure(both, ["before", "after"])
    assert bar_heights(panels(figure)[0]) == [0.25, 0.75, 0.5]
    assert panels(figure)[0].get_ylabel() == "share of images won"


@pytest.mark.parametrize("draw", [violin_figure, wins_figure])
def test_comparisons_that_cannot_stand_together_are_refused(draw):
    one = comparison_of({"psnr": SCORES})
    with raises(ConfigError, 2):
        draw([one, one])
    with raises(ConfigError, 1, 2):
        draw([one, one], ["a"])
    with raises(ConfigError):
        draw(one.model_copy(update={"methods": [], "models": []}))


def test_directions_that_differ_are_refused():
    both = [comparison_of({"psnr": SCORES}, better=better) for better in ("higher", "lower")]
    with raises(ConfigError, "psnr", "higher", "lower"):
        violin_figure(both, ["a", "b"])


def test_many_long_names_neither_overlap_nor_leave_the_figure():
    names = [f"method_number_{place}_with_a_long_name/outputs" for place in range(11)]
    comparison = comparison_of(
        {"psnr": {name: [1.0, 2.0, 4.0] for name in names}, "ssim": {name: [1.0] * 3 for name in names}}
    )
    assert outside(violin_figure(comparison)) == []
    assert outside(wins_figure([comparison, comparison], ["l" * 60, "m" * 60])) == []
