from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from acutance.errors import InputError
from acutance.images.read import read_image, read_with_depth
from tests.fakes import pictures
from tests.raising import raises


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1)])
def test_grey_arrays_become_three_equal_channels(shape: tuple[int, ...]):
    pixels = pictures.noise(shape, np.uint16)
    np.testing.assert_array_equal(read_image(pixels), np.stack([pixels.reshape(4, 5)] * 3, -1), strict=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2", "float32", "float64", ">f8"])
def test_arrays_keep_their_type_and_values(dtype: str):
    pixels = pictures.noise((4, 5, 3)).astype(dtype)
    pixels = pixels / pixels.dtype.type(255) if pixels.dtype.kind == "f" else pixels
    read = read_image(pixels)
    assert read.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(read, pixels)


def test_half_precision_becomes_single():
    pixels = (pictures.noise((4, 5, 3)) / 255).astype(np.float16)
    np.testing.assert_array_equal(read_image(pixels), pixels.astype(np.float32), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floating_alpha_is_blended_over_the_background(dtype: type):
    pixels: NDArray[Any] = np.random.default_rng(0).random((4, 5, 4)).astype(dtype)
    read = read_image(pixels, background="#ff8000")
    behind = np.array([255, 128, 0]) / 255
    wanted = pixels[..., :3] * pixels[..., 3:] + behind * (1 - pixels[..., 3:])
    assert read.dtype == dtype
    np.testing.assert_allclose(read, wanted, rtol=1e-6)


def test_an_opaque_array_is_not_copied():
    pixels = pictures.noise((4, 5, 3))
    assert np.shares_memory(read_image(pixels), pixels)


def test_rounding_outside_the_unit_range_is_clipped():
    read = read_image(np.array([[-1e-7, 1 + 1e-7]]))
    np.testing.assert_array_equal(read[..., 0], [[0, 1]])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.0, 255.0], (0, 255, 255, "uint8")),
        ([0.0, 65535.0], (0, 65535, 65535, "uint16")),
        ([-1.0, 1.0], (-1, 1, "(values + 1) / 2")),
        ([-2.1, 2.6], (-2.1, 2.6)),
        ([0.5, float("nan")], (1, "NaN")),
        ([float("inf"), 0.5], (1, "NaN")),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, lambda pixels: torch.from_numpy(pixels)[None]])
def test_floats_outside_the_unit_range_are_an_error_with_the_cure(
    values: list[float], words: tuple[object, ...], convert: Callable[[NDArray[Any]], Any]
):
    pixels = np.array([values], dtype=np.float32)
    with raises(InputError, [0, 1], *words):
        read_image(convert(pixels))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((3, 8, 9), ((3, 8, 9), "array.transpose(1, 2, 0)")),
        ((8, 9, 2), ((8, 9, 2),)),
        ((2, 8, 9, 3), ((2, 8, 9, 3),)),
        ((9,), ((9,),)),
        ((0, 9, 3), ((0, 9, 3),)),
    ],
)
def test_an_array_of_another_shape_is_an_error(shape: tuple[int, ...], words: tuple[object, ...]):
    with raises(InputError, *words):
        read_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", ["int64", "int16", "bool", "complex64"])
def test_an_array_of_another_type_is_an_error(dtype: str):
    with raises(InputError, dtype, "array.astype(numpy.uint8)"):
        read_image(np.zeros((4, 5, 3), dtype))


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 4, 5), (1, 1, 4, 5), (1, 3, 4, 5), (3, 1, 1), (1, 3, 1, 1)])
def test_tensors_are_channels_first(shape: tuple[int, ...]):
    pixels = pictures.noise(shape)
    planes = pixels.reshape(shape[-3:])
    wanted = np.broadcast_to(planes.transpose(1, 2, 0), (*planes.shape[1:], 3))
    np.testing.assert_array_equal(read_image(torch.from_numpy(pixels)), wanted)


def test_a_tensor_with_alpha_is_blended():
    tensor = torch.tensor([255, 0, 0, 128], dtype=torch.uint8).reshape(4, 1, 1)
    np.testing.assert_array_equal(read_image(tensor), [[(255, 127, 127)]])


@pytest.mark.parametrize(
    ("dtype", "read_as"),
    [
        (torch.uint8, np.uint8),
        (torch.uint16, np.uint16),
        (torch.float16, np.float32),
        (torch.bfloat16, np.float32),
        (torch.float32, np.float32),
        (torch.float64, np.float64),
    ],
)
def test_tensors_keep_their_precision(dtype: torch.dtype, read_as: type):
    read = read_image(torch.ones(3, 4, 5, dtype=dtype))
    np.testing.assert_array_equal(read, np.ones((4, 5, 3), read_as), strict=True)


def test_a_tensor_with_a_gradient_is_taken_without():
    assert read_image(torch.rand(3, 4, 5, requires_grad=True)).shape == (4, 5, 3)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((8, 9, 3), ((8, 9, 3), "tensor.permute(2, 0, 1)")),
        ((2, 3, 8, 9), ((2, 3, 8, 9),)),
        ((8, 9), ((8, 9), "tensor[None]")),
        ((2, 8, 9), ((2, 8, 9),)),
        ((3, 0, 9), ((0, 9, 3),)),
    ],
)
def test_a_tensor_of_another_shape_is_an_error(shape: tuple[int, ...], words: tuple[object, ...]):
    with raises(InputError, *words):
        read_image(torch.zeros(shape))


def test_a_tensor_of_another_type_is_an_error():
    with raises(InputError, "int64", "tensor.to(torch.uint8)"):
        read_image(torch.zeros(3, 4, 5, dtype=torch.int64))


@pytest.mark.parametrize("background", ["white", "#808080", "red"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_picture_without_colour_has_one_channel_unless_colour_shines_through_it(
    tmp_path: Path, background: str, dtype: type
):
    path = pictures.write_png(tmp_path / "grey.png", pictures.noise((4, 5, 2), dtype))
    read = read_with_depth(path, background=background)
    assert read.channels == (3 if background == "red" else 1)
    assert (read.bits, read.source_bits) == (8 * np.dtype(dtype).itemsize,) * 2
    assert read.lost_depth is None
    np.testing.assert_array_equal(read.array, read_image(path, background=background), strict=True)


@pytest.mark.parametrize(("shape", "channels"), [((4, 5), 1), ((4, 5, 1), 1), ((4, 5, 3), 3), ((4, 5, 4), 3)])
@pytest.mark.parametrize(("dtype", "bits"), [("uint8", 8), ("uint16", 16), ("float32", 32), ("float64", 64)])
def test_an_array_keeps_all_its_bits_and_says_how_many_channels_it_had(
    shape: tuple[int, ...], channels: int, dtype: str, bits: int
):
    read = read_with_depth(np.zeros(shape, dtype))
    assert (read.channels, read.bits, read.source_bits) == (channels, bits, bits)
    assert read.array.dtype == dtype


@pytest.mark.parametrize(("kind", "peak"), [("uint8", 255), ("uint16", 65535), ("float32", 1), ("float64", 1)])
def test_the_peak_of_an_array_is_its_white(kind: str, peak: int):
    assert read_with_depth(np.ones((2, 2, 3), kind)).peak == peak
