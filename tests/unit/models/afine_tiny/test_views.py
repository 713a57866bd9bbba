"""Small copies and details of images of any shape."""

import pytest
import torch
from torch.nn import functional

from acutance.models.afine_tiny.preprocess import FINE_SIDE, TILE_SIDE, details, fine_squares, small_copy


@pytest.mark.parametrize(
    ("size", "expected"), [((512, 512), (256, 256)), ((1024, 256), (512, 128)), ((600, 800), (222, 296))]
)
def test_a_small_copy_keeps_the_shape_and_has_the_area_of_a_square(size: tuple[int, int], expected: tuple[int, int]):
    assert small_copy(torch.rand(1, 3, *size), 256).shape[2:] == expected


def test_a_small_copy_is_the_mean_of_what_it_covers_where_sides_are_halved():
    images = torch.rand(2, 3, 64, 64)
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    triangle = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (triangle[:, None] * triangle).expand(3, 1, 4, 4)
    expected = functional.conv2d(images, kernel, stride=2, padding=1, groups=3)
    assert torch.allclose(small_copy(images, 32)[inner], expected[inner], atol=1e-5)


def test_a_picture_that_is_small_already_stays_as_it_is():
    images = torch.rand(1, 3, 100, 90)
    assert small_copy(images, 256) is images


def test_up_to_a_million_pixels_the_detail_is_the_picture_itself():
    images = torch.rand(1, 3, 1024, 1024)
    seen, count = details(images)
    assert seen is images
    assert count == 1


def test_of_a_large_picture_nine_squares_reach_from_corner_to_corner():
    images = torch.rand(2, 3, 1500, 2000)
    seen, count = details(images)
    assert (count, seen.shape) == (9, (18, 3, TILE_SIDE, TILE_SIDE))
    assert torch.equal(seen[0], images[0, :, :TILE_SIDE, :TILE_SIDE])
    assert torch.equal(seen[17], images[1, :, -TILE_SIDE:, -TILE_SIDE:])


def test_a_long_narrow_picture_is_cut_along_its_length():
    seen, count = details(torch.rand(1, 3, 100, 20_000))
    assert (count, seen.shape) == (3, (3, 3, 100, TILE_SIDE))


def test_fine_squares_lie_in_the_middle_of_the_quarters():
    images = torch.rand(2, 3, 512, 640)
    seen, count = fine_squares(images)
    assert (count, seen.shape) == (4, (8, 3, FINE_SIDE, FINE_SIDE))
    assert torch.equal(seen[0], images[0, :, 88:248, 120:280])
    assert torch.equal(seen[7], images[1, :, 264:424, 360:520])


def test_a_small_picture_is_one_fine_square():
    images = torch.rand(1, 3, 320, 320)
    seen, count = fine_squares(images)
    assert seen is images
    assert count == 1
