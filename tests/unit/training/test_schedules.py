"""Learning rates where the authors' code has them."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.training.config import (
    ConstantSchedule,
    CosineRestartSchedule,
    CosineSchedule,
    ExponentialSchedule,
    StepSchedule,
)
from acutance.training.schedules import Place, rate_at
from tests.raising import raises

GOLDEN = Path(__file__).parents[2] / "golden"


def golden(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return read


def epochs(schedule: Any, rate: float, count: int, scale: float = 1.0) -> list[float]:
    return [rate_at(schedule, rate, Place(epoch * 10, count * 10, 10), scale=scale) for epoch in range(count)]


def test_afine_restarts_where_its_own_schedule_does():
    schedule = CosineRestartSchedule(periods=(10_000,) * 4, weights=(1.0, 0.5, 0.5, 0.5), floor=1e-8)
    for iteration, rate in golden("afine")["training_units"]["lr_schedule_base_5e-6"].items():
        place = Place(int(iteration) - 1, 40_000, 1000)
        assert rate_at(schedule, 5e-6, place) == pytest.approx(rate, rel=1e-9)


def test_ms_hyperiqa_falls_to_one_floor_in_both_groups():
    theirs = golden("ms_hyperiqa")["cosine_learning_rates"]
    for scale, name in ((1.0, "backbone"), (10.0, "hyper")):
        assert epochs(CosineSchedule(floor=2e-7), 2e-5, 30, scale) == pytest.approx(theirs[name], rel=1e-6)


def test_hyperiqa_steps_as_its_authors_meant():
    rates = epochs(StepSchedule(every=6, delay=1, scale_until=9), 2e-5, 16, scale=10.0)
    assert rates[:7] == pytest.approx([2e-4] * 7)
    assert rates[7:10] == pytest.approx([2e-5] * 3)
    assert rates[10:13] == pytest.approx([2e-6] * 3)
    assert rates[13:] == pytest.approx([2e-7] * 3)


def test_ms_hyperiqa_steps_one_epoch_earlier():
    rates = epochs(StepSchedule(every=6, scale_until=9), 2e-5, 30, scale=10.0)
    assert rates[:6] == pytest.approx([2e-4] * 6)
    assert rates[6:9] == pytest.approx([2e-5] * 3)
    assert rates[9:12] == pytest.approx([2e-6] * 3)
    assert rates[12:18] == pytest.approx([2e-7] * 6)


def test_vtamiq_falls_to_a_hundredth():
    rates = epochs(ExponentialSchedule(final=0.01), 1e-4, 20)
    assert rates[0] == pytest.approx(1e-4)
    assert rates[10] == pytest.approx(1e-5)
    assert rates[19] * 0.01 ** (1 / 20) == pytest.approx(1e-6)


def test_vtamiq_steps_at_milestones():
    rates = epochs(StepSchedule(milestones=(10, 15)), 1e-4, 20)
    assert rates == pytest.approx([1e-4] * 10 + [1e-5] * 5 + [1e-6] * 5)


def test_ahiq_rises_again_after_fifty_iterations_as_pytorch_does():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([parameter], lr=1e-4)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=0)
    schedule = CosineSchedule(unit="iteration", length=50)
    for iteration in range(160):
        expected = optimizer.param_groups[0]["lr"]
        assert rate_at(schedule, 1e-4, Place(iteration, 200, 7)) == pytest.approx(expected, abs=1e-11)
        optimizer.step()
        theirs.step()


def test_a_constant_rate_is_scaled_by_its_group():
    assert rate_at(ConstantSchedule(), 1e-3, Place(5, 10, 2), scale=10) == pytest.approx(1e-2)


def test_restarts_want_a_weight_for_each_period():
    with raises(ValueError, 2, "periods", 1, "weights"):
        CosineRestartSchedule(periods=(5, 5), weights=(1.0,))
