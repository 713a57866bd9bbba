"""Thurstone's preferences and the fidelity loss where the authors' code has them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.stats.preferences import three_alternative_credit
from acutance.training.losses import fidelity_loss, preference_loss, thurstone

UNITS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "golden/afine.json").read_text())["training_units"]


def numbers(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("case", UNITS["thurstone_float64"])
def test_the_preference_is_the_authors(case: dict[str, float]):
    assert thurstone(numbers(case["u1"]), numbers(case["u2"])).item() == pytest.approx(case["p12"], rel=1e-12)


def test_preferences_of_a_pair_and_of_its_turned_round_pair_sum_to_one():
    first, second = torch.randn(2, 50, generator=torch.Generator().manual_seed(1))
    both = thurstone(first, second) + thurstone(second, first)
    torch.testing.assert_close(both, torch.ones(50))


@pytest.mark.parametrize("case", UNITS["fidelity_loss_float64"])
def test_the_loss_and_its_gradient_are_the_authors(case: dict[str, float]):
    probability = numbers(case["p"]).requires_grad_()
    loss = fidelity_loss(probability, numbers(case["g"]))
    loss.backward()
    assert probability.grad is not None
    assert loss.item() == pytest.approx(case["loss"], rel=1e-9, abs=1e-15)
    assert probability.grad.item() == pytest.approx(case["grad"], rel=1e-9, abs=1e-12)


def test_the_loss_of_a_batch_is_the_mean_of_its_samples():
    cases = UNITS["fidelity_loss_float64"]
    whole = fidelity_loss(numbers(*(case["p"] for case in cases)), numbers(*(case["g"] for case in cases)))
    assert whole.item() == pytest.approx(np.mean([case["loss"] for case in cases]), rel=1e-12)


def test_single_precision_scores_are_compared_in_double():
    loss = preference_loss(torch.tensor([0.1]), torch.tensor([0.12]), torch.tensor([1.0], dtype=torch.float64))
    assert loss.dtype == torch.float64


def test_a_hopeless_preference_has_a_finite_gradient():
    first = torch.tensor([80.0], requires_grad=True)
    preference_loss(first, torch.tensor([0.0]), torch.tensor([1.0])).backward()
    assert first.grad is not None
    assert bool(torch.isfinite(first.grad).all())


@pytest.mark.parametrize("case", UNITS["accuracy"])
def test_the_accuracy_counts_what_the_authors_count(case: dict[str, float]):
    pair = [np.array([case[name]], dtype=np.float64) for name in ("u1", "u2", "gt")]
    credit = three_alternative_credit(*pair, margin=case["delta"], better="lower")
    assert credit.tolist() == [case["correct"]]
