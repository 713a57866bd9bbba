from typing import Any

import pytest

from acutance.errors import ConfigError
from acutance.scoring.engine import images_per_batch
from acutance.scoring.options import RunOptions, run_options
from tests.raising import raises


def test_what_is_left_out_or_none_is_the_default():
    assert run_options(workers=None, batch_size="auto") == RunOptions()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"batch_size": 0}, (0, "batch_size")),
        ({"batch_size": "many"}, ("many", "batch_size")),
        ({"workers": 0}, (0, "workers")),
        ({"precision": "float16"}, ("float16", "bfloat16")),
        ({"background": "whitish"}, ("whitish",)),
        ({"wrkers": 1}, ("wrkers", 1)),
    ],
)
def test_a_setting_that_does_not_fit_is_an_error_of_one_line(chosen: dict[str, Any], words: tuple[object, ...]):
    with raises(ConfigError, *words):
        run_options(**chosen)


@pytest.mark.parametrize(
    ("pixels", "device", "pictures"),
    [(512 * 384, "cpu", 4), (4000 * 3000, "cpu", 1), (64, "cpu", 64), (4000 * 3000, "gpu", 1), (512 * 384, "gpu", 64)],
)
def test_a_batch_holds_fewer_pictures_the_larger_they_are(pixels: int, device: str, pictures: int):
    assert images_per_batch(pixels, on_cpu=device == "cpu") == pictures


def test_a_batch_size_that_was_chosen_is_kept():
    assert images_per_batch(10**9, 7) == 7
