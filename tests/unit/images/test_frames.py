import io
import struct
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile
from PIL import Image

from acutance.images.frames import later_frames


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
