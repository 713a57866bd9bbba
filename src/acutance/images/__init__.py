"""Pictures: found, read as sRGB, stacked into batches and enlarged. Imported when first used: files need no torch."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acutance.images.files import FoundImages, find_images
    from acutance.images.read import ImageSource, image_name, read_image, reading_settings
    from acutance.images.resize import enlarge_to_multiple
    from acutance.images.tensors import to_batch

__all__ = [
    "FoundImages",
    "ImageSource",
    "enlarge_to_multiple",
    "find_images",
    "image_name",
    "read_image",
    "reading_settings",
    "to_batch",
]

_LAZY = {
    "FoundImages": "acutance.images.files",
    "ImageSource": "acutance.images.read",
    "enlarge_to_multiple": "acutance.images.resize",
    "find_images": "acutance.images.files",
    "image_name": "acutance.images.read",
    "read_image": "acutance.images.read",
    "reading_settings": "acutance.images.read",
    "to_batch": "acutance.images.tensors",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'acutance.images' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
