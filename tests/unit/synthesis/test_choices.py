import pytest

from acutance.catalog import find_model
from acutance.distortions import KINDS
from acutance.errors import ConfigError, UnknownNameError
from acutance.synthesis.plan import (
    DEFAULT_METRICS,
    check_numbers,
    chosen_kinds,
    chosen_levels,
    chosen_metrics,
)
from tests.raising import raises


def test_kinds_come_once_and_in_kadids_order():
    assert chosen_kinds(["jpeg", "gblur", "jpeg"]) == ("gblur", "jpeg")
    assert chosen_kinds(None) == tuple(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_may_be_called_by_its_title(kind):
    assert chosen_kinds([kind.title.replace(" ", "_")]) == (kind.name,)


@pytest.mark.parametrize(("wrong", "nearest"), [("gausian_blur", "gaussian_blur"), ("jpgg", "jpeg")])
def test_an_unknown_kind_is_offered_the_nearest(wrong: str, nearest: str):
    with raises(UnknownNameError, wrong, nearest):
        chosen_kinds([wrong])


def test_levels_come_once_and_in_order():
    assert chosen_levels([5, 1, 1]) == (1, 5)
    assert chosen_levels(None) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_out_of_range_is_refused(level: int):
    with raises(ConfigError, 1, 5, level):
        chosen_levels([1, level])


def test_choosing_nothing_is_refused():
    for choose in (chosen_kinds, chosen_levels, chosen_metrics):
        with raises(ConfigError):
            choose([])


def test_metrics_keep_their_order():
    assert [entry.name for entry in chosen_metrics(["ssim", "gmsd"])] == ["ssim", "gmsd"]


def test_an_unknown_metric_is_offered_the_nearest():
    with raises(UnknownNameError, "gmsdd", "gmsd"):
        chosen_metrics(["gmsdd"])


@pytest.mark.parametrize(("name", "lack"), [("afine", "needs weights"), ("afine-naturalness", "needs weights")])
def test_a_model_with_weights_is_refused(name: str, lack: str):
    with raises(ConfigError, name):
        chosen_metrics(["mdsi", name])


def test_a_metric_named_twice_is_refused():
    with raises(ConfigError, "mdsi"):
        chosen_metrics(["mdsi", "gmsd", "mdsi"])


def test_the_usual_metrics_are_three_that_may_be_chosen():
    assert len(chosen_metrics(DEFAULT_METRICS)) == 3
    assert all(find_model(name).needs_reference for name in DEFAULT_METRICS)


def test_numbers_below_their_least_are_named():
    check_numbers(1, count=1, size=None)
    with raises(ConfigError, "count", 1, 0):
        check_numbers(1, count=0)


def test_one_metric_in_two_cases_is_one_metric():
    assert [entry.name for entry in chosen_metrics(["MDSI", "gmsd"])] == ["mdsi", "gmsd"]
    with raises(ConfigError, "mdsi"):
        chosen_metrics(["mdsi", "MDSI"])
