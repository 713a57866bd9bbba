import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from acutance.comparison.measure import disagreements, order_agreement
from tests.unit.comparison.fakes import complete


@pytest.mark.parametrize("ties", [False, True])
def test_the_agreement_of_orders_is_scipys_tau_b(*, ties: bool):
    generator = np.random.default_rng(3)
    first, second = generator.normal(size=(2, 60, 5))
    if ties:
        first, second = np.round(first), np.round(second)
    expected = [kendalltau(one, other, variant="b").statistic for one, other in zip(first, second, strict=True)]
    np.testing.assert_allclose(order_agreement(first, second), expected, atol=1e-12)


def test_infinite_scores_are_ahead_of_finite_ones_and_equal_to_each_other():
    first = np.array([[math.inf, math.inf, 3.0]])
    second = np.array([[2.0, 2.0, 1.0]])
    assert order_agreement(first, second).tolist() == [1.0]


def test_the_reverse_order_comes_first_and_agreement_is_not_listed():
    psnr = complete([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 1.0, 1.0]], model="psnr")
    gmsd = complete([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], model="gmsd", better="lower")
    found = disagreements({"psnr": psnr, "gmsd": gmsd})
    assert [(one.picture, one.agreement) for one in found] == [("p2", -1.0), ("p1", pytest.approx(1 / 3))]
    assert {(one.first_model, one.second_model) for one in found} == {("psnr", "gmsd")}


def test_among_equal_disagreements_the_larger_one_comes_first():
    psnr = complete([[1.0, 2.0], [1.0, 9.0], [1.0, 3.0]], model="psnr")
    ssim = complete([[0.2, 0.1], [0.9, 0.1], [0.3, 0.1]], model="ssim")
    assert [one.picture for one in disagreements({"psnr": psnr, "ssim": ssim})] == ["p1", "p2", "p0"]
    assert [one.picture for one in disagreements({"psnr": psnr, "ssim": ssim}, kept=1)] == ["p1"]


def test_models_are_compared_on_the_pictures_that_both_have():
    psnr = complete([[1.0, 2.0], [1.0, 2.0]], model="psnr")
    ssim = complete([[2.0, 1.0], [2.0, 1.0]], model="ssim")
    others = type(ssim)("ssim", "higher", ssim.methods, ("p1", "elsewhere"), ssim.values)
    assert [one.picture for one in disagreements({"psnr": psnr, "ssim": others})] == ["p1"]


def test_one_model_or_one_method_disagrees_with_nobody():
    assert disagreements({"psnr": complete([[1.0, 2.0]])}) == []
    assert disagreements({"a": complete([[1.0]], model="a"), "b": complete([[2.0]], model="b")}) == []
