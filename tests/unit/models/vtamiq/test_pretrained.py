"""Trainings start from ViT: timm's transformer is the oracle of the encoder."""

from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from torch import Tensor

from acutance.errors import CheckpointError
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.pretrained import renamed, resized_positions, start_from_vit
from acutance.models.vtamiq.weights import VTAMIQConfig
from tests.contracts.test_vtamiq import TINY
from tests.raising import raises

TIMM_VIT = "vit_base_patch16_384"
SMALL: dict[str, Any] = {"embed_dim": 48, "depth": 3, "num_heads": 3, "mlp_ratio": 2}
"""timm's names for the sizes of ``TINY``, with a layer more."""


@pytest.fixture
def vit() -> torch.nn.Module:
    torch.manual_seed(0)
    model: torch.nn.Module = timm.create_model(TIMM_VIT, pretrained=False, **SMALL).eval()
    return model


def plain(layers: int, **changed: int) -> VTAMIQ:
    config = {**TINY, "registers": 0, "layers": layers, **changed}
    return VTAMIQ(VTAMIQConfig.model_validate(config)).eval()


def test_the_encoder_is_timms_vit_on_a_full_grid(vit: torch.nn.Module) -> None:
    image = torch.randn(1, 3, 384, 384, generator=torch.Generator().manual_seed(1))
    model = plain(3)
    start_from_vit(model, vit.state_dict(), "timm")
    patches = image.unfold(2, 16, 16).unfold(3, 16, 16).permute(0, 2, 3, 1, 4, 5).flatten(1, 2)
    steps = (torch.arange(24) + 0.5) / 24
    places = torch.cartesian_prod(steps, steps)[None]
    with torch.no_grad():
        expected: Tensor = vit.forward_features(image)[:, 0]  # type: ignore[operator]
        torch.testing.assert_close(model.encoder(patches, places), expected, rtol=1e-4, atol=1e-5)


def test_layers_past_the_last_are_passed_over(vit: torch.nn.Module) -> None:
    model = plain(1)
    start_from_vit(model, vit.state_dict(), "timm")
    weight = vit.state_dict()["blocks.0.mlp.fc1.weight"]
    assert torch.equal(model.state_dict()["encoder.layers.0.fc1.weight"], weight)


def test_what_vit_has_not_keeps_its_values(vit: torch.nn.Module) -> None:
    model = VTAMIQ(VTAMIQConfig.model_validate({**TINY, "scales": 2, "adapters": 1}))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    start_from_vit(model, vit.state_dict(), "timm")
    kept = {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}
    assert {"encoder.embedding.registers", "encoder.embedding.scales", "difference_gain"} <= kept
    assert {"encoder.layers.0.attention_gain", "encoder.layers.0.mlp_adapters.0.up.weight"} <= kept
    assert {"decoder.mix.weight", "predictor.hidden.weight"} <= kept
    assert not {"encoder.embedding.positions", "encoder.layers.1.query.weight"} & kept


def test_positions_fit_another_grid(vit: torch.nn.Module) -> None:
    model = plain(1, grid=12)
    start_from_vit(model, vit.state_dict(), "timm")
    assert model.encoder.embedding.positions.shape == (1, 145, 48)


def test_resized_positions_keep_the_first_row_and_the_corners() -> None:
    table = torch.randn(1, 1 + 9, 5)
    resized = resized_positions(table, 1 + 49)
    torch.testing.assert_close(resized[:, [0, 1, 7, 43, 49]], table[:, [0, 1, 3, 7, 9]])


def test_a_vit_with_too_few_layers_is_refused(vit: torch.nn.Module) -> None:
    with raises(CheckpointError, "encoder.layers.3"):
        start_from_vit(plain(4), vit.state_dict(), "timm")


def test_a_vit_of_another_width_is_refused(vit: torch.nn.Module) -> None:
    with raises(CheckpointError, (1, 1, 32), (1, 1, 48)):
        start_from_vit(plain(1, width=32, heads=2), vit.state_dict(), "timm")


def test_tensors_of_something_else_are_refused() -> None:
    with raises(CheckpointError, "layer1.conv.weight"):
        renamed({"layer1.conv.weight": torch.zeros(1)}, "timm")
    with raises(CheckpointError, "blocks.0.ls1.gamma"):
        renamed({"blocks.0.ls1.gamma": torch.zeros(1)}, "timm")
    with raises(CheckpointError, "Transformer/odd/kernel"):
        renamed({"Transformer/odd/kernel": torch.zeros(1)}, "npz")


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("norm.weight", lambda tensor: tensor * float("nan")),
        ("norm.weight", lambda tensor: tensor.to(torch.int32)),
        ("pos_embed", lambda tensor: tensor[0]),
        ("pos_embed", lambda tensor: tensor[:, :-3]),
        ("blocks.0.attn.qkv.weight", lambda tensor: tensor[:-1]),
        ("blocks.0.attn.qkv.bias", lambda tensor: tensor.sum()),
    ],
)
def test_a_tensor_that_cannot_be_vits_is_named(
    vit: torch.nn.Module, name: str, changed: Callable[[Tensor], Tensor]
) -> None:
    tensors = vit.state_dict()
    model = plain(3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with raises(CheckpointError, name, "vit.npz"):
        start_from_vit(model, tensors | {name: changed(tensors[name])}, "timm", "vit.npz")
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items())
