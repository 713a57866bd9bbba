"""Metadata of an image file: colour space, orientation, bits per channel.

Pillow reports profiles, Exif data and orientation. PNG's cICP, and the colour and depth of AVIF and JPEG 2000, are read
from the file here.
"""

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import TiffImageFile

from acutance.errors import ImageReadError
from acutance.images.colour_space import ADOBE_RGB, SRGB, ColourSpace, coded_space, power, space_of, srgb_curve

_LOGGER = logging.getLogger(__name__)

TAGGED_FORMATS = ("PNG", "AVIF", "JPEG2000", "SGI")
"""Pillow's names of the formats whose files are looked into here."""
_EXIF_FAULTS = (EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError, Warning, struct.error)
"""What Pillow raises on damaged Exif data, warnings among them if the caller has made errors of them."""
_GAMMA, _GAMMA_TOLERANCE, _XY_TOLERANCE = 0.45455, 0.05, 0.01
"""libpng takes a gAMA and a cHRM this near to sRGB's for sRGB."""
_ADOBE_EXPONENT = 563 / 256
_BOXES = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"jp2h": 0}
"""Boxes that hold boxes, and the bytes before the first."""
_JP2_SPACES = (16, 17, 18)
"""Enumerated colour spaces of JPEG 2000 that are sRGB's: sRGB, grey by its curve, YCC of it. CMYK (12) is Pillow's."""


@dataclass(frozen=True)
class Tags:
    """Metadata of pixels; at most one of profile and space."""

    profile: bytes | None = None
    space: ColourSpace | None = None
    orientation: int = 1
    """As in Exif."""
    bits: tuple[int, ...] = (8,)
    """Bits of each channel in the file, or of all."""


@runtime_checkable
class SeekableFile(Protocol):
    """A binary file that can be read again."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, or all."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a byte: from the start, with 1 from here."""
        ...


def tags_of(image: Image.Image, file: SeekableFile | None, name: str) -> Tags:
    """Metadata of the file of an image that Pillow has opened.

    Args:
        image: The image; its format says where to look.
        file: Its file, moved by this; None where it is gone.
        name: What to call it in errors and warnings.

    Raises:
        ImageReadError: For colour that nobody knows.
    """
    profile = image.info.get("icc_profile") or None
    turn = _orientation(image, name)
    if file is not None:
        file.seek(0)
        if image.format == "PNG":
            return _png_tags(file, profile, turn, name)
        if image.format == "AVIF":
            return _avif_tags(file.read(), profile, turn, name)
        if image.format == "JPEG2000":
            return _jpeg2000_tags(file.read(), profile, turn, name)
        if image.format == "SGI":
            return Tags(profile, None, turn, (8 * file.read(4)[3],))
    space = None
    if profile is None and image.format in ("JPEG", "MPO", "WEBP", "TIFF"):
        space = _exif_space(image, name)
    return Tags(profile, space, turn, (_pillow_bits(image),))


def exif_space(colour_space: object, interoperability: object, name: str) -> ColourSpace | None:
    """The space that Exif names by its ColorSpace and InteropIndex; None for sRGB and where it names none."""
    index = str(interoperability or "").rstrip("\0 ")
    if colour_space == 2 or (colour_space == 0xFFFF and index == "R03"):
        return space_of(ADOBE_RGB, power(_ADOBE_EXPONENT))
    if colour_space == 0xFFFF and not index:
        _LOGGER.warning("%s: its Exif data call the colour uncalibrated, it is taken as sRGB", name)
    return None


def _exif_space(image: Image.Image, name: str) -> ColourSpace | None:
    try:
        exif = image.getexif()
        named = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(1) if named == 0xFFFF else None
    except _EXIF_FAULTS:
        return None  # _orientation has warned of them
    return exif_space(named, index, name)


def _orientation(image: Image.Image, name: str) -> int:
    """Exif orientation, 1 (upright) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _EXIF_FAULTS as error:
        _LOGGER.warning("%s: the Exif data is ignored, the image taken as upright: %s", name, error)
        return 1


def _pillow_bits(image: Image.Image) -> int:
    if isinstance(image, TiffImageFile):
        return max(int(bits) for bits in image.tag_v2.get(258, (8,)))
    if image.mode == "F":
        return 32
    return 16 if image.mode == "I" or image.mode.startswith("I;16") else 8


def _png_tags(file: SeekableFile, profile: bytes | None, turn: int, name: str) -> Tags:
    """PNG's colour chunks by the precedence of its third edition: cICP, iCCP, sRGB, gAMA and cHRM."""
    chunks = dict(_png_chunks(file))
    header = chunks.get(b"IHDR", b"")
    depth = header[8] if len(header) > 9 else 8
    bits = (depth if depth > 8 else 8,)
    coded = chunks.get(b"cICP", b"")
    if len(coded) == 4:
        return Tags(None, _png_coded(coded, depth, header[9:10] == b"\3", name), turn, bits)
    if profile is not None:
        return Tags(profile, None, turn, bits)
    if b"sRGB" in chunks:
        return Tags(None, None, turn, bits)
    return Tags(None, _png_measured(chunks, name), turn, bits)


def _png_chunks(file: SeekableFile) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the pixels, the first of a kind last, so that it stands in a dict."""
    found = []
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            break
        found.append((kind, file.read(length)))
        file.read(4)
    yield from reversed(found)


def _png_coded(coded: bytes, depth: int, has_palette: bool, name: str) -> ColourSpace | None:  # noqa: FBT001
    primaries, transfer, matrix, full = coded
    if matrix != 0:
        raise ImageReadError(
            f"{name}: Expected a PNG of RGB, got cICP with matrix coefficients {matrix}. Save it anew."
        )
    is_narrow = full == 0
    if is_narrow and depth < 8 and not has_palette:
        raise ImageReadError(f"{name}: Expected 8 bits or more of a narrow range in cICP, got {depth}. Save it anew.")
    return coded_space(
        primaries, transfer, f"{name}, cICP", narrow_bits=(8 if has_palette else depth) if is_narrow else 0
    )


def _png_measured(chunks: dict[bytes, bytes], name: str) -> ColourSpace | None:
    """The space of gAMA and cHRM; None for sRGB, or so near to it that libpng takes it as such."""
    try:
        gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000 if b"gAMA" in chunks else None
        white, *primaries = (
            [(x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">2I", chunks[b"cHRM"])]
            if b"cHRM" in chunks
            else (SRGB[3], *SRGB[:3])
        )
        red, green, blue = primaries
        said = (red, green, blue, white)
        has_srgb_primaries = all(
            abs(value - wanted) <= _XY_TOLERANCE
            for one, other in zip(said, SRGB, strict=True)
            for value, wanted in zip(one, other, strict=True)
        )
        if gamma == 0:
            raise ValueError("gAMA is 0")
        has_srgb_curve = gamma is None or abs(gamma / _GAMMA - 1) <= _GAMMA_TOLERANCE
        if has_srgb_primaries and has_srgb_curve:
            return None
        return space_of(SRGB if has_srgb_primaries else said, srgb_curve if gamma is None else power(1 / gamma))
    except (ValueError, struct.error) as error:
        _LOGGER.warning("%s: gAMA and cHRM are ignored, the image taken as sRGB: %s", name, error)
        return None


def _boxes(
    data: bytes, parent: bytes = b"", start: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Boxes of an ISO media file or JPEG 2000, depth first: their parent's type, their own, what is in them."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        stop = end if size == 0 else start + size
        if 0 < size < head or stop > end:
            return
        if kind not in (b"mdat", b"jp2c"):
            yield parent, kind, data[start + head : stop]
        if kind in _BOXES:
            yield from _boxes(data, kind, start + head + _BOXES[kind], stop)
        start = stop


def _avif_tags(data: bytes, profile: bytes | None, turn: int, name: str) -> Tags:
    """AVIF's nclx of the main image, and its depth; a profile comes before nclx (MIAF, 7.3.6.4)."""
    boxes = list(_boxes(data))
    properties = [(kind, content) for parent, kind, content in boxes if parent == b"ipco"]
    contents = {kind: content for parent, kind, content in boxes if kind in (b"pitm", b"ipma")}
    main = [properties[place] for place in _main_properties(contents) if place < len(properties)]
    codecs = [content for kind, content in main or properties if kind == b"av1C" and len(content) > 2]
    codecs = codecs or [content for kind, content in properties if kind == b"av1C" and len(content) > 2]
    bits = tuple(_av1_bits(content[2]) for content in codecs) or (8,)
    spaces = [content for kind, content in main or properties if kind == b"colr" and content[:4] == b"nclx"]
    if profile is not None or not spaces or len(spaces[0]) < 8:
        return Tags(profile, None, turn, bits)
    primaries, transfer = struct.unpack_from(">HH", spaces[0], 4)
    return Tags(None, coded_space(primaries, transfer, f"{name}, nclx"), turn, bits)


def _av1_bits(flags: int) -> int:
    """AV1 Image File Format, 2.2.1: high_bitdepth and twelve_bit."""
    if not flags & 0x40:
        return 8
    return 12 if flags & 0x20 else 10


def _main_properties(contents: dict[bytes, bytes]) -> list[int]:
    """Places among the properties of those of the main item (ISO/IEC 23008-12, 9.3)."""
    try:
        main = _item(contents[b"pitm"], 4, wide=contents[b"pitm"][0] != 0)
        table = contents[b"ipma"]
        wide_item, wide_place = table[0] != 0, table[3] & 1
        (count,) = struct.unpack_from(">I", table, 4)
        at = 8
        for _ in range(count):
            item = _item(table, at, wide=wide_item)
            at += 4 if wide_item else 2
            places, step = table[at], 2 if wide_place else 1
            raw = table[at + 1 : at + 1 + places * step]
            at += 1 + places * step
            if item == main:
                numbers = (
                    [value & 0x7FFF for (value,) in struct.iter_unpack(">H", raw)]
                    if wide_place
                    else ([value & 0x7F for value in raw])
                )
                return [number - 1 for number in numbers if number]
    except (IndexError, KeyError, struct.error):
        pass
    return []


def _item(data: bytes, at: int, *, wide: bool) -> int:
    return int(struct.unpack_from(">I" if wide else ">H", data, at)[0])


def _jpeg2000_tags(data: bytes, profile: bytes | None, turn: int, name: str) -> Tags:
    """JPEG 2000's precision of each component, and its profile, which Pillow does not report."""
    start = data.find(b"\xff\x4f\xff\x51")  # SOC and SIZ begin every codestream
    count = struct.unpack_from(">H", data, start + 40)[0] if start >= 0 else 0
    bits = tuple((data[start + 42 + 3 * index] & 0x7F) + 1 for index in range(count)) or (8,)
    colours = [content for parent, kind, content in _boxes(data) if (parent, kind) == (b"jp2h", b"colr")]
    for content in colours[:1]:
        method, number = content[0], content[3:7]
        if method == 2 and profile is None:
            profile = content[3:]
        space = struct.unpack(">I", number)[0] if method == 1 and len(number) == 4 else 16
        if space not in (*_JP2_SPACES, 12):
            raise ImageReadError(f"{name}: Expected JPEG 2000 of sRGB, grey or a profile, got colour space {space}.")
    return Tags(profile, None, turn, bits)
