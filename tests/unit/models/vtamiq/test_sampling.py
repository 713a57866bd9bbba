"""Patches that cover an image hold every pixel, in even sets; grids depend on seed and size only."""

import numpy as np
import pytest

from acutance.models.vtamiq.patches import (
    Positions,
    covering_sets,
    grid_sets,
    level_sizes,
    patch_counts,
    scale_count,
)
from acutance.models.vtamiq.preprocess import PATCH

SIZES = [(16, 16), (17, 300), (48, 33), (256, 384), (251, 389)]


def seen(sets: list[Positions], level: int, size: tuple[int, int]) -> np.ndarray:
    """How often each pixel of a scale is in a patch."""
    count = np.zeros(size, dtype=int)
    for positions in sets:
        for top, left in positions[level].astype(int):
            count[top : top + PATCH, left : left + PATCH] += 1
    return count


@pytest.mark.parametrize("size", SIZES)
def test_cover_holds_every_pixel_of_every_scale(size: tuple[int, int]) -> None:
    sizes = level_sizes(*size, scale_count(*size, asked=5))
    sets = covering_sets(sizes, patches=100)
    assert all(seen(sets, level, scale).min() >= 1 for level, scale in enumerate(sizes))


@pytest.mark.parametrize("size", SIZES)
def test_cover_has_the_fewest_patches(size: tuple[int, int]) -> None:
    (positions,) = covering_sets([size], patches=100_000)
    assert len(positions[0]) == -(-size[0] // PATCH) * -(-size[1] // PATCH)


def test_covering_sets_are_full_and_of_one_size() -> None:
    counts = [sum(map(len, positions)) for positions in covering_sets([(384, 512), (192, 256)], patches=300)]
    assert sum(counts) == 24 * 32 + 12 * 16
    assert len(counts) == 4
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("sets", [2, 3, 4, 8])
def test_each_covering_set_lies_evenly_over_the_picture(sets: int) -> None:
    for positions in covering_sets([(512, 512)], patches=1024 // sets):
        rows, columns = (positions[0] // 128).T.astype(int)
        quarters = np.bincount(4 * rows + columns, minlength=16)
        assert quarters.min() >= 0.75 * quarters.mean()
        assert quarters.max() <= 1.25 * quarters.mean()


def test_a_grid_depends_on_its_seed_alone() -> None:
    first, again, other = (grid_sets([(64, 96)], patches=20, repeats=2, seed=seed) for seed in (5, 5, 6))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], other[0][0])


def test_repeats_of_a_grid_differ() -> None:
    first, second = grid_sets([(64, 96)], patches=20, repeats=2, seed=5)
    assert not np.array_equal(first[0], second[0])


@pytest.mark.parametrize("size", SIZES)
def test_grid_patches_lie_within_the_picture(size: tuple[int, int]) -> None:
    (positions,) = grid_sets([size], patches=200, repeats=1, seed=0)
    assert (positions[0] >= 0).all()
    assert (positions[0] <= np.array(size) - PATCH).all()


@pytest.mark.parametrize("total", [1, 2, 5, 64])
def test_scales_share_all_patches(total: int) -> None:
    counts = patch_counts(total, 4)
    assert sum(counts) == total
    assert min(counts) >= 0


def test_2022_saw_one_scale_more_where_a_patch_fits() -> None:
    assert [scale_count(256, 256, asked=5, more=more) for more in (False, True)] == [3, 4]
    assert scale_count(20, 20, asked=5, more=True) == 1
