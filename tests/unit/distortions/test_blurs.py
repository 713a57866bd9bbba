import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from acutance.distortions import distort
from acutance.distortions.blurs import convolved, disc, gaussian_blurred, line, widely_blurred


def dense(picture: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation tap by tap, edges repeated."""
    rows, columns = (side // 2 for side in kernel.shape)
    padded = np.pad(picture, ((rows, rows), (columns, columns), (0, 0)), mode="edge")
    planes = [signal.correlate2d(padded[..., channel], kernel, mode="valid") for channel in range(3)]
    return np.stack(planes, axis=2)


def sampled_gaussian(sigma: float, radius: int) -> NDArray[np.float64]:
    """A Gaussian at whole pixels with sum 1."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    weights = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum())


@pytest.mark.parametrize(("level", "sigma", "radius"), [(2, 0.5, 1), (3, 1, 2), (4, 2, 4), (5, 5, 10)])
def test_gaussian_blur_is_the_sampled_gaussian_of_imgaussfilt(
    level: int, sigma: float, radius: int, crop: NDArray[np.uint8]
):
    wanted = dense(crop / 255, sampled_gaussian(sigma, radius))
    np.testing.assert_allclose(distort(crop / 255, "gblur", level), wanted, atol=1e-12)


def test_the_first_gaussian_blur_changes_nothing(crop: NDArray[np.uint8]):
    np.testing.assert_array_equal(distort(crop, "gblur", 1), crop)


def test_both_ways_of_a_wide_gaussian_agree(crop: NDArray[np.uint8]):
    np.testing.assert_allclose(widely_blurred(crop / 255, 8), gaussian_blurred(crop / 255, 8), atol=1e-12)


def test_lens_blur_is_the_mean_over_a_disc(crop: NDArray[np.uint8]):
    np.testing.assert_allclose(distort(crop / 255, "lblur", 3), dense(crop / 255, disc(4)), atol=1e-12)


def test_the_disc_of_one_pixel_is_that_of_fspecial():
    # as MATLAB's fspecial prints it for a disk of radius 1
    published = [[0.0251, 0.1453, 0.0251], [0.1453, 0.3183, 0.1453], [0.0251, 0.1453, 0.0251]]
    np.testing.assert_allclose(disc(1), published, atol=5e-5)


@pytest.mark.parametrize("radius", [2, 4, 6, 8])
def test_a_disc_weighs_pixels_by_the_area_inside(radius: int):
    reach, fine = radius, 200
    places = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - reach - 0.5
    inside = places[:, np.newaxis] ** 2 + places**2 < radius**2
    areas = inside.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).mean(axis=(1, 3))
    np.testing.assert_allclose(disc(radius), areas / areas.sum(), atol=2e-5)


@pytest.mark.parametrize("angle", [0, 180])
def test_a_level_line_of_nine_pixels_is_nine_equal_weights(angle: int):
    # as MATLAB's manual of fspecial has it for a motion of 9 pixels at 0 degrees
    weights = line(9, angle)
    np.testing.assert_allclose(weights[4], np.full(9, 1 / 9), atol=1e-12)
    assert weights.sum() == pytest.approx(1)


def test_a_line_of_even_length_ends_with_half_weights():
    np.testing.assert_allclose(line(4, 0)[2], [0.125, 0.25, 0.25, 0.25, 0.125], atol=1e-12)
    np.testing.assert_allclose(line(2, 90)[:, 1], [0.25, 0.5, 0.25], atol=1e-12)


@pytest.mark.parametrize("angle", [0, 17, 45, 80])
def test_a_line_turned_by_90_degrees_is_the_turned_line(angle: int):
    np.testing.assert_allclose(line(10, angle + 90), np.rot90(line(10, angle)), atol=1e-12)


def test_angles_turn_against_the_clock():
    weights = line(10, 30)
    assert weights[:5, 5:].sum() > 0.4  # up and right
    assert weights[:5, :4].sum() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("length", [2, 4, 6, 10])
def test_a_line_is_the_same_from_both_ends(length: int):
    for angle in range(0, 181, 5):
        np.testing.assert_allclose(line(length, angle), line(length, angle)[::-1, ::-1], atol=1e-12)


def test_motion_of_one_pixel_is_none(crop: NDArray[np.uint8]):
    np.testing.assert_array_equal(distort(crop, "mblur", 1), crop)


def test_motion_blur_is_the_line_of_the_angle_drawn(crop: NDArray[np.uint8]):
    angle = int(np.random.default_rng([11, 3, 5]).integers(0, 181))
    np.testing.assert_allclose(distort(crop / 255, "mblur", 5, seed=11), dense(crop / 255, line(10, angle)), atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (5, 7)])
def test_a_kernel_may_be_larger_than_the_picture(shape: tuple[int, int]):
    image = np.random.default_rng(0).random((*shape, 3))
    np.testing.assert_allclose(convolved(image, disc(8)), dense(image, disc(8)), atol=1e-12)
