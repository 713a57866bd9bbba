import math

import numpy as np
import pytest

from acutance.comparison.measure import complete_scores
from tests.unit.comparison.fakes import complete, picture


def test_only_pictures_with_a_score_of_every_method_count():
    images = [
        picture("a", {"psnr": {"x": 1.0, "y": 2.0}, "ssim": {"x": 0.1, "y": 0.2}}),
        picture("b", {"psnr": {"x": 3.0, "y": None}, "ssim": {"x": 0.3, "y": 0.4}}),
    ]
    assert complete_scores(images, ["x", "y"], "psnr", "higher").images == ("a",)
    assert complete_scores(images, ["x", "y"], "ssim", "higher").values.tolist() == [[0.1, 0.2], [0.3, 0.4]]
    none = complete_scores(images[1:], ["x", "y"], "psnr", "higher")
    assert none.values.shape == (0, 2)
    assert none.infinite == 0


@pytest.mark.parametrize(("better", "best", "worst"), [("higher", 5.0, 1.0), ("lower", 1.0, 5.0)])
def test_infinite_scores_take_the_best_or_worst_finite_one_of_all_methods(better, best: float, worst: float):
    sign = 1 if better == "higher" else -1
    scores = complete([[sign * math.inf, 1.0], [3.0, -sign * math.inf], [5.0, 2.0]], better=better)
    assert scores.finite.tolist() == [[best, 1.0], [3.0, worst], [5.0, 2.0]]
    assert scores.infinite == 2
    assert np.isinf(scores.values).sum() == 2


def test_where_no_score_is_finite_there_is_nothing_to_add_up():
    scores = complete([[math.inf, math.inf]])
    assert scores.infinite == scores.values.size
    assert np.isfinite(scores.finite).all()


def test_a_win_is_shared_by_all_who_are_best_unless_all_are_equal():
    scores = complete([[1.0, 2.0, 2.0], [4.0, 4.0, 4.0], [math.inf, math.inf, 9.0]])
    assert scores.wins.tolist() == [[False, True, True], [False, False, False], [True, True, False]]
    lower = complete([[1.0, 2.0, 2.0]], better="lower")
    assert lower.wins.tolist() == [[True, False, False]]
