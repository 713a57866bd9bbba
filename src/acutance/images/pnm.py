"""PPM and PGM files: plain ones, and those with another largest value than 255, which Pillow rounds to 8 or 16 bits."""

import re

import numpy as np
from numpy.typing import NDArray

from acutance.errors import ImageReadError

_NUMBER, _END = rb"(?:\s|#[^\r\n]*[\r\n])+([0-9]+)", rb"(?:#[^\r\n]*)?\s"
_HEADER = re.compile(rb"P([2356])" + _NUMBER * 3 + _END)
_BITMAP = re.compile(rb"P4" + _NUMBER * 2 + _END)
_PLAIN = 4
"""Kinds below it hold words, those above it bytes."""


def pnm_size(head: bytes, name: str) -> tuple[int, int] | None:
    """Width and height of a file that is read here; None for one that Pillow reads as well.

    Args:
        head: How the file begins, its header and perhaps more.

    Raises:
        ImageReadError: If this is no whole header.
    """
    kind, width, height, peak = _header(head, name)[0]
    return None if peak == 255 and kind > _PLAIN else (width, height)


def has_header(head: bytes) -> bool:
    """Whether a header of PPM or PGM ends in these bytes."""
    return _HEADER.match(head) is not None


def binary_extent(head: bytes) -> tuple[tuple[int, int], int] | None:
    """Width and height of a PBM, PGM or PPM of bytes, and how many it takes with its header; None for what is none."""
    if bitmap := _BITMAP.match(head):
        width, height = int(bitmap[1]), int(bitmap[2])
        return (width, height), bitmap.end() + -(-width // 8) * height
    found = _HEADER.match(head)
    if found is None or int(found[1]) < _PLAIN:
        return None
    kind, width, height, peak = (int(part) for part in found.groups())
    return (width, height), found.end() + width * height * (3 if kind == 6 else 1) * (2 if peak > 255 else 1)


def pnm_values(data: bytes, name: str) -> tuple[NDArray[np.uint16], int]:
    """Values (H, W, 1 or 3) of such a file, and the largest there can be.

    Raises:
        ImageReadError: If it is cut off, a value is larger, or it holds something else than numbers.
    """
    (kind, width, height, peak), start = _header(data, name)
    if not 0 < peak < 65536:
        raise ImageReadError(f"{name}: Expected a largest value from 1 to 65535, got {peak}.")
    shape = height, width, 3 if kind in (3, 6) else 1
    count = height * width * shape[2]
    if kind < _PLAIN:
        text = re.sub(rb"#[^\r\n]*", b"", data[start:])
        odd = re.search(rb"[^0-9\s]\S*", text)
        whole = text if odd is None else text[: odd.start()].rstrip(b"0123456789")
        values = np.fromstring(whole, np.int64, sep=" ")[:count] if whole.strip() else np.zeros(0, np.int64)
        if odd is not None and len(values) < count:
            word = text[len(whole) : odd.end()][:20].decode("latin-1")
            raise ImageReadError(f"{name}: Expected whole numbers from 0 to {peak}, got {word!r}.")
    else:
        stored = np.dtype(">u2" if peak > 255 else "u1")
        held = (len(data) - start) // stored.itemsize
        values = np.frombuffer(data, stored, min(count, held), start)
    if len(values) < count:
        raise ImageReadError(f"{name}: Expected {count} values, got a file that ends after {len(values)}.")
    if int(values.max()) > peak:
        raise ImageReadError(f"{name}: Expected values up to {peak}, as it says itself, got {int(values.max())}.")
    return values.astype(np.uint16).reshape(shape), peak


def _header(head: bytes, name: str) -> tuple[tuple[int, int, int, int], int]:
    """Kind, width, height and largest value, and where the values begin."""
    found = _HEADER.match(head)
    if found is None:
        raise ImageReadError(
            f"{name}: Expected width, height and largest value as whole numbers, got the header {head[:32]!r}."
        )
    kind, width, height, peak = (int(part) for part in found.groups())
    return (kind, width, height, peak), found.end()
