import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from acutance.distortions.colour import minimum_variance_palette


def error(picture: NDArray[np.uint8], palette: NDArray[np.uint8]) -> float:
    """Mean squared distance to the nearest colour."""
    apart = picture.reshape(-1, 1, 3).astype(float) - palette
    return float((apart**2).sum(axis=2).min(axis=1).mean())


@pytest.mark.parametrize("size", [8, 16, 64])
def test_the_palette_is_nearer_to_the_picture_than_a_median_cut(size: int, examples: dict[str, NDArray[np.uint8]]):
    for picture in examples.values():
        image = Image.fromarray(picture).quantize(size, method=Image.Quantize.MEDIANCUT)
        median = np.array(image.getpalette(), np.uint8)[: 3 * size].reshape(-1, 3)
        ours = minimum_variance_palette(picture[::3, ::3], size)
        assert len(ours) == size
        assert error(picture[::3, ::3], ours) < error(picture[::3, ::3], median)


def test_a_few_colours_are_kept_even_if_they_are_close():
    colours = np.array([[16, 16, 16], [17, 16, 16], [16, 18, 17], [200, 0, 0]], np.uint8)
    image = colours[np.random.default_rng(0).integers(0, 4, (9, 9))]
    np.testing.assert_array_equal(minimum_variance_palette(image, 4), np.unique(colours, axis=0))


def test_one_colour_is_the_mean(crop: NDArray[np.uint8]):
    np.testing.assert_array_equal(minimum_variance_palette(crop, 1)[0], np.rint(crop.mean(axis=(0, 1))))


def test_the_first_cut_leaves_the_least_error(crop: NDArray[np.uint8]):
    flat = crop.reshape(-1, 3).astype(float)
    errors = []
    for axis in range(3):
        for step in range(8, 256, 8):
            parts = flat[flat[:, axis] < step], flat[flat[:, axis] >= step]
            errors.append((sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts if len(part)), axis, step))
    _, axis, step = min(errors)
    means = [flat[flat[:, axis] < step].mean(axis=0), flat[flat[:, axis] >= step].mean(axis=0)]
    np.testing.assert_array_equal(minimum_variance_palette(crop, 2), np.rint(means))


def test_close_colours_beyond_the_size_share_one():
    image = np.arange(8, dtype=np.uint8).reshape(1, 8, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(minimum_variance_palette(image, 3), [[4, 4, 4]])
