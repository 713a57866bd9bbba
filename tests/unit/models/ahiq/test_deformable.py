"""Deformable convolution by gathering."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from acutance.models.ahiq.network import corners, deformable, deformable_by_gathering, deformable_in_training


@pytest.fixture
def layer() -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(5, 7, 3, padding=1).double().requires_grad_(requires_grad=False)


def by_tap(layer: nn.Conv2d) -> nn.Linear:
    linear = nn.Linear(9 * layer.in_channels, layer.out_channels).double().requires_grad_(requires_grad=False)
    linear.load_state_dict({"weight": layer.weight.permute(0, 2, 3, 1).flatten(1), "bias": layer.bias})
    return linear


def random_maps(rows: int, columns: int) -> torch.Tensor:
    return torch.randn(2, 5, rows, columns, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("reach", [0.3, 2.0, 30.0])
def test_gathering_gives_what_torchvision_gives(layer, reach):
    maps = random_maps(6, 8)
    offsets = reach * torch.randn(2, 18, 6, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(
        deformable_by_gathering(maps, offsets, by_tap(layer)), deformable(maps, offsets, layer), rtol=1e-12, atol=1e-12
    )


def test_gathering_counts_borders_as_torchvision_does(layer):
    maps, offsets = random_maps(4, 4), torch.zeros(2, 18, 4, 4, dtype=torch.float64)
    for step in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0):
        offsets.fill_(step)
        torch.testing.assert_close(
            deformable_by_gathering(maps, offsets, by_tap(layer)),
            deformable(maps, offsets, layer),
            rtol=1e-12,
            atol=1e-12,
        )


@pytest.mark.parametrize("reach", [0.3, 2.0, 30.0])
def test_training_gets_the_derivatives_that_torchvision_gives(reach):
    maps = random_maps(6, 8)
    found = []
    for convolution in (deformable, deformable_in_training):
        torch.manual_seed(0)
        layer = nn.Conv2d(5, 7, 3, padding=1).double()
        offsets = reach * torch.randn(2, 18, 6, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        offsets.requires_grad_()
        output = convolution(maps, offsets, layer)
        (output**3).sum().backward()
        found.append((output, offsets.grad, *(parameter.grad for parameter in layer.parameters())))
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_a_map_that_wants_a_derivative_gets_torchvisions(layer):
    maps = random_maps(6, 8).requires_grad_()
    offsets = torch.zeros(2, 18, 6, 8, dtype=torch.float64)
    deformable_in_training(maps, offsets, layer).sum().backward()
    ours = maps.grad
    maps.grad = None
    deformable(maps, offsets, layer).sum().backward()
    assert ours is not None
    assert maps.grad is not None
    torch.testing.assert_close(ours, maps.grad)


def test_without_offsets_it_is_the_plain_convolution(layer):
    maps = random_maps(6, 8)
    ours = deformable_by_gathering(maps, torch.zeros(2, 18, 6, 8, dtype=torch.float64), by_tap(layer))
    torch.testing.assert_close(ours, functional.conv2d(maps, layer.weight, layer.bias, padding=1))


def test_the_first_offset_of_a_tap_moves_down_and_the_second_right():
    offsets = torch.zeros(18, 5, 5)
    offsets[2 * 4], offsets[2 * 4 + 1] = 1.0, 0.25  # the middle tap
    pixels, weights = corners(offsets)
    sample = 12 * 9 + 4  # the middle tap at row 2, column 2
    assert pixels[sample].tolist() == [17, 18, 22, 23]
    assert weights[sample].tolist() == [0.75, 0.25, 0.0, 0.0]


def test_memory_order_does_not_matter(layer):
    maps = random_maps(6, 8)
    offsets = torch.randn(2, 18, 6, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    last = maps.contiguous(memory_format=torch.channels_last)
    ours = [deformable_by_gathering(each, offsets, by_tap(layer)) for each in (maps, last)]
    assert torch.equal(*ours)
