"""Losses beside the reference code's values and beside loops over pairs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.training.losses import l1_loss, margin_rank_loss, weighted

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "golden/ms_hyperiqa.json").read_text())["loss_cases"]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=range(len(GOLDEN["cases"])))
def test_the_loss_of_ms_hyperiqa_is_that_of_its_code(case: dict[str, Any]):
    scores, labels = torch.tensor(case["predictions"]), torch.tensor(case["labels"])
    rank = margin_rank_loss(scores, labels, margin=GOLDEN["margin"], gap=GOLDEN["label_gap"])
    losses = weighted({"l1": (1.0, l1_loss(scores, labels)), "rank": (GOLDEN["rank_weight"], rank)})
    found = [float(losses[name]) for name in ("l1", "rank", "loss")]
    assert found == pytest.approx([case["l1"], case["rank"], case["combined"]], rel=1e-6, abs=1e-7)


def test_the_rank_loss_is_the_mean_over_ordered_pairs():
    random = np.random.default_rng(0)
    scores, labels = random.normal(50, 20, (2, 12))
    each = [
        max(0.0, 2 - np.sign(labels[i] - labels[j]) * (scores[i] - scores[j]))
        for i in range(12)
        for j in range(12)
        if abs(labels[i] - labels[j]) > 5
    ]
    found = margin_rank_loss(torch.tensor(scores), torch.tensor(labels), margin=2, gap=5)
    assert float(found) == pytest.approx(np.mean(each))


def test_the_order_of_the_samples_does_not_matter():
    scores, labels, order = torch.rand(9), torch.rand(9) * 100, torch.randperm(9)
    first, second = margin_rank_loss(scores, labels), margin_rank_loss(scores[order], labels[order])
    torch.testing.assert_close(first, second)


def test_the_derivative_of_the_rank_loss_pushes_the_better_picture_up():
    scores = torch.tensor([1.0, 2.0], requires_grad=True)
    margin_rank_loss(scores, torch.tensor([80.0, 20.0])).backward()
    assert scores.grad is not None
    assert scores.grad.tolist() == [-1.0, 1.0]


def test_a_batch_of_one_has_a_derivative_and_no_rank_loss():
    scores = torch.tensor([3.0], requires_grad=True)
    labels = torch.tensor([5.0])
    losses = weighted({"l1": (1.0, l1_loss(scores, labels)), "rank": (0.3, margin_rank_loss(scores, labels))})
    losses["loss"].backward()
    assert scores.grad is not None
    assert (float(losses["rank"].detach()), scores.grad.tolist()) == (0.0, [-1.0])


def test_a_loss_without_weight_is_told_and_does_not_count():
    found = weighted({"l1": (2.0, torch.tensor(3.0)), "rank": (0.0, torch.tensor(float("nan")))})
    assert float(found["loss"]) == 6.0
    assert torch.isnan(found["rank"])
