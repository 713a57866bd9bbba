"""Stored samples of a TIFF, from its strips or tiles in any layout, a few MB at a time.

The compressed data are handed to Pillow's libtiff as a picture of bytes; what the bytes mean is settled here.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from acutance.images.tags import SeekableFile

Bytes = NDArray[np.uint8]
UNSIGNED, FLOAT = 1, 3
"""Kinds of samples."""
BLACK_IS_ZERO = 1
"""The photometric interpretation of grey."""
_BLOCK = 2**18
"""Values that are converted at once, bytes of which are some MB."""
_BAND = 2**20
"""Bytes of rows that are decompressed at once, where strips and tiles allow it."""


@dataclass(frozen=True)
class Layout:
    """The first picture of a file, by its tags."""

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
        """Rows that are there: the lowest tiles are whole ones, the lowest strip ends with the picture."""
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
    """Raises ``ValueError`` where the strips or tiles are not those of the picture."""
    count = layout.across * layout.down
    if not len(layout.offsets) == len(layout.counts) == count * planes:
        raise ValueError(f"{len(layout.offsets)} strips or tiles for {count * planes}")
    if sum(layout.counts) > planes * (2 * layout.across * layout.row_bytes * layout.stored_rows + 65536):
        raise ValueError("strips or tiles that are longer than the picture")


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
