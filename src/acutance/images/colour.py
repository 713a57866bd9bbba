"""Samples of any kind to upright sRGB pixels.

Spaces said by numbers, and profiles of a matrix and curves, are converted in floats. Other profiles are applied with
LittleCMS, which as built into Pillow does it in 8 bits (relative colorimetric, black point compensation).
"""

import io
import logging
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from acutance.errors import ImageReadError, InputError
from acutance.images.arrays import Decoded, Pixels, levels, unit_range
from acutance.images.colour_space import ColourSpace, converted, profile_space
from acutance.images.tags import Tags

_LOGGER = logging.getLogger(__name__)

_PLAIN_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "P": "RGB",
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "CMYK": "CMYK",
    "LAB": "LAB",
}
"""Pillow's 8-bit modes to the ones handled here."""
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
_PROFILE_MODES = {"GRAY": ("L",), "RGB": ("RGB", "L"), "CMYK": ("CMYK",)}
"""A profile's colour space to the modes it can describe; an RGB profile serves grey images as well."""
_PEAKS = {"uint8": 255, "uint16": 65535}
_SAME_COLOUR = 1
"""A profile that moves no colour by more 8-bit levels is sRGB; HP's "sRGB IEC61966-2.1" moves some by 1."""
_UPRIGHT = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
"""Exif 2.32, table 6: the value of Orientation to what makes the image upright."""
SIDEWAYS = (5, 6, 7, 8)
"""Those that exchange width and height."""


def upright_srgb(samples: Pixels | Image.Image, said: Tags, name: str, hdr_peak: float | None = None) -> Decoded:
    """Samples as the image they make.

    Args:
        samples: Shape (H, W, 1..4), alpha straight; or an image of Pillow's in CMYK or LAB.
        name: What to call it in errors and warnings.
        hdr_peak: Nits of the display to which PQ and HLG are brought.

    Raises:
        ImageReadError: For PQ and HLG without a peak.
    """
    if isinstance(samples, Image.Image):
        pixels, is_shallow = _ink_pixels(samples, said, name), True
    else:
        is_shallow = samples.dtype == np.uint8
        colours = 1 if samples.shape[2] < 3 else 3
        colour, alpha = samples[..., :colours], samples[..., colours:]
        way = said.space or _way_or_none(said.profile, "L" if colours == 1 else "RGB", name)
        if isinstance(way, ColourSpace):
            colour = converted(colour, way, hdr_peak, name)
        elif way is not None:
            colour, is_shallow = _by_littlecms(way, colour, name), True
        pixels = colour if not alpha.shape[2] else np.concatenate([colour, _as_type(alpha, colour.dtype)], axis=2)
    turn = _UPRIGHT.get(said.orientation)
    bits = max(*said.bits, 8)
    return Decoded(pixels if turn is None else turn(pixels), bits, min(bits, 8) if is_shallow else bits)


def pillow_samples(image: Image.Image, said: Tags, name: str, deep: Pixels | None = None) -> Pixels | Image.Image:
    """Samples of an image, as ``upright_srgb`` takes them.

    Args:
        image: An image in any of Pillow's modes; its pixels stay as they are.
        name: What to call it in errors and warnings.
        deep: The same pixels in 16 bits, where Pillow holds only the upper 8.

    Raises:
        ImageReadError: For a mode nobody knows, or values outside the range of 16 bits or [0, 1].
    """
    if image.mode == "F":
        return _grey_floats(image, name)
    if deep is not None:
        return _with_colour_key(deep, image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        if max(said.bits) > 16:
            raise ImageReadError(f"{name}: Expected grey of at most 16 bits, got {max(said.bits)}. Rescale it first.")
        grey = _grey16(image, name)
        return _without_shift(grey, said, 16) if image.format == "JPEG2000" else _with_colour_key(grey, image)
    plain = _plain(image, name)
    if plain.mode in ("CMYK", "LAB"):
        return plain
    flat = np.asarray(plain)
    pixels = flat[..., np.newaxis] if flat.ndim == 2 else flat
    if image.format != "JPEG2000" or image.mode == "P":
        return pixels
    _check_not_wrapped(pixels, said, name)
    return pixels if min(said.bits) >= 8 else _without_shift(pixels, said, 8)


def _check_not_wrapped(pixels: Pixels, said: Tags, name: str) -> None:
    """Raises ``ImageReadError`` where white may have become black: Pillow rounds deep colour up, past 255 to 0."""
    if max(said.bits) > 8 and not pixels.all():
        raise ImageReadError(
            f"{name}: Expected JPEG 2000 of 8 bits a channel, got colour of {max(said.bits)}, whose white cannot be "
            "told from black here. Convert it to PNG or TIFF, which keep all bits."
        )


def _without_shift(pixels: Pixels, said: Tags, held: int) -> Pixels:
    """JPEG 2000 of fewer bits than Pillow holds, which shifts them up and leaves white grey."""
    bits = set(said.bits)
    if bits == {held}:
        return pixels
    if len(bits) > 1:
        kept = [(one, min(depth, held)) for one, depth in zip(np.moveaxis(pixels, 2, 0), said.bits, strict=True)]
        return np.stack([(one >> (held - depth)) / np.float32(2**depth - 1) for one, depth in kept], axis=2)
    depth = min(bits.pop(), held)
    return levels(pixels >> (held - depth), 2**depth - 1)


def _as_type(alpha: Pixels, kind: np.dtype[np.generic]) -> Pixels:
    """Alpha in the type of its colour."""
    if alpha.dtype == kind:
        return alpha
    floats: Pixels = alpha if alpha.dtype.kind == "f" else alpha / _PEAKS[alpha.dtype.name]
    return (floats if kind.kind == "f" else np.rint(floats * _PEAKS[kind.name])).astype(kind)


def _grey_floats(image: Image.Image, name: str) -> Pixels:
    try:
        return unit_range(np.asarray(image)[..., np.newaxis])
    except InputError as error:
        raise ImageReadError(f"{name}: {error}") from error


def _grey16(image: Image.Image, name: str) -> Pixels:
    grey = np.asarray(image)[..., np.newaxis]
    low, high = int(grey.min()), int(grey.max())
    if low < 0 or high > 65535:
        raise ImageReadError(
            f"{name}: Expected grey of at most 16 bits, got values from {low} to {high}. Rescale it first."
        )
    return grey.astype(np.uint16)


def _with_colour_key(deep: Pixels, image: Image.Image) -> Pixels:
    """Alpha from the one colour that a PNG without an alpha channel may call transparent."""
    key = image.info.get("transparency")
    if key is None or deep.shape[2] in (2, 4) or image.format != "PNG":
        return deep
    opaque = (deep != np.array(key, dtype=np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([deep, opaque * np.uint16(65535)], axis=2)


def _plain(image: Image.Image, name: str) -> Image.Image:
    """The image in one of L, LA, RGB, RGBA, CMYK, LAB."""
    mode = _PLAIN_MODES.get(image.mode)
    if mode is None:
        raise ImageReadError(f"{name}: Expected one of Pillow's image modes, got {image.mode}.")
    if image.has_transparency_data:
        mode = _WITH_ALPHA.get(mode, mode)
    return image if mode == image.mode else image.convert(mode)


def _ink_pixels(image: Image.Image, said: Tags, name: str) -> Pixels:
    if image.mode == "LAB":
        return np.asarray(_lab_transform().apply(image))
    way = _way_or_none(said.profile, "CMYK", name)
    return np.asarray(image.convert("RGB") if not isinstance(way, ImageCms.ImageCmsTransform) else way.apply(image))


def _by_littlecms(transform: ImageCms.ImageCmsTransform, colour: Pixels, name: str) -> Pixels:
    """Colour in 8 bits, (H, W, 3); grey is widened where the profile is one for colour."""
    if colour.dtype != np.uint8:
        _LOGGER.warning("%s: the colour profile is applied in 8 bits, the image has more", name)
        colour = _as_type(colour, np.dtype(np.uint8))
    image = Image.fromarray(np.ascontiguousarray(colour[..., 0] if colour.shape[2] == 1 else colour))
    return np.asarray(transform.apply(image if image.mode == transform.input_mode else image.convert("RGB")))


def _way_or_none(profile: bytes | None, mode: str, name: str) -> ColourSpace | ImageCms.ImageCmsTransform | None:
    """The way to sRGB by the embedded profile; None without one, for sRGB itself and for a broken one."""
    if not profile:
        return None
    try:
        return _way(profile, mode)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        if isinstance(error, ImageReadError):
            raise
        _LOGGER.warning("%s: the colour profile is ignored, the image taken as sRGB: %s", name, error)
        return None


def _way(profile: bytes, mode: str) -> ColourSpace | ImageCms.ImageCmsTransform | None:
    space = None if mode == "CMYK" else _space_of(profile)
    if space is not None and space.hdr:
        return space
    transform = _transform(profile, mode)
    return None if transform is None else space or transform


@lru_cache(maxsize=32)
def _space_of(profile: bytes) -> ColourSpace | None:
    return profile_space(profile)


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None if the profile is sRGB already.

    Raises:
        ValueError: If the profile describes another kind of image.
    """
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = opened.profile.xcolor_space.strip()
    modes = _PROFILE_MODES.get(space, ())
    if mode not in modes:
        raise ValueError(f"it is one for {space}, the image is {mode}")
    transform = _to_srgb(opened, modes[0])
    return None if modes[0] != "CMYK" and _changes_nothing(transform) else transform


def _to_srgb(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _lab_transform() -> ImageCms.ImageCmsTransform:
    return _to_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a grid of colours (or all greys) comes out as it went in."""
    if transform.input_mode == "L":
        before: Pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
        wanted = before[..., np.newaxis]
    else:
        steps = np.linspace(0, 255, 18).astype(np.uint8)  # 0, 15, 30 ... 255
        before = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(18, -1, 3)
        wanted = before
    after = np.asarray(transform.apply(Image.fromarray(before)))
    return bool(np.abs(after.astype(np.int16) - wanted).max() <= _SAME_COLOUR)
