"""PPM and PGM files with another largest value than 255, which Pillow rounds to 8 or 16 bits."""

import re

import numpy as np
from numpy.typing import NDArray

from acutance.errors import ImageReadError

_HEADER = re.compile(rb"P([2356])" + rb"(?:\s|#[^\n]*\n)+(\d+)" * 3 + rb"\s")


def pnm_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a file that is read here; None for any other."""
    head = _HEADER.match(data)
    return None if head is None or int(head[4]) == 255 else (int(head[2]), int(head[3]))


def pnm_values(data: bytes, name: str) -> tuple[NDArray[np.uint16], int]:
    """Values (H, W, 1 or 3) of such a file, and the largest there can be.

    Raises:
        ImageReadError: If it is cut off, or a value is larger.
    """
    head = _HEADER.match(data)
    if head is None:
        raise ImageReadError(f"{name}: Expected PPM or PGM, got another file.")
    kind, width, height, peak = (int(part) for part in head.groups())
    if not 0 < peak < 65536:
        raise ImageReadError(f"{name}: Expected a largest value from 1 to 65535, got {peak}.")
    shape = height, width, 3 if kind in (3, 6) else 1
    count = height * width * shape[2]
    body = data[head.end() :]
    if kind < 4:
        words = re.sub(rb"#[^\n]*", b"", body).split()[:count]
        values = np.array(words, dtype=np.int64) if words else np.zeros(0, np.int64)
    else:
        stored = np.dtype(">u2" if peak > 255 else "u1")
        values = np.frombuffer(
            body[: count * stored.itemsize], stored, len(body[: count * stored.itemsize]) // stored.itemsize
        )
    if len(values) < count:
        raise ImageReadError(f"{name}: Expected {count} values, got a file that ends after {len(values)}.")
    if int(values.max()) > peak:
        raise ImageReadError(f"{name}: Expected values up to {peak}, as it says itself, got {int(values.max())}.")
    return values.astype(np.uint16).reshape(shape), peak
