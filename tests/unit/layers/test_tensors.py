from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from acutance.errors import ConfigError, InputError
from acutance.images.read import read_image
from acutance.layers.images import to_batch
from tests.fakes import pictures
from tests.raising import raises


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize(("precision", "same"), [(torch.float32, np.float32), (torch.float64, np.float64)])
def test_integers_are_divided_to_the_last_bit(dtype: type, peak: int, precision: torch.dtype, same: type):
    values: NDArray[Any] = np.arange(peak + 1, dtype=dtype).reshape(16, -1, 1).repeat(3, axis=2)
    batch = to_batch([values], dtype=precision)
    wanted = values.astype(same) / same(peak)
    np.testing.assert_array_equal(batch[0].permute(1, 2, 0).numpy(), wanted, strict=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_types_are_rounded_from_single_precision(dtype: torch.dtype):
    image = pictures.noise((4, 5, 3))
    assert torch.equal(to_batch([image], dtype=dtype), to_batch([image]).to(dtype))


def test_a_batch_is_channels_first_and_contiguous():
    images = [pictures.noise((4, 5, 3), seed=seed) for seed in range(3)]
    batch = to_batch(images)
    assert batch.is_contiguous()
    assert tuple(batch.shape) == (3, 3, 4, 5)
    for index, image in enumerate(images):
        np.testing.assert_array_equal(batch[index].permute(1, 2, 0), image.astype(np.float32) / 255)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 1), (4, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_batch_is_contiguous_at_any_size(size: tuple[int, int], dtype: type):
    for count in (1, 2):
        assert to_batch([np.zeros((*size, 3), dtype)] * count).is_contiguous()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_stay_as_they_are(dtype: type):
    image: NDArray[Any] = np.random.default_rng(0).random((4, 5, 3)).astype(dtype)
    batch = to_batch([image], dtype=torch.float64)
    np.testing.assert_array_equal(batch[0].permute(1, 2, 0), image)


def test_pictures_of_several_depths_share_a_batch():
    images = [pictures.noise((4, 5, 3), dtype) for dtype in (np.uint8, np.uint16)]
    images.append(np.random.default_rng(0).random((4, 5, 3)))
    alone = torch.cat([to_batch([image]) for image in images])
    assert torch.equal(to_batch(images), alone)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_batch_shares_no_memory_with_its_pictures(dtype: type):
    image: NDArray[Any] = np.zeros((4, 5, 3), dtype)
    to_batch([image]).fill_(1)
    assert not image.any()


def test_read_only_pictures_are_taken_without_a_warning():
    assert to_batch([read_image(np.zeros((4, 5, 3), np.uint8))]).sum() == 0


def test_pictures_of_several_sizes_are_an_error():
    with raises(InputError, (4, 5, 3), 1, (5, 4, 3)):
        to_batch([np.zeros((4, 5, 3)), np.zeros((5, 4, 3))])


def test_no_picture_is_an_error():
    with raises(InputError):
        to_batch([])


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (3, 4, 5)])
def test_a_picture_of_another_layout_is_an_error(shape: tuple[int, ...]):
    with raises(InputError, shape, 0):
        to_batch([np.zeros(shape)])


def test_an_integer_type_is_an_error():
    with raises(ConfigError, "torch.uint8"):
        to_batch([np.zeros((4, 5, 3))], dtype=torch.uint8)


@pytest.mark.gpu
def test_a_gpu_divides_to_the_last_bit():
    image = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert torch.equal(to_batch([image], device="cuda").cpu(), to_batch([image]))
