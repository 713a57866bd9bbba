"""Depth of PPM, JPEG 2000, AVIF, SGI and DDS: all bits, or fewer and said so, or an error."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from acutance.errors import ImageReadError
from acutance.images.decode import file_pixels
from tests.fakes import pictures, saved
from tests.raising import raises


def decode(data: bytes, name: str = "a"):
    return file_pixels(io.BytesIO(data), name)


def depths(data: bytes) -> tuple[int, int]:
    decoded = decode(data)
    return decoded.source_bits, decoded.bits


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("peak", [1, 15, 100, 1023, 4095, 65535])
def test_ppm_and_pgm_keep_every_value_as_a_part_of_their_largest(peak: int, channels: int):
    values = np.random.default_rng(0).integers(0, peak + 1, (6, 5, channels), dtype=np.uint16)
    kinds = {1: (b"P5", b"P2"), 3: (b"P6", b"P3")}[channels]
    stored = values.astype(">u2" if peak > 255 else "u1").tobytes()
    plain = " ".join(str(value) for value in values.ravel()).encode()
    for kind, body in zip(kinds, (stored, plain), strict=True):
        decoded = decode(kind + b"\n# a comment\n5 6\n%d\n" % peak + body)
        wanted = values / peak
        scale = 1 if decoded.pixels.dtype.kind == "f" else np.iinfo(decoded.pixels.dtype).max
        np.testing.assert_allclose(decoded.pixels / scale, wanted, atol=1e-7)
        assert decoded.bits == decoded.source_bits == max(8, peak.bit_length())


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"P5 5 6 1023\n" + bytes(50), "25"),  # values there are, of 30
        (b"P5 1 1 1023\n\x04\x00", "1024"),
        (b"P5 1 1 70000\n" + bytes(2), "70000"),
        (b"P2 2 1 1023\n7", "1"),
        (b"P5 100000 100000 1023\n", "100000"),
        (b"P2 1 1 1023\n" + b"9" * 99, "1023"),
    ],
)
def test_a_ppm_that_does_not_hold_what_it_says_is_an_error(data: bytes, value: str):
    with raises(ImageReadError, "a.pgm", value):
        decode(data, "a.pgm")


@pytest.mark.parametrize("word", ["-1", "1_0", "+5", "0x1", "1.0", "1" + "x" * 99])
@pytest.mark.parametrize("peak", [255, 1023])
@pytest.mark.parametrize("kind", [2, 3])
def test_a_word_that_is_no_whole_number_is_an_error_that_names_it(kind: int, peak: int, word: str):
    with raises(ImageReadError, "a.pnm", word[:20]):
        decode(f"P{kind} 3 1 {peak}\n1 2 {word} 4 5 6 7 8 9".encode(), "a.pnm")


@pytest.mark.parametrize("header", ["1_0 10 255", "+10 10 255", "-10 10 255", "10 10 2_55", "10 10 x"])
@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_a_header_of_something_else_than_whole_numbers_is_an_error(kind: int, header: str):
    with raises(ImageReadError, "a.pnm"):
        decode(f"P{kind} {header}\n".encode() + b"1 " * 300, "a.pnm")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_comments_stand_anywhere_in_a_header_and_among_plain_values(end: str):
    data = f"P2# one{end}2 #two 9{end}# three{end} 1 255#four{end}7# 8{end}9{end}".encode()
    assert decode(data).pixels.ravel().tolist() == [7, 9]
    assert decode(b"P5# one\n2 #two 9\n 1 1023#four\n" + bytes([3, 255, 0, 0])).pixels.ravel().tolist() == [1, 0]


@pytest.mark.parametrize("peak", [255, 1023])
def test_a_header_may_hold_a_long_comment(peak: int):
    data = b"P5 #" + b"c" * 10_000 + b"\n2 1 %d\n" % peak + bytes(4)
    assert decode(data).pixels.shape == (1, 2, 1)


@pytest.mark.parametrize("peak", [255, 1023])
def test_the_pixels_of_a_ppm_are_fetched_once(peak: int):
    class Counting(io.BytesIO):
        fetched = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            Counting.fetched += len(data)
            return data

    data = b"P6 200 100 %d\n" % peak + bytes(200 * 100 * (3 if peak == 255 else 6))
    Counting.fetched = 0
    assert file_pixels(Counting(data), "a.ppm").pixels.shape == (100, 200, 3)
    assert Counting.fetched < 1.2 * len(data)


@pytest.mark.parametrize("codec", ["jp2", "j2k"])
@pytest.mark.parametrize("bits", [1, 4, 10, 12, 16])
def test_grey_jpeg_2000_keeps_its_bits_and_its_white(bits: int, codec: str):
    values = np.random.default_rng(0).integers(0, 2**bits, (20, 24), dtype=np.uint16 if bits > 8 else np.uint8)
    data = bytes(imagecodecs.jpeg2k_encode(values, bitspersample=bits, codecformat=codec, reversible=True))
    decoded = decode(data)
    scale = 1 if decoded.pixels.dtype.kind == "f" else np.iinfo(decoded.pixels.dtype).max
    np.testing.assert_allclose(decoded.pixels[..., 0] / scale, values / (2**bits - 1), atol=1e-7)
    assert decoded.bits == decoded.source_bits == max(8, bits)


@pytest.mark.parametrize("bits", [12, 16])
def test_deep_colour_of_jpeg_2000_is_8_bits_of_more_or_an_error_where_white_might_be_black(bits: int):
    values = np.random.default_rng(0).integers(2 ** (bits - 8), 2**bits * 9 // 10, (20, 24, 3), dtype=np.uint16)
    data = bytes(imagecodecs.jpeg2k_encode(values, bitspersample=bits, reversible=True))
    assert depths(data) == (bits, 8)
    assert np.abs(decode(data).pixels - values / 2 ** (bits - 8)).max() <= 1
    values[0, 0] = 2**bits - 1
    with raises(ImageReadError, "a.jp2", bits):
        decode(bytes(imagecodecs.jpeg2k_encode(values, bitspersample=bits, reversible=True)), "a.jp2")


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_deep_avif_is_8_bits_of_more_rounded_to_the_nearest(bits: int):
    values = (saved.picture() * np.uint16(2 ** (bits - 8))).astype(np.uint16 if bits > 8 else np.uint8)
    data = bytes(imagecodecs.avif_encode(values, bitspersample=bits, level=100))
    assert depths(data) == (bits, 8)
    wanted = imagecodecs.avif_decode(data) / (2**bits - 1) * 255
    assert np.abs(decode(data).pixels - wanted).max() <= 0.51


def test_sgi_of_16_bits_says_that_8_are_kept():
    pixels = pictures.noise((6, 5))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "SGI", bpc=2)
    assert depths(file.getvalue()) == (16, 8)


def test_dds_of_floats_is_an_error():
    header = struct.pack("<7I44x", 124, 0x1007, 4, 4, 16, 0, 1)
    pixel_format = struct.pack("<2I4s5I", 32, 4, b"DX10", 0, 0, 0, 0, 0)
    data = b"DDS " + header + pixel_format + struct.pack("<5I", 0x1000, 0, 0, 0, 0)
    with raises(ImageReadError, "a.dds", "BC6H"):
        decode(data + struct.pack("<5I", 95, 3, 0, 1, 0) + bytes(16), "a.dds")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_interlaced_16_bit_png_keeps_every_bit(channels: int):
    pixels = pictures.noise((19, 21, channels), np.uint16)
    np.testing.assert_array_equal(decode(pictures.png_bytes(pixels, interlaced=True)).pixels, pixels)
    assert depths(pictures.png_bytes(pixels, interlaced=True)) == (16, 16)
