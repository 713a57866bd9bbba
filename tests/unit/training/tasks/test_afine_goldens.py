"""One step of each stage of A-FINE is that of the authors' code, with the weights of the golden cases."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.models.afine.model import AFINE, AFINENaturalness
from acutance.models.afine.published import AFINE_KEYS
from acutance.recipes import afine_stage1 as recipe1
from acutance.recipes import afine_stage2 as recipe2
from acutance.recipes import afine_stage3 as recipe3
from acutance.training.config import OptimizerConfig
from acutance.training.optimizers import build_optimizer
from acutance.training.task import Batch, Task
from acutance.training.tasks import afine_stage1, afine_stage2, afine_stage3
from acutance.training.tasks.afine_stage1 import AFINEStage1Task, AFINEStage1Training
from acutance.training.tasks.afine_stage2 import AFINEStage2Task, AFINEStage2Training
from acutance.training.tasks.afine_stage3 import AFINEStage3Task, AFINEStage3Training
from acutance.training.triplet_data import PlacedTriplet, TripletLists

ROOT = Path(__file__).parents[4]
UNITS: dict[str, Any] = json.loads((ROOT / "tests/golden/afine.json").read_text())["training_units"]
GRADIENT = 3e-4
"""Largest relative difference of a gradient's norm: the authors' variances are not centred, in float32."""


def picture(name: str) -> Path:
    place = f"reference/{name.removesuffix('_ref')}" if name.endswith("_ref") else f"distorted/{name}"
    return ROOT / f"examples/{place}.png"


@pytest.fixture(autouse=True)
def golden_triplets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of 256 x 256 and of 288 x 352 in one batch."""
    triplets = [
        PlacedTriplet(picture(first), picture(second), picture(reference), labels)
        for first, second, reference, *rest in UNITS["triplets"]
        for labels in [(rest[0], rest[1], rest[2])]
    ]
    for stage in (afine_stage1, afine_stage2, afine_stage3):
        monkeypatch.setattr(stage, "triplet_lists", lambda _: TripletLists(triplets, {"golden": triplets}, {}))


def whole_batch(task: Task) -> Batch:
    task.prepare(torch.device("cpu"))
    return task.collate([task.sample(index, np.random.default_rng(0)) for index in range(len(task))])


def step(task: Task, batch: Batch) -> dict[str, Tensor]:
    losses = task.losses(task.network(batch.inputs), batch.labels)
    losses["loss"].backward()
    return losses


def gradient(model: torch.nn.Module, foreign: str) -> Tensor:
    name = AFINE_KEYS.names[foreign]
    assert name is not None
    found = dict(model.named_parameters())[name].grad
    assert found is not None
    return found


@pytest.fixture
def afine(afine_pth: Path) -> AFINE:
    model = load("afine", afine_pth)
    assert isinstance(model, AFINE)
    return model


def test_stage_1_has_the_authors_losses_gradients_and_step(afine_pth: Path):
    golden = UNITS["stage1"]
    model = load("afine-naturalness", afine_pth).requires_grad_(requires_grad=True)
    assert isinstance(model, AFINENaturalness)
    task = AFINEStage1Task(AFINEStage1Training(augment=False), model)
    optimizer = build_optimizer(recipe1.recipe().optimizer, task.groups())
    losses = step(task, whole_batch(task))
    theirs = golden["losses"]
    for name, key in {"first_second": "12", "first_reference": "1ref", "second_reference": "2ref"}.items():
        assert losses[name].item() == pytest.approx(theirs[f"l_fidelity_nr{key}"], abs=1e-6)
    assert losses["loss"].item() == pytest.approx(sum(theirs.values()), abs=2e-6)
    for name, norm in golden["grad_norms"].items():
        assert gradient(model, name).norm().item() == pytest.approx(norm, rel=GRADIENT, abs=1e-9), name
    optimizer.step()
    bias = model.naturalness_head.output.bias.item()
    assert bias == pytest.approx(golden["natural.proj_head.2.bias_after_step"], abs=1e-8)


def test_stage_1_trains_all_of_clip_that_the_authors_code_gives_a_gradient(afine_pth: Path):
    model = load("afine-naturalness", afine_pth).requires_grad_(requires_grad=True)
    assert isinstance(model, AFINENaturalness)
    task = AFINEStage1Task(AFINEStage1Training(augment=False), model)
    step(task, whole_batch(task))
    (_, encoder) = task.groups()
    assert len(encoder.parameters) == 302 - UNITS["stage1"]["clip_parameters_without_gradient"]
    assert all(parameter.grad is not None for parameter in encoder.parameters)
    assert model.naturalness_calibrator.centre.grad is None


@pytest.mark.parametrize("direct", [False, True])
def test_stage_2_has_the_authors_loss_and_gradients(afine: AFINE, tmp_path: Path, *, direct: bool):
    golden = UNITS["stage2"]
    task = AFINEStage2Task(AFINEStage2Training(augment=False, direct=direct), tmp_path, afine)
    losses = step(task, whole_batch(task))
    assert losses["loss"].item() == pytest.approx(golden["losses"]["l_fidelity_fr12"], abs=1e-7)
    for name, norm in golden["grad_norms"].items():
        assert gradient(afine, name).norm().item() == pytest.approx(norm, rel=1e-5), name
    assert sum(parameter.numel() for group in task.groups() for parameter in group.parameters) == 18_438


@pytest.mark.parametrize("direct", [False, True])
def test_stage_3_has_the_authors_three_steps(afine: AFINE, tmp_path: Path, *, direct: bool):
    settings = AFINEStage3Training(augment=False, direct=direct, k=afine.adapter.k.item())
    task = AFINEStage3Task(settings, tmp_path, afine)
    optimizer = build_optimizer(recipe3.recipe().optimizer, task.groups())
    batch = whole_batch(task)
    for golden in UNITS["stage3"]["steps_at_constant_lr_1e-3"]:
        optimizer.zero_grad()
        losses = step(task, batch)
        assert losses["loss"].item() == pytest.approx(golden["loss"], abs=1e-6)
        for name, wanted in golden["grad"].items():
            assert gradient(afine, name).item() == pytest.approx(wanted, rel=1e-4), name
        optimizer.step()
        for name, wanted in golden["value_after_step"].items():
            value = afine.state_dict()[AFINE_KEYS.names[name] or ""].item()
            assert value == pytest.approx(wanted, abs=1e-6), name


def test_the_recipes_have_the_optimisers_that_the_goldens_were_made_with():
    for recipe, rate in ((recipe1, 5e-6), (recipe2, 5e-4), (recipe3, 1e-3)):
        assert recipe.recipe().optimizer == OptimizerConfig(
            kind="adamw", learning_rate=rate, weight_decay=1e-3, betas=(0.9, 0.99), epsilon=1e-8
        )
