"""VTAMIQ's losses, each with its weight, against the authors' numbers."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.training.losses import (
    VTAMIQLossWeights,
    correlation_loss,
    l1_loss,
    pair_rank_loss,
    preference,
    quality_losses,
)
from tests.raising import raises

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "golden/vtamiq.json").read_text())["losses"]
PAPER = VTAMIQLossWeights(absolute=1, rank=1, correlation=0.2)


def golden(name: str) -> torch.Tensor:
    return torch.tensor(GOLDEN[name], dtype=torch.float64)


def test_the_three_losses_are_the_authors():
    scores, targets = golden("predictions"), golden("targets")
    assert float(l1_loss(scores, targets)) == pytest.approx(GOLDEN["mae"], abs=1e-8)
    assert float(pair_rank_loss(scores, targets)) == pytest.approx(GOLDEN["rank"], abs=1e-8)
    assert float(correlation_loss(scores, targets)) == pytest.approx(GOLDEN["pears"], abs=1e-8)


def test_gradients_of_order_and_correlation_are_the_authors():
    scores = golden("predictions").requires_grad_()
    losses = quality_losses(scores, golden("targets"), VTAMIQLossWeights(absolute=0, rank=1, correlation=1))
    (2 * losses["loss"]).backward()
    assert scores.grad is not None
    torch.testing.assert_close(scores.grad, golden("grad_of_head_total"), rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("weights", "name"),
    [(VTAMIQLossWeights(), "weighted_mean_w(0.75,1,0.2)"), (PAPER, "weighted_mean_2021_w(1,1,0.2)")],
)
def test_the_loss_is_the_mean_with_the_weights_that_are_asked_for(weights: VTAMIQLossWeights, name: str):
    losses = quality_losses(golden("predictions"), golden("targets"), weights)
    assert float(losses["loss"]) == pytest.approx(GOLDEN[name], abs=1e-8)


@pytest.mark.parametrize("name", ["absolute", "rank", "correlation"])
def test_every_weight_counts(name: str):
    scores, targets = golden("predictions"), golden("targets")
    alone = VTAMIQLossWeights.model_validate({"absolute": 0, "rank": 0, "correlation": 0, name: 7})
    losses = quality_losses(scores, targets, alone)
    assert float(losses["loss"]) == pytest.approx(float(losses[name]))


def test_scores_of_zero_cost_nothing_and_have_finite_gradients():
    scores = torch.zeros(3, requires_grad=True)
    losses = quality_losses(scores, torch.tensor([0.1, 0.5, 0.9]), VTAMIQLossWeights())
    losses["loss"].backward()
    assert losses["rank"].item() == 0
    assert scores.grad is not None
    assert bool(torch.isfinite(scores.grad).all())


def test_a_correlation_below_zero_has_a_gradient_that_raises_it():
    scores = torch.tensor([3.0, 2.0, 1.0], requires_grad=True)
    targets = torch.tensor([0.0, 0.5, 1.0])
    loss = correlation_loss(scores, targets)
    loss.backward()
    assert loss.item() == pytest.approx(2, abs=1e-5)
    other = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    correlation_loss(other, targets).backward()
    assert other.grad is not None
    assert correlation_loss(other.detach() - 0.1 * other.grad, targets) < correlation_loss(other.detach(), targets)


def test_one_sample_has_neither_order_nor_correlation():
    scores = torch.tensor([0.4], requires_grad=True)
    losses = quality_losses(scores, torch.tensor([0.9]), PAPER)
    losses["loss"].backward()
    assert losses["rank"].item() == losses["correlation"].item() == 0
    assert losses["loss"].item() == pytest.approx(0.5 / 2.2)


def test_equal_targets_give_a_finite_loss():
    scores = torch.tensor([0.4, 0.2], requires_grad=True)
    loss = quality_losses(scores, torch.tensor([0.5, 0.5]), PAPER)["loss"]
    loss.backward()
    assert scores.grad is not None
    assert bool(torch.isfinite(scores.grad).all())


def test_the_picture_with_the_lower_score_is_preferred():
    first, second = torch.tensor([0.2, 0.5, 1.7]), torch.tensor([1.7, 0.5, 0.2])
    chances = preference(first, second)
    assert chances.tolist() == pytest.approx([0.8175745, 0.5, 0.1824255])
    torch.testing.assert_close(chances + preference(second, first), torch.ones(3))


def test_weights_that_are_all_zero_are_refused():
    with raises(ValueError, "absolute", "rank", "correlation"):
        VTAMIQLossWeights(absolute=0, rank=0, correlation=0)
