import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from acutance.errors import ConfigError
from acutance.images.crops import covering_positions, random_positions
from acutance.layers.images import cut
from tests.raising import raises

SIDE = 24


@given(height=st.integers(SIDE, 200), width=st.integers(SIDE, 200))
def test_covering_crops_hold_every_pixel_and_stay_inside(height: int, width: int) -> None:
    seen = np.zeros((height, width), dtype=bool)
    for top, left in covering_positions(height, width, SIDE):
        assert 0 <= top <= height - SIDE
        assert 0 <= left <= width - SIDE
        seen[top : top + SIDE, left : left + SIDE] = True
    assert seen.all()


@given(height=st.integers(SIDE, 200), width=st.integers(SIDE, 200))
def test_covering_crops_are_as_few_as_can_be(height: int, width: int) -> None:
    fewest = -(-height // SIDE) * -(-width // SIDE)
    assert len(set(covering_positions(height, width, SIDE))) == fewest


def test_a_picture_of_the_crops_size_has_one() -> None:
    assert covering_positions(SIDE, SIDE, SIDE) == [(0, 0)]
    assert random_positions(SIDE, SIDE, SIDE, count=3, seed=0) == [(0, 0)] * 3


def test_random_crops_reach_the_last_row_and_column() -> None:
    tops, lefts = zip(*random_positions(SIDE + 2, SIDE + 3, SIDE, count=200, seed=0), strict=True)
    assert set(tops) == {0, 1, 2}
    assert set(lefts) == {0, 1, 2, 3}


def test_random_crops_depend_on_the_seed_and_the_size_alone() -> None:
    first = random_positions(100, 80, SIDE, count=5, seed=7)
    assert random_positions(100, 80, SIDE, count=5, seed=7) == first
    assert random_positions(100, 80, SIDE, count=5, seed=8) != first
    assert random_positions(100, 80, SIDE, count=3, seed=7) != random_positions(80, 100, SIDE, count=3, seed=7)


def test_crops_come_picture_by_picture() -> None:
    images = torch.rand(2, 3, 40, 50)
    crops = cut(images, [(0, 0), (16, 26)], SIDE)
    assert crops.shape == (4, 3, SIDE, SIDE)
    assert torch.equal(crops[1], images[0, :, 16:40, 26:50])
    assert torch.equal(crops[2], images[1, :, :SIDE, :SIDE])


def test_a_crop_larger_than_the_picture_is_an_error() -> None:
    with raises(ConfigError, 24, 30, 20):
        covering_positions(30, 20, SIDE)
