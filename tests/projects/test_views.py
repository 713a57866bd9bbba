"""What afine-tiny sees of an image in training."""

import numpy as np
import pytest
import torch

from acutance.models.afine_tiny.preprocess import small_copy
from projects.afine_tiny.views import Window, at_least, draw_window, small_pixels


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_a_window_at_the_ends_of_its_room_cuts_the_corners():
    pixels = picture(40, 60)
    assert np.array_equal(Window(0, 0, flip=False).cut(pixels, 32), pixels[:32, :32])
    assert np.array_equal(Window(1, 1, flip=False).cut(pixels, 32), pixels[-32:, -32:])


def test_a_flipped_window_is_turned_left_and_right_round():
    pixels = picture(40, 60)
    straight, flipped = (Window(0.3, 0.6, flip=flip).cut(pixels, 32) for flip in (False, True))
    assert np.array_equal(flipped[:, ::-1], straight)


@pytest.mark.parametrize("size", [(20, 30), (31, 500)])
def test_a_picture_that_is_too_small_is_enlarged_first(size: tuple[int, int]):
    assert at_least(picture(*size), 32).shape[:2] == (32, round(32 / size[0] * size[1]))
    assert Window(0.5, 0.5, flip=False).cut(picture(*size), 32).shape == (32, 32, 3)


def test_the_small_copy_of_training_is_that_of_scoring_to_a_level():
    pixels = picture(90, 120)
    scored = small_copy(torch.from_numpy(pixels).permute(2, 0, 1)[None].float(), 64)[0].permute(1, 2, 0).numpy()
    assert np.abs(small_pixels(pixels, 64) - scored).max() <= 1


def test_windows_are_drawn_anywhere_and_flipped_half_the_time():
    generator = np.random.default_rng(0)
    windows = [draw_window(generator) for _ in range(400)]
    assert np.mean([window.flip for window in windows]) == pytest.approx(0.5, abs=0.08)
    assert np.mean([window.top for window in windows]) == pytest.approx(0.5, abs=0.08)
