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
    for picture in (random, example_pair("coffee")[1]):
        levels = 255 * in_channel(as_batch(picture).to(dtype), channel)[0, 0].numpy()
        np.testing.assert_allclose(levels, ORACLES[channel](picture), rtol=0, atol=1e-10)


def test_halves_round_up() -> None:
    picture = np.array([[[50.0, 0.0, 0.0], [250.0, 0.0, 0.0]]])  # 14.945 and 74.725
    picture[0, 0] = (0, 5, 50)  # 2.935 + 5.7 = 8.635
    picture[0, 1] = (0, 50, 25)  # 29.35 + 2.85 = 32.2
    half = np.array([[[5.0, 5.0, 5.0], [0.0, 250.0, 0.0]]])  # 4.9995, 146.75
    half[0, 0] = (0, 150, 75)  # 88.05 + 8.55 = 96.6
    exact = np.array([[[0.0, 50.0, 10.0]]])  # 29.35 + 1.14 = 30.49
    tie = np.array([[[0.0, 250.0, 250.0]]])  # 146.75 + 28.5 = 175.25
    for case in (picture, half, exact, tie):
        levels = 255 * in_channel(as_batch(case), "grey")[0, 0].numpy()
        np.testing.assert_allclose(levels, oracles.rgb2gray(case), atol=1e-10)


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
    (gradient,) = torch.autograd.grad(in_channel(images, "grey").sum(), images)
    torch.testing.assert_close(gradient[0, :, 0, 0], torch.tensor([0.2989, 0.5870, 0.1140]))
    assert gradient[0, :, 0, 1].tolist() == [0.0, 0.0, 0.0]  # clipped
