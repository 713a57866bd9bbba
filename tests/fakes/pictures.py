"""Images of every awkward kind, made on the spot and small."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

ADOBE_RGB_TO_XYZ = np.array(
    [
        [0.6097559, 0.2052401, 0.1492240],
        [0.3111242, 0.6256560, 0.0632197],
        [0.0194811, 0.0608902, 0.7448387],
    ]
)
"""Columns: Adobe RGB (1998) primaries in XYZ, adapted to D50 (Lindbloom, "RGB/XYZ matrices")."""
SRGB_TO_XYZ = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
"""Columns: sRGB primaries in XYZ, adapted to D50 (same source)."""
ADOBE_GAMMA = 563 / 256
"""Adobe RGB (1998) Color Image Encoding, section 4.3.4.2."""

_D50 = (0.9642, 1.0, 0.8249)
_ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
"""PNG's seven passes: the first row and column, the steps down and right."""
_PNG_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def noise(shape: Sequence[int], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Random values over the full range of an integer type."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, tuple(shape), dtype=dtype)


def png_bytes(pixels: NDArray[Any], *, chunks: Sequence[tuple[bytes, bytes]] = (), interlaced: bool = False) -> bytes:
    """A PNG of (H, W, 1..4) uint8 or uint16, written by hand: Pillow writes no 16-bit colour."""
    height, width, channels = pixels.shape
    depth = 8 * pixels.itemsize
    passes = [pixels[y::down, x::right] for y, x, down, right in _ADAM7] if interlaced else [pixels]
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for part in passes for row in part)
    return (
        png_header(width, height, depth, _PNG_COLOUR_TYPES[channels], interlaced=interlaced)
        + b"".join(_chunk(kind, data) for kind, data in chunks)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def png_header(width: int, height: int, depth: int = 8, colour_type: int = 2, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)


def profile_chunk(profile: bytes) -> tuple[bytes, bytes]:
    """The PNG chunk that embeds a colour profile."""
    return b"iCCP", b"profile\0\0" + zlib.compress(profile)


def write_png(path: Path, pixels: NDArray[Any], *, chunks: Sequence[tuple[bytes, bytes]] = ()) -> Path:
    path.write_bytes(png_bytes(pixels, chunks=chunks))
    return path


def tiff_bytes(pixels: NDArray[Any], *, order: Literal["<", ">"] = "<", compression: int = 1) -> bytes:
    """A TIFF of (H, W, 3) uint16 in either byte order, plain (1) or deflated (8): Pillow writes none."""
    height, width, channels = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if compression == 8 else data
    depths_at = 8 + len(data) + len(data) % 2
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, depths_at),
        (259, 3, 1, compression),
        (262, 3, 1, 2),  # photometric: RGB
        (273, 4, 1, 8),  # where the pixels are
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
    ]
    table = struct.pack(order + "H", len(tags))
    for tag, kind, count, value in tags:
        is_short = kind == 3 and count == 1
        table += struct.pack(order + ("HHIHxx" if is_short else "HHII"), tag, kind, count, value)
    depths = struct.pack(order + "3H", 16, 16, 16)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", depths_at + len(depths))
    return header + data.ljust(depths_at - 8, b"\0") + depths + table + bytes(4)


def write_rotated_jpeg(path: Path, orientation: int) -> Path:
    """A 24 x 16 JPEG (width x height), its upper left quarter red, marked with an Exif orientation."""
    pixels = np.full((16, 24, 3), 200, dtype=np.uint8)
    pixels[:8, :8] = (220, 20, 20)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(path, quality=95, subsampling=0, exif=exif)
    return path


def write_palette_png(path: Path, *, transparent: bool) -> Path:
    """A 2 x 2 palette image: red, green / blue, red; green is clear, and blue half clear, if asked."""
    image = Image.new("P", (2, 2))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2, 0])
    if transparent:
        image.info["transparency"] = bytes([255, 0, 128])
    image.save(path)
    return path


def write_cmyk_jpeg(path: Path, ink: tuple[int, int, int, int], profile: bytes | None = None) -> Path:
    """A 16 x 16 JPEG of one ink mixture."""
    Image.new("CMYK", (16, 16), ink).save(path, quality=100, icc_profile=profile)
    return path


def write_truncated_png(path: Path) -> Path:
    """A PNG that ends in the middle of its pixels."""
    whole = png_bytes(noise((64, 64, 3)))
    path.write_bytes(whole[: len(whole) // 2])
    return path


def write_bomb_png(path: Path) -> Path:
    """A PNG of a hundred bytes whose header asks for 10 gigapixels."""
    path.write_bytes(png_header(100_000, 100_000) + _chunk(b"IDAT", zlib.compress(bytes(100))))
    return path


def matrix_profile(to_xyz: NDArray[Any], gamma: float) -> bytes:
    """An ICC profile of an RGB display: three primaries (columns, XYZ at D50) and one exponent."""
    columns = {f"{name}XYZ".encode(): _xyz(*to_xyz[:, index]) for index, name in enumerate("rgb")}
    curves = {f"{name}TRC".encode(): _gamma(gamma) for name in "rgb"}
    return _profile(b"mntr", b"RGB ", b"XYZ ", {b"wtpt": _xyz(*_D50), **columns, **curves})


def adobe_rgb_profile() -> bytes:
    return matrix_profile(ADOBE_RGB_TO_XYZ, ADOBE_GAMMA)


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of a grey display with one exponent."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(*_D50), b"kTRC": _gamma(gamma)})


def black_only_profile() -> bytes:
    """An ICC profile of a printer whose cyan, magenta and yellow inks leave the paper white.

    Its table for the perceptual intent says that every ink mixture is grey.
    """
    identity = struct.pack(">9i", *(65536 * (index % 4 == 0) for index in range(9)))
    ramp = bytes(range(256))
    black_is_last = bytes([255, 128, 128, 0, 128, 128] * 8)  # L, a, b without and with black ink
    before, after = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4, ramp * 3
    colorimetric, perceptual = (before + grid + after for grid in (black_is_last, bytes([128] * 48)))
    tags = {b"wtpt": _xyz(*_D50), b"A2B0": perceptual, b"A2B1": colorimetric}
    return _profile(b"prtr", b"CMYK", b"Lab ", tags)


def table_profile() -> bytes:
    """An ICC profile of a display by a table: every colour is shown as the grey of its mean."""
    identity = struct.pack(">9i", *(65536 * (index % 4 == 0) for index in range(9)))
    ramp = bytes(range(256))
    corners = [(255 * (red + green + blue) // 3, 128, 128) for red in (0, 1) for green in (0, 1) for blue in (0, 1)]
    table = b"mft1" + bytes(4) + bytes([3, 3, 2, 0]) + identity + ramp * 3 + bytes(sum(corners, ())) + ramp * 3
    return _profile(b"mntr", b"RGB ", b"Lab ", {b"wtpt": _xyz(*_D50), b"A2B0": table, b"A2B1": table})


def coded_chunk(primaries: int, transfer: int, matrix: int = 0, *, full: int = 1) -> tuple[bytes, bytes]:
    """The PNG chunk cICP."""
    return b"cICP", bytes([primaries, transfer, matrix, full])


def gamma_chunk(gamma: float) -> tuple[bytes, bytes]:
    """The PNG chunk gAMA."""
    return b"gAMA", struct.pack(">I", round(100_000 * gamma))


def primaries_chunk(*values: float) -> tuple[bytes, bytes]:
    """The PNG chunk cHRM: x and y of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in values))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _profile(device: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2001-04, sections 6.1 and 6.2: header, table of tags, tags."""
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += padded
    header = (
        struct.pack(">I4sI", offset + len(body), b"none", 0x02400000)
        + (device + space + connection)
        + struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(28)
        + struct.pack(">3i", *(round(65536 * value) for value in _D50))
    )
    return header.ljust(128, b"\0") + table + body


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in (x, y, z)))


def _gamma(exponent: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * exponent))
