import contextlib
import io
import itertools
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, UnidentifiedImageError

from acutance.errors import ImageReadError
from acutance.images.decode import file_pixels, pillow_pixels
from acutance.images.read import read_image
from tests.fakes import pictures
from tests.raising import raises

HEIGHT, WIDTH = 37, 53
COMPRESSIONS = [(None, False), ("packbits", False), *itertools.product(["lzw", "zlib"], [False, True])]
LAYOUTS = list(itertools.product(["contig", "separate"], [False, True], COMPRESSIONS, ["<", ">"]))


def values(dtype: str, channels: int) -> np.ndarray:
    shape = (HEIGHT, WIDTH, channels) if channels > 1 else (HEIGHT, WIDTH)
    generator = np.random.default_rng(0)
    if dtype.startswith("float"):
        return generator.random(shape).astype(dtype)
    return generator.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB values, IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def tiff(pixels: np.ndarray, photometric: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric=photometric, metadata=None, **options)
    return file


def layouts_of(pixels: np.ndarray):
    """Files of the pixels in every layout that tifffile writes, with what it reads from them, channels last."""
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    for planar, tiled, (compression, predictor), order in LAYOUTS:
        if channels == 1 and planar == "separate":
            continue
        file = tiff(
            np.moveaxis(pixels, -1, 0) if planar == "separate" else pixels,
            "rgb" if channels > 1 else "minisblack",
            planarconfig=planar if channels > 1 else None,
            extrasamples=["unassalpha"] if channels == 4 else None,
            tile=(32, 48) if tiled else None,
            rowsperstrip=None if tiled else 8,
            compression=compression,
            predictor=predictor,
            byteorder=order,
        )
        read = tifffile.imread(io.BytesIO(file.getvalue()))
        last = np.moveaxis(read, 0, -1) if planar == "separate" else read
        yield file, last.reshape(HEIGHT, WIDTH, channels)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32", "float64"])
def test_every_layout_gives_the_pixels_that_tifffile_reads(dtype: str, channels: int):
    for file, wanted in layouts_of(values(dtype, channels)):
        decoded = file_pixels(file, "a.tif")
        bits = np.dtype(dtype).itemsize * 8
        assert (decoded.source_bits, decoded.bits) == (bits, bits)
        np.testing.assert_array_equal(decoded.pixels, wanted)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("segments", [{}, {"rowsperstrip": 7}, {"rowsperstrip": 300}, {"tile": (48, 64)}])
def test_pictures_of_some_mb_are_whole_in_every_layout(segments: dict[str, Any], planar: str, order: str):
    stored = np.random.default_rng(0).random((400, 500, 3))  # planes of 1.6 MB
    last = np.moveaxis(stored, -1, 0) if planar == "separate" else stored
    for compression in (None, "packbits"):
        file = tiff(last, "rgb", planarconfig=planar, byteorder=order, compression=compression, **segments)
        np.testing.assert_array_equal(file_pixels(file, "a.tif").pixels, stored)


@pytest.mark.parametrize("segments", [{}, {"rowsperstrip": 8, "compression": "zlib"}, {"tile": (64, 64)}])
@pytest.mark.parametrize("kind", ["float32", "levels", "uint16", "12 bits"])
def test_a_deep_tiff_takes_little_memory_beside_its_samples_and_its_pixels(kind: str, segments: dict[str, Any]):
    stored: np.ndarray = np.random.default_rng(0).integers(0, 65536, (1500, 1000, 3), dtype=np.uint16)
    options: dict[str, Any] = {}
    if kind == "12 bits":
        stored, options, segments = stored >> 4, {"bitspersample": 12}, {}  # tifffile packs no other ones
    elif kind != "uint16":
        stored = (stored / 65535).astype(np.float32) if kind == "levels" else stored / np.float32(70000)
    file = tiff(stored, "rgb", **options, **segments)
    held = {"float32": 4, "levels": 4 + 2, "uint16": 2, "12 bits": 2 + 4}[kind] * stored.size
    tracemalloc.start()
    file_pixels(file, "a.tif")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < held + 12_000_000


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32", "uint64", "complex64"])
def test_samples_whose_white_nobody_knows_are_an_error_that_names_their_type(dtype: str):
    kind, bits = dtype.rstrip("0123456789"), np.dtype(dtype).itemsize * 8
    sign = {"int": "signed", "uint": "unsigned", "complex": "complex"}[kind]
    for channels in (1, 3):
        with raises(ImageReadError, "a.tif", f"{bits}-bit", sign):
            file_pixels(
                tiff(values("uint8", channels).astype(dtype), "rgb" if channels == 3 else "minisblack"), "a.tif"
            )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_white_at_zero_is_turned_round(dtype: str, order: str):
    stored = values(dtype, 1)
    read = file_pixels(tiff(stored, "miniswhite", byteorder=order), "a.tif").pixels
    np.testing.assert_array_equal(read[..., 0], (1 if dtype == "float32" else np.iinfo(dtype).max) - stored)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("channels", [1, 3])
def test_packed_values_of_9_to_15_bits_keep_their_scale(bits: int, channels: int):
    stored = values("uint16", channels) >> (16 - bits)
    decoded = file_pixels(tiff(stored, "rgb" if channels == 3 else "minisblack", bitspersample=bits), "a.tif")
    assert (decoded.source_bits, decoded.bits) == (bits, bits)
    wanted = (stored / (2**bits - 1)).astype(np.float32)
    np.testing.assert_array_equal(decoded.pixels, wanted.reshape(HEIGHT, WIDTH, channels))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colour_multiplied_by_its_alpha_is_divided_by_it(dtype: str, planar: str):
    peak = np.iinfo(dtype).max
    straight = values(dtype, 4)
    straight[..., 3] = straight[..., 3] // 2 + peak // 2  # at least half opaque
    alpha = straight[..., 3:] / peak
    stored = np.concatenate([np.rint(straight[..., :3] * alpha), straight[..., 3:]], axis=2).astype(dtype)
    file = tiff(
        np.moveaxis(stored, -1, 0) if planar == "separate" else stored,
        "rgb",
        planarconfig=planar,
        extrasamples=["assocalpha"],
    )
    read = file_pixels(file, "a.tif").pixels.astype(float)
    assert np.abs(read - straight).max() <= 2  # a level lost in storing counts twice where alpha is a half


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_channels_beyond_colour_that_are_no_alpha_are_left_out(planar: str):
    for dtype in ("uint8", "uint16"):
        stored = values(dtype, 4)
        file = tiff(
            np.moveaxis(stored, -1, 0) if planar == "separate" else stored,
            "rgb",
            planarconfig=planar,
            extrasamples=["unspecified"],
        )
        np.testing.assert_array_equal(file_pixels(file, "a.tif").pixels, stored[..., :3])


def test_cmyk_of_16_bits_is_shown_as_cmyk_of_8_and_says_so():
    stored = values("uint16", 4)
    wanted = np.asarray(Image.fromarray(np.rint(stored / 257).astype(np.uint8), "CMYK").convert("RGB"))
    for planar in ("contig", "separate"):
        file = tiff(np.moveaxis(stored, -1, 0) if planar == "separate" else stored, "separated", planarconfig=planar)
        decoded = file_pixels(file, "a.tif")
        assert (decoded.source_bits, decoded.bits) == (16, 8)
        np.testing.assert_array_equal(decoded.pixels, wanted)


@pytest.mark.parametrize("extra", [["unassalpha"], ["assocalpha"], ["unassalpha", "unspecified"]])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_with_alpha_is_an_error(dtype: str, planar: str, extra: list[str]):
    stored = values(dtype, 4 + len(extra))
    pixels = np.moveaxis(stored, -1, 0) if planar == "separate" else stored
    with raises(ImageReadError, "a.tif", "CMYK", "alpha"):
        file_pixels(tiff(pixels, "separated", planarconfig=planar, extrasamples=extra), "a.tif")


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_channel_beyond_cmyk_that_is_no_alpha_is_left_out(dtype: str, planar: str):
    stored = values(dtype, 5)
    pixels = np.moveaxis(stored, -1, 0) if planar == "separate" else stored
    plain = file_pixels(tiff(stored[..., :4], "separated"), "a.tif").pixels
    file = tiff(pixels, "separated", planarconfig=planar, extrasamples=["unspecified"])
    np.testing.assert_array_equal(file_pixels(file, "a.tif").pixels, plain)


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_ycbcr_in_full_is_read_as_pillow_converts_it(compression: str | None):
    stored = values("uint8", 3)
    file = tiff(stored, "ycbcr", compression=compression, subsampling=(1, 1))
    wanted = np.asarray(Image.fromarray(stored, "YCbCr").convert("RGB")).astype(int)
    assert np.abs(file_pixels(file, "a.tif").pixels - wanted).max() <= 1


@pytest.mark.parametrize(
    ("stored", "photometric", "options", "value"),
    [
        (values("uint16", 3), "cielab", {}, 8),
        (values("uint16", 3), "rgb", {"compression": "jpeg2000"}, 34712),
        (values("uint16", 3), "minisblack", {"planarconfig": "contig"}, 3),
    ],
)
def test_a_deep_layout_that_is_not_read_is_an_error_that_names_it(stored, photometric: str, options, value: int):
    with raises(ImageReadError, "a.tif", value):
        file_pixels(tiff(stored, photometric, **options), "a.tif")


@pytest.mark.parametrize("compression", [None, "lzw", "jpeg"])
@pytest.mark.parametrize("photometric", ["cielab", "ycbcr"])
def test_planes_of_8_bits_that_are_no_grey_rgb_or_cmyk_are_an_error_in_a_file_and_in_a_pillow_picture(
    photometric: str, compression: str | None
):
    planes = np.moveaxis(values("uint8", 3), -1, 0)
    file = tiff(planes, photometric, planarconfig="separate", compression=compression)
    number = {"cielab": 8, "ycbcr": 6}[photometric]
    with raises(ImageReadError, "a.tif", number):
        file_pixels(file, "a.tif")
    with Image.open(file) as image, raises(ImageReadError, "a.tif", number):
        pillow_pixels(image, "a.tif")


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_grey_of_8_bits_and_its_alpha_in_two_planes_are_read_from_a_file_and_an_error_in_a_pillow_picture(
    compression: str | None,
):
    stored = values("uint8", 2)
    options = {"planarconfig": "separate", "extrasamples": ["unassalpha"], "compression": compression}
    file = tiff(np.moveaxis(stored, -1, 0), "minisblack", **options)
    np.testing.assert_array_equal(file_pixels(file, "a.tif").pixels, stored)
    with Image.open(file) as image, raises(ImageReadError, "a.tif"):  # Pillow takes grey for alpha
        pillow_pixels(image, "a.tif")


def test_a_reduced_copy_of_a_raw_picture_is_an_error():
    with raises(ImageReadError, "a.tif"):
        file_pixels(tiff(values("uint8", 3), "rgb", subfiletype=1), "a.tif")


def test_floats_that_are_16_bit_levels_equal_the_picture_they_were_made_from():
    levels = values("uint16", 3)
    read = file_pixels(tiff((levels / 65535).astype(np.float32), "rgb"), "a.tif").pixels
    np.testing.assert_array_equal(read, levels)


def test_floats_beyond_white_are_an_error_with_the_range():
    stored = values("float32", 3) * 255
    with raises(ImageReadError, "a.tif", f"{stored.min():g}", f"{stored.max():g}"):
        file_pixels(tiff(stored, "rgb"), "a.tif")


def test_a_deep_tiff_is_upright_and_in_its_profile():
    stored = values("uint16", 3)
    options = {"extratags": [(274, 3, 1, 6, True)], "iccprofile": pictures.adobe_rgb_profile()}
    plain, tagged = tiff(stored, "rgb", planarconfig="contig"), tiff(stored, "rgb", **options)
    chunk = pictures.profile_chunk(pictures.adobe_rgb_profile())
    wanted = read_image(io.BytesIO(pictures.png_bytes(stored, chunks=[chunk])))
    np.testing.assert_array_equal(read_image(tagged), np.rot90(wanted, -1))
    assert not np.array_equal(read_image(plain), wanted)


def test_a_tiff_that_is_cut_off_is_an_error():
    data = tiff(values("uint16", 3), "rgb", compression="zlib").getvalue()
    for kept in range(8, len(data) * 9 // 10, len(data) // 25):
        with raises(ImageReadError, "a.tif"):
            file_pixels(io.BytesIO(data[:kept]), "a.tif")


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_damaged_bytes_of_a_tiff_never_escape_as_another_error(dtype: str):
    data = tiff(values(dtype, 3), "rgb", compression="zlib", predictor=True).getvalue()
    for position in [*range(8, 300, 3), *range(300, len(data), len(data) // 60)]:
        damaged = bytearray(data)
        damaged[position] ^= 0x55
        with contextlib.suppress(ImageReadError):
            file_pixels(io.BytesIO(bytes(damaged)), "a.tif")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_pillow_picture_of_a_tiff_gives_the_pixels_of_the_file_or_an_error(dtype: str, channels: int):
    read = 0
    for file, wanted in layouts_of(values(dtype, channels)):
        try:
            with Image.open(file) as image:
                decoded = pillow_pixels(image, "a.tif")
        except (UnidentifiedImageError, ImageReadError):  # Pillow knows no float colour
            continue
        read += 1
        is_colour16 = dtype == "uint16" and channels > 1
        np.testing.assert_array_equal(decoded.pixels, wanted >> 8 if is_colour16 else wanted)
        assert (decoded.source_bits, decoded.bits) == (wanted.itemsize * 8, 8 if is_colour16 else wanted.itemsize * 8)
    assert bool(read) == ((dtype, channels) != ("float32", 3))


def test_ycbcr_with_fewer_colour_samples_is_an_error_where_it_is_not_compressed():
    data = tiff(values("uint8", 3)[:36, :52], "ycbcr", subsampling=(1, 1)).getvalue()
    entry = struct.pack("<HHIHH", 530, 3, 2, 1, 1)
    assert entry in data
    halved = data.replace(entry, struct.pack("<HHIHH", 530, 3, 2, 2, 2))
    with raises(ImageReadError, "a.tif"):
        file_pixels(io.BytesIO(halved), "a.tif")


def test_exif_in_a_deep_tiff_names_adobe_rgb():
    file = io.BytesIO()
    Image.fromarray(values("uint16", 1)).save(file, "TIFF", tiffinfo={ExifTags.IFD.Exif: {ExifTags.Base.ColorSpace: 2}})
    grey = file_pixels(file, "a.tif").pixels
    assert grey.dtype == np.float32
    assert np.abs(grey - encoded((values("uint16", 1) / 65535) ** (563 / 256))[..., np.newaxis]).max() < 1e-6
