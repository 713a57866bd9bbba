"""Gradients at the ends of the range, beside finite differences in float64 taken inward."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from acutance.models.classic.entry import CLASSIC
from acutance.models.classic.metrics import ClassicMetric, build

every_metric = pytest.mark.parametrize("name", CLASSIC)

STEP = 1e-6
"""Small: vsi and mdsi have bends close by."""
ROUNDING = 16 * torch.finfo(torch.float64).eps
"""Share of a score by which a weighted sum of three scores may be off."""
SMOOTH_WHERE_FLAT = ("psnr", "ssim", "ms_ssim")
"""The others take lengths or roots that have a corner, or thresholds, where an image is flat."""


def random_pair(side: int) -> tuple[Tensor, Tensor]:
    """Noise, one value in twenty each exactly 0, 0.5 and 1: no place is flat, no two values tie."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(2, 1, 3, side, side, generator=generator, dtype=torch.float64)
    reference = 0.1 + 0.8 * noise[0]
    distorted = reference + 0.15 * (noise[1] - 0.5)
    for images in (distorted, reference):
        place = torch.rand(images.shape, generator=generator)
        for start, level in ((0.0, 0.0), (0.5, 0.5), (0.95, 1.0)):
            images[(place >= start) & (place < start + 0.05)] = level
    return distorted, reference


def saturated_pair(side: int) -> tuple[Tensor, Tensor]:
    """A reference with a black and a white square, and itself with noise that is cut off there."""
    generator = torch.Generator().manual_seed(3)
    reference = 0.1 + 0.8 * torch.rand(1, 3, side, side, generator=generator, dtype=torch.float64)
    reference[..., : side // 2, : side // 2] = 0
    reference[..., side // 2 :, side // 2 :] = 1
    noise = torch.rand(reference.shape, generator=generator, dtype=torch.float64)
    return (reference + 0.2 * (noise - 0.5)).clamp(0, 1), reference


def directions(images: Tensor, level: float) -> list[Tensor]:
    """Ways to move values of that level: two of them alone, or in a large image, where one counts little, all."""
    places = (images == level).nonzero()
    if images.shape[-1] > 100:
        weights = torch.rand(images.shape, generator=torch.Generator().manual_seed(5), dtype=images.dtype)
        return [weights * (images == level)]
    alone = torch.zeros(2, *images.shape, dtype=images.dtype)
    for one, place in zip(alone, places[len(places) // 4 :: len(places) // 2].tolist(), strict=False):
        one[tuple(place)] = 1
    return list(alone)


def slope(
    score: Callable[[Tensor], Tensor], images: Tensor, direction: Tensor, level: float, step: float = STEP
) -> float:
    """A finite difference along a direction: central, or over three points inward from 0 and from 1."""
    inward = -step if level == 1 else step
    offsets = (0.0, inward, 2 * inward) if level in (0, 1) else (-step, step)
    values = score(torch.cat([images + offset * direction for offset in offsets])).tolist()
    if len(values) == 2:
        return float((values[1] - values[0]) / (2 * step))
    return float((-3 * values[0] + 4 * values[1] - values[2]) / (2 * inward))


def check_slopes(metric: ClassicMetric, pair: tuple[Tensor, Tensor], role: int, levels: Sequence[float]) -> None:
    """Compare gradients to one image of the pair with finite differences."""
    inputs = [images.clone().requires_grad_(index == role) for index, images in enumerate(pair)]
    itself = metric(*inputs)
    (gradient,) = torch.autograd.grad(itself.sum(), inputs[role])

    def score(images: Tensor) -> Tensor:
        other = pair[1 - role].expand_as(images)
        return metric.terms(*((images, other) if role == 0 else (other, images)))["score"]

    exact = ROUNDING * max(1.0, itself.item()) / STEP
    with torch.no_grad():
        for level in levels:
            ways = directions(pair[role], level)
            wanted = [slope(score, pair[role], way, level) for way in ways]
            assert [float((gradient * way).sum()) for way in ways] == pytest.approx(wanted, rel=1e-3, abs=exact)
            assert max(map(abs, wanted)) > 1000 * exact


@pytest.mark.parametrize("role", [0, 1], ids=["distorted", "reference"])
@every_metric
def test_gradients_at_0_half_and_1_are_finite_differences(name: str, role: int) -> None:
    metric = build(name)
    check_slopes(metric, random_pair(max(24, metric.smallest_side)), role, (0.0, 0.5, 1.0))


@pytest.mark.parametrize("name", sorted(CLASSIC.keys() - {"psnr"}))  # its gradient is 0 where both are black
def test_gradients_of_a_picture_beside_black_and_white_regions_are_finite_differences(name: str) -> None:
    metric = build(name)
    check_slopes(metric, saturated_pair(max(24, metric.smallest_side)), 0, (0.0, 1.0))


@pytest.mark.parametrize("name", SMOOTH_WHERE_FLAT)
def test_gradients_within_black_and_white_regions_are_finite_differences(name: str) -> None:
    metric = build(name)
    check_slopes(metric, saturated_pair(max(24, metric.smallest_side)), 1, (0.0, 1.0))


@every_metric
def test_values_outside_the_range_have_no_gradient_and_count_as_its_ends(name: str) -> None:
    metric = build(name)
    distorted, reference = random_pair(max(24, metric.smallest_side))
    outside = distorted + 0.2 * ((distorted == 1).double() - (distorted == 0).double())
    outside.requires_grad_()
    score = metric(outside, reference)
    (gradient,) = torch.autograd.grad(score.sum(), outside)
    assert score.item() == metric(distorted, reference).item()
    assert (gradient[(outside < 0) | (outside > 1)] == 0).all()
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("levels", ["auto", 256])
def test_the_gradient_of_psnr_of_an_equal_pair_is_0(dtype: torch.dtype, levels: str | int) -> None:
    image = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    image[0, 0, 0, :2] = torch.tensor([0.0, 1.0])
    pair = [image.clone().requires_grad_() for _ in range(2)]
    scores = build("psnr", channel="grey", levels=levels)(*pair)
    assert scores.tolist() == [torch.inf, torch.inf]
    for loss in (scores.sum(), -scores.mean()):
        for gradient in torch.autograd.grad(loss, pair, retain_graph=True):
            assert (gradient == 0).all()
    assert (torch.autograd.grad(build("psnr")(pair[0], pair[0]).sum(), pair[0])[0] == 0).all()
