"""Deformable 3x3 convolution: every tap reads the map where an offset has moved it to (Dai et al., ICCV 2017)."""

import torch
from jaxtyping import Float, Int32
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.products import product, wants_derivative

TAPS = 9
"""Taps of a 3x3 kernel, row by row."""
CORNERS = 4
"""Neighbours that a value between pixels is interpolated from."""

InputMap = Float[Tensor, "batch input_channels rows columns"]
"""What the convolution is taken of."""
OutputMap = Float[Tensor, "batch output_channels rows columns"]
"""What it gives."""
Offsets = Float[Tensor, "batch 18 rows columns"]
"""How far each tap is moved, in pixels of the map: down and right, tap by tap."""


def deformable(inputs: InputMap, offsets: Offsets, layer: nn.Conv2d) -> OutputMap:
    """The deformable convolution with stride 1, differentiable; outside the map everything counts as 0.

    Args:
        inputs: Shape (N, C, H, W).
        offsets: Shape (N, 18, H, W).
        layer: A 3x3 convolution with padding 1, whose weight and bias are taken.
    """
    from torchvision.ops import deform_conv2d

    output: Tensor = deform_conv2d(inputs, offsets, layer.weight, layer.bias, padding=1)
    return output


def deformable_by_gathering(inputs: InputMap, offsets: Offsets, layer: nn.Linear) -> OutputMap:
    """The same up to rounding, faster on a CPU: values are gathered for one matrix product per picture.

    Args:
        inputs: Shape (N, C, H, W), channels last in memory.
        offsets: Shape (N, 18, H, W).
        layer: The convolution as a linear layer of 9 * C inputs, tap by tap.

    Returns:
        Shape (N, C', H, W), channels last in memory.
    """
    pictures = [_gathered(*pair, layer) for pair in zip(inputs, offsets, strict=True)]
    return torch.stack(pictures).permute(0, 3, 1, 2)


def deformable_in_training(inputs: InputMap, offsets: Offsets, layer: nn.Conv2d) -> OutputMap:
    """The same up to rounding, by gathering on a CPU where the map itself needs no derivative, as frozen trunks' do.

    Forward and backward are then six times as fast as torchvision's, for nine times the memory of the map.

    Args:
        inputs: Shape (N, C, H, W).
        offsets: Shape (N, 18, H, W).
        layer: A 3x3 convolution with padding 1, whose weight and bias are taken.
    """
    if inputs.device.type != "cpu" or wants_derivative(inputs):
        return deformable(inputs, offsets, layer)
    weight = layer.weight.permute(0, 2, 3, 1).flatten(1)
    exact = inputs.float() if inputs.dtype == torch.bfloat16 else inputs
    pictures = [
        functional.linear(_sampled(picture, moved.to(exact.dtype)), weight, layer.bias)
        for picture, moved in zip(exact, offsets, strict=True)
    ]
    return torch.stack(pictures).view(len(inputs), *inputs.shape[2:], -1).permute(0, 3, 1, 2)


def corners(
    offsets: Float[Tensor, "18 rows columns"],
) -> tuple[Int32[Tensor, "samples 4"], Float[Tensor, "samples 4"]]:
    """Which pixels each tap at each position reads, and their bilinear weights.

    Args:
        offsets: Of one picture.

    Returns:
        Numbers of pixels, counted row by row, and weights, 0 for what lies outside; samples are positions row by
        row, the nine taps of a position together.
    """
    _, rows, columns = offsets.shape
    moved = offsets.view(TAPS, 2, rows, columns).permute(2, 3, 0, 1)  # (rows, columns, taps, 2)
    steps = torch.arange(-1, 2, dtype=offsets.dtype)
    down = moved[..., 0] + torch.arange(rows).view(-1, 1, 1) + steps.repeat_interleave(3)
    right = moved[..., 1] + torch.arange(columns).view(-1, 1) + steps.repeat(3)
    (top, upper), (left, nearer) = _neighbours(down, rows), _neighbours(right, columns)
    pixels = top.unsqueeze(-1) * columns + left.unsqueeze(-2)  # (rows, columns, taps, 2, 2)
    weights = upper.unsqueeze(-1) * nearer.unsqueeze(-2)
    return pixels.view(-1, CORNERS), weights.view(-1, CORNERS)


def _neighbours(places: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The two pixels beside each place along one axis, (..., 2), and their weights, 0 for a pixel that is not there."""
    before = places.floor()
    beyond = places - before
    pixels = torch.stack([before, before + 1], dim=-1)
    inside = (pixels >= 0) & (pixels < length)
    weights = torch.stack([1 - beyond, beyond], dim=-1) * inside
    return pixels.clamp(0, length - 1).int(), weights


def _gathered(picture: Tensor, offsets: Tensor, layer: nn.Linear) -> Tensor:
    """The convolution of one picture, (rows, columns, output channels)."""
    return product(_sampled(picture, offsets), layer).view(picture.shape[1], picture.shape[2], -1)


def _sampled(picture: Tensor, offsets: Tensor) -> Tensor:
    """What the taps read of one picture, (positions, 9 * channels), tap by tap."""
    channels, rows, columns = picture.shape
    table = picture.permute(1, 2, 0).reshape(rows * columns, channels)
    pixels, weights = corners(offsets)
    values = functional.embedding_bag(pixels, table, mode="sum", per_sample_weights=weights.to(table.dtype))
    return values.view(rows * columns, TAPS * channels)
