import io
import itertools
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile
from PIL import Image

from acutance.images.frames import later_frames, later_frames_of
from acutance.images.read import read_with_depth


def frames(count: int, size: tuple[int, int] = (24, 16)) -> list[Image.Image]:
    random = np.random.default_rng(5)
    return [Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)) for _ in range(count)]


def saved(pictures: list[Image.Image], kind: str, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:], **options)
    return file


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_frames_after_the_first_are_counted_in_every_format_that_has_them(kind: str, count: int):
    assert later_frames(saved(frames(count), kind)) == count - 1


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "JPEG2000", "PPM"])
def test_formats_without_frames_have_none(kind: str):
    file = io.BytesIO()
    frames(1)[0].save(file, kind)
    assert later_frames(file) == 0


def test_the_picture_outside_an_animated_png_is_followed_by_all_of_its_frames():
    assert later_frames(saved(frames(4), "PNG", default_image=True)) == 3


def test_the_second_picture_of_an_mpo_is_no_frame():
    assert later_frames(saved(frames(2), "MPO")) == 0


@pytest.mark.parametrize("kind", [b"P4 24 16\n", b"P5 24 16 255\n", b"P5 24 16 1023\n", b"P6 24 16 # c\n255\n"])
def test_pictures_of_one_size_that_follow_in_a_pnm_file_are_frames(kind: bytes):
    bytes_each = {b"P4 2": 48, b"P6 2": 3 * 384}.get(kind[:4], 768 if b"1023" in kind else 384)
    one, smaller = kind + bytes(bytes_each), b"P5 3 3 255\n" + bytes(9)
    assert later_frames(io.BytesIO(one)) == 0
    assert later_frames(io.BytesIO(one + one + smaller + one)) == 2
    assert read_with_depth(io.BytesIO(one + one)).later_frames == 1


class Pipe(io.RawIOBase):
    """A reader that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(size)


def opened_by_pillow(data: bytes, folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Images of one file opened in every way, with names for the ways."""
    path = folder / "picture"
    path.write_bytes(data)
    for way, is_loaded in itertools.product(("path", "file", "bytes"), (False, True)):
        with path.open("rb") as file:
            ways: dict[str, Any] = {"path": path, "file": file, "bytes": io.BytesIO(data)}
            image = Image.open(ways[way])
            if is_loaded:
                image.load()
            yield f"{way}, loaded {is_loaded}", image


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_frames_are_counted_in_every_kind_of_file_object(kind: str, tmp_path: Path):
    data = saved(frames(3), kind).getvalue()
    (tmp_path / "a").write_bytes(data)
    with (
        (tmp_path / "a").open("rb", buffering=0) as raw,
        tempfile.NamedTemporaryFile() as named,
        tempfile.SpooledTemporaryFile() as spooled,
    ):
        named.write(data)
        spooled.write(data)
        for source in (tmp_path / "a", io.BytesIO(data), raw, named, spooled, Pipe(data)):
            assert read_with_depth(source).later_frames == 2, source
        assert [later_frames_of(one) for one in (raw, named, spooled)] == [2, 2, 2]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_frames_are_counted_in_pillow_pictures_of_files(kind: str, tmp_path: Path):
    for way, image in opened_by_pillow(saved(frames(3), kind).getvalue(), tmp_path):
        with image:
            before = image.tell()
            assert read_with_depth(image).later_frames == later_frames_of(image) == 2, way
            assert image.tell() == before


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_counting_leaves_changed_pixels_of_a_pillow_picture(kind: str):
    with Image.open(saved(frames(3), kind)) as image:
        image.paste(7, (0, 0, 24, 16))
        changed = np.asarray(image.convert("RGB"))
        np.testing.assert_array_equal(read_with_depth(image).array, changed)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_frame_that_was_chosen_in_pillow_is_no_first_of_several(kind: str):
    with Image.open(saved(frames(3), kind)) as image:
        image.seek(1)
        assert read_with_depth(image).later_frames == 0
        assert image.tell() == 1


def test_stills_mpo_thumbnails_and_closed_pictures_have_no_frames_in_pillow(tmp_path: Path):
    thumbnail = io.BytesIO()
    with tifffile.TiffWriter(thumbnail) as writer:
        writer.write(np.zeros((16, 24), np.uint8))
        writer.write(np.zeros((8, 12), np.uint8), subfiletype=1)
    for file in (saved(frames(2), "MPO"), saved(frames(1), "PNG"), saved(frames(1), "GIF"), thumbnail):
        for way, image in opened_by_pillow(file.getvalue(), tmp_path):
            with image:
                assert read_with_depth(image).later_frames == 0, way
    with Image.open(saved(frames(3), "GIF")) as image:
        image.load()
    image.close()
    assert later_frames_of(image) == 0


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_of_another_size_and_smaller_copies_are_no_frames(order: Literal["<", ">"], *, bigtiff: bool):
    file = io.BytesIO()
    page = np.zeros((16, 24), np.uint16)
    with tifffile.TiffWriter(file, bigtiff=bigtiff, byteorder=order) as writer:
        writer.write(page)
        writer.write(page[:8, :12], subfiletype=1)
        writer.write(page, subfiletype=1)
        writer.write(page[:, :12])
        writer.write(page)
    assert later_frames(file) == 1


def test_a_tiff_whose_pages_lead_round_in_a_circle_ends():
    data = bytearray(saved(frames(2), "TIFF").getvalue())
    first = struct.unpack("<I", data[4:8])[0]
    count = struct.unpack_from("<H", data, first)[0]
    second = struct.unpack_from("<I", data, first + 2 + 12 * count)[0]
    entries = struct.unpack_from("<H", data, second)[0]
    struct.pack_into("<I", data, second + 2 + 12 * entries, first)
    assert later_frames(io.BytesIO(bytes(data))) == 1


def test_a_gif_that_was_cut_short_has_the_frames_that_are_there():
    data = saved(frames(4), "GIF").getvalue()
    assert later_frames(io.BytesIO(data[: len(data) * 3 // 4])) in (2, 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_damaged_headers_never_raise(kind: str):
    data = saved(frames(3), kind).getvalue()
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data[: int(random.integers(1, len(data)))])
        for place in random.integers(0, len(damaged), 8):
            damaged[place] = int(random.integers(0, 256))
        assert later_frames(io.BytesIO(bytes(damaged))) >= 0


def test_the_frames_of_a_file_on_disk_are_counted(tmp_path: Path):
    path = tmp_path / "a.webp"
    path.write_bytes(saved(frames(4), "WEBP", lossless=True).getvalue())
    with path.open("rb") as file:
        assert later_frames(file) == 3
