"""Fixed maps and their moments."""

import math

import pytest
import torch
from torch.nn import functional

from acutance.models.afine_tiny.preprocess import CHANNELS, RADIUS, SIGMA, Views, scene_maps, scene_scales, views_of
from tests.fakes.tiny_afine import tiny_naturalness
from tests.raising import raises

CONTRAST, CUBED, RIGHT, BELOW, DEVIATION, COLOURS, SATURATION, WHITE, BLACK = 0, 3, 4, 5, 9, 15, 27, 28, 29
"""First map of each kind."""


def maps_of(images: torch.Tensor) -> torch.Tensor:
    """All of them, shape (N, 30, H, W)."""
    return torch.cat(list(scene_maps(images)), 1)


def photograph(side: int = 96) -> torch.Tensor:
    """Smooth, with edges, in colour; double precision."""
    places = torch.linspace(0, 6, side, dtype=torch.float64)
    waves = torch.stack([(places[:, None] * share + places * 2).sin() for share in (0.5, 1.0, 1.5)])
    return (waves[None] * 0.3 + 0.5).clamp(0, 1)


def test_a_map_is_as_large_as_the_picture():
    assert maps_of(torch.rand(2, 3, 40, 50)).shape == (2, CHANNELS, 40, 50)


def test_local_deviations_are_those_in_a_gaussian_window():
    image = torch.rand(1, 3, 30, 40, dtype=torch.float64)
    luminance = (image * image.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    window = image.new_tensor([math.exp(-(place**2) / (2 * SIGMA**2)) for place in range(-RADIUS, RADIUS + 1)])
    kernel = (window[:, None] * window / window.sum() ** 2)[None, None]
    padded = functional.pad(luminance, (RADIUS,) * 4, mode="replicate")
    mean = functional.conv2d(padded, kernel)
    expected = ((functional.conv2d(padded.square(), kernel) - mean.square()) + 1e-8).sqrt()
    torch.testing.assert_close(maps_of(image)[:, DEVIATION], expected[:, 0], rtol=0, atol=1e-9)


def test_single_precision_tells_what_is_flat_as_double_does():
    steps = torch.rand(1, 3, 8, 8).repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)  # blocks, as of strong JPEG
    torch.testing.assert_close(maps_of(steps), maps_of(steps.double()).float(), rtol=0, atol=2e-5)


def test_noise_raises_local_deviations_and_blur_lowers_them():
    image = photograph()
    noisy = (image + torch.randn(image.shape, dtype=image.dtype) * 0.05).clamp(0, 1)
    blurred = functional.avg_pool2d(image, 9, stride=1, padding=4, count_include_pad=False)
    low, middle, high = (maps_of(one)[:, DEVIATION].mean() for one in (blurred, image, noisy))
    assert low < middle < high


def test_grey_has_no_saturation_and_no_colour():
    maps = maps_of(torch.rand(1, 1, 32, 32).expand(1, 3, 32, 32))
    assert maps[:, SATURATION].abs().max() == 0
    assert maps[:, COLOURS + 1 : COLOURS + 3].abs().max() < 1e-6


def test_what_is_clipped_counts_and_what_is_near_counts_in_part():
    levels = torch.tensor([1.0, 0.98, 0.9, 0.02, 0.0]).view(1, 1, 1, 5).expand(1, 3, 5, 5)
    maps = maps_of(levels)
    assert maps[0, WHITE, 0].tolist() == pytest.approx([1, 0.5, 0, 0, 0], abs=1e-5)
    assert maps[0, BLACK, 0].tolist() == pytest.approx([0, 0, 0, 0.5, 1], abs=1e-5)


def test_normalised_contrast_is_multiplied_with_itself_and_its_neighbours():
    maps = maps_of(photograph())
    cubed, right, below = (maps[0, place] for place in (CUBED, RIGHT, BELOW))
    normal = cubed.sign() * cubed.abs() ** (1 / 3)
    torch.testing.assert_close(normal.abs(), maps[0, CONTRAST], rtol=0, atol=1e-9)
    torch.testing.assert_close(right[:, :-1], normal[:, :-1] * normal[:, 1:], rtol=0, atol=1e-9)
    torch.testing.assert_close(below[:-1], normal[:-1] * normal[1:], rtol=0, atol=1e-9)
    torch.testing.assert_close(right[:, -1], normal[:, -1].square(), rtol=0, atol=1e-9)


def test_noise_sets_neighbours_apart():
    smooth = photograph()
    noisy = (smooth + torch.randn(smooth.shape, dtype=smooth.dtype) * 0.1).clamp(0, 1)
    assert maps_of(noisy)[:, RIGHT].mean() < -0.05 < maps_of(smooth)[:, RIGHT].mean()


def test_an_even_picture_has_finite_gradients():
    image = torch.full((1, 3, 40, 40), 0.5, requires_grad=True)
    maps_of(image).sum().backward()
    assert image.grad is not None
    assert bool(image.grad.isfinite().all())


def test_moments_that_are_known_give_the_score_of_the_picture():
    model, images = tiny_naturalness(), torch.rand(2, 3, 96, 128)
    views = views_of(images, 64)
    known = model.scene_moments(images)
    assert known.shape == (2, 2, 3 * CHANNELS)
    alone = model.raw_naturalness(Views(views.whole, views.detail), known)
    torch.testing.assert_close(alone, model.raw_naturalness(views))


def test_without_fine_squares_there_are_no_fixed_maps():
    with raises(ValueError):
        next(scene_scales(Views(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))))


def test_gradients_at_black_and_white_values_are_finite_differences_taken_inward():
    generator = torch.Generator().manual_seed(0)
    images = 0.1 + 0.8 * torch.rand(1, 3, 12, 12, generator=generator, dtype=torch.float64)
    places = [(0, index % 3, index, (5 * index) % 12) for index in range(12)]  # one channel each: ties have a corner
    for index, place in enumerate(places):
        images[place] = index % 2
    weights = torch.rand(CHANNELS, 12, 12, generator=generator, dtype=torch.float64)

    def weighted(pictures: torch.Tensor) -> torch.Tensor:
        return (torch.cat(list(scene_maps(pictures)), 1) * weights).sum((1, 2, 3))

    inputs = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(weighted(inputs).sum(), inputs)
    for place in places:
        inward = 1e-6 * (1 - 2 * float(images[place]))
        moved = images.repeat(3, 1, 1, 1)
        for steps in (1, 2):
            moved[(steps, *place[1:])] += steps * inward
        first, second, third = weighted(moved).tolist()
        wanted = (-3 * first + 4 * second - third) / (2 * inward)
        assert float(gradient[place]) == pytest.approx(wanted, rel=1e-3, abs=1e-6)
