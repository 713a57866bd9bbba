"""One image saved in many ways: format, layout, depth, tag."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from tests.fakes import pictures

Reader = Callable[[bytes], NDArray[Any]]


def picture() -> NDArray[np.uint8]:
    """Shape (48, 64, 3): a ramp, a ring and some noise in fewer than 256 colours, so that palettes hold it."""
    y, x = np.mgrid[:48, :64]
    ring = np.hypot(y - 24, x - 32) < 15
    noise = np.random.default_rng(0).integers(0, 2, (48, 64))
    red, green, blue = x // 11, y // 8, (x + y) // 23 + noise * ring
    return np.stack([red * 51, green * 51, (blue * 255 // 6).clip(0, 255)], axis=-1).astype(np.uint8)


@dataclass(frozen=True)
class Way:
    """A file of the image, and what it should score beside it."""

    ending: str
    data: bytes
    reader: Reader | None = None
    """An independent reader, for what is not the image to the last bit."""
    least: float = np.inf
    """PSNR beside what the reader gives: infinite, or that of the largest difference two decoders may have."""
    is_error: bool = False


def one_level_off() -> float:
    """PSNR of images that differ by one level everywhere."""
    return float(20 * np.log10(255))


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def by_pillow(image_format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (image or Image.fromarray(picture())).save(file, image_format, **options)
    return file.getvalue()


def by_tifffile(pixels: NDArray[Any], *, planar: bool = False, tiled: bool = False, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        np.moveaxis(pixels, -1, 0) if planar else pixels,
        photometric=options.pop("photometric", "rgb"),
        planarconfig="separate" if planar else "contig",
        tile=(32, 48) if tiled else None,
        rowsperstrip=None if tiled else 7,
        metadata=None,
        **options,
    )
    return file.getvalue()


def ways() -> dict[str, Way]:
    """Every way by name."""
    return {**_png_ways(), **_tiff_ways(), **_other_ways(), **_lossy_ways(), **_errors()}


def _png_ways() -> dict[str, Way]:
    eight = picture()
    deep = eight.astype(np.uint16) * 257
    opaque = np.dstack([eight, np.full(eight.shape[:2], 255, np.uint8)])
    bt709 = pictures.primaries_chunk(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    files = {
        "png": pictures.png_bytes(eight),
        "png interlaced": pictures.png_bytes(eight, interlaced=True),
        "png 16": pictures.png_bytes(deep),
        "png 16 interlaced": pictures.png_bytes(deep, interlaced=True),
        "png alpha": pictures.png_bytes(opaque),
        "png palette": by_pillow("PNG", Image.fromarray(eight).quantize(256)),
        "png gAMA cHRM": pictures.png_bytes(eight, chunks=[pictures.gamma_chunk(0.45455), bt709]),
        "png cICP": pictures.png_bytes(eight, chunks=[pictures.coded_chunk(1, 13)]),
        "png iCCP": pictures.png_bytes(deep, chunks=[pictures.profile_chunk(srgb_profile())]),
        "png sRGB before gAMA": pictures.png_bytes(eight, chunks=[(b"sRGB", b"\0"), pictures.gamma_chunk(1.0)]),
    }
    return {name: Way(".png", data) for name, data in files.items()}


def _tiff_ways() -> dict[str, Way]:
    eight = picture()
    deep, floats = eight.astype(np.uint16) * 257, eight / np.float32(255)
    files = {
        "tiff": by_tifffile(eight),
        "tiff planar": by_tifffile(eight, planar=True),
        "tiff tiled LZW": by_tifffile(eight, tiled=True, compression="lzw"),
        "tiff PackBits": by_tifffile(eight, compression="packbits"),
        "tiff 16 Deflate predictor": by_tifffile(deep, compression="zlib", predictor=True),
        "tiff 16 planar big-endian": by_tifffile(deep, planar=True, byteorder=">"),
        "tiff 16 planar tiled LZW": by_tifffile(deep, planar=True, tiled=True, compression="lzw"),
        "tiff 16 BigTIFF": by_tifffile(deep, bigtiff=True),
        "tiff float32": by_tifffile(floats),
        "tiff float32 planar Deflate predictor big-endian": by_tifffile(
            floats, planar=True, compression="zlib", predictor=True, byteorder=">"
        ),
        "tiff float64 tiled": by_tifffile(eight / 255, tiled=True),
    }
    return {name: Way(".tif", data) for name, data in files.items()}


def _other_ways() -> dict[str, Way]:
    deep = picture().astype(">u2") * 257
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 1
    return {
        "webp lossless": Way(".webp", by_pillow("WEBP", lossless=True, exact=True, exif=exif)),
        "jpeg 2000 reversible": Way(".jp2", by_pillow("JPEG2000", irreversible=False)),
        "bmp": Way(".bmp", by_pillow("BMP")),
        "ppm": Way(".ppm", by_pillow("PPM")),
        "ppm 16": Way(".ppm", b"P6 64 48 65535\n" + deep.tobytes()),
        "qoi": Way(".qoi", by_pillow("QOI")),
        "tga": Way(".tga", by_pillow("TGA")),
        "gif": Way(".gif", by_pillow("GIF", Image.fromarray(picture()).quantize(256))),
        "sgi": Way(".sgi", by_pillow("SGI")),
    }


def _lossy_ways() -> dict[str, Way]:
    close = one_level_off()
    values = picture().astype(np.uint16) * 4
    return {
        "jpeg 4:4:4": Way(".jpg", by_pillow("JPEG", quality=90, subsampling="4:4:4"), imagecodecs.jpeg8_decode, close),
        "jpeg 4:2:0 progressive": Way(
            ".jpg",
            by_pillow("JPEG", quality=75, subsampling="4:2:0", progressive=True),
            imagecodecs.jpeg8_decode,
            close,
        ),
        "webp": Way(".webp", by_pillow("WEBP", quality=80), imagecodecs.webp_decode, close),
        "avif 4:4:4": Way(".avif", by_pillow("AVIF", quality=95, subsampling="4:4:4"), imagecodecs.avif_decode, close),
        "avif 4:2:0": Way(".avif", by_pillow("AVIF", quality=60), imagecodecs.avif_decode, close),
        "jpeg 2000 irreversible": Way(
            ".jp2", by_pillow("JPEG2000", irreversible=True, quality_layers=[20]), imagecodecs.jpeg2k_decode, close
        ),
        "tiff jpeg": Way(
            ".tif", by_tifffile(picture(), compression="jpeg", compressionargs={"level": 90}), _by_tifffile, close
        ),
        "ppm 1023": Way(
            ".ppm", b"P6 64 48 1023\n" + values.astype(">u2").tobytes(), lambda _: (values / 1023).astype(np.float32)
        ),
        "tiff 12": Way(
            ".tif", by_tifffile(values, bitspersample=12), lambda data: (_by_tifffile(data) / 4095).astype(np.float32)
        ),
    }


def _by_tifffile(data: bytes) -> NDArray[Any]:
    pixels: NDArray[Any] = tifffile.imread(io.BytesIO(data))
    return pixels


def _errors() -> dict[str, Way]:
    deep = picture().astype(np.uint16) * 257
    big = by_tifffile(deep, bigtiff=True, byteorder=">")
    jpeg2000 = bytes(imagecodecs.jpeg2k_encode(deep, reversible=True))
    return {
        "png PQ": Way(".png", pictures.png_bytes(deep, chunks=[pictures.coded_chunk(9, 16)]), is_error=True),
        "tiff int16": Way(".tif", by_tifffile((deep // 2).astype(np.int16)), is_error=True),
        "tiff uint32": Way(".tif", by_tifffile(deep.astype(np.uint32) * 65537), is_error=True),
        "tiff 16 LERC": Way(".tif", by_tifffile(deep, compression="lerc"), is_error=True),
        "tiff BigTIFF big-endian": Way(".tif", big, is_error=True),
        "jpeg 2000 16": Way(".jp2", jpeg2000, is_error=True),
    }


def with_nclx(avif: bytes, primaries: int, transfer: int) -> bytes:
    """The AVIF file with other code points."""
    place = avif.index(b"nclx") + 4
    return avif[:place] + struct.pack(">HH", primaries, transfer) + avif[place + 4 :]
