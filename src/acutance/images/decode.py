"""Image files to pixels, with every fault an ImageReadError.

Pillow decodes. Its own entry, ``Image.open``, warns about large images through the process-wide
``warnings`` module and counts pixels by a global that anyone may change; so the format is found here, and the
size checked against ``MAX_PIXELS``. Pillow drops the lower 8 of 16 bits of PNG's colour; they are fetched by
decoding once more with the bytes swapped. Deep TIFF and PPM are read beside it.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol, cast, runtime_checkable

import numpy as np
from PIL import ExifTags, Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from acutance.errors import ImageReadError
from acutance.images.arrays import Decoded, Pixels, levels
from acutance.images.colour import SIDEWAYS, pillow_samples, upright_srgb
from acutance.images.formats import IMAGE_FORMATS, unread_content, unread_kind
from acutance.images.frames import later_frames, later_frames_of_pillow
from acutance.images.pnm import has_header, pnm_size, pnm_values
from acutance.images.tags import TAGGED_FORMATS, SeekableFile, Tags, tags_of
from acutance.images.tiff import (
    TIFF_PREFIXES,
    is_for_pillow,
    is_mixed_up_by_pillow,
    tiff_directory,
    tiff_samples,
    tiff_size,
)

MAX_PIXELS = 178_956_970
"""Largest image that is decoded: where Pillow's default refuses (twice 1024**3 / 4 / 3)."""

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
_LOWER_BYTES = {
    "LA;16B": "RGBA",  # all four bytes of a grey value and its alpha
    "RGB;16B": "RGB;16L",
    "RGBA;16B": "RGBA;16L",
}
"""How Pillow unpacks the upper byte of 16-bit colour to how it unpacks the lower one."""
_PNM_HEAD = 4096
"""Bytes that the header of a PPM or PGM seldom exceeds."""


@runtime_checkable
class BinaryFile(Protocol):
    """A file opened with ``"rb"``, an ``io.BytesIO``, an upload: whatever gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, or all."""
        ...


def file_pixels(file: BinaryFile, name: str, hdr_peak: float | None = None) -> Decoded:
    """An image file, first frame.

    Args:
        file: A binary file, read from its start if it can seek.
        hdr_peak: Nits of the display to which PQ and HLG are brought.

    Raises:
        ImageReadError: If it is empty, no image, damaged, too large, or has a layout, values or colour that cannot
            be read.
    """
    with _faults_named(name):
        seekable = _seekable(file, name)
        samples, said = _tiff_or_pnm(seekable, name) or _by_pillow(seekable, name)
        frames = later_frames(seekable)
    return replace(upright_srgb(samples, said, name, hdr_peak), later_frames=frames)


def upright_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an image file once it is upright, by its header; None where that does not tell.

    Nothing is decoded, logged or raised: whoever reads the image hears of its faults then.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if file.read(4) in TIFF_PREFIXES:
                tags = tiff_directory(file)
                (width, height), turn = tiff_size(tags), tags.get(ExifTags.Base.Orientation, 1)
            else:
                image = _identify(file, path.name)
                has_exif = image.format != "PNG" or "exif" in image.info  # else Pillow decodes a PNG to look behind it
                (width, height), turn = image.size, image.getexif().get(ExifTags.Base.Orientation, 1) if has_exif else 1
    except (ImageReadError, *_FAULTS):
        return None
    if width < 1 or height < 1:
        return None
    return (height, width) if turn in SIDEWAYS else (width, height)


def pillow_pixels(image: Image.Image, name: str, hdr_peak: float | None = None) -> Decoded:
    """An image that Pillow holds, or has opened and not yet decoded, in the depth that Pillow has.

    Raises:
        ImageReadError: If its file is damaged, or it has a layout, values or colour that cannot be read.
    """
    with _faults_named(name):
        _check_pillows_tiff(image, name)
        said = _tags_of_pillow(image, name)
        frames = later_frames_of_pillow(image)
        image.load()
        samples = pillow_samples(image, said, name)
    return replace(upright_srgb(samples, said, name, hdr_peak), later_frames=frames)


def _by_pillow(file: SeekableFile, name: str) -> tuple[Pixels | Image.Image, Tags]:
    image = _identify(file, name)
    if image.format == "DDS" and any("BC6H" in str(tile.args) for tile in image.tile):
        raise ImageReadError(f"{name}: Expected a DDS of integers, got one of floats (BC6H). Tone-map it first.")
    lower_mode = _lower_mode(image)
    image.load()
    deep = None if lower_mode is None else _deep_pixels(image, _identify(file, name), lower_mode)
    said = tags_of(image, file, name)
    return pillow_samples(image, said, name, deep), said


def _tiff_or_pnm(file: SeekableFile, name: str) -> tuple[Pixels | Image.Image, Tags] | None:
    """Samples of a file that Pillow would misread or round; None for any other."""
    file.seek(0)
    prefix = file.read(4)
    if prefix == b"MM\0+":
        raise ImageReadError(f"{name}: Expected a BigTIFF in little-endian order, got a big-endian one. Save it anew.")
    if prefix in TIFF_PREFIXES:
        kind = unread_content(prefix + file.read(36))
        if "camera raw" in (kind, unread_kind(name)):  # what a reader of TIFF finds in it is a thumbnail
            raise ImageReadError(f"{name}: Expected an image, got {_unread('camera raw')}.")
        tags = tiff_directory(file)
        _check_size(tiff_size(tags), name)
        return None if is_for_pillow(tags, name) else tiff_samples(file, tags, name)
    if prefix[:2] in (b"P2", b"P3", b"P5", b"P6") and (size := pnm_size(_pnm_head(file), name)):
        _check_size(size, name)
        file.seek(0)
        values, peak = pnm_values(file.read(), name)
        return levels(values, peak), Tags(bits=(peak.bit_length(),))
    return None


def _pnm_head(file: SeekableFile) -> bytes:
    """The first bytes of a PPM or PGM, all where its header is longer, as by a comment."""
    file.seek(0)
    head = file.read(_PNM_HEAD)
    return head if has_header(head) or len(head) < _PNM_HEAD else head + file.read()


def _check_pillows_tiff(image: Image.Image, name: str) -> None:
    """Raises ``ImageReadError`` for a layout that Pillow mixes up."""
    if isinstance(image, TiffImageFile):
        is_for_pillow(image.tag_v2, name)
        if is_mixed_up_by_pillow(image.tag_v2):
            raise ImageReadError(f"{name}: Expected a TIFF that Pillow reads right, got another. Give its path.")


def _tags_of_pillow(image: Image.Image, name: str) -> Tags:
    """What the file of Pillow's image says, if it is still there."""
    if not isinstance(image, ImageFile.ImageFile) or image.format not in TAGGED_FORMATS:
        return tags_of(image, None, name)
    if image.tile and image.fp is not None and image.fp.seekable():  # not yet loaded; Exif of a PNG loads it
        before = image.fp.tell()
        image.fp.seek(0)
        copy = io.BytesIO(image.fp.read())
        image.fp.seek(before)
        return tags_of(image, copy, name)
    path = getattr(image, "filename", "")
    if isinstance(path, str) and Path(path).is_file():
        with Path(path).open("rb") as again:
            return tags_of(image, again, name)
    return tags_of(image, None, name)


@contextmanager
def _faults_named(name: str) -> Iterator[None]:
    """Turns what Pillow raises on damaged files into one error that names the file."""
    try:
        yield
    except ImageReadError:
        raise
    except _FAULTS as error:
        raise ImageReadError(
            f"{name}: Expected a sound image, got one that fails to decode: {_one_line(error)}."
        ) from error


def _seekable(file: BinaryFile, name: str) -> SeekableFile:
    if not isinstance(file.read(0), bytes):
        raise ImageReadError(f'{name}: Expected a binary file, got one opened as text. Open it with "rb".')
    can_seek = hasattr(file, "seekable") and file.seekable()
    return cast("SeekableFile", file) if can_seek else io.BytesIO(file.read())


def _identify(file: SeekableFile, name: str) -> ImageFile.ImageFile:
    """The image with its header read and its size checked; nothing is decoded yet."""
    Image.init()
    file.seek(0)
    start = file.read(40)
    prefix = start[:16]
    if not prefix:
        raise ImageReadError(f"{name}: Expected an image, got an empty file.")
    kind = unread_content(start) or unread_kind(name)
    detail = _unread(kind) or f"a file of no known format, beginning with {prefix!r}"
    for image_format in _candidates(name):
        factory, accepts = Image.OPEN.get(image_format, (None, None))
        verdict = accepts(prefix) if accepts is not None else factory is not None
        if isinstance(verdict, str):
            detail = f"a file that needs another Pillow: {_one_line(verdict)}"
        elif verdict and factory is not None:
            file.seek(0)
            try:
                image = factory(cast("IO[bytes]", file), "")
            except (SyntaxError, IndexError, TypeError, struct.error) as error:
                if kind in (None, "AVIF"):  # some HEIC are taken for AVIF at first
                    detail = f"a file with a damaged {image_format} header: {_one_line(error)}"
                continue
            _check_size(image.size, name)
            return image
    raise ImageReadError(f"{name}: Expected an image, got {detail}.")


def _unread(kind: str | None) -> str | None:
    """What an error says of a kind of image that is known and not read."""
    if kind is None:
        return None
    article = "an" if kind.startswith(("AVIF", "Open", "SVG", "SGI", "X ", "icon")) else "a"
    return f"{article} {kind} file, which is not read here. Convert it to PNG"


def _candidates(name: str) -> list[str]:
    """The formats to try: TGA, whose files carry no mark, only where the name says so."""
    is_targa = name.lower().endswith(IMAGE_FORMATS["TGA"])
    return [known for known in IMAGE_FORMATS if known != "TGA" or is_targa]


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
    """How to unpack the lower bytes of 16-bit colour; None for any other image."""
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
