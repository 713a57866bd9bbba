"""Images: found below folders, and read as upright, opaque sRGB arrays. No part of it needs torch."""

from acutance.images.formats import FoundImages, find_images
from acutance.images.read import ImageSource, image_name, read_image, reading_settings

__all__ = ["FoundImages", "ImageSource", "find_images", "image_name", "read_image", "reading_settings"]
