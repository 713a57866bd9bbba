import numpy as np
import pytest
import torch

from acutance.models.classic.channels import Channel, in_channel
from tests.unit.models.classic import oracles
from tests.unit.models.classic.pictures import as_batch, example_pair

ORACLES = {"grey": oracles.rgb2gray, "luma": oracles.rgb2ycbcr_luma}


@pytest.mark.parametrize("channel", ["grey", "luma"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_level_is_matlabs(channel: Channel, dtype: torch.dtype) -> None:
    random = np.random.default_rng(0).integers(0, 256, (400, 500, 3)).astype(np.float64)
    for image in (random, example_pair("coffee")[1]):
        levels = 255 * in_channel(as_batch(image).to(dtype), channel, rounded=True)[0, 0].numpy()
        np.testing.assert_allclose(levels, ORACLES[channel](image), rtol=0, atol=1e-10)


def test_halves_of_grey_round_up() -> None:
    green, blue = np.meshgrid(np.arange(256.0), np.arange(256.0))
    is_half = (5870 * green + 1140 * blue) % 10000 == 5000
    halves = np.stack([np.zeros(is_half.sum()), green[is_half], blue[is_half]], axis=-1)[None]
    levels = 255 * in_channel(as_batch(halves), "grey", rounded=True)[0, 0].numpy()
    assert halves.shape[1] > 50
    np.testing.assert_allclose(levels, halves @ [0.2989, 0.5870, 0.1140] + 0.5, atol=1e-9)


def test_black_and_white_of_luma() -> None:
    ends = torch.tensor([0.0, 1.0]).expand(1, 3, 1, 2)
    assert (255 * in_channel(ends, "luma")).round(decimals=6).flatten().tolist() == [16.0, 235.0]


def test_values_outside_are_clipped() -> None:
    images = torch.tensor([-0.4, 0.5, 1.4]).expand(1, 3, 1, 3)
    assert in_channel(images, "rgb")[0, 0].flatten().tolist() == [0.0, 0.5, 1.0]


def test_rounding_passes_the_gradient_on() -> None:
    images = torch.full((1, 3, 1, 2), 0.3)
    images[..., 1] = 1.2
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(in_channel(images, "grey", rounded=True).sum(), images)
    torch.testing.assert_close(gradient[0, :, 0, 0], torch.tensor([0.2989, 0.5870, 0.1140]))
    assert gradient[0, :, 0, 1].tolist() == [0.0, 0.0, 0.0]  # clipped
