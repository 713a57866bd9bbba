import contextlib
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acutance.errors import ImageReadError
from acutance.images.decode import MAX_PIXELS, upright_size
from acutance.images.formats import IMAGE_FORMATS
from acutance.images.read import read_image
from tests.fakes import pictures
from tests.raising import raises


def saved(pixels, image_format: str) -> bytes:
    """The bytes of a file as Pillow writes it, lossless where there is a choice."""
    Image.init()
    if image_format not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {image_format}")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format, lossless=True)
    return file.getvalue()


def test_a_missing_file_is_an_error_naming_it(tmp_path: Path):
    with raises(ImageReadError, "gone.png"):
        read_image(tmp_path / "gone.png")


def test_a_folder_is_an_error_naming_it(tmp_path: Path):
    with raises(ImageReadError, tmp_path):
        read_image(tmp_path)


def test_a_file_that_may_not_be_read_is_an_error_naming_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path, mode: str):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with raises(ImageReadError, "a.png", "Permission denied"):
        read_image(tmp_path / "a.png")


def test_a_path_no_system_takes_is_an_error():
    with raises(ImageReadError, "b.png"):
        read_image("a\0b.png")


def test_an_empty_file_is_an_error(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"")
    with raises(ImageReadError, "a.png"):
        read_image(tmp_path / "a.png")


def test_text_named_as_a_picture_is_an_error(tmp_path: Path):
    (tmp_path / "a.png").write_text("not an image, only a few words")
    with raises(ImageReadError, "a.png", "not an image, on"):
        read_image(tmp_path / "a.png")


def test_a_truncated_png_is_an_error(tmp_path: Path):
    path = pictures.write_truncated_png(tmp_path / "a.png")
    with raises(ImageReadError, "a.png"):
        read_image(path)


def test_a_truncated_16_bit_colour_png_is_an_error():
    whole = pictures.png_bytes(pictures.noise((64, 64, 3), np.uint16))
    with raises(ImageReadError, "file object"):
        read_image(io.BytesIO(whole[: len(whole) // 2]))


@pytest.mark.parametrize("length", [5, 10, 20, 30])
def test_a_png_cut_in_its_header_is_an_error(length: int):
    with raises(ImageReadError, "file object"):
        read_image(io.BytesIO(pictures.png_bytes(pictures.noise((8, 8, 3)))[:length]))


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000", "PPM", "AVIF", "QOI"])
def test_a_file_cut_anywhere_is_an_error_or_whole(image_format: str):
    data = saved(pictures.noise((32, 32, 3)), image_format)
    for kept in range(0, len(data) * 9 // 10, max(1, len(data) // 25)):
        with raises(ImageReadError, "file object") as caught:
            read_image(io.BytesIO(data[:kept]))
        assert "\n" not in str(caught.value)


def test_of_two_pictures_in_one_jpeg_the_first_is_read(tmp_path: Path):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("white", "black"))
    first.save(tmp_path / "a.mpo", save_all=True, append_images=[second])
    assert read_image(tmp_path / "a.mpo").min() == 255


def test_damaged_bytes_never_escape_as_another_error():
    whole = pictures.png_bytes(pictures.noise((16, 16, 3), np.uint16))
    for position in range(8, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        with contextlib.suppress(ImageReadError):
            read_image(io.BytesIO(bytes(damaged)))


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path):
    path = pictures.write_bomb_png(tmp_path / "a.png")
    with raises(ImageReadError, "a.png", MAX_PIXELS, "100000 x 100000"):
        read_image(path)


def test_a_large_picture_below_the_limit_gives_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for ending in ("png", "tif", "webp", "jpg", "gif"):
        Image.fromarray(pictures.noise((12, 12, 3))).save(tmp_path / f"a.{ending}")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow would warn from here to 200 pixels
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for path in sorted(tmp_path.iterdir()):
            if path.suffix != ".tif":
                read_image(path)
    assert caught == []


def test_pillows_own_limit_is_left_alone(tmp_path: Path):
    before = Image.MAX_IMAGE_PIXELS
    read_image(pictures.write_png(tmp_path / "a.png", pictures.noise((4, 4, 3))))
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_damaged_file_opened_by_pillow_is_an_error(tmp_path: Path):
    with (
        Image.open(pictures.write_truncated_png(tmp_path / "a.png")) as image,
        raises(ImageReadError, "a.png"),
    ):
        read_image(image)


def test_documents_are_no_pictures():
    file = io.BytesIO(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    with raises(ImageReadError, "file object", "%!PS-Adobe-3.0 E"):
        read_image(file)


def test_a_targa_is_known_by_its_ending(tmp_path: Path):
    pixels = pictures.noise((4, 4, 3))
    Image.fromarray(pixels).save(tmp_path / "a.tga")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tga"), pixels)


@pytest.mark.parametrize(
    "image_format", [name for name in IMAGE_FORMATS if name not in ("JPEG", "TGA", "GIF", "AVIF", "DIB")]
)
def test_every_lossless_format_gives_the_pixels_that_went_in(image_format: str):
    pixels = pictures.noise((20, 24, 3))
    np.testing.assert_array_equal(read_image(io.BytesIO(saved(pixels, image_format))), pixels)


@pytest.mark.parametrize("turn", [None, 1, 3, 6, 8])
@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
def test_the_size_in_a_header_is_that_of_the_picture_that_is_read(tmp_path: Path, ending: str, turn: int | None):
    path, exif = tmp_path / f"a.{ending}", Image.Exif()
    if turn is not None:
        exif[0x0112] = turn
    Image.new("RGB", (7, 5)).save(path, exif=exif)
    height, width, _ = read_image(path).shape
    assert upright_size(path) == (width, height)


def test_a_size_is_known_without_decoding(tmp_path: Path):
    path = tmp_path / "a.png"
    Image.effect_noise((64, 48), 60).save(path)
    path.write_bytes(path.read_bytes()[:100])
    assert upright_size(path) == (64, 48)


@pytest.mark.parametrize("content", [b"", b"no image", b"II*\0", b"II*\0\x08\0\0\0\xff\xff", b"\x89PNG\r\n\x1a\n"])
def test_a_header_that_tells_no_size_is_neither_an_error_nor_a_warning(tmp_path: Path, content: bytes):
    (tmp_path / "a.png").write_bytes(content)
    assert upright_size(tmp_path / "a.png") is None
    assert upright_size(tmp_path / "gone.png") is None
    assert upright_size(tmp_path) is None


def test_threads_read_the_same_values(tmp_path: Path):
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    path = pictures.write_png(tmp_path / "a.png", pictures.noise((64, 64, 3)), chunks=[chunk])
    wanted = read_image(path)
    with ThreadPoolExecutor(4) as pool:
        for read in pool.map(read_image, [path] * 16):
            np.testing.assert_array_equal(read, wanted)


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("x.heic", "00000018667479706865696300000000", "HEIC"),
        ("x.png", "00000018667479706d696631000000006d69663168656963", "HEIC"),
        ("x.jxl", "00" * 16, "JPEG XL"),
        ("x.png", "ff0a" + "00" * 14, "JPEG XL"),
        ("x.nef", "49492a0008000000", "camera raw"),
        ("x.tif", "49492a001000000043520200", "camera raw"),
        ("x.exr", "762f310102000000", "OpenEXR"),
    ],
)
def test_a_picture_of_a_kind_that_is_not_read_is_an_error_that_names_the_kind(
    tmp_path: Path, name: str, start: str, kind: str
):
    (tmp_path / name).write_bytes(bytes.fromhex(start))
    with raises(ImageReadError, name, kind, "PNG"):
        read_image(tmp_path / name)
