"""How an image becomes the input of A-FINE: the whole image, sides brought to multiples of 32."""

from acutance.layers.images import EnlargedBatch, enlarge_to_multiple
from acutance.shapes import ImageBatch
from acutance.types import JSON

PATCH_SIZE = 32
"""Patch of CLIP ViT-B/32 in pixels."""


def whole_image(images: ImageBatch) -> EnlargedBatch:
    """The whole image, enlarged by at most 31 pixels a side to multiples of 32.

    Bicubic (a = -0.75), each side on its own, without clamping, as the authors do (afine.py).
    """
    return enlarge_to_multiple(images, PATCH_SIZE)


def view_settings(**others: JSON) -> dict[str, JSON]:
    """What ``whole_image`` does, for the provenance of a score, and what else is not as usual."""
    return {"view": "whole picture", "sides": f"enlarged to multiples of {PATCH_SIZE}, bicubic a=-0.75", **others}
