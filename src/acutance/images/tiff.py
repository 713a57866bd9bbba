"""TIFF with more than 8 bits a sample, in every layout; libtiff, through Pillow, undoes the compression.

Pillow knows some of these layouts and mixes others up: it takes planes for pixels, big-endian floats for little-endian
ones, 12 bits for 16, white for black. So it is asked to read only what it reads right. Of the rest, the compressed
data are handed to libtiff as an image of bytes, a few MB at a time; what the bytes mean is settled here.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from acutance.errors import ImageReadError, InputError
from acutance.images.arrays import Pixels, levels, unit_range
from acutance.images.colour_space import ColourSpace
from acutance.images.tags import SeekableFile, Tags, exif_space

Bytes = NDArray[np.uint8]
UNSIGNED, FLOAT = 1, 3
"""Kinds of samples."""
BLACK_IS_ZERO = 1
"""The photometric interpretation of grey."""
_BLOCK = 2**18
"""Values that are converted at once, bytes of which are some MB."""
_BAND = 2**20
"""Bytes of rows that are decompressed at once, where strips and tiles allow it."""
TIFF_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0")
"""How the files begin, the last one BigTIFF. Pillow reads no BigTIFF in the other order."""
_KINDS = {1: "unsigned integers", 2: "signed integers", 3: "floats", 4: "untyped values", 5: "complex integers"}
_WHITE_IS_ZERO, _RGB, _CMYK, _YCBCR = 0, 2, 5, 6
_COLOURS = {_WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4}
_LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""Compressions of bytes, whatever the bytes mean: none, LZW, Deflate, PackBits, Deflate, LZMA, Zstandard."""
_PREMULTIPLIED, _STRAIGHT = 1, 2
_ALPHAS = {_PREMULTIPLIED, _STRAIGHT, 999}
"""Kinds of extra samples that are alpha; 999 is CorelDRAW's, and straight."""


@dataclass(frozen=True)
class Layout:
    """The first image of a file, by its tags."""

    width: int
    height: int
    bits: tuple[int, ...]
    kind: int
    photometric: int
    compression: int
    predictor: int
    extra: tuple[int, ...]
    is_planar: bool
    fill_order: int
    segment: tuple[int, int]
    """Width and height of a tile or strip."""
    is_tiled: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    order: str
    """``<`` or ``>``."""

    @property
    def samples(self) -> int:
        """Samples that lie side by side in a segment."""
        return 1 if self.is_planar else len(self.bits)

    @property
    def across(self) -> int:
        """Segments side by side."""
        return -(-self.width // self.segment[0])

    @property
    def down(self) -> int:
        """Segments one below the other."""
        return -(-self.height // self.segment[1])

    @property
    def stored_rows(self) -> int:
        """Rows that are there: the lowest tiles are whole ones, the lowest strip ends with the image."""
        return self.down * self.segment[1] if self.is_tiled else self.height

    @property
    def row_bytes(self) -> int:
        """Bytes in a row of a segment."""
        return -(-self.segment[0] * self.samples * self.bits[0] // 8)


@dataclass(frozen=True)
class _Band:
    """Rows of a plane that are decompressed at once."""

    rows: int
    segment_rows: int
    """Rows of each strip or tile."""
    offsets: tuple[int, ...]
    counts: tuple[int, ...]


def tiff_directory(file: SeekableFile) -> ImageFileDirectory_v2:
    """The tags of the first image of a TIFF file."""
    file.seek(0)
    header = file.read(8)
    header += file.read(8) if header[2:4] in (b"\x2b\0", b"\0\x2b") else b""
    tags = ImageFileDirectory_v2(header)
    file.seek(tags.next)
    tags.load(file)  # type: ignore[arg-type]
    return tags


def tiff_size(tags: ImageFileDirectory_v2) -> tuple[int, int]:
    """Width and height."""
    return int(tags.get(256, 0)), int(tags.get(257, 0))


def is_for_pillow(tags: ImageFileDirectory_v2, name: str) -> bool:
    """Whether Pillow reads this layout right, which it does up to 8 bits.

    Raises:
        ImageReadError: For a layout that neither reads.
    """
    layout = _layout(tags)
    what = f"{max(layout.bits)}-bit {_KINDS.get(layout.kind, 'complex numbers')}"
    if int(tags.get(254, 0)) & 1:
        raise ImageReadError(f"{name}: Expected an image, got a reduced copy of one (a raw file?). Export it first.")
    if len(set(layout.bits)) > 1:
        raise ImageReadError(f"{name}: Expected equal bits in all channels, got {layout.bits}. Save it with 8 or 16.")
    if layout.kind not in (UNSIGNED, FLOAT) or (layout.kind == UNSIGNED and layout.bits[0] > 16):
        raise ImageReadError(
            f"{name}: Expected samples of up to 16 bits or floats, got {what}, whose white nobody knows. "
            "Save it as uint16, or as float32 in [0, 1]."
        )
    if layout.photometric == _CMYK and _ALPHAS & set(layout.extra):
        raise ImageReadError(f"{name}: Expected CMYK without transparency, got {what} with alpha. Save it as RGB.")
    problem = _problem(layout)
    if layout.kind == UNSIGNED and layout.bits[0] <= 8:
        if layout.photometric == _YCBCR and layout.compression == 1 and _several(tags, 530, 2, 2) != (1, 1):
            raise ImageReadError(
                f"{name}: Expected YCbCr that is compressed or in full, got a part of it. Save it as RGB."
            )
        if not layout.is_planar:
            return True
    if problem:
        planes = ", in planes" if layout.is_planar else ""
        raise ImageReadError(
            f"{name}: Expected a TIFF layout that is read, got {what} in {problem}{planes}. "
            "Save it as grey or RGB without compression."
        )
    return False


def is_mixed_up_by_pillow(tags: ImageFileDirectory_v2) -> bool:
    """Whether Pillow opens this layout and gives other pixels."""
    layout = _layout(tags)
    if max(layout.bits) <= 8:
        return layout.is_planar and layout.photometric not in (_RGB, _CMYK)
    if layout.is_planar or layout.fill_order != 1:
        return True
    if layout.kind == UNSIGNED and layout.bits[0] == 16:
        return layout.photometric not in (BLACK_IS_ZERO, _RGB, _CMYK)
    is_plain = layout.order == "<" or layout.compression == 1
    return not (layout.kind == FLOAT and layout.photometric == BLACK_IS_ZERO and is_plain)


def _problem(layout: Layout) -> str | None:
    """What about the layout is not read here."""
    colours, extra, bits = _COLOURS.get(layout.photometric), layout.extra, layout.bits[0]
    if colours is None or (layout.photometric == _CMYK and layout.kind == FLOAT):
        return f"photometric interpretation {layout.photometric}"
    if len(layout.bits) - colours != len(extra) or (colours == 1 and len(extra) > 1) or set(extra[1:]) & _ALPHAS:
        return f"{len(layout.bits)} channels, {len(extra)} of them extra"
    if layout.compression not in _LOSSLESS:
        return f"compression {layout.compression}"
    if layout.predictor not in ((1, 2, 3) if layout.kind == FLOAT else (1, 2)) or (layout.predictor > 1 and bits % 8):
        return f"predictor {layout.predictor}"
    return None if layout.kind == UNSIGNED or bits in (16, 32, 64) else "that depth"


def tiff_samples(file: SeekableFile, tags: ImageFileDirectory_v2, name: str) -> tuple[Pixels | Image.Image, Tags]:
    """Samples of a TIFF that is not Pillow's, not yet upright sRGB, and what is said of them.

    Returns:
        Shape (H, W, 1..4), or a CMYK image of 8 bits.

    Raises:
        ImageReadError: If it is damaged or has values out of range.
    """
    layout = _layout(tags)
    stored = stored_samples(file, layout)
    said = Tags(
        bytes(tags[34675]) if tags.get(34675) else None,
        None if tags.get(34675) else _exif_space(file, tags, name),
        int(tags.get(274, 1)),
        (layout.bits[0],),
    )
    if layout.photometric == _CMYK:
        ink = np.empty((*stored.shape[:2], 4), np.uint8)
        for rows in blocks(ink):
            ink[rows] = np.rint(stored[rows, :, :4] * (255 / (2 ** layout.bits[0] - 1)))
        return Image.fromarray(ink, "CMYK"), said
    return _as_pixels(stored, layout, name), said


def _as_pixels(stored: NDArray[np.generic], layout: Layout, name: str) -> Pixels:
    """Samples in the full range of their type, black at 0, alpha straight, other extra samples left out."""
    colours = _COLOURS[layout.photometric]
    has_alpha = bool(_ALPHAS & set(layout.extra))
    kept = stored[..., : colours + has_alpha]
    try:
        pixels = _checked_floats(kept) if layout.kind == FLOAT else levels(kept, 2 ** layout.bits[0] - 1)
    except InputError as error:
        raise ImageReadError(f"{name}: {error}") from error
    top = pixels.dtype.type(1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max)
    if layout.photometric == _WHITE_IS_ZERO:
        pixels[..., 0] = top - pixels[..., 0]
    return _straight(pixels, top) if layout.extra[:1] == (_PREMULTIPLIED,) else pixels


def _checked_floats(values: NDArray[np.generic]) -> Pixels:
    """Floats in [0, 1]; as 16 bits where every one is a level of these, rounded to float32.

    Such a file then equals the image it was made from, whose levels are divided in float64 when they are compared.
    """
    pixels = unit_range(values if values.dtype == np.float64 else values.astype(np.float32, copy=False))
    if pixels.dtype == np.float64 or not _is_level(pixels[:1]).all():
        return pixels
    whole = np.empty(pixels.shape, np.uint16)
    for rows in blocks(pixels):
        if not _is_level(pixels[rows]).all():
            return pixels
        whole[rows] = np.rint(pixels[rows].astype(np.float64) * 65535)
    return whole


def _is_level(pixels: Pixels) -> NDArray[np.bool_]:
    """Where float32 values are levels of 16 bits, rounded."""
    nearest = np.rint(pixels.astype(np.float64) * 65535) / 65535
    return np.equal(nearest.astype(np.float32), pixels)


def _straight(pixels: Pixels, top: np.generic) -> Pixels:
    """Colour divided by its alpha, in place."""
    peak = float(top)
    for rows in blocks(pixels):
        alpha = pixels[rows, :, -1:].astype(np.float64)
        colour = np.minimum(pixels[rows, :, :-1] * (peak / np.maximum(alpha, np.finfo(float).tiny)), peak)
        colour = np.where(alpha > 0, colour, 0)
        pixels[rows, :, :-1] = colour if pixels.dtype.kind == "f" else np.rint(colour)
    return pixels


def _layout(tags: ImageFileDirectory_v2) -> Layout:
    count = int(tags.get(277, 1))
    bits = tuple(int(value) for value in _several(tags, 258, 1))
    kinds = {int(value) for value in _several(tags, 339, UNSIGNED)}
    photometric = int(tags.get(262, -1))
    width, height = tiff_size(tags)
    is_tiled = 324 in tags
    rows = min(int(tags.get(278, height)), height)
    extra = tuple(int(value) for value in _several(tags, 338)) if 338 in tags else ()
    if not extra and photometric == _RGB and count == 4:
        extra = (_STRAIGHT,)
    return Layout(
        width=width,
        height=height,
        bits=bits * count if len(bits) == 1 else bits[:count],
        kind=kinds.pop() if len(kinds) == 1 else 0,
        photometric=photometric,
        compression=int(tags.get(259, 1)),
        predictor=int(tags.get(317, 1)),
        extra=extra,
        is_planar=int(tags.get(284, 1)) == 2 and count > 1,
        fill_order=int(tags.get(266, 1)),
        segment=(int(tags[322]), int(tags[323])) if is_tiled else (width, rows),
        is_tiled=is_tiled,
        offsets=tuple(int(value) for value in _several(tags, 324 if is_tiled else 273)),
        counts=tuple(int(value) for value in _several(tags, 325 if is_tiled else 279)),
        order="<" if tags.prefix == b"II" else ">",
    )


def _several(tags: ImageFileDirectory_v2, number: int, *otherwise: int) -> tuple[int, ...]:
    value = tags.get(number, otherwise)
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _exif_space(file: SeekableFile, tags: ImageFileDirectory_v2, name: str) -> ColourSpace | None:
    if ExifTags.IFD.Exif not in tags:
        return None
    exif = _directory_at(file, tags, int(tags[ExifTags.IFD.Exif]))
    interoperability = exif.get(ExifTags.IFD.Interop)
    index = _directory_at(file, tags, int(interoperability)).get(1) if interoperability else None
    return exif_space(exif.get(ExifTags.Base.ColorSpace), index, name)


def _directory_at(file: SeekableFile, tags: ImageFileDirectory_v2, offset: int) -> ImageFileDirectory_v2:
    order = tags.prefix
    other = ImageFileDirectory_v2((b"II*\0" if order == b"II" else b"MM\0*") + bytes(4))
    file.seek(offset)
    other.load(file)  # type: ignore[arg-type]
    return other


def stored_samples(file: SeekableFile, layout: Layout) -> NDArray[np.generic]:
    """Samples (H, W, channels) in their own type; a few strips or rows of tiles are held beside them."""
    planes = len(layout.bits) if layout.is_planar else 1
    _check_segments(layout, planes)
    size = 2 if layout.bits[0] % 8 else layout.bits[0] // 8
    stored: NDArray[np.generic] = np.empty(
        (layout.height, layout.width, len(layout.bits)), f"{'f' if layout.kind == FLOAT else 'u'}{size}"
    )
    for plane in range(planes):
        channels = slice(plane, plane + 1) if layout.is_planar else slice(None)
        top = 0
        for band in _bands(layout, plane):
            rows = _values(_rows(file, layout, band), layout)
            kept = rows[: layout.height - top, : layout.width]
            stored[top : top + len(kept), :, channels] = kept
            top += len(kept)
    return stored


def blocks(pixels: NDArray[np.generic]) -> Iterator[slice]:
    """Slices of rows, of about 256 thousand values each."""
    step = max(1, _BLOCK // max(1, pixels[:1].size))
    for start in range(0, len(pixels), step):
        yield slice(start, start + step)


def _values(rows: Bytes, layout: Layout) -> NDArray[np.generic]:
    """Samples (rows, width of the segments, samples side by side) of decompressed rows, in their own type."""
    count = layout.segment[0] * layout.samples
    if layout.bits[0] % 8:
        values: NDArray[np.generic] = _unpacked(rows, count, layout.bits[0])
    elif layout.predictor == 3:
        values = _float_predicted(rows, layout)
    else:
        size = layout.bits[0] // 8
        values = rows.view(f"{layout.order}u{size}").astype(f"u{size}")
        if layout.predictor == 2:
            lanes = values.reshape(*values.shape[:2], -1, layout.samples)
            values = np.cumsum(lanes, axis=2, dtype=values.dtype).reshape(values.shape)
        if layout.kind == FLOAT:
            values = values.view(f"f{size}")
    return values.reshape(len(values), -1, layout.samples)


def _check_segments(layout: Layout, planes: int) -> None:
    """Raises ``ValueError`` where the strips or tiles are not those of the image."""
    count = layout.across * layout.down
    if not len(layout.offsets) == len(layout.counts) == count * planes:
        raise ValueError(f"{len(layout.offsets)} strips or tiles for {count * planes}")
    if sum(layout.counts) > planes * (2 * layout.across * layout.row_bytes * layout.stored_rows + 65536):
        raise ValueError("strips or tiles that are longer than the image")


def _bands(layout: Layout, plane: int) -> Iterator[_Band]:
    """Strips or rows of tiles of a plane from the top, as many at once as make some MB."""
    row_bytes = layout.across * layout.row_bytes
    step = max(1, _BAND // (row_bytes * layout.segment[1])) * layout.segment[1]
    for top in range(0, layout.stored_rows, step):
        rows = min(step, layout.stored_rows - top)
        first = (plane * layout.down + top // layout.segment[1]) * layout.across
        last = first + -(-rows // layout.segment[1]) * layout.across
        band = _Band(rows, layout.segment[1], layout.offsets[first:last], layout.counts[first:last])
        yield from _cut(band, row_bytes) if _can_be_cut(layout, band, row_bytes) else [band]


def _can_be_cut(layout: Layout, band: _Band, row_bytes: int) -> bool:
    """Whether it is one strip, not compressed and whole, so that its rows can be read one by one."""
    is_plain = not layout.is_tiled and layout.compression == 1
    return is_plain and len(band.counts) == 1 and band.counts[0] >= band.rows * row_bytes


def _cut(band: _Band, row_bytes: int) -> Iterator[_Band]:
    step = max(1, _BAND // row_bytes)
    for top in range(0, band.rows, step):
        rows = min(step, band.rows - top)
        yield _Band(rows, rows, (band.offsets[0] + top * row_bytes,), (rows * row_bytes,))


def _rows(file: SeekableFile, layout: Layout, band: _Band) -> Bytes:
    """Bytes (rows, segments side by side, bytes in a row) of a band, decompressed."""
    data = []
    for offset, length in zip(band.offsets, band.counts, strict=True):
        file.seek(offset)
        data.append(file.read(length))
    grey = TiffImageFile(io.BytesIO(_grey_tiff(layout, band, data)))
    return np.asarray(grey).reshape(band.rows, layout.across, layout.row_bytes)


def _grey_tiff(layout: Layout, band: _Band, data: list[bytes]) -> bytes:
    """A TIFF of 8-bit grey whose pixels are the bytes of a band."""
    starts = np.cumsum([8, *(len(one) for one in data)])[:-1].tolist()
    lengths = [len(one) for one in data]
    body = b"".join(data)
    body += b"\0" * (len(body) % 2)
    lists_at = 8 + len(body)
    count = len(data)
    entries = [
        (256, 1, layout.across * layout.row_bytes),
        (257, 1, band.rows),
        (258, 1, 8),
        (259, 1, layout.compression),
        (262, 1, BLACK_IS_ZERO),
        (266, 1, layout.fill_order),
        (277, 1, 1),
    ]
    starts_at = lists_at if count > 1 else starts[0]
    lengths_at = lists_at + 4 * count if count > 1 else lengths[0]
    if layout.is_tiled:
        entries += [(322, 1, layout.row_bytes), (323, 1, band.segment_rows)]
        entries += [(324, count, starts_at), (325, count, lengths_at)]
    else:
        entries += [(273, count, starts_at), (278, 1, band.segment_rows), (279, count, lengths_at)]
    lists = struct.pack(f"<{2 * count}I", *starts, *lengths)
    directory = b"".join(struct.pack("<HHII", number, 4, many, value) for number, many, value in sorted(entries))
    header = b"II*\0" + struct.pack("<I", lists_at + len(lists))
    return header + body + lists + struct.pack("<H", len(entries)) + directory + bytes(4)


def _unpacked(rows: Bytes, count: int, bits: int) -> NDArray[np.uint16]:
    """Values of fewer than 16 bits, packed from the highest bit on, each row from a byte of its own."""
    first = np.arange(count) * bits
    padded = np.concatenate([rows, np.zeros((*rows.shape[:2], 2), np.uint8)], axis=2).astype(np.uint32)
    place = first // 8
    words = padded[..., place] << 16 | padded[..., place + 1] << 8 | padded[..., place + 2]
    values: NDArray[np.uint16] = ((words >> (24 - bits - first % 8).astype(np.uint32)) & (2**bits - 1)).astype(
        np.uint16
    )
    return values


def _float_predicted(rows: Bytes, layout: Layout) -> NDArray[np.generic]:
    """Floats by Adobe's predictor 3: differences of bytes, all highest bytes of a row first."""
    size = layout.bits[0] // 8
    lanes = rows.reshape(*rows.shape[:2], -1, layout.samples)
    summed = np.cumsum(lanes, axis=2, dtype=np.uint8).reshape(*rows.shape[:2], size, -1)
    return np.ascontiguousarray(summed.swapaxes(2, 3)).view(f">f{size}")[..., 0].astype(f"f{size}")
