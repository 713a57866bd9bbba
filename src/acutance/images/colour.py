"""Any Pillow mode and colour profile to upright sRGB pixels.

Profiles are applied with LittleCMS (relative colorimetric, black point compensation): colours inside sRGB
keep their measured value. 16 bits stay 16 bits unless a profile has to be applied, which LittleCMS as built
into Pillow does in 8.
"""

import io
import logging
import struct
from functools import lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageCms

from acutance.errors import ImageReadError, InputError
from acutance.images.arrays import Pixels, unit_range

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
"""A profile's colour space to the modes it can describe; an RGB profile serves grey pictures as well."""
_EXIF_FAULTS = (EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError, Warning, struct.error)
"""What Pillow raises on damaged Exif data, warnings among them if the caller has made errors of them."""
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
"""Exif 2.32, table 6: the value of Orientation to what makes the picture upright."""


def srgb_pixels(image: Image.Image, name: str, deep: Pixels | None = None) -> Pixels:
    """Upright sRGB pixels of a picture.

    Args:
        image: A picture in any of Pillow's modes; its pixels stay as they are.
        name: What to call it in errors and warnings.
        deep: The same pixels in 16 bits, where Pillow holds only the upper 8.

    Returns:
        Shape (H, W, 1..4): uint8, uint16 or float32.

    Raises:
        ImageReadError: For a mode nobody knows, or values outside the range of 16 bits or [0, 1].
    """
    if image.mode == "F":
        pixels = _grey_floats(image, name)
    elif image.mode == "I" or image.mode.startswith("I;16"):
        pixels = _deep_pixels(_grey16(image, name), image, name)
    elif deep is not None:
        pixels = _deep_pixels(deep, image, name)
    else:
        pixels = _shallow_pixels(_plain(image, name), name)
    turn = _UPRIGHT.get(_orientation(image, name))
    return pixels if turn is None else turn(pixels)


def _grey_floats(image: Image.Image, name: str) -> Pixels:
    try:
        return unit_range(np.asarray(image)[..., np.newaxis])
    except InputError as error:
        raise ImageReadError(f"{name}: {error}") from error


def _grey16(image: Image.Image, name: str) -> Pixels:
    """Grey, and alpha where one grey is marked as transparent."""
    grey = np.asarray(image)[..., np.newaxis]
    low, high = int(grey.min()), int(grey.max())
    if low < 0 or high > 65535:
        raise ImageReadError(
            f"{name}: Expected grey of at most 16 bits, got values from {low} to {high}. Rescale it first."
        )
    return _with_colour_key(grey.astype(np.uint16), image)


def _deep_pixels(deep: Pixels, image: Image.Image, name: str) -> Pixels:
    """The 16 bits as they are, or 8 where a profile has to be applied."""
    mode = "L" if deep.shape[2] < 3 else "RGB"
    transform = _transform_or_none(image, mode, name)
    deep = _with_colour_key(deep, image)
    if transform is None:
        return deep
    _LOGGER.warning("%s: the colour profile is applied in 8 bits, the picture has 16", name)
    shallow = (deep >> 8).astype(np.uint8)
    colours = 1 if mode == "L" else 3
    colour = Image.fromarray(shallow[..., 0] if mode == "L" else shallow[..., :3])
    return np.concatenate([_apply(transform, colour), shallow[..., colours:]], axis=2)


def _with_colour_key(deep: Pixels, image: Image.Image) -> Pixels:
    """Alpha from the one colour that a PNG without an alpha channel may call transparent."""
    key = image.info.get("transparency")
    if key is None or deep.shape[2] in (2, 4) or image.format != "PNG":
        return deep
    opaque = (deep != np.array(key, dtype=np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([deep, opaque * np.uint16(65535)], axis=2)


def _plain(image: Image.Image, name: str) -> Image.Image:
    """The picture in one of L, LA, RGB, RGBA, CMYK, LAB."""
    mode = _PLAIN_MODES.get(image.mode)
    if mode is None:
        raise ImageReadError(f"{name}: Expected one of Pillow's picture modes, got {image.mode}.")
    if image.has_transparency_data:
        mode = _WITH_ALPHA.get(mode, mode)
    return image if mode == image.mode else image.convert(mode)


def _shallow_pixels(image: Image.Image, name: str) -> Pixels:
    if image.mode == "LAB":
        return _apply(_lab_transform(), image)
    colours = image.mode.removesuffix("A")
    transform = _transform_or_none(image, colours, name)
    if transform is None:
        flat = np.asarray(image.convert("RGB") if colours == "CMYK" else image)
        return flat[..., np.newaxis] if flat.ndim == 2 else flat
    colour = _apply(transform, image.convert(colours) if colours != image.mode else image)
    if colours == image.mode:
        return colour
    return np.concatenate([colour, np.asarray(image.getchannel("A"))[..., np.newaxis]], axis=2)


def _apply(transform: ImageCms.ImageCmsTransform, colour: Image.Image) -> Pixels:
    """Colour in sRGB; grey is widened where the profile is one for colour."""
    if colour.mode != transform.input_mode:
        colour = colour.convert(transform.input_mode)
    return np.asarray(transform.apply(colour))  # (H, W, 3)


def _transform_or_none(image: Image.Image, mode: str, name: str) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB by the embedded profile; None without one, for sRGB itself and for a broken one."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    try:
        return _transform(profile, mode)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        _LOGGER.warning("%s: the colour profile is ignored, the picture taken as sRGB: %s", name, error)
        return None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None if the profile is sRGB already.

    Raises:
        ValueError: If the profile describes another kind of picture.
    """
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = opened.profile.xcolor_space.strip()
    modes = _PROFILE_MODES.get(space, ())
    if mode not in modes:
        raise ValueError(f"it is one for {space}, the picture is {mode}")
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


def _orientation(image: Image.Image, name: str) -> int:
    """Exif orientation, 1 (upright) where there is none or it cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _EXIF_FAULTS as error:
        _LOGGER.warning("%s: the Exif data is ignored, the picture taken as upright: %s", name, error)
        return 1
