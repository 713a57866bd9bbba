from typing import Any

import pytest

from acutance.errors import ConfigError
from acutance.scoring.settings import ScoringSettings, checked_settings


def test_what_is_left_out_or_none_is_the_default():
    assert checked_settings(workers=None, batch_size="auto") == ScoringSettings()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"batch_size": 0}, r"^Expected a batch size above 0 or 'auto', got 0\. Change batch_size\.$"),
        ({"batch_size": "many"}, r"^Expected a batch size above 0 or 'auto', got 'many'\."),
        ({"workers": 0}, r"^Expected a number of workers above 0, got 0\."),
        ({"reference_memory": -1}, r"^Expected a number of bytes, 0 or more, got -1\."),
        ({"background": "whitish"}, r"^Expected a background colour such as 'white' or '#808080', got 'whitish'\."),
        ({"wrkers": 1}, r"^Expected a setting wrkers that fits, got 1\."),
    ],
)
def test_a_setting_that_does_not_fit_is_an_error_of_one_line(chosen: dict[str, Any], words: str):
    with pytest.raises(ConfigError, match=words):
        checked_settings(**chosen)


@pytest.mark.parametrize(
    ("pixels", "device", "pictures"),
    [(512 * 384, "cpu", 4), (4000 * 3000, "cpu", 1), (64, "cpu", 64), (4000 * 3000, "gpu", 1), (512 * 384, "gpu", 64)],
)
def test_a_batch_holds_fewer_pictures_the_larger_they_are(pixels: int, device: str, pictures: int):
    assert ScoringSettings().pictures_per_batch(pixels, device) == pictures


def test_a_batch_size_that_was_chosen_is_kept():
    assert ScoringSettings(batch_size=7).pictures_per_batch(10**9, "cpu") == 7
