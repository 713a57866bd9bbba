"""Patches that VTAMIQ is trained on."""

from typing import Any

import numpy as np
import pytest
import torch

from acutance.errors import InputError
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.training.images import Pixels
from acutance.training.systems.vtamiq import PatchDraws, patch_inputs, patch_sample
from tests.raising import raises

CONFIG = VTAMIQConfig()
PROTOCOLS = ("grid", "context-aware")


def picture(seed: int, height: int = 64, width: int = 80) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def sampled(pictures: list[Pixels], *, seed: int = 0, config: VTAMIQConfig = CONFIG, **draws: Any):
    chosen = PatchDraws(**{"patches": 12, "horizontal_flip": 0, "vertical_flip": 0, **draws})
    return patch_sample(pictures, chosen, config, np.random.default_rng(seed))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all_pictures_are_seen_at_the_same_places(protocol: str):
    reference = picture(1)
    distorted = reference.copy()
    distorted[:32] //= 2
    patches = sampled([reference, distorted], protocol=protocol)["patches"]
    assert patches.shape == (2, 12, 3, 16, 16)
    first, second = (patches + 1) * 127.5
    torch.testing.assert_close(torch.where(second == first, first, (first - 0.25) / 2), second, rtol=0, atol=0.51)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("flips", "turn"), [("horizontal_flip", np.fliplr), ("vertical_flip", np.flipud)])
def test_pictures_are_flipped_before_patches_are_chosen(protocol: str, flips: str, turn: Any):
    images = [picture(1), picture(2)]
    turning: dict[str, Any] = {flips: 1}
    flipped = sampled(images, protocol=protocol, **turning)
    expected = sampled([turn(one) for one in images], protocol=protocol)
    for name, values in expected.items():
        torch.testing.assert_close(flipped[name], values)


def test_trainings_draw_by_ssim_too():
    """On the left a change of brightness, on the right structure that is gone, of two images alike."""
    random = np.random.default_rng(0)
    reference = (110 + 20 * random.standard_normal((64, 96, 3))).clip(0, 255).astype(np.uint8)
    distorted = reference.copy()
    distorted[:, :40] += 60
    distorted[:, 56:] = 110
    alone: dict[str, Any] = {"centre": 0, "uniform": 0, "difference": 1, "sampler": "independent", "patches": 60}
    shares = {}
    for measure in ("colour", "ssim"):
        images = [reference, distorted, distorted]
        places = sampled(images, protocol="context-aware", difference_map=measure, **alone)["places"]
        shares[measure] = float((places[:, 1] < 0.5).float().mean())
    assert shares["colour"] > 0.6
    assert shares["ssim"] < 0.3


@pytest.mark.parametrize("flip", [0, 1])
def test_context_follows_the_flip(flip: int):
    reference = picture(1)
    distorted = reference.copy()
    distorted[:, :20] = 255 - distorted[:, :20]
    alone: dict[str, Any] = {"centre": 0, "uniform": 0, "difference": 1, "sampler": "independent"}
    sample = sampled([reference, distorted], protocol="context-aware", horizontal_flip=flip, **alone)
    seen = (sample["patches"][0] - sample["patches"][1]).abs().amax((1, 2, 3))
    assert bool((seen > 0).all())


def test_context_of_two_distorted_pictures_is_what_either_shows():
    reference = picture(1)
    first, second = reference.copy(), reference.copy()
    first[:20, :20] = 255 - first[:20, :20]
    second[-20:, -20:] = 255 - second[-20:, -20:]
    alone: dict[str, Any] = {"centre": 0, "uniform": 0, "difference": 1, "patches": 40, "sampler": "independent"}
    patches = sampled([reference, first, second], protocol="context-aware", **alone)["patches"]
    in_first, in_second = ((patches[0] - patches[index]).abs().amax((1, 2, 3)) > 0 for index in (1, 2))
    assert float((in_first | in_second).float().mean()) > 0.9  # the map is blurred: a few lie beside
    assert min(int(in_first.sum()), int(in_second.sum())) > 5


def test_places_are_new_for_every_generator_and_the_same_for_the_same():
    images = [picture(1), picture(2)]
    first, again, other = (sampled(images, seed=seed)["places"] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (5, 40), (40, 300)])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pictures_of_any_size_give_as_many_patches(size: tuple[int, int], protocol: str):
    config = VTAMIQConfig(scales=3)
    samples = [
        sampled([picture(1, *one), picture(2, *one)], protocol=protocol, config=config) for one in (size, (64, 80))
    ]
    inputs = patch_inputs(samples)
    assert inputs["patches"].shape == (2, 2, 12, 3, 16, 16)
    assert inputs["places"].shape == (2, 12, 2)
    assert inputs["scales"].shape == (2, 12)


def test_pictures_of_two_sizes_are_refused():
    with raises(InputError, (64, 64), (64, 80)):
        sampled([picture(1), picture(1, 64, 64)])


def test_context_without_any_weight_is_refused():
    with raises(ValueError, "centre", "difference", "uniform"):
        PatchDraws(protocol="context-aware", centre=0, difference=0, uniform=0)
