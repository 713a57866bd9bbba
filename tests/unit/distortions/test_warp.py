import numpy as np
import pytest

from acutance.distortions.spatial import warped


def cubic(z: float) -> float:
    """Keys' kernel with a = -1/2."""
    z = abs(z)
    if z <= 1:
        return 1.5 * z**3 - 2.5 * z**2 + 1
    return -0.5 * z**3 + 2.5 * z**2 - 4 * z + 2 if z < 2 else 0.0


def test_sampling_is_the_weighted_sum_of_sixteen_neighbours():
    generator = np.random.default_rng(0)
    planes, shifts = generator.random((3, 37, 21)), 3 * generator.standard_normal((2, 37, 21))
    got = warped(planes, shifts)
    for row, column in [(0, 0), (36, 20), (15, 3), (16, 10), (31, 19)]:
        down, right = row - shifts[0, row, column], column - shifts[1, row, column]
        wanted = np.zeros(3)
        for y in range(int(np.floor(down)) - 1, int(np.floor(down)) + 3):
            for x in range(int(np.floor(right)) - 1, int(np.floor(right)) + 3):
                weight = cubic(down - y) * cubic(right - x)
                wanted += weight * planes[:, min(max(y, 0), 36), min(max(x, 0), 20)]
        np.testing.assert_allclose(got[:, row, column], wanted, atol=1e-12)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, -3), (40, 40)])
def test_whole_shifts_move_pixels_exactly(down: int, right: int):
    planes = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)
    shifts = np.empty((2, 20, 30), np.float32)
    shifts[0], shifts[1] = down, right
    rows, columns = (np.arange(20) - down).clip(0, 19), (np.arange(30) - right).clip(0, 29)
    np.testing.assert_array_equal(warped(planes, shifts), planes[:, rows][:, :, columns], strict=True)


def test_a_ramp_stays_a_ramp_under_any_small_shift():
    planes = np.arange(40.0).repeat(20).reshape(1, 40, 20)
    shifts = np.random.default_rng(0).uniform(-1, 1, (2, 40, 20))
    got = warped(planes, shifts)[0, 4:-4]
    np.testing.assert_allclose(got, planes[0, 4:-4] - shifts[0, 4:-4], atol=1e-12)
