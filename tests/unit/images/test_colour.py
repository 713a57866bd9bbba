import io
import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from acutance.errors import ImageReadError
from acutance.images.decode import file_pixels
from acutance.images.read import read_image
from tests.fakes import pictures
from tests.raising import lacking, raises

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(linear):
    """Linear light to sRGB values, IEC 61966-2-1."""
    linear = linear.clip(0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def levels(read):
    """Floats in [0, 1], as colour comes that was converted, in levels of 8 bits."""
    assert read.dtype == np.float32
    return 255.0 * read


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(tmp_path: Path, orientation: int):
    path = pictures.write_rotated_jpeg(tmp_path / "a.jpg", orientation)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(read_image(path), upright)


def test_a_picture_marked_as_turned_left_is_turned_right(tmp_path: Path):
    pixels = read_image(pictures.write_rotated_jpeg(tmp_path / "a.jpg", 6))
    assert pixels.shape == (24, 16, 3)
    assert np.abs(pixels[2, -3].astype(int) - (220, 20, 20)).max() < 8


def test_exif_orientation_is_applied_once_in_tiff(tmp_path: Path):
    pixels = pictures.noise((4, 6, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.tif", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), np.rot90(pixels, -1))


def test_exif_orientation_of_a_16_bit_colour_png_is_applied(tmp_path: Path):
    pixels = pictures.noise((4, 6, 3), np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 8
    chunk = (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    path = pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk])
    np.testing.assert_array_equal(read_image(path), np.rot90(pixels))


def test_an_orientation_nobody_defined_means_upright(tmp_path: Path):
    path = pictures.write_rotated_jpeg(tmp_path / "a.jpg", 9)
    assert read_image(path).shape == (16, 24, 3)


def test_broken_exif_data_are_ignored_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_):
        raise SyntaxError("not a TIFF file (header b'nonsense' not valid)")

    path = pictures.write_png(tmp_path / "a.png", pictures.noise((4, 6, 3)))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.getexif", fail)
    assert read_image(path).shape == (4, 6, 3)
    assert not lacking(caplog.text, "a.png", "Exif")


@pytest.mark.parametrize("ending", ["png", "tif", "jp2"])
def test_16_bit_grey_stays_16_bit(tmp_path: Path, ending: str):
    pixels = np.array([[0, 1, 255, 256], [40000, 65534, 65535, 32768]], dtype=np.uint16)
    Image.fromarray(pixels).save(tmp_path / f"a.{ending}")
    read = read_image(tmp_path / f"a.{ending}")
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, np.stack([pixels] * 3, axis=-1))


def test_big_endian_16_bit_grey_keeps_its_values(tmp_path: Path):
    pixels = pictures.noise((3, 5), np.uint16)
    image = Image.frombytes("I;16B", (5, 3), pixels.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_image(image)[..., 1], pixels)


def test_mode_i_is_16_bit_grey():
    pixels = np.array([[0, 65535, 7]], dtype=np.int32)
    read = read_image(Image.fromarray(pixels))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read[..., 0], pixels)


@pytest.mark.parametrize("value", [65536, -1])
def test_a_pillow_picture_of_grey_beyond_16_bit_is_an_error(value: int):
    with raises(ImageReadError, value):
        read_image(Image.fromarray(np.array([[0, value]], dtype=np.int32)))


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_16_bit_colour_png_keeps_every_bit(tmp_path: Path, channels: int):
    pixels = pictures.noise((9, 7, channels), np.uint16)
    if channels != 3:
        pixels[..., -1] = 65535
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, np.broadcast_to(pixels[..., : 3 if channels > 2 else 1], (9, 7, 3)))


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_colour_tiff_keeps_every_bit(tmp_path: Path, order: Literal["<", ">"], compression: int):
    pixels = pictures.noise((5, 4, 3), np.uint16)
    path = tmp_path / "a.tif"
    path.write_bytes(pictures.tiff_bytes(pixels, order=order, compression=compression))
    read = read_image(path)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, pixels)


def test_16_bit_alpha_is_blended_in_16_bit(tmp_path: Path):
    pixels = pictures.noise((9, 7, 4), np.uint16)
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels), background="#ff8000")
    alpha = pixels[..., 3:] / 65535
    wanted = np.rint(pixels[..., :3] * alpha + 257.0 * np.array([255, 128, 0]) * (1 - alpha))
    np.testing.assert_array_equal(read, wanted)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_transparent_colour_of_a_png_shows_the_background(tmp_path: Path, channels: int, dtype: type):
    pixels = pictures.noise((4, 5, channels), dtype)
    pixels[1, 1] = pixels[0, 0]
    key = pixels[0, 0].astype(">u2").tobytes()
    path = pictures.write_png(tmp_path / "a.png", pixels, chunks=[(b"tRNS", key)])
    wanted = np.broadcast_to(pixels, (4, 5, 3)).copy()
    wanted[(pixels == pixels[0, 0]).all(axis=2)] = 0
    np.testing.assert_array_equal(read_image(path, background="black"), wanted)


def test_alpha_is_blended_over_the_background(tmp_path: Path):
    pixels = pictures.noise((32, 32, 4))
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels), background="teal")
    alpha = pixels[..., 3:] / 255
    wanted = np.rint(pixels[..., :3] * alpha + np.array([0, 128, 128]) * (1 - alpha))
    np.testing.assert_array_equal(read, wanted)


def test_colour_hidden_under_clear_pixels_does_not_show(tmp_path: Path):
    pixels = pictures.noise((4, 4, 4))
    pixels[..., 3] = 0
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels))
    np.testing.assert_array_equal(read, np.full((4, 4, 3), 255))


def test_grey_with_alpha_is_blended(tmp_path: Path):
    pixels = np.array([[[100, 255], [100, 0]]], dtype=np.uint8)
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels), background="blue")
    np.testing.assert_array_equal(read, [[(100, 100, 100), BLUE]])


def test_a_palette_becomes_its_colours(tmp_path: Path):
    path = pictures.write_palette_png(tmp_path / "a.png", transparent=False)
    np.testing.assert_array_equal(read_image(path), [[RED, GREEN], [BLUE, RED]])


def test_a_palette_with_transparency_shows_the_background(tmp_path: Path):
    path = pictures.write_palette_png(tmp_path / "a.png", transparent=True)
    np.testing.assert_array_equal(read_image(path), [[RED, WHITE], [(127, 127, 255), RED]])


def test_a_gif_with_transparency_shows_the_background(tmp_path: Path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1])
    image.save(tmp_path / "a.gif", transparency=1)
    np.testing.assert_array_equal(read_image(tmp_path / "a.gif", background="black"), [[RED, (0, 0, 0)]])


def test_of_several_frames_the_first_is_read(tmp_path: Path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[0, 0], RED)


def test_one_bit_is_black_and_white():
    read = read_image(Image.fromarray(np.array([[True, False]])))
    np.testing.assert_array_equal(read, [[WHITE, (0, 0, 0)]])


@pytest.mark.parametrize("mode", ["L", "LA", "La", "PA", "RGB", "RGBX", "RGBA", "RGBa", "HSV", "YCbCr", "CMYK"])
def test_every_mode_gives_grey_for_opaque_grey(mode: str):
    if mode == "La":
        image = Image.new("LA", (3, 2), (90, 255)).convert("La")
    elif mode == "PA":
        image = Image.new("L", (3, 2), 90).convert("P").convert("PA")
    else:
        image = Image.new("RGBA" if "a" in mode else "RGB", (3, 2), (90, 90, 90)).convert(mode)
    read = read_image(image)
    assert read.shape == (2, 3, 3)
    assert read.dtype == np.uint8
    assert np.abs(read.astype(int) - 90).max() <= 1


def test_lab_becomes_the_colour_it_names():
    colour = np.array([180, 90, 60])
    linear = np.where(colour <= 10.31, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(pictures.SRGB_TO_XYZ @ linear / (0.9642, 1.0, 0.8249))  # all above CIE's linear part
    lab = (round(255 / 100 * (116 * y - 16)), round(128 + 500 * (x - y)), round(128 + 200 * (y - z)))
    assert np.abs(read_image(Image.new("LAB", (2, 2), lab))[0, 0].astype(int) - colour).max() <= 2


def test_cmyk_without_a_profile_is_converted_as_pillow_does(tmp_path: Path):
    path = pictures.write_cmyk_jpeg(tmp_path / "a.jpg", (255, 0, 0, 0))
    np.testing.assert_array_equal(read_image(path)[0, 0], (0, 255, 255))


@pytest.mark.parametrize(("ink", "shown"), [((255, 0, 0, 0), 255), ((0, 0, 0, 255), 0)])
def test_cmyk_follows_the_colorimetric_table_of_its_profile(tmp_path: Path, ink: tuple[int, int, int, int], shown: int):
    path = pictures.write_cmyk_jpeg(tmp_path / "a.jpg", ink, pictures.black_only_profile())
    assert np.abs(read_image(path).astype(int) - shown).max() <= 1


@pytest.mark.parametrize("channels", [3, 4])
def test_adobe_rgb_becomes_srgb(tmp_path: Path, channels: int):
    pixels = pictures.noise((16, 16, channels))
    pixels[..., 3:] = 255
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk]))
    xyz = (pixels[..., :3] / 255) ** pictures.ADOBE_GAMMA @ pictures.ADOBE_RGB_TO_XYZ.T
    wanted = encoded(xyz @ np.linalg.inv(pictures.SRGB_TO_XYZ).T)
    assert np.abs(levels(read) - wanted).max() <= 0.3  # near black; the two tables of primaries have another D65
    assert np.abs(levels(read) - pixels[..., :3]).max() > 20


def test_a_profile_near_srgb_is_converted_all_the_same(tmp_path: Path):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    chunk = pictures.profile_chunk(pictures.matrix_profile(pictures.SRGB_TO_XYZ, 2.2))
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk]))
    assert np.abs(levels(read) - encoded((pixels / 255) ** (563 / 256))).max() <= 0.001
    assert not np.array_equal(levels(read), pixels)


def test_alpha_survives_a_colour_profile(tmp_path: Path):
    pixels = np.array([[[200, 20, 20, 0], [255, 255, 255, 255]]], dtype=np.uint8)
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    path = pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk])
    np.testing.assert_allclose(levels(read_image(path, background="blue")), [[BLUE, WHITE]], atol=1e-4)


def test_grey_follows_a_grey_profile(tmp_path: Path):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    chunk = pictures.profile_chunk(pictures.grey_profile(1.8))
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk]))
    assert np.abs(levels(read) - encoded((pixels / 255) ** (461 / 256))).max() <= 0.001


def test_grey_follows_a_profile_for_colour(tmp_path: Path):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    read = read_image(pictures.write_png(tmp_path / "a.png", pixels, chunks=[chunk]))
    assert np.abs(levels(read) - encoded((pixels / 255) ** pictures.ADOBE_GAMMA)).max() <= 0.001


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_srgb_profile_changes_no_pixel(tmp_path: Path, dtype: type, channels: int):
    pixels = pictures.noise((8, 8, channels), dtype)
    plain = read_image(pictures.write_png(tmp_path / "plain.png", pixels))
    marked = pictures.write_png(tmp_path / "a.png", pixels, chunks=[pictures.profile_chunk(srgb_profile())])
    np.testing.assert_array_equal(read_image(marked), plain, strict=True)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_with_a_profile_of_a_matrix_keeps_every_bit(tmp_path: Path, channels: int):
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    pixels = pictures.noise((8, 8, channels), np.uint16)
    decoded = file_pixels(io.BytesIO(pictures.png_bytes(pixels, chunks=[chunk])), "a.png")
    assert (decoded.source_bits, decoded.bits, decoded.pixels.dtype.name) == (16, 16, "float32")
    colours = 1 if channels < 3 else 3
    linear = (pixels[..., :colours] / 65535) ** pictures.ADOBE_GAMMA
    if colours == 3:
        linear = linear @ pictures.ADOBE_RGB_TO_XYZ.T @ np.linalg.inv(pictures.SRGB_TO_XYZ).T
    assert np.abs(255.0 * decoded.pixels[..., :colours] - encoded(linear)).max() <= 0.3
    np.testing.assert_allclose(decoded.pixels[..., colours:], pixels[..., colours:] / 65535, atol=1e-7)


def test_16_bit_with_a_profile_of_tables_becomes_8_bit_and_says_so(caplog: pytest.LogCaptureFixture):
    pixels = pictures.noise((8, 8, 3), np.uint16)
    chunk = pictures.profile_chunk(pictures.table_profile())
    decoded = file_pixels(io.BytesIO(pictures.png_bytes(pixels, chunks=[chunk])), "a.png")
    assert (decoded.source_bits, decoded.bits, decoded.pixels.dtype.name) == (16, 8, "uint8")
    assert "a.png" in caplog.text


@pytest.mark.parametrize(
    "profile", [b"no profile at all", pictures.adobe_rgb_profile()[:200], pictures.black_only_profile()]
)
def test_a_broken_or_unfitting_profile_is_ignored_with_a_warning(
    tmp_path: Path, profile: bytes, caplog: pytest.LogCaptureFixture
):
    pixels = pictures.noise((4, 4, 3))
    path = pictures.write_png(tmp_path / "a.png", pixels, chunks=[pictures.profile_chunk(profile)])
    with caplog.at_level(logging.WARNING, logger="acutance.images.colour"):
        np.testing.assert_array_equal(read_image(path), pixels)
    assert not lacking(caplog.text, "a.png", "profile", "sRGB")


def test_a_float_tiff_is_read_as_it_is(tmp_path: Path):
    pixels = np.random.default_rng(0).random((4, 5), dtype=np.float32)
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    read = read_image(tmp_path / "a.tif")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[..., 2], pixels)


def test_a_float_tiff_outside_the_unit_range_is_an_error(tmp_path: Path):
    Image.fromarray(np.array([[0.0, 255.0]], dtype=np.float32)).save(tmp_path / "a.tif")
    with raises(ImageReadError, "a.tif", [0, 1], 0, 255):
        read_image(tmp_path / "a.tif")
