"""Rounded products are those of the layers as they are now."""

import pytest
import torch
from torch import Tensor, nn

from acutance.models.vtamiq.network import RoundedLinear


@pytest.fixture
def layers() -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    first, second = (nn.Linear(16, 8).requires_grad_(requires_grad=False) for _ in range(2))
    return first, second


@pytest.fixture
def rows() -> Tensor:
    return torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1))


def exact(layers: tuple[nn.Linear, nn.Linear], rows: Tensor) -> Tensor:
    return torch.cat([layer(rows) for layer in layers], dim=-1)


def test_are_near_those_of_the_layers_side_by_side(layers: tuple[nn.Linear, nn.Linear], rows: Tensor) -> None:
    ours = RoundedLinear(*layers)(rows)
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), exact(layers, rows), rtol=0.02, atol=0.02)


def test_follow_every_new_tensor_put_in_place_of_a_weight(layers: tuple[nn.Linear, nn.Linear], rows: Tensor) -> None:
    rounded = RoundedLinear(*layers)
    rounded(rows)
    for _ in range(5):
        layers[1].weight.data = layers[1].weight.data * 1.5
        torch.testing.assert_close(rounded(rows).float(), exact(layers, rows), rtol=0.02, atol=0.05)


def test_give_gradients_after_inference_mode(layers: tuple[nn.Linear, nn.Linear], rows: Tensor) -> None:
    used = RoundedLinear(*layers)
    gradients: list[Tensor] = []
    with torch.inference_mode():
        used(rows)
    for product in (used, RoundedLinear(*layers)):
        inputs = rows.clone().requires_grad_()
        gradients += torch.autograd.grad(product(inputs).float().square().sum(), inputs)
    assert torch.equal(*gradients)
