from typing import Any

import numpy as np
import pytest

from acutance.errors import EvaluationError
from acutance.evaluation.measure import EvaluationOptions, ScoredTable
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of


def inputs_of(*rows, scores: list[float]) -> ScoredTable:
    return ScoredTable("ssim", "higher", table_of(*rows), np.array(scores), [None] * len(rows))


def test_only_pictures_with_score_and_opinion_are_usable():
    rows = [rated("a"), rated("b", None), rated("c"), rated("d", None)]
    inputs = inputs_of(*rows, scores=[0.5, 0.5, np.nan, np.nan])
    assert inputs.usable.tolist() == [True, False, False, False]
    assert (inputs.failed, inputs.unrated) == (2, 1)


def test_an_infinite_score_is_no_failure():
    inputs = inputs_of(rated("a"), scores=[np.inf])
    assert (inputs.usable.tolist(), inputs.failed) == ([True], 0)


def test_what_is_not_known_is_no_number():
    inputs = inputs_of(rated("a", 2.0, mos_std=0.5, num_votes=7), rated("b", 3.0), scores=[1.0, 2.0])
    assert inputs.mos_std[0] == 0.5
    assert inputs.num_votes[0] == 7
    assert np.isnan([inputs.mos_std[1], inputs.num_votes[1]]).all()


def test_scenes_are_those_of_the_rows_or_their_references_or_themselves():
    inputs = inputs_of(rated("a", scene="s"), rated("b", reference="r"), rated("c"), scores=[1.0, 2.0, 3.0])
    assert inputs.scenes == ["s", "r", "c"]


def test_the_direction_of_opinions_is_that_of_the_rated_rows():
    assert inputs_of(rated("a", better="lower"), rated("b", None), scores=[1.0, 2.0]).mos_better == "lower"
    assert inputs_of(rated("a", None, better="lower"), scores=[1.0]).mos_better == "lower"
    with raises(EvaluationError, "fake"):
        _ = inputs_of(rated("a", better="lower"), rated("b"), scores=[1.0, 2.0]).mos_better


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"curve": "logistic3"}, ("logistic4", "logistic5", "linear", "logistic3")),
        ({"draws": 1}, (0, 2, 1)),
        ({"draws": -5}, (0, 2, -5)),
        ({"seed": -1}, (0, "2**32 - 1", -1)),
    ],
)
@pytest.mark.usefixtures("as_users_run_it")
def test_settings_out_of_range_are_refused(changes: dict[str, Any], words: tuple[object, ...]):
    with raises(EvaluationError, *words):
        EvaluationOptions(**changes)
