import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.errors import InputError
from acutance.synthesis.folder import pseudo_mos
from acutance.types import ScoreInfo
from tests.raising import raises

HIGHER = ScoreInfo(better="higher", low=-math.inf, high=math.inf)
LOWER = ScoreInfo(better="lower", low=-math.inf, high=math.inf)
SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def test_the_rule_by_hand():
    scores = {"psnr": [20.0, 30.0, 25.0, 25.0], "mdsi": [0.5, 0.1, 0.3, 0.2]}
    # psnr ranks 1, 4, 2.5, 2.5 of 4; mdsi, turned, 1, 4, 2, 3; less a half, over 4
    expected = [(0.5 + 0.5) / 8, (3.5 + 3.5) / 8, (2 + 1.5) / 8, (2 + 2.5) / 8]
    assert pseudo_mos(scores, {"psnr": HIGHER, "mdsi": LOWER}).tolist() == expected


@given(SCORES)
def test_a_share_is_that_of_lower_scores_with_equal_ones_by_half(scores: list[float]):
    values = np.array(scores)
    shares = [((values < value).sum() + (values == value).sum() / 2) / len(values) for value in values]
    np.testing.assert_allclose(pseudo_mos({"m": scores}, {"m": HIGHER}), shares, rtol=1e-12)


@given(SCORES)
def test_they_lie_inside_0_and_1_around_a_half(scores: list[float]):
    opinions = pseudo_mos({"m": scores, "n": scores[::-1]}, {"m": HIGHER, "n": LOWER})
    assert opinions.min() > 0
    assert opinions.max() < 1
    assert opinions.mean() == pytest.approx(0.5)


@given(SCORES)
def test_turning_the_scores_and_the_direction_changes_nothing(scores: list[float]):
    turned = [-score for score in scores]
    np.testing.assert_array_equal(pseudo_mos({"m": scores}, {"m": HIGHER}), pseudo_mos({"m": turned}, {"m": LOWER}))


def test_the_scale_of_a_metric_does_not_matter():
    scores = [0.1, 0.5, 0.2, 0.9]
    bent = [math.exp(9 * score) for score in scores]
    np.testing.assert_array_equal(pseudo_mos({"m": scores}, {"m": HIGHER}), pseudo_mos({"m": bent}, {"m": HIGHER}))


def test_an_infinite_psnr_is_the_best():
    assert pseudo_mos({"psnr": [math.inf, 40.0, math.inf]}, {"psnr": HIGHER}).tolist() == pytest.approx(
        [2 / 3, 1 / 6, 2 / 3]
    )


def test_no_pictures_have_no_scores():
    assert pseudo_mos({"m": []}, {"m": HIGHER}).tolist() == []


def test_what_cannot_be_ranked_is_refused():
    with raises(InputError, "m", 1):
        pseudo_mos({"m": [1.0, math.nan]}, {"m": HIGHER})
    with raises(InputError, [1, 2]):
        pseudo_mos({"m": [1.0], "n": [1.0, 2.0]}, {"m": HIGHER, "n": HIGHER})
    with raises(InputError, []):
        pseudo_mos({}, {})
