import numpy as np
import pytest
import torch
from PIL import Image

from acutance.errors import ConfigError, InputError
from acutance.layers.images import enlarge_to_at_least, enlarge_to_multiple, resize_like_pillow
from tests.raising import raises


def cubic_matrix(size: int, larger: int) -> np.ndarray:
    """Rows that resample one line: Keys' cubic with a = -0.75, half-pixel centres, edges repeated."""
    a = -0.75

    def weight(z: float) -> float:
        z = abs(z)
        if z <= 1:
            return (a + 2) * z**3 - (a + 3) * z**2 + 1
        return a * z**3 - 5 * a * z**2 + 8 * a * z - 4 * a if z < 2 else 0.0

    matrix = np.zeros((larger, size))
    for row in range(larger):
        place = (row + 0.5) * size / larger - 0.5
        left = int(np.floor(place))
        for tap in range(left - 1, left + 3):
            matrix[row, min(max(tap, 0), size - 1)] += weight(place - tap)
    return matrix


@pytest.mark.parametrize(
    ("size", "larger"),
    [((40, 50), (64, 64)), ((33, 64), (64, 64)), ((32, 1), (32, 32)), ((7, 97), (32, 128))],
)
def test_sides_are_enlarged_to_the_next_multiple_by_the_published_formula(
    size: tuple[int, int], larger: tuple[int, int]
):
    images = torch.rand(2, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    enlarged = enlarge_to_multiple(images, 32)
    assert tuple(enlarged.shape[2:]) == larger
    rows, columns = (cubic_matrix(*sides) for sides in zip(size, larger, strict=True))
    np.testing.assert_allclose(enlarged, rows @ images.numpy() @ columns.T, atol=1e-12)


def test_a_batch_that_fits_is_returned_itself():
    images = torch.rand(1, 3, 32, 64)
    assert enlarge_to_multiple(images, 32) is images


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_side_that_fits_is_left_exactly_as_it_is(dtype: torch.dtype):
    values = np.random.default_rng(0).integers(0, 257, (1, 3, 16, 32)) / 256  # doubled, they stay exact in binary
    wanted = torch.from_numpy(cubic_matrix(16, 32) @ values).to(dtype)
    images = torch.from_numpy(values).to(dtype)
    assert torch.equal(enlarge_to_multiple(images, 32), wanted)
    assert torch.equal(enlarge_to_multiple(images.transpose(2, 3), 32), wanted.transpose(2, 3))


def test_the_overshoot_is_not_clamped():
    edge = torch.zeros(1, 3, 20, 20)
    edge[..., 10:] = 1
    assert enlarge_to_multiple(edge, 32).max() > 1


def test_gradients_flow_through():
    images = torch.rand(1, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda batch: enlarge_to_multiple(batch, 8), images)


def test_the_batch_given_stays_as_it_is():
    images = torch.rand(1, 3, 20, 20)
    before = images.clone()
    enlarge_to_multiple(images, 32)
    assert torch.equal(images, before)


def test_a_multiple_below_one_is_an_error():
    with raises(ConfigError, 1, 0):
        enlarge_to_multiple(torch.rand(1, 3, 8, 8), 0)


class TestResizeLikePillow:
    @pytest.mark.parametrize("size", [(384, 512), (300, 351), (600, 900), (100, 90), (512, 300), (300, 384), (1, 1)])
    def test_gives_what_pillow_gives(self, size: tuple[int, int]) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        pillow = np.asarray(Image.fromarray(pixels).resize((384, 512), Image.Resampling.BILINEAR)).astype(int)
        images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        ours = (resize_like_pillow(images, 512, 384)[0].permute(1, 2, 0) * 255).numpy()
        assert np.abs(ours - ours.round()).max() < 1e-3
        assert np.array_equal(ours.round(), pillow)

    def test_leaves_a_picture_of_that_size_as_it_is(self) -> None:
        images = torch.rand(1, 3, 20, 30)
        assert resize_like_pillow(images, 20, 30) is images

    def test_lets_the_derivative_through_the_rounding(self) -> None:
        images = torch.rand(1, 3, 40, 30, dtype=torch.float64, requires_grad=True)
        resize_like_pillow(images, 20, 30).sum().backward()
        assert images.grad is not None
        assert images.grad.mean().item() == pytest.approx(0.5)


class TestEnlargeToAtLeast:
    @pytest.mark.parametrize(
        ("size", "larger"), [((100, 150), (224, 336)), ((1, 300), (224, 67200)), ((300, 223), (301, 224))]
    )
    def test_brings_the_shorter_side_to_it_in_proportion(self, size: tuple[int, int], larger: tuple[int, int]) -> None:
        assert enlarge_to_at_least(torch.zeros(1, 3, *size), 224).shape[2:] == larger

    def test_refuses_a_picture_too_long_and_thin_to_enlarge(self) -> None:
        with raises(InputError, 224, 1, 2000, "224 x 448000"):
            enlarge_to_at_least(torch.zeros(1, 3, 1, 2000), 224)

    def test_leaves_a_large_picture_as_it_is(self) -> None:
        images = torch.rand(1, 3, 224, 225)
        assert enlarge_to_at_least(images, 224) is images


def test_gradients_pass_where_the_same_resize_was_first_taken_in_inference_mode():
    images = torch.rand(1, 3, 37, 41)
    with torch.inference_mode():
        resize_like_pillow(images, 19, 23)
    images.requires_grad_()
    resize_like_pillow(images, 19, 23).sum().backward()
    assert images.grad is not None
    assert bool((images.grad != 0).any())
