import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acutance.datasets.afine_lists import RatedLine
from acutance.datasets.targets import (
    afine_naturalness_targets,
    ahiq_targets,
    direction_of,
    normalised,
)
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "afine.json"
    return dict(json.loads(path.read_text())["training_units"])


def test_naturalness_targets_are_those_of_the_authors(golden: dict[str, Any]):
    scores = np.array(golden["normalise_pipal"]["in"])
    np.testing.assert_allclose(afine_naturalness_targets(scores)(scores), golden["normalise_pipal"]["out"], atol=1e-12)


def test_final_targets_are_those_of_the_authors(golden: dict[str, Any]):
    scores = np.array(golden["normalise_sriqa"]["in"])
    lines = normalised([RatedLine("a.png", "r.png", score) for score in scores], final=True)
    np.testing.assert_allclose([line.mos for line in lines], golden["normalise_sriqa"]["out"], atol=1e-12)


def test_scores_of_which_the_lower_is_better_keep_their_direction():
    scores = np.array([0.0, 25.0, 100.0])
    np.testing.assert_allclose(afine_naturalness_targets(scores, better="lower")(scores), [-2, -1, 2])
    np.testing.assert_allclose(ahiq_targets(scores, better="lower")(scores), [1, 0.75, 0])


def test_the_limits_of_the_training_list_serve_validation_too():
    targets = ahiq_targets(np.array([1000.0, 1400.0, 1200.0]))
    assert (targets.low, targets.high) == (1000.0, 1400.0)
    np.testing.assert_allclose(targets(np.array([1300.0, 1500.0])), [0.75, 1.25])


@pytest.mark.parametrize("scores", [[], [3.0, 3.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_scores_that_do_not_differ_have_no_range(scores: list[float]):
    with raises(DatasetError):
        ahiq_targets(np.array(scores))


def test_a_table_has_one_direction():
    assert direction_of(table_of(rated("a", better="lower"))) == "lower"
    with raises(DatasetError, "fake"):
        direction_of(table_of(rated("a", better="lower"), rated("b")))
    with raises(DatasetError, "fake"):
        direction_of(table_of())
