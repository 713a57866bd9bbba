from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acutance.distortions import KINDS, LEVELS, distort
from acutance.errors import AcutanceError, ConfigError, UnknownNameError
from tests.raising import raises

# imdist_generator.m of KADIS-700k, number: parameter of levels 1 to 5; typed in apart from the package
PUBLISHED = """
1 0.1 0.5 1 2 5
2 1 2 4 6 8
3 1 2 4 6 10
4 1 3 6 8 12
5 1 3 6 8 12
6 64 48 32 16 8
7 0.4 0.2 0.1 0 -0.4
8 1 2 3 6 9
9 16 32 45 120 400
10 43 36 24 7 4
11 0.001 0.002 0.003 0.005 0.01
12 0.0001 0.0005 0.001 0.002 0.003
13 0.001 0.005 0.01 0.02 0.03
14 0.001 0.005 0.01 0.02 0.05
15 0.01 0.03 0.05 0.1 0.15
16 0.1 0.2 0.4 0.7 1.1
17 0.05 0.1 0.2 0.4 0.8
18 0.15 0.08 0 -0.08 -0.15
19 0.05 0.1 0.2 0.5 1
20 20 40 60 80 100
21 0.01 0.05 0.1 0.2 0.5
22 20 16 13 10 7
23 2 4 6 8 10
24 1 2 3 6 12
25 0.3 0.15 0 -0.4 -0.6
"""
every_kind = pytest.mark.parametrize("kind", KINDS)


def test_the_table_holds_the_published_parameters():
    rows = [[float(cell) for cell in line.split()] for line in PUBLISHED.strip().splitlines()]
    assert [[kind.number, *kind.values] for kind in KINDS.values()] == rows


def test_names_lead_to_the_kind_of_that_name_in_the_order_of_the_numbers():
    assert [kind.number for kind in KINDS.values()] == list(range(1, 26))
    assert all(kind.name == name for name, kind in KINDS.items())


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        KINDS["gblur"] = KINDS["lblur"]  # type: ignore[index]


@every_kind
def test_the_same_arguments_give_the_same_picture(kind: str, crop: NDArray[np.uint8]):
    np.testing.assert_array_equal(distort(crop, kind, 4, seed=7), distort(crop, kind, 4, seed=7))


@every_kind
def test_the_seed_matters_just_to_random_kinds(kind: str, crop: NDArray[np.uint8]):
    images = [distort(crop, kind, 4, seed=seed) for seed in range(3)]
    differ = any((one != other).any() for one, other in combinations(images, 2))
    assert differ == KINDS[kind].is_random


def test_global_random_numbers_are_neither_read_nor_moved(crop: NDArray[np.uint8]):
    np.random.seed(5)
    wanted = np.random.random()
    np.random.seed(5)
    first = distort(crop, "noisegauss", 3)
    assert np.random.random() == wanted
    np.testing.assert_array_equal(distort(crop, "noisegauss", 3), first)


@every_kind
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", ">f8"])
def test_the_picture_keeps_its_values_and_the_result_its_type(kind: str, dtype: str, crop: NDArray[np.uint8]):
    image = in_type(crop, dtype)
    before = image.copy()
    distorted = distort(image, kind, 5)
    np.testing.assert_array_equal(image, before)
    assert distorted.dtype == image.dtype
    assert distorted.shape == image.shape
    assert not np.shares_memory(distorted, image)
    assert distorted.flags.writeable


@every_kind
@pytest.mark.parametrize("level", range(1, LEVELS + 1))
def test_eight_bits_and_floats_differ_by_the_rounding_alone(kind: str, level: int, crop: NDArray[np.uint8]):
    shallow = distort(crop, kind, level).astype(np.float64) / 255
    for dtype in ("uint16", "float32", "float64"):
        image = in_type(crop, dtype)
        deep = distort(image, kind, level).astype(np.float64) / (65535 if dtype == "uint16" else 1)
        assert np.abs(deep - shallow).max() <= 0.5 / 255 + 1e-4
        assert deep.min() >= 0
        assert deep.max() <= 1


@every_kind
def test_memory_order_does_not_matter(kind: str, crop: NDArray[np.uint8]):
    turned = np.ascontiguousarray(crop.transpose(1, 0, 2)).transpose(1, 0, 2)
    floats = in_type(crop, "float32")[::-1]
    np.testing.assert_array_equal(distort(turned, kind, 3), distort(crop, kind, 3))
    np.testing.assert_array_equal(distort(floats, kind, 3), distort(np.ascontiguousarray(floats), kind, 3))


@every_kind
@settings(max_examples=12, deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), level=st.integers(1, LEVELS), seed=st.integers(0, 2**40))
def test_any_size_works(kind: str, height: int, width: int, level: int, seed: int):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert distort(image, kind, level, seed=seed).shape == image.shape


@every_kind
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 2), (3, 200), (16, 16), (33, 31)])
def test_odd_sizes_work_at_every_level(kind: str, size: tuple[int, int]):
    image = np.random.default_rng(1).random((*size, 3), dtype=np.float32)
    for level in range(1, LEVELS + 1):
        distorted = distort(image, kind, level)
        assert distorted.shape == image.shape
        assert np.isfinite(distorted).all()


@every_kind
@pytest.mark.parametrize("value", [0, 90, 255])
def test_a_flat_picture_gives_no_warning(kind: str, value: int):
    distorted = distort(np.full((40, 50, 3), value, np.uint8), kind, 5)
    assert distorted.shape == (40, 50, 3)


def test_an_unknown_kind_names_the_nearest(crop: NDArray[np.uint8]):
    with raises(UnknownNameError, "gblurr", "gblur"):
        distort(crop, "gblurr", 1)


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_out_of_range_is_an_error(level: int, crop: NDArray[np.uint8]):
    with raises(ConfigError, 1, 5, level):
        distort(crop, "gblur", level)


@every_kind
def test_a_seed_below_zero_is_an_error(kind: str, crop: NDArray[np.uint8]):
    with raises(ConfigError, 0, -1):
        distort(crop, kind, 1, seed=-1)


def test_errors_are_of_the_package(crop: NDArray[np.uint8]):
    with pytest.raises(AcutanceError):
        distort(crop[..., :2], "gblur", 1)


def in_type(picture: NDArray[np.uint8], dtype: str) -> NDArray[Any]:
    """The same image in another type."""
    if dtype.startswith("uint"):
        return picture.astype(dtype) * (257 if dtype == "uint16" else 1)
    return (picture / 255).astype(dtype)
