import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.errors import CheckpointError
from acutance.models.afine import weights as published
from acutance.weights.foreign import read_pytorch
from tests.fakes import afine_checkpoint
from tests.raising import raises

GOLDEN: dict[str, Any] = json.loads(afine_checkpoint.GOLDEN.read_text())
CHECKS: dict[str, dict[str, float]] = GOLDEN["weights"]["checks"]


def constants(**changed: torch.Tensor) -> dict[str, torch.Tensor]:
    names = ("natural.mean", "natural.std", "fidelity.mean", "fidelity.std")
    found = {name: afine_checkpoint.published_tensor(name) for name in names}
    return found | {name.replace("_", "."): value for name, value in changed.items()}


@pytest.mark.parametrize("name", CHECKS)
def test_a_drawn_tensor_has_the_first_last_sum_and_spread_of_the_golden_file(name: str) -> None:
    values = afine_checkpoint.published_tensor(name).numpy().ravel()
    assert values.dtype == np.float32
    assert {
        "first": float(values[0]),
        "last": float(values[-1]),
        "sum": float(values.astype(np.float64).sum()),
        "std": float(values.astype(np.float64).std()),
    } == pytest.approx(CHECKS[name], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("keys", [published.AFINE_KEYS, published.NATURALNESS_KEYS], ids=["afine", "naturalness"])
def test_the_table_names_exactly_the_319_published_tensors(keys: Any) -> None:
    assert set(keys.names) == set(GOLDEN["layout"])
    assert len(keys.names) == 319


def test_the_whole_model_uses_162_tensors() -> None:
    assert len(published.AFINE_KEYS.own_names) == 149 + 13


def test_the_naturalness_model_uses_nothing_of_fidelity() -> None:
    parts = {name.partition(".")[0] for name in published.NATURALNESS_KEYS.own_names}
    assert parts == {"encoder", "naturalness_head", "naturalness_calibrator"}


def test_the_same_tail_in_both_towers_leads_to_one_own_name() -> None:
    names = published.AFINE_KEYS.names
    assert names["finetuned_clip.visual.positional_embedding"] == "encoder.trunk.pos_embed"
    assert names["finetuned_clip.positional_embedding"] is None


def test_the_published_shapes_pass_through_the_table_without_any_value() -> None:
    layout = afine_checkpoint.layout()
    foreign = {name: torch.empty(shape, device="meta") for name, shape in layout.items()}
    keys = published.AFINE_KEYS
    expected = {own: layout[name] for name, own in keys.names.items() if own is not None}
    expected |= {"encoder.trunk.cls_token": (1, 1, 768), "encoder.trunk.pos_embed": (1, 50, 768)}
    expected |= {"fidelity_head.alpha": (9219,), "fidelity_head.beta": (9219,)}
    own = keys.apply(foreign, expected)
    assert {name: tuple(tensor.shape) for name, tensor in own.items()} == expected
    assert own["adapter.k"].shape == ()


@pytest.mark.slow
def test_a_file_of_the_published_layout_is_read_with_every_name_and_shape(afine_pth: Path) -> None:
    foreign = read_pytorch(afine_pth)
    assert {name: tuple(tensor.shape) for name, tensor in foreign.items()} == afine_checkpoint.layout()
    published.check_constants(foreign)


def test_the_published_constants_are_clips() -> None:
    published.check_constants(constants())


def test_a_file_normalised_with_other_constants_is_refused() -> None:
    imagenet = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    with raises(CheckpointError, 0.48145466, "fidelity.mean"):
        published.check_constants(constants(fidelity_mean=imagenet))


def test_constants_that_are_not_a_number_are_refused() -> None:
    with raises(CheckpointError, "natural.std", "nan", "nan", "nan"):
        published.check_constants(constants(natural_std=torch.full((1, 3, 1, 1), float("nan"))))


def test_missing_constants_are_refused() -> None:
    with raises(CheckpointError, "natural.mean"):
        published.check_constants({})


def test_lower_is_better_in_both_models() -> None:
    infos = {"afine": published.AFINE_SCORE, "afine-naturalness": published.NATURALNESS_SCORE}
    assert {name: (info.better, info.low, info.high) for name, info in infos.items()} == {
        "afine": ("lower", 0.0, 100.0),
        "afine-naturalness": ("lower", -2.0, 2.0),
    }


def test_reading_the_record_loads_no_torch() -> None:
    code = (
        "import sys, acutance.models.afine.entry; "
        "print(sorted({'torch', 'huggingface_hub', 'safetensors'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
