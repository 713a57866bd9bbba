import numpy as np
import pytest

from acutance.errors import ConfigError
from acutance.evaluation.results import Evaluation, Group
from acutance.reports.plots.canvas import figure_png, panel_grid
from acutance.reports.plots.evaluation import bars_figure, groups_figure, matrix_figure, metrics_figure, scatter_figure
from tests.raising import raises
from tests.unit.reports.drawn import (
    bar_heights,
    evaluation_of,
    legend_words,
    outside,
    panels,
    rising,
    run_of,
    tick_words,
    titles,
    words,
)


def test_one_model_has_bars_of_both_correlations():
    figure = bars_figure(
        run_of(evaluation_of(*rising(9), srcc=0.8), evaluation_of(*rising(9), dataset="csiq", srcc=0.6))
    )
    assert bar_heights(panels(figure)[0]) == pytest.approx([0.8, 0.7, 0.6, 0.5])
    assert tick_words(panels(figure)[0], "x") == ["tid2013", "csiq"]
    assert legend_words(figure) == ["SRCC", "PLCC"]


def test_a_data_set_that_a_model_lacks_is_blank_and_no_bar_of_0():
    figure = bars_figure(
        run_of(
            evaluation_of(*rising(9), model="a", dataset="x", srcc=0.9),
            evaluation_of(*rising(9), model="a", dataset="y", srcc=0.8),
            evaluation_of(*rising(9), model="b", dataset="y", srcc=0.7),
        )
    )
    srcc, plcc = panels(figure)
    assert titles(figure) == ["SRCC", "PLCC"]
    assert bar_heights(srcc) == pytest.approx([0.9, 0.8, 0.7])
    assert bar_heights(plcc) == pytest.approx([0.8, 0.7, 0.6])
    across = [patch.get_x() + patch.get_width() / 2 for patch in srcc.patches]
    assert across == pytest.approx([-0.2, 0.8, 1.2])
    assert words(srcc).splitlines() == ["0.900", "0.800", "0.700"]
    assert legend_words(figure) == ["a", "b"]


def test_intervals_of_bars_run_from_low_to_high():
    figure = bars_figure(run_of(evaluation_of(*rising(9), srcc=0.8)))
    interval = panels(figure)[0].lines[0]
    assert interval.get_ydata() == pytest.approx([0.75, 0.82])


def test_a_correlation_that_could_not_be_computed_is_said_so():
    figure = bars_figure(run_of(evaluation_of(*rising(9), srcc=None), evaluation_of(*rising(9), dataset="y")))
    assert words(panels(figure)[0]).splitlines().count("not computed") == 2
    assert len(panels(figure)[0].patches) == 2


def test_a_model_that_disagrees_has_bars_below_0():
    figure = bars_figure(run_of(evaluation_of(*rising(9), srcc=-0.4)))
    assert bar_heights(panels(figure)[0]) == pytest.approx([-0.4, -0.5])
    assert panels(figure)[0].get_ylim()[0] < -0.5
    (positive,) = panels(bars_figure(run_of(evaluation_of(*rising(9)))))
    assert positive.get_ylim()[0] == 0


def with_groups(model="psnr", dataset="tid2013", names=("level10", "level2"), srcc=0.5):
    evaluation = evaluation_of(*rising(9), model=model, dataset=dataset)
    groups = [
        Group(name=name, agreement=evaluation_of(*rising(9), srcc=srcc + place / 10).agreement)
        for place, name in enumerate(names)
    ]
    return evaluation.model_copy(update={"groups": {"distortion": groups}})


def test_groups_are_points_with_intervals_in_natural_order():
    figure = groups_figure(run_of(with_groups()))
    (axes,) = panels(figure)
    assert tick_words(axes, "y") == ["level2 (9)", "level10 (9)"]
    drawn = {tuple(np.round(line.get_xdata(), 3)): float(line.get_ydata()[0]) for line in axes.lines[1:]}
    assert drawn == {(0.45, 0.52): 1.0, (0.5,): 1.0, (0.55, 0.62): 0.0, (0.6,): 0.0}
    assert axes.lines[0].get_xdata() == [0.9, 0.9]


def test_groups_of_several_models_stand_beside_each_other_on_one_line():
    figure = groups_figure(run_of(with_groups("a"), with_groups("b", names=("level2", "level3"))))
    (axes,) = panels(figure)
    assert tick_words(axes, "y") == ["level2 (9)", "level3 (9)", "level10 (9)"]
    assert legend_words(figure) == ["a", "b"]
    heights = {float(line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1}
    assert sorted(heights) == pytest.approx([-0.2, 0.2, 1.2, 1.8])


def of_sizes(sizes: dict[str, int], model: str = "psnr") -> Evaluation:
    """An evaluation with groups of these numbers of images; small ones have no correlation."""
    groups = [
        Group(name=name, agreement=evaluation_of(*rising(count), srcc=0.5 if count > 2 else None).agreement)
        for name, count in sizes.items()
    ]
    return evaluation_of(*rising(9), model=model).model_copy(update={"groups": {"distortion": groups}})


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({"blur": 3, "noise": 2, "jpeg": 1}, "left out: 2 groups of fewer than 3 images"),
        ({"blur": 3, "noise": 2}, "left out: 1 group of fewer than 3 images"),
        ({"blur": 3}, None),
    ],
)
def test_groups_of_fewer_than_three_pictures_are_left_out_and_counted(sizes: dict[str, int], told: str | None):
    figure = groups_figure(run_of(of_sizes(sizes)))
    (axes,) = panels(figure)
    assert tick_words(axes, "y") == ["blur (3)"]
    assert axes.get_xlabel().splitlines()[1:] == ([] if told is None else [told])
    assert outside(figure) == []


def test_a_group_that_is_large_enough_for_one_model_stays():
    figure = groups_figure(run_of(of_sizes({"blur": 2, "noise": 4}, "a"), of_sizes({"blur": 3, "noise": 4}, "b")))
    assert tick_words(panels(figure)[0], "y") == ["blur (3)", "noise (4)"]


def test_groups_that_are_all_too_small_are_an_error():
    with raises(ConfigError, "distortion", 3, 2):
        groups_figure(run_of(of_sizes({"blur": 2, "noise": 1})))


def test_groups_that_nobody_has_are_an_error_that_names_what_there_is():
    with raises(ConfigError, "level", "distortion", "--by"):
        groups_figure(run_of(with_groups()), by="level")
    with raises(ConfigError, "distortion"):
        groups_figure(run_of(evaluation_of(*rising(9))))


def test_a_matrix_has_models_down_and_data_sets_across_with_blanks():
    figure = matrix_figure(
        run_of(
            evaluation_of(*rising(9), model="a", dataset="x", srcc=0.9),
            evaluation_of(*rising(9), model="a", dataset="y", srcc=0.8),
            evaluation_of(*rising(9), model="b", dataset="y", srcc=None),
        )
    )
    axes = panels(figure)[0]
    values = axes.images[0].get_array()
    assert values.mask.tolist() == [[False, False], [True, True]]
    assert values[0].tolist() == [0.9, 0.8]
    assert (tick_words(axes, "x"), tick_words(axes, "y")) == (["x", "y"], ["a", "b"])
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "0.900", (1, 0): "0.800", (1, 1): "\N{EN DASH}",
    }  # fmt: skip


def test_a_matrix_shows_the_correlation_that_was_asked_for():
    figure = matrix_figure(run_of(evaluation_of(*rising(9), srcc=0.6)), statistic="plcc")
    assert titles(figure)[0] == "PLCC of models on datasets"
    assert words(panels(figure)[0]) == "0.500"


def test_metrics_are_bars_until_there_are_too_many():
    few = [evaluation_of(*rising(3), model=f"m{place}") for place in range(4)]
    many = [evaluation_of(*rising(3), model=f"m{place}", dataset=f"d{at}") for place in range(7) for at in range(7)]
    assert titles(metrics_figure(run_of(*few))) == ["SRCC", "PLCC"]
    assert titles(metrics_figure(run_of(*many)))[0] == "SRCC of models on datasets"


@pytest.mark.parametrize("draw", [scatter_figure, bars_figure, groups_figure, matrix_figure, metrics_figure])
def test_a_run_without_or_with_doubled_evaluations_is_refused(draw):
    with raises(ConfigError):
        draw(run_of())
    with raises(ConfigError, "psnr", "tid2013", "--labels"):
        draw(run_of(evaluation_of(*rising(3)), evaluation_of(*rising(3))))


@pytest.mark.slow
def test_names_are_text_and_never_formulas_or_hidden():
    names = ("_hidden", "a$b$c", "a\nb")
    run = run_of(*(evaluation_of(*rising(9), model=name, dataset=f"$\\frac{name}") for name in names))
    figure = bars_figure(run)
    assert legend_words(figure) == [" _hidden", "a$b$c", "a\ufffdb"]
    for drawn in (figure, scatter_figure(run, draws=0), matrix_figure(run)):
        assert figure_png(drawn, 30)


@pytest.mark.slow
def test_long_names_neither_overlap_nor_leave_the_figure():
    models = [f"ms_hyperiqa.koniq10k_with_a_very_long_name_{place}/best_model" for place in range(3)]
    datasets = [f"a_data_set_of_ones_own_number_{place}" for place in range(6)]
    run = run_of(*(with_groups(model, name, ("g" * 70, "h")) for model in models for name in datasets))
    for draw in (bars_figure, matrix_figure, groups_figure):
        assert outside(draw(run)) == []
    assert outside(scatter_figure(run_of(*run.evaluations[:4]), draws=0)) == []


def test_the_look_for_lost_texts_finds_one():
    figure, (axes,) = panel_grid(1, 2.0, 2.0)
    axes.text(3.0, 0.5, "far off").set_in_layout(False)
    axes.set_xticks([0.0, 0.01, 1.0], ["first name", "second", "third"])
    assert outside(figure) == ["far off", "overlap 0"]
