"""Picture files to pixels, with every fault an ImageReadError.

Pillow decodes. Its own entry, ``Image.open``, warns about large pictures through the process-wide
``warnings`` module and counts pixels by a global that anyone may change; so the format is found here, and the
size checked against ``MAX_PIXELS``. Pillow drops the lower 8 of 16 bits of colour; they are fetched by
decoding once more with the bytes swapped.
"""

import io
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol, cast, runtime_checkable

import numpy as np
from PIL import Image, ImageFile

from acutance.errors import ImageReadError
from acutance.images.arrays import Pixels
from acutance.images.colour import srgb_pixels
from acutance.images.formats import PICTURE_FORMATS

MAX_PIXELS = 178_956_970
"""Largest picture that is decoded: where Pillow's default refuses (twice 1024**3 / 4 / 3)."""

_FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # if the caller has made errors of them
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on damaged files."""
_FOREIGN = "B" if sys.byteorder == "little" else "L"
_LOWER_BYTES = {
    "LA;16B": "RGBA",  # all four bytes of a grey value and its alpha
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGB;16N": f"RGB;16{_FOREIGN}",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "RGBA;16N": f"RGBA;16{_FOREIGN}",
}
"""How Pillow unpacks the upper byte of 16-bit colour to how it unpacks the lower one."""


@runtime_checkable
class BinaryFile(Protocol):
    """A file opened with ``"rb"``, an ``io.BytesIO``, an upload: whatever gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, or all."""
        ...


@runtime_checkable
class SeekableFile(BinaryFile, Protocol):
    """A binary file that can be read again."""

    def seek(self, offset: int, /) -> int:
        """Move to a byte."""
        ...


@dataclass(frozen=True)
class Decoded:
    """A picture as it was decoded."""

    pixels: Pixels
    """Shape (H, W, 1..4), upright sRGB: uint8, uint16, float32 or float64."""
    source_bits: int
    """Bits a channel that the file holds."""
    bits: int
    """Bits a channel kept in ``pixels``."""


def file_pixels(file: BinaryFile, name: str) -> Decoded:
    """Upright sRGB pixels of a picture file, first frame.

    Args:
        file: A binary file, read from its start if it can seek.
        name: What to call it in errors.

    Raises:
        ImageReadError: If it is empty, no picture, damaged, too large or has values out of range.
    """
    with _faults_named(name):
        seekable = _seekable(file, name)
        image = _identify(seekable, name)
        lower_mode = _lower_mode(image)
        image.load()
        deep = None if lower_mode is None else _deep_pixels(image, _identify(seekable, name), lower_mode)
    return _decoded(srgb_pixels(image, name, deep), image, is_deep=deep is not None)


def picture_pixels(image: Image.Image, name: str) -> Decoded:
    """Upright sRGB pixels of a picture that Pillow holds, or has opened and not yet decoded.

    Raises:
        ImageReadError: If its file is damaged or it has values out of range.
    """
    with _faults_named(name):
        image.load()
    return _decoded(srgb_pixels(image, name), image, is_deep=False)


def _decoded(pixels: Pixels, image: Image.Image, *, is_deep: bool) -> Decoded:
    bits = 8 * pixels.itemsize
    return Decoded(pixels, 16 if is_deep or image.mode.startswith("I") else bits, bits)


@contextmanager
def _faults_named(name: str) -> Iterator[None]:
    """Turns what Pillow raises on damaged files into one error that names the file."""
    try:
        yield
    except ImageReadError:
        raise
    except _FAULTS as error:
        raise ImageReadError(
            f"{name}: Expected a sound picture, got one that fails to decode: {_one_line(error)}."
        ) from error


def _seekable(file: BinaryFile, name: str) -> SeekableFile:
    if not isinstance(file.read(0), bytes):
        raise ImageReadError(f'{name}: Expected a binary file, got one opened as text. Open it with "rb".')
    can_seek = hasattr(file, "seekable") and file.seekable()
    return cast("SeekableFile", file) if can_seek else io.BytesIO(file.read())


def _identify(file: SeekableFile, name: str) -> ImageFile.ImageFile:
    """The picture with its header read and its size checked; nothing is decoded yet."""
    Image.init()
    file.seek(0)
    prefix = file.read(16)
    if not prefix:
        raise ImageReadError(f"{name}: Expected a picture, got an empty file.")
    detail = f"of no known format, beginning with {prefix!r}"
    for picture_format in _candidates(name):
        factory, accepts = Image.OPEN.get(picture_format, (None, None))
        verdict = accepts(prefix) if accepts is not None else factory is not None
        if isinstance(verdict, str):
            detail = f"that needs another Pillow: {_one_line(verdict)}"
        elif verdict and factory is not None:
            file.seek(0)
            try:
                image = factory(cast("IO[bytes]", file), "")
            except (SyntaxError, IndexError, TypeError, struct.error) as error:
                detail = f"with a damaged {picture_format} header: {_one_line(error)}"
                continue
            _check_size(image.size, name)
            return image
    raise ImageReadError(f"{name}: Expected a picture, got a file {detail}.")


def _candidates(name: str) -> list[str]:
    """The formats to try: TGA, whose files carry no mark, only where the name says so."""
    is_targa = name.lower().endswith(PICTURE_FORMATS["TGA"])
    return [known for known in PICTURE_FORMATS if known != "TGA" or is_targa]


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageReadError(
            f"{name}: Expected at most {MAX_PIXELS} pixels, got {width} x {height}, perhaps a decompression "
            "bomb. Cut it into parts or give it as an array."
        )
    if width < 1 or height < 1:
        raise ImageReadError(f"{name}: Expected at least one pixel, got {width} x {height}.")


def _lower_mode(image: ImageFile.ImageFile) -> str | None:
    """How to unpack the lower bytes of 16-bit colour; None for any other picture."""
    if image.mode not in ("RGB", "RGBA"):
        return None
    modes = {tile.args if isinstance(tile.args, str) else (tile.args or ("",))[0] for tile in image.tile}
    return _LOWER_BYTES.get(modes.pop()) if len(modes) == 1 else None


def _deep_pixels(image: Image.Image, again: ImageFile.ImageFile, lower_mode: str) -> Pixels:
    """16-bit pixels, from their upper bytes and from decoding the file again for the lower ones."""
    again.tile = [tile._replace(args=_with_raw_mode(tile.args, lower_mode)) for tile in again.tile]
    again.load()
    upper, lower = np.asarray(image), np.asarray(again)
    if lower_mode == "RGBA":
        upper, lower = lower[..., 0::2], lower[..., 1::2]  # (H, W, 2): grey and alpha
    pixels: Pixels = (upper.astype(np.uint16) << 8) | lower
    return pixels


def _with_raw_mode(args: tuple[object, ...] | str | None, raw_mode: str) -> tuple[object, ...] | str:
    return (raw_mode, *args[1:]) if isinstance(args, tuple) else raw_mode


def _one_line(error: BaseException | str) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
