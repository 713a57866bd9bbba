"""Any image as an sRGB array: from a file, Pillow, NumPy or PyTorch."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, Union

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from acutance.errors import ConfigError, ImageReadError, InputError
from acutance.images.arrays import Decoded, Pixels, array_pixels, opaque_pixels, tensor_pixels, three_channels
from acutance.images.colour_space import HDR_RULE, checked_peak
from acutance.images.decode import BinaryFile, file_pixels, pillow_pixels

if TYPE_CHECKING:
    import torch

ImageSource = Union[str, os.PathLike[str], BinaryFile, Image.Image, NDArray[Any], "torch.Tensor"]
"""A path, a file opened with ``"rb"``, a Pillow image, an array (H, W, C) or a tensor (C, H, W)."""


@dataclass(frozen=True)
class ReadImage:
    """An image as ``read_image`` gives it, and how deep it is."""

    array: NDArray[Any]
    """Shape (H, W, 3), read-only."""
    channels: int
    """1 if the three are one channel repeated, because the source has no colour; 3 otherwise."""
    bits: int
    """Bits a channel of ``array``."""
    source_bits: int
    """Bits a channel that the source holds; more than ``bits`` where only some of them can be had."""
    later_frames: int = 0
    """Frames of the same size that follow in the file; thumbnails and images of other sizes are none."""

    @property
    def peak(self) -> int:
        """The value of white: 255 of uint8, 65535 of uint16, 1 of floats."""
        return 1 if self.array.dtype.kind == "f" else int(np.iinfo(self.array.dtype).max)

    @property
    def lost_depth(self) -> str | None:
        """Bits kept of bits there were, such as ``8 of 16``; ``None`` where all are."""
        return f"{self.bits} of {self.source_bits}" if self.bits < self.source_bits else None


def read_image(source: ImageSource, *, background: str = "white", hdr_peak: float | None = None) -> NDArray[Any]:
    """The image as sRGB values, upright and opaque.

    - Exif orientation is applied (files and Pillow images).
    - Transparent pixels are laid over ``background``, blended in sRGB values; the colour hidden under them is
      gone.
    - Colour said by PNG's cICP, an embedded profile, PNG's gAMA and cHRM, AVIF's nclx or Exif is converted to sRGB, in
      floats except for profiles with tables; what is sRGB already keeps its pixels. A broken or unfitting profile is
      ignored with a logged warning. CMYK without a profile is converted as Pillow does it.
    - All bits are kept of grey of any format and of colour in PNG, TIFF and PPM; deep colour of JPEG 2000, AVIF and
      SGI, deep CMYK and deep images with a profile of tables become 8 bits. Pillow's mode "I" is taken as 16-bit
      grey.
    - Palettes, 1 bit, YCbCr, HSV and LAB become RGB; grey becomes three equal channels; of a file with
      several frames, the first is read.

    Args:
        source: A path; a binary file, read from its start if it can seek and left anywhere; a Pillow image,
            whose pixels are loaded, in the depth that Pillow holds; an array (H, W), (H, W, 1), (H, W, 3) or
            (H, W, 4) of uint8, uint16 or floats; a tensor (1, H, W), (3, H, W), (4, H, W) or (1, C, H, W) of
            the same types on any device, taken without gradient. Floats, also in float TIFFs, lie in [0, 1].
            The source's pixels are never changed.
        background: A colour that ``PIL.ImageColor`` knows, such as ``"white"`` or ``"#808080"``.
        hdr_peak: Nits of a display's white, from 50 to 10,000: PQ and HLG are tone-mapped to it (BT.2390). Without it
            they are an error.

    Returns:
        Shape (H, W, 3), contiguous, read-only, perhaps sharing memory with ``source``: uint8 in [0, 255],
        uint16 in [0, 65535], float32 in [0, 1] (colour that was converted, too), or float64 for float64.

    Raises:
        ImageReadError: For a file that is missing, empty, truncated, no image or above ``MAX_PIXELS``.
        InputError: For an array or tensor of another shape, type or range.
        ConfigError: If nobody knows the background, or the peak is out of range.

    Example:
        >>> half_clear_red = np.array([[[255, 0, 0, 128]]], dtype=np.uint8)
        >>> read_image(half_clear_red, background="white")
        array([[[255, 127, 127]]], dtype=uint8)
    """
    return read_with_depth(source, background=background, hdr_peak=hdr_peak).array


def read_with_depth(source: ImageSource, *, background: str = "white", hdr_peak: float | None = None) -> ReadImage:
    """The image as ``read_image`` gives it, with its depth.

    Args:
        source: As for ``read_image``.
        background: As for ``read_image``; where it is no grey, a grey image with transparency has three channels.
        hdr_peak: As for ``read_image``.
    """
    checked_peak(hdr_peak)
    decoded = _decoded(source, hdr_peak)
    pixels = opaque_pixels(decoded.pixels, _colour(background))
    return ReadImage(three_channels(pixels), pixels.shape[2], decoded.bits, decoded.source_bits, decoded.later_frames)


def image_name(source: ImageSource, index: int) -> str:
    """Name of a source in results.

    Args:
        source: Anything that ``read_image`` takes.
        index: Its place among the sources, for those without a name of their own.

    Returns:
        The path as given, with forward slashes; the file name that a file object or Pillow image carries;
        or the kind and the index.

    Example:
        >>> image_name("photos/a.png", 0), image_name(np.zeros((2, 2)), 3)
        ('photos/a.png', 'array 3')
    """
    name, kind = _name_and_kind(source)
    return name or f"{kind} {index}"


def reading_settings(background: str, hdr_peak: float | None = None) -> dict[str, str]:
    """Settings by which ``read_image`` turns files into values, to be recorded beside scores.

    Args:
        background: As for ``read_image``.
        hdr_peak: As for ``read_image``.

    Raises:
        ConfigError: If nobody knows the background, or the peak is out of range.

    Example:
        >>> reading_settings("white")["alpha"]
        'blended in sRGB values over #ffffff'
    """
    checked_peak(hdr_peak)
    red, green, blue = _colour(background)
    hdr = {} if hdr_peak is None else {"hdr": HDR_RULE.format(peak=hdr_peak)}
    return {
        "orientation": "Exif orientation applied",
        "alpha": f"blended in sRGB values over #{red:02x}{green:02x}{blue:02x}",
        "colour": "cICP, profile, gAMA and cHRM, nclx or Exif to sRGB in floats (profiles with tables in 8 bits by "
        "LittleCMS, relative colorimetric, black point compensation); else sRGB",
        "depth": "all bits kept, but 8 of deep colour in JPEG 2000, AVIF and SGI, of CMYK and with profiles of tables",
        **hdr,
    }


def _decoded(source: ImageSource, hdr_peak: float | None) -> Decoded:
    if isinstance(source, np.ndarray):
        return _whole(array_pixels(source))
    if _is_tensor(source):
        return _whole(tensor_pixels(source))
    name, kind = _name_and_kind(source)
    if isinstance(source, Image.Image):
        return pillow_pixels(source, name or kind, hdr_peak)
    if isinstance(source, str | os.PathLike):
        return _decoded_file(Path(source), name, hdr_peak)
    if isinstance(source, BinaryFile):
        return file_pixels(source, name or kind, hdr_peak)
    advice = " Do io.BytesIO(data)." if isinstance(source, bytes | bytearray | memoryview) else ""
    raise InputError(
        f"Expected a path, binary file, Pillow image, array or tensor, got {type(source).__name__}.{advice}"
    )


def _is_tensor(source: object) -> TypeGuard["torch.Tensor"]:
    """Whether this is a tensor; where torch was never imported, nothing is."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.Tensor)


def _whole(pixels: Pixels) -> Decoded:
    return Decoded(pixels, 8 * pixels.itemsize, 8 * pixels.itemsize)


def _decoded_file(path: Path, name: str, hdr_peak: float | None) -> Decoded:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise ImageReadError(f"{name}: Expected an image file, got no such file.") from error
    except (OSError, ValueError) as error:
        got = "a folder" if path.is_dir() else f"an error: {getattr(error, 'strerror', None) or error}"
        raise ImageReadError(f"{name}: Expected an image file, got {got}.") from error
    with file:
        return file_pixels(file, name, hdr_peak)


def _name_and_kind(source: ImageSource) -> tuple[str, str]:
    """The source's own name, if it has one, and what to call it if not."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source).replace(os.sep, "/"), "file"
    if isinstance(source, np.ndarray):
        return "", "array"
    if _is_tensor(source):
        return "", "tensor"
    is_pillow = isinstance(source, Image.Image)
    own = getattr(source, "filename" if is_pillow else "name", "")
    return own if isinstance(own, str) else "", "image" if is_pillow else "file object"


def _colour(background: str) -> tuple[int, int, int]:
    """8-bit sRGB of a colour's name.

    Raises:
        ConfigError: If nobody knows it, or it is not opaque.
    """
    try:
        colour = ImageColor.getrgb(background)
    except ValueError as error:
        raise ConfigError(f"Expected a background colour such as 'white' or '#808080', got {background!r}.") from error
    if len(colour) != 3:
        raise ConfigError(f"Expected an opaque background colour such as '#808080', got {background!r}.")
    return colour
