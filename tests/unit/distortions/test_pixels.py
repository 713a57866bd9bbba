import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from acutance.distortions import KINDS, distort
from acutance.distortions.pixels import as_bytes, as_floats, from_bytes, like
from acutance.errors import InputError
from tests.raising import raises

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("kind_of_mask", ["bool", "float"])
def test_outside_the_mask_the_picture_stays_bit_for_bit(
    kind: str, dtype: str, kind_of_mask: str, crop: NDArray[np.uint8]
):
    image = crop if dtype == "uint8" else (crop / 255).astype(dtype)
    mask = np.zeros(crop.shape[:2], bool)
    mask[20:50, 30:80] = True
    distorted = distort(image, kind, 5, mask=mask if kind_of_mask == "bool" else mask.astype(float))
    np.testing.assert_array_equal(distorted[~mask], image[~mask])
    np.testing.assert_array_equal(distorted[mask], distort(image, kind, 5)[mask])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_soft_mask_blends_the_two(dtype: str, crop: NDArray[np.uint8]):
    image = crop if dtype == "uint8" else (crop / 255).astype(dtype)
    mask = np.linspace(0, 1, crop.shape[1])[np.newaxis].repeat(crop.shape[0], axis=0)
    whole = distort((crop / 255), "brighten", 5)
    wanted = crop / 255 + mask[..., np.newaxis] * (whole - crop / 255)
    got = distort(image, "brighten", 5, mask=mask) / (255 if dtype == "uint8" else 1)
    np.testing.assert_allclose(got, wanted, atol=0.5 / 255 + 1e-4 if dtype == "uint8" else 1e-5)


def test_what_rounding_left_outside_the_range_stays_where_the_mask_is_0():
    image = np.full((4, 4, 3), -5e-7)
    np.testing.assert_array_equal(distort(image, "meanshift", 1, mask=np.zeros((4, 4))), image)
    np.testing.assert_allclose(distort(image, "meanshift", 1), 0.15)


def test_masks_of_nothing_and_everything_are_the_picture_and_the_distorted_one(crop: NDArray[np.uint8]):
    for dtype in (bool, np.float32):
        nothing, everything = np.zeros(crop.shape[:2], dtype), np.ones(crop.shape[:2], dtype)
        np.testing.assert_array_equal(distort(crop, "jpeg", 5, mask=nothing), crop)
        np.testing.assert_array_equal(distort(crop, "jpeg", 5, mask=everything), distort(crop, "jpeg", 5))


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((3, 4), bool), ((72, 96), (3, 4))),
        (np.zeros((72, 96, 1), bool), ((72, 96), (72, 96, 1))),
        (np.zeros((72, 96), np.uint8), ([0, 1], "uint8", "mask.astype(bool)")),
        (np.full((72, 96), 1.5), ([0, 1], 1.5)),
        (np.full((72, 96), np.nan), ([0, 1], 6912)),
    ],
)
def test_a_wrong_mask_is_an_error(mask: NDArray[np.float64], words: tuple[object, ...], crop: NDArray[np.uint8]):
    with raises(InputError, *words):
        distort(crop, "gblur", 3, mask=mask)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((4, 5), np.uint8), ((4, 5),)),
        (np.zeros((4, 5, 4), np.uint8), ((4, 5, 4),)),
        (np.zeros((0, 5, 3), np.uint8), ((0, 5, 3),)),
        (np.zeros((4, 5, 3), np.int64), ("uint8", "uint16", "float32", "float64", "int64")),
        (np.zeros((4, 5, 3), np.float16), ("float16",)),
        (np.full((4, 5, 3), 200.0), ([0, 1], 200, 200)),
        (np.full((4, 5, 3), np.inf), ([0, 1], 60)),
    ],
)
def test_a_wrong_picture_is_an_error(picture: NDArray[np.float64], words: tuple[object, ...]):
    with raises(InputError, *words):
        distort(picture, "gblur", 3)


@given(pixels=hnp.arrays(np.uint8, (2, 3, 3), elements=st.integers(0, 255)))
def test_eight_bits_survive_the_way_to_floats_and_back(pixels: NDArray[np.uint8]):
    floats = as_floats(pixels)
    np.testing.assert_array_equal(as_bytes(floats), pixels)
    np.testing.assert_array_equal(like(floats, pixels, None), pixels)
    np.testing.assert_array_equal(from_bytes(pixels, floats), floats)


@given(pixels=hnp.arrays(np.uint16, (2, 3, 3)))
def test_sixteen_bits_survive_the_way_to_floats_and_back(pixels: NDArray[np.uint16]):
    np.testing.assert_array_equal(like(as_floats(pixels), pixels, None), pixels)


def test_what_leaves_the_range_is_clipped():
    wild = np.array([[[-0.5, 0.5, 1.5]]])
    np.testing.assert_array_equal(like(wild, np.zeros((1, 1, 3), np.uint8), None), [[[0, 128, 255]]])
    np.testing.assert_array_equal(like(wild, np.zeros((1, 1, 3)), None), [[[0, 0.5, 1]]])


def test_the_maths_gets_no_chance_to_change_the_picture():
    image = np.full((2, 2, 3), 0.5)
    with raises(ValueError, "read-only"):
        as_floats(image)[0] = 1
    assert image.flags.writeable
