import colorsys

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from acutance.distortions import distort
from acutance.distortions.colour import edge_map, to_lab


@pytest.mark.parametrize(("level", "factor"), [(1, 0.4), (2, 0.2), (3, 0.1), (4, 0)])
def test_saturation_in_hsv_is_that_of_colorsys(level: int, factor: float, crop: NDArray[np.uint8]):
    image = crop[::9, ::9] / 255
    wanted = []
    for colour in image.reshape(-1, 3):
        hue, saturation, value = colorsys.rgb_to_hsv(*colour)
        wanted.append(colorsys.hsv_to_rgb(hue, saturation * factor, value))
    got = distort(image, "colorsaturate", level).reshape(-1, 3)
    np.testing.assert_allclose(got, wanted, atol=1e-12)


def test_negative_saturation_makes_the_opposite_hue():
    orange = np.array([[[0.6, 0.4, 0.2]]])
    hue = colorsys.rgb_to_hsv(*distort(orange, "colorsaturate", 5)[0, 0])[0]
    assert hue == pytest.approx((colorsys.rgb_to_hsv(*orange[0, 0])[0] + 0.5) % 1)


def test_saturation_in_lab_multiplies_the_colour_and_keeps_the_light():
    image = 0.5 + 0.02 * np.random.default_rng(0).standard_normal((8, 8, 3))
    before, after = to_lab(image), to_lab(distort(image, "saturate", 3))
    np.testing.assert_allclose(after, before * [1, 3, 3], atol=1e-6)


def test_the_first_saturation_in_lab_changes_nothing(crop: NDArray[np.uint8]):
    np.testing.assert_array_equal(distort(crop, "saturate", 1), crop)


@pytest.mark.parametrize("kind", ["saturate", "colordiffuse", "colorsaturate"])
def test_grey_stays_grey(kind: str):
    grey = np.random.default_rng(0).integers(0, 256, (30, 40, 1), dtype=np.uint8).repeat(3, axis=2)
    for level in range(1, 6):
        np.testing.assert_array_equal(distort(grey, kind, level), grey)


def test_colour_diffusion_runs_over_an_edge_and_keeps_the_light():
    image = np.empty((60, 60, 3))
    image[:, :30], image[:, 30:] = (0.5, 0.45, 0.45), (0.45, 0.5, 0.45)
    before, after = to_lab(image), to_lab(distort(image, "colordiffuse", 1))
    np.testing.assert_allclose(after[..., 0], before[..., 0], atol=1e-6)
    row = after[30, :, 1]
    assert (np.diff(row) <= 1e-9).all()
    assert row[29] - row[30] < 0.2 * (before[30, 29, 1] - before[30, 30, 1])


def test_colour_diffusion_blurs_by_one_and_a_half_times_the_amount_and_two():
    image = 0.5 + 0.03 * np.random.default_rng(0).standard_normal((40, 50, 3))
    before, after = to_lab(image), to_lab(distort(image, "colordiffuse", 2))
    wanted = 3 * ndimage.gaussian_filter(before[..., 1:], 6.5, radius=13, axes=(0, 1), mode="nearest")
    np.testing.assert_allclose(after[..., 1:], wanted, atol=1e-6)


def test_colour_diffusion_multiplies_a_flat_colour():
    flat = np.full((30, 30, 3), (0.5, 0.49, 0.49))
    np.testing.assert_allclose(to_lab(distort(flat, "colordiffuse", 2)), to_lab(flat) * [1, 3, 3], atol=1e-6)


def test_colour_shift_moves_green_alone(crop: NDArray[np.uint8]):
    shifted = distort(crop, "colorshift", 5)
    np.testing.assert_array_equal(shifted[..., [0, 2]], crop[..., [0, 2]])
    assert (shifted[..., 1] != crop[..., 1]).any()


def test_colour_shift_moves_edges_down_and_right_by_the_level():
    image = np.full((90, 90, 3), 0.2)
    image[40:, 40:] = 0.8
    direction = np.random.default_rng([0, 5, 4]).random(2)
    down, right = np.rint(8 * direction / np.hypot(*direction)).astype(int)
    changed = distort(image, "colorshift", 4)[..., 1] < image[..., 1] - 0.01
    assert np.hypot(down, right) == pytest.approx(8, abs=0.8)
    np.testing.assert_array_equal(np.flatnonzero(changed[:, 75]), range(40, 40 + down))
    np.testing.assert_array_equal(np.flatnonzero(changed[75]), range(40, 40 + right))


def test_the_map_of_edges_is_high_at_an_edge_and_0_far_from_it():
    image = np.full((80, 80, 3), 0.1)
    image[:, 40:] = 0.9
    edges = edge_map(image)
    assert edges.shape == (80, 80)
    assert edges.max() == 1
    assert edges.min() == 0
    assert (edges[:, 38:42] > 0.9).all()
    assert (edges[:, :20] == 0).all()


@pytest.mark.parametrize(("level", "colours"), [(1, 64), (2, 48), (3, 32), (4, 16), (5, 8)])
def test_colour_quantisation_leaves_as_many_colours_as_asked(level: int, colours: int, crop: NDArray[np.uint8]):
    left = np.unique(distort(crop, "colorquantize", level).reshape(-1, 3), axis=0)
    assert colours / 2 < len(left) <= colours


def test_colour_quantisation_dithers_towards_the_local_mean(examples: dict[str, NDArray[np.uint8]]):
    image = examples["chelsea"]
    quantised = distort(image, "colorquantize", 4)
    palette = np.unique(quantised.reshape(-1, 3), axis=0).astype(float)
    nearest = ((image[:, :, np.newaxis] - palette) ** 2).sum(axis=3).argmin(axis=2)
    dithered, plain = (
        np.abs(block_means(pixels) - block_means(image)).mean() for pixels in (quantised, palette[nearest])
    )
    assert dithered < 0.85 * plain


def block_means(pixels: NDArray[np.float64] | NDArray[np.uint8]) -> NDArray[np.float64]:
    """Means of 8x8 pixels of chelsea."""
    return np.asarray(pixels[:296, :344].reshape(37, 8, 43, 8, 3).mean(axis=(1, 3)))


def test_a_picture_of_few_colours_keeps_them():
    colours = np.array([[10, 20, 30], [200, 100, 50], [0, 255, 128], [255, 255, 255]], np.uint8)
    image = colours[np.random.default_rng(0).integers(0, 4, (40, 40))]
    np.testing.assert_array_equal(distort(image, "colorquantize", 5), image)
