"""Small copies of pictures that fit into a page as data URIs."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acutance.errors import AcutanceError
from acutance.images import read_image

HDR_PEAK = 203.0
"""Nits to which HDR pictures are brought to be looked at, whatever they were scored at: white by BT.2408."""
MAX_SIDE = 384
"""Longest side of a thumbnail in pixels."""
_STEPS = ((384, 88), (384, 75), (288, 75), (192, 70), (128, 55), (96, 40))
"""Longest side and JPEG quality, tried until the pictures are small enough."""
_GREY = (128, 128, 128)


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A small copy, or a placeholder where there is no picture."""

    uri: str
    """``data:`` URI of a JPEG, or of an SVG with a cross."""
    width: int
    """On the page, in pixels; larger than the copy where the picture is tiny."""
    height: int
    is_tiny: bool
    """Whether its pixels are shown as squares."""
    size: tuple[int, int] | None
    """Width and height of the picture itself; ``None`` without one."""
    problem: str
    """Why there is no picture, in one line; empty if there is one."""


def thumbnails(paths: Sequence[Path], *, most_bytes: int) -> list[Thumbnail]:
    """Small copies of pictures that are laid over each other, all in one frame.

    The first readable picture gives the frame; one of another shape stands in it on grey. Pictures are read as
    for scoring: upright, transparent pixels over white, in sRGB. Copies carry no metadata.

    Args:
        paths: Files of one card of the page.
        most_bytes: What all copies together may take; the last step of size and quality is taken as it comes.

    Returns:
        One for every path: one that cannot be read is a placeholder that says why.
    """
    copies = [_copy(path) for path in paths]
    first = next((copy.size for copy in copies if copy.size is not None), (MAX_SIDE * 3 // 4, MAX_SIDE // 2))
    files: list[bytes] = []
    for side, quality in _STEPS:
        frame = _inside(first, side)
        files = [b"" if copy.picture is None else _jpeg(copy.picture, frame, quality) for copy in copies]
        if sum(map(len, files)) <= most_bytes:
            break
    width, height, is_tiny = _shown(first)
    return [
        Thumbnail(
            uri=_uri("image/jpeg", file) if file else _uri("image/svg+xml", _placeholder(width, height)),
            width=width,
            height=height,
            is_tiny=is_tiny and bool(file),
            size=copy.size,
            problem=copy.problem,
        )
        for file, copy in zip(files, copies, strict=True)
    ]


@dataclass(frozen=True)
class _Copy:
    """A picture shrunk to ``MAX_SIDE``, its own size, and why there is none."""

    picture: Image.Image | None = None
    size: tuple[int, int] | None = None
    problem: str = ""


def _copy(path: Path) -> _Copy:
    try:
        if not path.is_file():
            return _Copy(problem="Expected a picture file, got no such file.")
        picture = Image.fromarray(_eight_bits(read_image(path, hdr_peak=HDR_PEAK)))
    except (AcutanceError, OSError, ValueError) as error:
        return _Copy(problem=" ".join(str(error).split()))
    size = picture.size
    return _Copy(_resized(picture, _inside(size, MAX_SIDE)), size)


def _eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounded to 8 bits, shape (H, W, 3)."""
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * 255)
    elif pixels.dtype.itemsize == 2:
        pixels = (pixels.astype(np.uint32) * 255 + 32767) // 65535
    eight: NDArray[np.uint8] = pixels.astype(np.uint8, copy=False)
    return eight


def _inside(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size shrunk in proportion to a longest side; never enlarged."""
    longest = max(size)
    if longest <= side:
        return size
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))


def _shown(size: tuple[int, int]) -> tuple[int, int, bool]:
    """Width and height on the page, and whether pixels are shown as squares."""
    times = MAX_SIDE // max(size)
    if times >= 2:
        return size[0] * times, size[1] * times, True
    return *_inside(size, MAX_SIDE), False


def _jpeg(picture: Image.Image, frame: tuple[int, int], quality: int) -> bytes:
    """The picture in a frame, as large as it fits, without subsampled colour."""
    scale = min(frame[0] / picture.width, frame[1] / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if max(abs(size[0] - frame[0]), abs(size[1] - frame[1])) > 1:
        framed = Image.new("RGB", frame, _GREY)
        framed.paste(_resized(picture, size), ((frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2))
    else:  # a pixel of difference is rounding
        framed = _resized(picture, frame)
    file = io.BytesIO()
    framed.save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _placeholder(width: int, height: int) -> bytes:
    """A grey field with a cross, in the shape of the frame."""
    middle, centre, arm = width / 2, height / 2, min(width, height) / 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="#888"/><path stroke="#fff" stroke-width="3" d="'
        f"M{middle - arm} {centre - arm}l{2 * arm} {2 * arm}M{middle + arm} {centre - arm}l{-2 * arm} {2 * arm}"
        '"/></svg>'
    ).encode()


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
