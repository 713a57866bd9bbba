"""Labels of a training and what its scores mean."""

import math
from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import TrainingError
from acutance.training.data import scaled
from acutance.types import ScoreInfo
from tests.raising import raises

INFINITE: dict[str, Any] = {"low": -math.inf, "high": math.inf}


def table(opinions: list[float], **fields: Any) -> OpinionTable:
    rows = [RatedImage(image=f"{index}.png", mos=mos, **fields) for index, mos in enumerate(opinions)]
    return OpinionTable(rows, Path(), "made")


def test_published_opinions_stay_as_they_are():
    found = scaled(table([1.5, 4.0, 2.0], low=1.0, high=5.0), "published")
    assert found.values.tolist() == [1.5, 4.0, 2.0]
    assert found.info == ScoreInfo(better="higher", usual=(1.0, 5.0), **INFINITE)


@pytest.mark.parametrize(("scale", "top"), [("percent", 100.0), ("unit", 1.0)])
def test_the_ends_of_the_stated_scale_become_zero_and_the_top(scale: Any, top: float):
    found = scaled(table([1.0, 3.0, 4.0], low=1.0, high=5.0), scale)
    assert found.values.tolist() == pytest.approx([0.0, top / 2, 3 * top / 4])
    assert found.info.usual == (0.0, top)


def test_without_a_stated_scale_its_ends_are_those_of_the_training_pictures():
    assert scaled(table([3.0, 7.0, 5.0]), "percent").values.tolist() == [0.0, 100.0, 50.0]


def test_opinions_on_zero_to_a_hundred_are_percent_already():
    opinions = [13.37, 72.125, 99.9]
    assert scaled(table(opinions, low=0.0, high=100.0), "percent").values.tolist() == pytest.approx(opinions, rel=1e-15)


def test_lower_stays_better_where_it_is():
    assert scaled(table([10.0, 90.0], better="lower"), "percent").info.better == "lower"


def test_opinions_that_are_all_equal_are_one_clear_line():
    with raises(TrainingError, "made", 3):
        scaled(table([3.0, 3.0]), "percent")


def test_opinions_of_two_directions_are_one_clear_line():
    mixed = OpinionTable([*table([1.0, 2.0]), *table([1.0], better="lower")], Path(), "made")
    with raises(TrainingError, "made"):
        scaled(mixed, "published")
