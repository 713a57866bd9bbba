"""Images: found below folders, and read as upright, opaque sRGB arrays. No part of it needs torch."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acutance.images.formats import FoundImages, find_images
    from acutance.images.read import ImageSource, image_name, read_image, reading_settings

__all__ = ["FoundImages", "ImageSource", "find_images", "image_name", "read_image", "reading_settings"]


def __getattr__(name: str) -> object:  # so that whoever wants crops alone, as the catalogue does, loads no numpy
    if name not in __all__:
        raise AttributeError(f"module 'acutance.images' has no attribute {name!r}")
    module = "formats" if name in ("FoundImages", "find_images") else "read"
    return getattr(importlib.import_module(f"acutance.images.{module}"), name)
