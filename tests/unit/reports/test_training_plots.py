import math

import numpy as np
import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.reports.plots.training import TrainingRun, field_of, training_figure
from tests.raising import raises
from tests.unit.reports.drawn import legend_words, outside, panels, titles

NAN = math.nan


def training(label: str = "mine", **fields: list[float]) -> TrainingRun:
    """A training of as many epochs as its fields have numbers."""
    count = len(next(iter(fields.values())))
    return TrainingRun(label, "epoch", np.arange(1.0, count + 1), {name: np.array(v) for name, v in fields.items()})


MS_HYPERIQA = training(
    train_loss=[9.0, 7.0, 6.0], train_l1_loss=[8.0, 6.0, 5.0], train_rank_loss=[5.0, 4.0, 4.5],
    train_srcc=[0.5, 0.8, 0.9], val_srcc=[0.6, 0.85, 0.8], val_plcc=[0.6, 0.8, 0.82],
)  # fmt: skip


def stars(axes):
    """Where the best values are marked."""
    return [tuple(np.ravel(line.get_data())) for line in axes.lines if line.get_marker() == "*"]


def panel_legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_loss_and_both_correlations_are_drawn_by_default():
    figure = training_figure([MS_HYPERIQA])
    assert titles(figure) == ["loss", "SRCC", "PLCC"]
    loss, srcc, plcc = panels(figure)
    assert [len(axes.lines) for axes in (loss, srcc, plcc)] == [2, 3, 2]
    np.testing.assert_array_equal(srcc.lines[1].get_data(), [[1, 2, 3], [0.6, 0.85, 0.8]])
    assert legend_words(figure) == ["train", "validation"]


def test_the_best_of_a_loss_is_the_lowest_and_of_a_correlation_the_highest():
    loss, srcc, plcc = panels(training_figure([MS_HYPERIQA]))
    assert (stars(loss), stars(srcc), stars(plcc)) == ([(3.0, 6.0)], [(2.0, 0.85)], [(3.0, 0.82)])
    assert (panel_legend(srcc), srcc.get_legend().get_title().get_text()) == (["0.8500 at 2"], "best, validation")
    assert (panel_legend(loss), loss.get_legend().get_title().get_text()) == (["6.0000 at 3"], "best, train")


def test_other_quantities_are_drawn_when_asked_for():
    assert titles(training_figure([MS_HYPERIQA], quantities=["rank_loss", "srcc"])) == ["rank loss", "SRCC"]
    assert titles(training_figure([MS_HYPERIQA], quantities=["all"])) == [
        "loss",
        "l1 loss",
        "rank loss",
        "SRCC",
        "PLCC",
    ]
    with raises(UnknownNameError, "srrc", "srcc"):
        training_figure([MS_HYPERIQA], quantities=["srrc"])


def test_a_training_without_the_usual_quantities_is_drawn_whole():
    figure = training_figure([training(lr=[0.1, 0.01], seconds=[3.0, 4.0])])
    assert titles(figure) == ["lr", "seconds"]
    assert [stars(axes) for axes in panels(figure)] == [[], []]


def test_several_trainings_are_overlaid_in_colours_with_their_names_and_best_values():
    runs = [MS_HYPERIQA, training("other", val_srcc=[0.9, 0.7])]
    figure = training_figure(runs, quantities=["srcc"])
    axes = panels(figure)[0]
    assert legend_words(figure) == ["mine", "other", "train", "validation"]
    assert panel_legend(axes) == ["0.8500 at 2", "0.9000 at 1"]
    assert stars(axes) == [(2.0, 0.85), (1.0, 0.9)]
    colours = [line.get_color() for line in axes.lines if line.get_marker() != "*"]
    assert colours[0] == colours[1] != colours[2]


def test_a_training_that_lacks_a_quantity_is_not_in_its_panel():
    loss, srcc = panels(training_figure([training(val_loss=[1.0, 2.0]), training("b", val_srcc=[0.1, 0.2])]))
    assert (panel_legend(loss), panel_legend(srcc)) == (
        ["1.0000 at 1"], ["0.2000 at 2"],
    )  # fmt: skip


def test_missing_numbers_are_gaps_and_are_never_the_best():
    (axes,) = panels(training_figure([training(val_srcc=[NAN, 0.5, NAN, 0.4])]))
    assert np.isnan(axes.lines[0].get_ydata()).tolist() == [True, False, True, False]
    assert axes.lines[0].get_marker() == "."
    assert stars(axes) == [(2.0, 0.5)]


def test_a_training_of_nothing_but_gaps_has_no_best():
    figure = training_figure([training(val_srcc=[NAN, NAN])])
    assert stars(panels(figure)[0]) == []
    assert outside(figure) == []


def test_a_loss_that_falls_far_stands_on_a_logarithmic_axis():
    far, near = (panels(training_figure([training(val_loss=values)]))[0] for values in ([900.0, 3.0], [9.0, 3.0]))
    assert (far.get_yscale(), near.get_yscale()) == ("log", "linear")
    assert far.get_ylabel() == "logarithmic"
    assert panels(training_figure([training(val_loss=[900.0, 0.0])]))[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    ("name", "quantity", "part"),
    [
        ("train_rank_loss", "rank_loss", "train"),
        ("loss/validation", "loss", "validation"),
        ("valid.srcc", "srcc", "validation"),
        ("test_plcc", "plcc", "test"),
        ("learning_rate", "learning_rate", ""),
        ("trained_on", "trained_on", ""),
        ("validation", "validation", ""),
    ],
)
def test_fields_are_known_by_their_names(name: str, quantity: str, part: str):
    found = field_of(name)
    assert (found.quantity, found.part) == (quantity, part)


def test_ten_trainings_of_long_names_fit_in():
    runs = [
        training(
            f"ms_hyper_lr2e-05_bs96_ep30_combined_2025010{place}_120000",
            train_loss=[3.0, 2.0],
            val_srcc=[0.1, place / 10],
        )
        for place in range(10)
    ]
    assert outside(training_figure(runs)) == []


def test_no_trainings_are_refused():
    with raises(ConfigError):
        training_figure([])


def test_best_values_of_different_parts_are_told_apart():
    runs = [training("a", val_srcc=[0.5, 0.6]), training("b", train_srcc=[0.9, 0.8])]
    axes = panels(training_figure(runs))[0]
    assert panel_legend(axes) == ["0.6000 at 2 (validation)", "0.9000 at 1 (train)"]
    assert axes.get_legend().get_title().get_text() == "best"


def test_two_fields_of_one_meaning_are_both_drawn():
    fields = {"val_loss": np.array([2.0, 1.0]), "loss/val": np.array([3.0, 2.0])}
    (axes,) = panels(training_figure([TrainingRun("mine", "epoch", np.array([1.0, 2.0]), fields)]))
    assert len([line for line in axes.lines if line.get_marker() != "*"]) == 2


def test_trainings_that_count_differently_say_so():
    steps = TrainingRun("b", "step", np.array([100.0]), {"val_loss": np.array([1.0])})
    assert panels(training_figure([training(val_loss=[2.0, 1.0]), steps]))[0].get_xlabel() == "epoch, step"
