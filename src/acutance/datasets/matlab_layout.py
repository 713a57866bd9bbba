"""Whether the sizes in a MATLAB file agree with each other: scipy reads beyond its memory where they do not.

The layout is that of MathWorks, "MAT-File Format", level 5.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterator

HEADER = 128
MATRIX, COMPRESSED = 14, 15
CELL, CHARACTERS, NUMBERS = 1, 4, range(6, 16)
COMPLEX = 0x0800
UTF8 = 16
ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, UTF8: 1, 17: 2, 18: 4}
"""Bytes of one item by type of element."""
DEPTH = 3
"""Cells within cells that are looked into; opinions need one."""


def check_mat_layout(data: bytes, names: Collection[str]) -> None:
    """Raise if a variable of these names is not laid out as its own sizes say, or is no number, text or cell.

    Args:
        data: The file. One of level 4 has no such sizes and passes.
        names: Variables that will be read; others may be anything.

    Raises:
        ValueError: What is wrong, in a few words.
        zlib.error: A damaged compressed variable.
        struct.error: A variable that breaks off.
    """
    if len(data) >= 4 and 0 in data[:4]:
        return  # level 4 begins with a small number, later levels with text
    if len(data) < HEADER:
        raise ValueError("it breaks off in its header")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise ValueError("its header names no order of bytes")
    for kind, content in _elements(data[HEADER:], order):
        inner = list(_elements(zlib.decompress(content), order)) if kind == COMPRESSED else [(kind, content)]
        for inner_kind, matrix in inner:
            if inner_kind == MATRIX and _name(matrix, order) in names:
                _check_matrix(matrix, order, DEPTH)


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and content of the elements that stand one after the other."""
    place = 0
    while place < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        start = place + 8
        if kind >> 16:  # up to four bytes stand in the second half of the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        if start + size > len(data) or (start == place + 4 and size > 4):
            raise ValueError("an element is longer than what holds it")
        yield kind, data[start : start + size]
        is_packed = kind == COMPRESSED
        place = place + 8 if start == place + 4 else start + size + (0 if is_packed else -size % 8)


def _name(matrix: bytes, order: str) -> str:
    parts = _elements(matrix, order)
    for _ in range(2):
        next(parts, None)
    return next(parts, (0, b""))[1].decode("latin-1")


def _check_matrix(matrix: bytes, order: str, depth: int) -> None:
    parts = list(_elements(matrix, order))
    if not parts:
        return  # an empty cell
    if len(parts) < 3 or len(parts[0][1]) != 8 or len(parts[1][1]) % 4:
        raise ValueError("a variable lacks its sizes")
    flags = struct.unpack(f"{order}II", parts[0][1])[0]
    sizes = struct.unpack(f"{order}{len(parts[1][1]) // 4}i", parts[1][1])
    if len(sizes) < 2 or min(sizes) < 0:
        raise ValueError(f"a variable has the sizes {sizes}")
    count, kind, contents = math.prod(sizes), flags & 0xFF, parts[3:]
    if kind == CELL and depth:
        if len(contents) != count or any(inner_kind != MATRIX for inner_kind, _ in contents):
            raise ValueError(f"a cell array of {count} has {len(contents)}")
        for _, inner in contents:
            _check_matrix(inner, order, depth - 1)
    elif kind == CHARACTERS or kind in NUMBERS:
        _check_items(contents, count, 2 if flags & COMPLEX else 1)
    else:
        raise ValueError(f"a variable of class {kind} is neither numbers nor text nor cells")


def _check_items(contents: list[tuple[int, bytes]], count: int, arrays: int) -> None:
    if len(contents) != arrays:
        raise ValueError(f"a variable has {len(contents)} parts in place of {arrays}")
    for kind, items in contents:
        if kind not in ITEM_BYTES:
            raise ValueError(f"numbers have the type {kind}, which there is not")
        there = len(items.decode()) if kind == UTF8 else len(items) / ITEM_BYTES[kind]
        if there != count:
            raise ValueError(f"a variable of {count} has {there:g}")
