"""Count of the later frames of an image file, by its headers alone: nothing is decoded.

A frame is an image of the first one's size. Thumbnails, smaller copies, masks and the second image of an MPO
(a gain map, a depth map, the other eye) are none.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from acutance.images.pnm import binary_extent
from acutance.images.tags import SeekableFile

_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_TIFF = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
"""First bytes to byte order and whether offsets have 64 bits (BigTIFF)."""
_WHOLE = {3: "H", 4: "I", 16: "Q"}
"""TIFF's types of whole numbers: SHORT, LONG and LONG8."""
_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
_NOT_A_PAGE = 1 | 4
"""Bits of TIFF's NewSubfileType: a smaller copy of another image, a mask."""
_MOST_PAGES = 100_000
"""A chain of TIFF pages that is longer leads round in a circle."""
_BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""Boxes of an AVIF file that lead to the numbers of frames of its tracks."""
_PNM, _PNM_HEAD = (b"P4", b"P5", b"P6"), 4096
"""Files of bytes, of which several may follow each other, and the bytes that are searched for a header."""
_COUNTED = ("PNG", "WEBP", "AVIF")
"""Formats whose frames are of one size, and whose ``n_frames`` Pillow knows without moving the image."""
_FRAMED = (*_COUNTED, "GIF", "TIFF", "PPM")


def later_frames(file: SeekableFile) -> int:
    """Number of frames of the first one's size that follow it; 0 for a still image, and where headers are damaged.

    Args:
        file: A binary file of any format that can seek, read from its start and left anywhere.
    """
    try:
        file.seek(0)
        start = file.read(16)
        if start.startswith(_PNG):
            return _png(file)
        if start.startswith(_GIF):
            return max(0, _gif(file) - 1)
        if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            return max(0, sum(kind == b"ANMF" for kind in _chunks(file, 12)) - 1)
        if start[:4] in _TIFF:
            order, is_big = _TIFF[start[:4]]
            return _tiff(file, order, is_big=is_big)
        if start[4:12] == b"ftypavis":
            return max(0, _avif(file) - 1)
        if start[:2] in _PNM:
            return _pnm(file)
    except (EOFError, struct.error, OverflowError, ValueError):
        return 0
    return 0


def later_frames_of_pillow(image: Image.Image) -> int:
    """The same for an image that Pillow has opened; 0 where it was moved to another frame, the one meant.

    Args:
        image: Its pixels and frame stay as they are, and so does the place in its file.
    """
    if not isinstance(image, ImageFile.ImageFile) or image.format not in _FRAMED or image.tell():
        return 0
    if image.format in _COUNTED:
        return max(0, int(getattr(image, "n_frames", 1)) - 1)
    for name in ("fp", "_fp"):  # Pillow forgets the first when it has loaded, the other stays where frames follow
        file: Any = getattr(image, name, None)
        try:
            place = file.tell()
            count = later_frames(file)
            file.seek(place)
        except (AttributeError, OSError, ValueError):  # gone or closed
            continue
        return count
    try:
        with Path(getattr(image, "filename", "")).open("rb") as again:
            return later_frames(again)
    except (OSError, TypeError, ValueError):
        return 0


def later_frames_of(source: object) -> int:
    """The same for anything that ``read_image`` takes; 0 for what is no file, or cannot be read again.

    Args:
        source: A file object is left anywhere.
    """
    try:
        if isinstance(source, str | os.PathLike):
            with Path(source).open("rb") as file:
                return later_frames(file)
        if isinstance(source, Image.Image):
            return later_frames_of_pillow(source)
        if isinstance(source, SeekableFile) and hasattr(source, "seekable") and source.seekable():
            return later_frames(source)
    except OSError:
        return 0
    return 0


def _png(file: SeekableFile) -> int:
    """An APNG's frames beside the image that every other reader shows, which may stand outside the animation."""
    frames, is_first_of_them = 0, False
    file.seek(8)
    while True:
        length, kind = struct.unpack(">I4s", _exactly(file, 8))
        if kind == b"acTL":
            frames = int(struct.unpack(">I", _exactly(file, 8)[:4])[0])
            length -= 8
        elif kind == b"fcTL":
            is_first_of_them = True
        elif kind in (b"IDAT", b"IEND"):
            return max(0, frames - is_first_of_them)
        _skip(file, length + 4)


def _gif(file: SeekableFile) -> int:
    """How many images stand in the stream; each is shown on the whole canvas."""
    file.seek(10)
    _skip(file, 2 + _colours(_exactly(file, 1)[0]))
    count = 0
    try:
        while (mark := file.read(1)) in (b"!", b","):
            if mark == b"!":
                _skip(file, 1)
            else:
                count += 1
                _skip(file, 1 + _colours(_exactly(file, 9)[8]))
            while length := _exactly(file, 1)[0]:
                _skip(file, length)
    except EOFError:  # cut short: what is there counts
        return count
    return count


def _colours(flags: int) -> int:
    """Bytes of a GIF's table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _tiff(file: SeekableFile, order: str, *, is_big: bool) -> int:
    offset_kind, count_kind = ("Q", "Q") if is_big else ("I", "H")
    file.seek(8 if is_big else 4)
    place = _number(file, order + offset_kind)
    sizes: list[tuple[int, int]] = []
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MOST_PAGES:
        seen.add(place)
        file.seek(place)
        tags = dict(_tags(file, order, _number(file, order + count_kind), is_big=is_big))
        if not sizes or not tags.get(_SUBFILE, 0) & _NOT_A_PAGE:
            sizes.append((tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)))
        place = _number(file, order + offset_kind)
    return sum(size == sizes[0] for size in sizes[1:])


def _tags(file: SeekableFile, order: str, count: int, *, is_big: bool) -> Iterator[tuple[int, int]]:
    """The tags of a page that hold one whole number."""
    layout = struct.Struct(order + ("HHQ8s" if is_big else "HHI4s"))
    entries = _exactly(file, count * layout.size)
    for tag, kind, number, value in layout.iter_unpack(entries):
        if number == 1 and kind in _WHOLE:
            yield tag, int(struct.unpack_from(order + _WHOLE[kind], value)[0])


def _avif(file: SeekableFile) -> int:
    """How many images the longest track holds; the other tracks hold alpha or are shorter."""
    return max(_samples(file, 0, None, 0), default=0)


def _samples(file: SeekableFile, start: int, end: int | None, depth: int) -> Iterator[int]:
    for kind, place, length in _boxes(file, start, end):
        if depth < len(_BOXES) and kind == _BOXES[depth]:
            yield from _samples(file, place, place + length, depth + 1)
        elif kind == b"stsz" and depth == len(_BOXES):
            file.seek(place + 8)
            yield _number(file, ">I")


def _boxes(file: SeekableFile, start: int, end: int | None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place of the contents and their length of each box between two places; ``None`` for the end of the file."""
    while end is None or start < end:
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:], "big"), 16
        if length < header:  # 0: to the end of the file
            return
        yield kind, start + header, length - header
        start += length


def _chunks(file: SeekableFile, start: int) -> Iterator[bytes]:
    """The kind of each chunk of a RIFF file."""
    while True:
        file.seek(start)
        head = file.read(8)
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind
        start += 8 + length + length % 2


def _pnm(file: SeekableFile) -> int:
    """Images that follow the first one without a gap."""
    sizes: list[tuple[int, int]] = []
    place = 0
    while len(sizes) < _MOST_PAGES:
        file.seek(place)
        found = binary_extent(file.read(_PNM_HEAD))
        if found is None:
            break
        sizes.append(found[0])
        place += found[1]
    return sum(size == sizes[0] for size in sizes[1:])


def _number(file: SeekableFile, kind: str) -> int:
    return int(struct.unpack(kind, _exactly(file, struct.calcsize(kind)))[0])


def _exactly(file: SeekableFile, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _skip(file: SeekableFile, size: int) -> None:
    file.seek(size, 1)
