"""What a stage of A-FINE takes over; runs of earlier stages are in tests/integration/test_afine_training.py."""

from pathlib import Path

import pytest
import torch

from acutance.checkpoints.store import save
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine import model
from acutance.recipes.catalogue import find_recipe
from acutance.training.afine_start import frozen, load_stage
from acutance.training.train_config import build_task
from tests.fakes.afine_checkpoint import published_tensor
from tests.fakes.afine_training import tiny_afine, tiny_encoder
from tests.raising import raises


def test_a_stage_may_start_from_the_published_file(afine_pth: Path):
    stage = load_stage(str(afine_pth), trained=("encoder", "fidelity_head"))
    assert torch.equal(stage.fidelity_head.alpha, published_tensor("fidelity.alpha").flatten())
    assert stage.adapter.k.item() == 5.0


@pytest.mark.parametrize("number", [2, 3])
def test_a_stage_over_networks_that_nobody_trained_is_refused(tmp_path: Path, number: int):
    config = find_recipe(f"afine-stage{number}").task
    with raises(ConfigError, "--set task.start=FOLDER"):
        build_task(config, tmp_path)


def test_a_start_that_is_not_there_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "ClipImageEncoder", tiny_encoder)
    with raises(MissingWeightsError, "nothing"):
        load_stage(str(tmp_path / "nothing"))


def test_the_run_of_another_model_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "ClipImageEncoder", tiny_encoder)
    weights = {"layer": torch.zeros(2)}
    save(tmp_path / "best.safetensors", weights, model="hyperiqa", config={}, source_sha256=None)
    with raises(CheckpointError, "afine", "hyperiqa"):
        load_stage(str(tmp_path))


def test_what_is_frozen_does_not_learn():
    stage = frozen(tiny_afine())
    assert not stage.training
    assert not any(parameter.requires_grad for parameter in stage.parameters())
