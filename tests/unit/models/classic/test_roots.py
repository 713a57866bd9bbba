from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from acutance.models.classic.exact import FiniteRoots

VALUES = [0.0, 1e-30, 0.25, 9.0]


@pytest.mark.parametrize(
    "function",
    [
        torch.sqrt,
        Tensor.sqrt,
        lambda values: values**0.25,
        lambda values: torch.pow(values, 1 / 3),
        lambda values: values.pow(0.5),
        lambda values: values ** torch.full((4,), 0.3, dtype=values.dtype),
    ],
)
def test_keeps_values_and_slopes_but_for_zero(function: Callable[[Tensor], Tensor]) -> None:
    values = torch.tensor(VALUES, dtype=torch.float64, requires_grad=True)
    (usual,) = torch.autograd.grad(function(values).sum(), values)
    with FiniteRoots():
        result = function(values)
    (slopes,) = torch.autograd.grad(result.sum(), values)
    assert torch.equal(result, function(values))
    assert usual[0] == torch.inf
    assert slopes[0] == 0
    assert torch.equal(slopes[1:], usual[1:])


@pytest.mark.parametrize("exponent", [1, 2, 3.0])
def test_leaves_whole_powers_alone(exponent: float) -> None:
    values = torch.tensor(VALUES, requires_grad=True)
    (usual,) = torch.autograd.grad((values**exponent).sum(), values)
    with FiniteRoots():
        result = values**exponent
    assert torch.equal(torch.autograd.grad(result.sum(), values)[0], usual)


def test_a_flat_picture_has_a_gradient_strength_with_a_gradient() -> None:
    flat = torch.zeros(4, requires_grad=True)
    with FiniteRoots():
        strength = (flat.diff() ** 2).sum().sqrt()
    assert torch.autograd.grad(strength, flat)[0].tolist() == [0.0, 0.0, 0.0, 0.0]
