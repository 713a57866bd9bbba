"""Pictures: found, read as sRGB, stacked into batches and enlarged."""

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
