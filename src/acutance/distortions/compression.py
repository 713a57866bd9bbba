"""Compression of KADID-10k: JPEG 2000 and JPEG, by the codecs of Pillow (OpenJPEG and libjpeg-turbo)."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acutance.distortions.pixels import Pixels, as_bytes, from_bytes


def jpeg2000(picture: Pixels, ratio: float) -> Pixels:
    """The picture after JPEG 2000, by the irreversible wavelet and colour transform.

    Args:
        picture: Shape (H, W, 3), in [0, 1]; floats are rounded to 8 bits.
        ratio: How many times smaller than the raw pixels the file becomes; tiny pictures never reach it.
    """
    return _read(jpeg2000_file(as_bytes(picture), ratio), picture)


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """The picture after JPEG with halved colour resolution.

    Args:
        picture: Shape (H, W, 3), in [0, 1]; floats are rounded to 8 bits.
        quality: Of the Independent JPEG Group's scale, 1 to 100.
    """
    file = io.BytesIO()
    Image.fromarray(as_bytes(picture)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return _read(file.getvalue(), picture)


def jpeg2000_file(pixels: NDArray[np.uint8], ratio: float) -> bytes:
    """The JPEG 2000 file of 8-bit pixels.

    Args:
        pixels: Shape (H, W, 3).
        ratio: How many times smaller than the raw pixels it is.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=1
    )
    return file.getvalue()


def _read(file: bytes, picture: Pixels) -> Pixels:
    with Image.open(io.BytesIO(file)) as image:
        return from_bytes(np.asarray(image.convert("RGB"), dtype=np.uint8), picture)
