from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from acutance.models.classic.exact import SeparableWindows


def random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def gaussian(height: int, width: int) -> Tensor:
    column, row = (torch.exp(-(torch.linspace(-2, 2, side, dtype=torch.float64) ** 2)) for side in (height, width))
    window = torch.outer(column, row)
    return (window / window.sum())[None, None]


@pytest.mark.parametrize(("height", "width"), [(11, 11), (5, 17), (6, 5)])
def test_separable_windows_give_the_same_sums(height: int, width: int) -> None:
    planes, window = random(2, 1, 20, 31), gaussian(height, width)
    with SeparableWindows():
        sums = functional.conv2d(input=planes, weight=window, stride=1, padding=0)
    torch.testing.assert_close(sums, functional.conv2d(planes, window), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("planes", "window", "options"),
    [
        (random(1, 1, 20, 20), random(1, 1, 7, 7), {}),  # not separable
        (random(1, 1, 20, 20), gaussian(3, 3), {}),
        (random(1, 1, 20, 20), gaussian(7, 7), {"stride": 2}),
        (random(1, 1, 20, 20), gaussian(7, 7), {"padding": 3}),
        (random(1, 1, 20, 20), gaussian(7, 7), {"bias": torch.ones(1, dtype=torch.float64)}),
        (random(1, 3, 20, 20), gaussian(7, 7).repeat(3, 1, 1, 1), {"groups": 3}),
        (random(1, 1, 20, 20), gaussian(1, 7), {}),
    ],
)
def test_everything_else_is_left_alone(planes: Tensor, window: Tensor, options: dict[str, Any]) -> None:
    with SeparableWindows():
        sums = functional.conv2d(planes, window, **options)
    assert torch.equal(sums, functional.conv2d(planes, window, **options))


def test_the_gradient_is_the_same() -> None:
    planes, window = random(1, 1, 12, 13).requires_grad_(), gaussian(5, 7)
    (usual,) = torch.autograd.grad(functional.conv2d(planes, window).square().sum(), planes)
    with SeparableWindows():
        sums = functional.conv2d(planes, window)
    (gradient,) = torch.autograd.grad(sums.square().sum(), planes)
    torch.testing.assert_close(gradient, usual)
