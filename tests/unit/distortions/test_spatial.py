import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from acutance.distortions import KINDS, distort
from acutance.distortions.spatial import non_eccentricity_patch, warped

levels = pytest.mark.parametrize("level", range(1, 6))


@pytest.mark.parametrize("size", [(64, 64), (45, 71), (300, 352), (7, 9), (1, 2)])
@levels
def test_pixelate_shows_the_nearest_pixel_of_the_nearest_pixel(level: int, size: tuple[int, int]):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    scale = 0.95 - KINDS["pixelate"].values[level - 1] ** 0.6
    wanted = image
    for axis, side in enumerate(size):
        small = int(np.ceil(side * scale))
        ends, centres = np.arange(1, side) * 2 * small, (2 * np.arange(small) + 1) * side  # both times 2 small
        wanted = wanted.take(np.searchsorted(ends, centres, side="right"), axis=axis)
        ends, centres = np.arange(1, small) * 2 * side, (2 * np.arange(side) + 1) * small  # both times 2 side
        wanted = wanted.take(np.searchsorted(ends, centres, side="right"), axis=axis)
    np.testing.assert_array_equal(distort(image, "pixelate", level), wanted)


@levels
def test_pixelate_shows_what_pillow_shows_but_where_two_pixels_are_equally_near(level: int):
    rows, columns = np.mgrid[:199, :251]  # prime, so that this is at most one row and one column
    picture = np.stack([rows, columns, rows], axis=2).astype(np.uint8)
    scale = 0.95 - KINDS["pixelate"].values[level - 1] ** 0.6
    small = [int(np.ceil(side * scale)) for side in (251, 199)]
    image = Image.fromarray(picture).resize(small, Image.Resampling.NEAREST)
    pillows = np.asarray(image.resize((251, 199), Image.Resampling.NEAREST))
    assert (distort(picture, "pixelate", level) == pillows).all(axis=2).mean() > 0.99


@levels
def test_quantisation_leaves_one_value_more_than_thresholds(level: int, crop: NDArray[np.uint8]):
    values = np.unique(distort(crop, "noisequantize", level))
    assert len(values) == KINDS["noisequantize"].values[level - 1] + 1
    assert values[0] == 0
    assert values[-1] == 255


def test_quantisation_rises_with_the_value_and_is_one_table_for_all_channels(crop: NDArray[np.uint8]):
    quantised = distort(crop, "noisequantize", 5)
    table = {int(value): set(quantised[crop == value].tolist()) for value in np.unique(crop)}
    assert all(len(found) == 1 for found in table.values())
    steps = [found.pop() for _, found in sorted(table.items())]
    assert steps == sorted(steps)


def test_a_picture_of_few_values_is_not_quantised():
    image = np.random.default_rng(0).choice(np.array([3, 77, 200], np.uint8), (20, 20, 3))
    np.testing.assert_array_equal(distort(image, "noisequantize", 5), image)


@levels
def test_colour_blocks_are_squares_of_one_colour(level: int):
    image = np.zeros((300, 400, 3), np.uint8)
    covered = distort(image, "colorblock", level)
    count = int(KINDS["colorblock"].values[level - 1])
    colours = {tuple(colour) for colour in covered.reshape(-1, 3).tolist()} - {(0, 0, 0)}
    assert 0 < len(colours) <= count
    assert 0 < covered.any(axis=2).sum() <= count * 32 * 32
    sizes = [(covered == colour).all(axis=2) for colour in colours]
    assert max(int(one.sum()) for one in sizes) == 32 * 32


@pytest.mark.parametrize(("size", "side"), [((64, 64), 32), ((40, 90), 20), ((1, 1), 1), ((5, 50), 3)])
def test_colour_blocks_shrink_with_the_picture(size: tuple[int, int], side: int):
    covered = distort(np.zeros((*size, 3)), "colorblock", 1)
    found = ndimage.find_objects(ndimage.label((covered != 0).any(axis=2))[0])
    assert min(place[0].stop - place[0].start for place in found) >= side
    assert covered.any(axis=2).sum() <= 2 * side**2


def test_colour_blocks_reach_every_border():
    hidden = np.zeros((40, 50), bool)
    for seed in range(300):
        hidden |= distort(np.zeros((40, 50, 3)), "colorblock", 5, seed=seed).any(axis=2)
    assert hidden.all()


def test_moved_patches_hold_nothing_new_and_come_from_nearby():
    rows, columns = np.mgrid[:120, :150]
    image = np.stack([rows, columns, np.zeros_like(rows)], axis=2).astype(np.uint8)
    moved = distort(image, "noneccentricity", 1).astype(int)
    way = np.abs(moved - image).max(axis=2)
    assert (moved != image).any()
    assert way[way > 0].min() >= 1
    assert np.median(way[way > 0]) <= 8
    assert (moved[..., 2] == 0).all()


def test_one_patch_moves_by_at_most_half_its_side():
    for seed in range(40):
        generator = np.random.default_rng(seed)
        rows, columns = np.mgrid[:100, :100]
        image = np.stack([rows, columns, rows], axis=2) / 100
        moved = _one_patch(image, generator)
        assert (np.abs(moved - image) * 100).max() <= 8 + 1e-9


def _one_patch(picture: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return non_eccentricity_patch(picture, 1, generator)


@levels
def test_more_patches_change_more_pixels(level: int, examples: dict[str, NDArray[np.uint8]]):
    image = examples["chelsea"]
    changed = (distort(image, "noneccentricity", level) != image).any(axis=2).mean()
    assert 0 < changed <= KINDS["noneccentricity"].values[level - 1] * 16 * 16 / image[..., 0].size


@levels
def test_jitter_moves_pixels_by_the_spread_of_five_warps(level: int):
    ramp = np.linspace(0.2, 0.8, 601)[:, np.newaxis, np.newaxis] * np.ones((1, 40, 3))
    sigma = KINDS["jitter"].values[level - 1]
    moved = (distort(ramp, "jitter", level) - ramp)[20:-20] / 0.001
    assert sigma < moved.std() <= sigma * 5**0.5 * 1.02  # each later warp also mixes the ones before


def test_jitter_is_five_warps_with_shifts_of_their_own(crop: NDArray[np.uint8]):
    generator = np.random.default_rng([2, 19, 4])
    planes = (crop / 255).transpose(2, 0, 1).copy()
    for _ in range(5):
        planes = warped(planes, 0.5 * generator.standard_normal((2, *planes.shape[1:]), dtype=np.float32).astype(float))
    wanted = planes.transpose(1, 2, 0).clip(0, 1)
    np.testing.assert_allclose(distort(crop / 255, "jitter", 4, seed=2), wanted, atol=1e-9)


def test_jitter_moves_the_three_channels_together():
    image = np.random.default_rng(0).random((30, 30, 1)).repeat(3, axis=2)
    moved = distort(image, "jitter", 5)
    np.testing.assert_array_equal(moved[..., 0], moved[..., 1])
    np.testing.assert_array_equal(moved[..., 0], moved[..., 2])
