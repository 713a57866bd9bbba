"""Images for training: read, kept, cut."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from acutance.errors import ConfigError, ImageReadError, InputError
from acutance.layers.images import enlarge_to_at_least, resize_like_pillow, to_batch
from acutance.training.images import ImageStore, Pixels, crop_of, enlarged, read_ahead
from tests.conftest import images_among
from tests.raising import raises


def write(path: Path, height: int = 40, width: int = 50, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def numbered(height: int, width: int) -> Pixels:
    """An image that says of each pixel where it is."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], axis=2).astype(np.uint8)


def test_a_picture_is_read_as_it_is(tmp_path: Path):
    pixels = write(tmp_path / "a.png")
    np.testing.assert_array_equal(ImageStore().read(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("size", [(25, 33), (40, 20), (60, 50), (80, 90)])
def test_a_picture_is_brought_to_a_size_as_for_scoring(tmp_path: Path, size: tuple[int, int]):
    pixels = write(tmp_path / "a.png")
    expected = (resize_like_pillow(to_batch([pixels]), *size)[0] * 255).round().permute(1, 2, 0)
    np.testing.assert_array_equal(ImageStore(size).read(tmp_path / "a.png"), expected.numpy())


def test_sixteen_bits_become_eight(tmp_path: Path):
    levels = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(ImageStore().read(tmp_path / "a.png")[..., 0], (levels // 257).astype(np.uint8))


@pytest.mark.parametrize("size", [None, (30, 20)])
def test_the_cache_changes_no_crop(tmp_path: Path, size: tuple[int, int] | None):
    write(tmp_path / "a.png")
    stores = [ImageStore(size), *(ImageStore(size, tmp_path / "cache") for _ in range(2))]
    crops = [crop_of(store.read(tmp_path / "a.png"), 16, np.random.default_rng(5), flip=0.5) for store in stores]
    assert torch.equal(crops[0], crops[1])
    assert torch.equal(crops[0], crops[2])


def test_a_cached_picture_is_decoded_once(tmp_path: Path, opened: list[str]):
    write(tmp_path / "a.png")
    opened.clear()
    for _ in range(3):
        ImageStore(None, tmp_path / "cache").read(tmp_path / "a.png")
    assert images_among(opened) == ["a.png"]


def test_another_size_is_kept_beside_the_first(tmp_path: Path):
    write(tmp_path / "a.png")
    sizes = [(20, 20), (24, 24), None]
    for size in (*sizes, *sizes):
        shape = ImageStore(size, tmp_path / "cache").read(tmp_path / "a.png").shape
        assert shape[:2] == (size or (40, 50))
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_a_changed_picture_is_read_anew(tmp_path: Path):
    store = ImageStore(None, tmp_path / "cache")
    write(tmp_path / "a.png", seed=0)
    store.read(tmp_path / "a.png")
    pixels = write(tmp_path / "a.png", seed=1)
    os.utime(tmp_path / "a.png", ns=(1, 1))  # a clock may be too coarse to tell two writes apart
    np.testing.assert_array_equal(store.read(tmp_path / "a.png"), pixels)


def test_a_cache_from_before_the_rules_of_reading_were_part_of_its_names_is_not_used(tmp_path: Path):
    path, cache = tmp_path / "a.png", tmp_path / "cache"
    pixels = write(path)
    status = path.stat()
    old = f"{path.absolute()}|{status.st_size}|{status.st_mtime_ns}|None"
    cache.mkdir()
    np.save(cache / f"{hashlib.sha256(old.encode()).hexdigest()[:32]}.npy", 255 - pixels)
    np.testing.assert_array_equal(ImageStore(None, cache).read(path), pixels)


def test_pictures_of_one_name_in_two_folders_are_told_apart(tmp_path: Path):
    store = ImageStore(None, tmp_path / "cache")
    for seed, folder in enumerate(("a", "b", "a", "b")):
        pixels = write(tmp_path / folder / "x.png", seed=seed % 2)
        np.testing.assert_array_equal(store.read(tmp_path / folder / "x.png"), pixels)


@pytest.mark.parametrize(
    "damage", [lambda raw: b"", lambda raw: raw[:20], lambda raw: raw[:-100], lambda raw: b"x" * 999]
)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]):
    pixels = write(tmp_path / "a.png")
    store = ImageStore(None, tmp_path / "cache")
    store.read(tmp_path / "a.png")
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    np.testing.assert_array_equal(store.read(tmp_path / "a.png"), pixels)


def test_threads_may_keep_one_picture_at_once(tmp_path: Path):
    pixels = write(tmp_path / "a.png", 300, 300)
    for attempt in range(5):
        store = ImageStore(None, tmp_path / f"cache{attempt}")
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(store.read, [tmp_path / "a.png"] * 8))
        assert all(np.array_equal(one, pixels) for one in found)
        assert [path.suffix for path in (tmp_path / f"cache{attempt}").iterdir()] == [".npy"]


@pytest.mark.parametrize("cache", [False, True])
def test_a_picture_that_is_gone_is_named(tmp_path: Path, *, cache: bool):
    store = ImageStore(None, tmp_path / "cache" if cache else None)
    with raises(InputError, "gone.png"):
        store.read(tmp_path / "gone.png")


def test_a_file_that_is_no_picture_is_named_and_not_kept(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with raises(ImageReadError, "a.png"):
        ImageStore(None, tmp_path / "cache").read(tmp_path / "a.png")
    assert not (tmp_path / "cache").exists()


def test_a_cache_without_room_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write(tmp_path / "a.png")
    monkeypatch.setattr(np, "save", full)
    with raises(ConfigError, "cache", "No space left on device"):
        ImageStore(None, tmp_path / "cache").read(tmp_path / "a.png")
    assert list((tmp_path / "cache").iterdir()) == []


def test_every_place_is_drawn_the_last_row_and_column_too():
    image = numbered(18, 17)
    draws = [np.random.default_rng(seed) for seed in range(80)]
    corners = {tuple(crop_of(image, 16, draw)[:2, 0, 0].tolist()) for draw in draws}
    assert corners == {(row, column) for row in range(3) for column in range(2)}


def test_flips_turn_left_and_right_round():
    image = numbered(60, 50)
    plain, flipped = (crop_of(image, 16, np.random.default_rng(3), flip=flip) for flip in (0, 1))
    assert torch.equal(flipped, plain.flip(2))


def test_half_of_the_crops_are_flipped():
    image = numbered(16, 16)
    flips = [bool(crop_of(image, 16, np.random.default_rng(seed), flip=0.5)[1, 0, 0]) for seed in range(400)]
    assert 150 < sum(flips) < 250


def test_a_picture_too_small_for_a_crop_is_one_clear_line():
    with raises(InputError, 16, "15 x 40"):
        crop_of(numbered(15, 40), 16, np.random.default_rng(0))


def test_small_pictures_are_enlarged_as_for_scoring():
    image = numbered(10, 20)
    expected = (enlarge_to_at_least(to_batch([image]), 16)[0] * 255).round().permute(1, 2, 0)
    np.testing.assert_array_equal(enlarged(image, 16), expected.numpy())
    assert enlarged(image, 16).shape == (16, 32, 3)


def test_pictures_that_are_large_enough_stay_as_they_are():
    image = numbered(16, 20)
    assert enlarged(image, 16) is image


def test_pictures_are_read_ahead_in_their_order():
    assert list(read_ahead(range(20), lambda item: item * item)) == [item * item for item in range(20)]
    assert list(read_ahead([], lambda item: item)) == []
