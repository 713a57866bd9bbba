import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acutance.errors import ConfigError
from acutance.images import read_image
from acutance.synthesis.maker import ENDINGS, eight_bits, is_whole, png_bytes, write_image
from tests.raising import raises
from tests.unit.synthesis.conftest import scene


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_picture_is_read_as_it_was_written(tmp_path: Path, ending: str):
    pixels = scene(0)
    write_image(pixels, tmp_path / f"a{ending}")
    np.testing.assert_array_equal(read_image(tmp_path / f"a{ending}"), pixels)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_picture_that_was_cut_off_is_not_whole(tmp_path: Path, ending: str):
    path = tmp_path / f"a{ending}"
    assert not is_whole(path)
    write_image(scene(0), path)
    assert is_whole(path)
    whole = path.read_bytes()
    for length in (0, 40, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert not is_whole(path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (33, 20)])
def test_a_png_of_any_size_is_one(tmp_path: Path, shape: tuple[int, int]):
    (tmp_path / "a.png").write_bytes(png_bytes(scene(1, *shape)))
    with Image.open(tmp_path / "a.png") as image:
        image.verify()
    with Image.open(tmp_path / "a.png") as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", shape[::-1])
        np.testing.assert_array_equal(np.asarray(image), scene(1, *shape))


def test_eight_bits_are_the_nearest():
    deep = np.array([[[0, 128, 129], [257, 65535, 65406]]], np.uint16)
    assert eight_bits(deep).tolist() == [[[0, 0, 1], [1, 255, 254]]]
    assert eight_bits(np.array([[[0.0, 0.5, 1.0]]], np.float32)).tolist() == [[[0, 128, 255]]]
    pixels = scene(0)
    assert eight_bits(pixels) is pixels


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_leaves_the_picture_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str):
    path = tmp_path / f"a{ending}"
    write_image(scene(0), path)
    before = path.read_bytes()

    def half(place: Path, _: bytes) -> int:
        with place.open("wb") as file:
            file.write(before[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    monkeypatch.setattr(Image.Image, "save", lambda _, place, *__: half(place, b""))
    with raises(ConfigError, path, "No space left on device"):
        write_image(scene(1), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
