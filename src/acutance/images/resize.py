"""Enlarge pictures to a size that a network can take."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.errors import ConfigError
from acutance.shapes import ImageBatch

EnlargedBatch = Float[Tensor, "batch 3 larger_height larger_width"]
"""Pictures whose size is not that of the pictures they came from."""


def enlarge_to_multiple(images: ImageBatch, multiple: int) -> EnlargedBatch:
    """The pictures with height and width enlarged to the next multiple, each on its own.

    Bicubic with a = -0.75, half-pixel centres, edge samples repeated, no antialiasing and no clamping of the
    overshoot, as the authors of A-FINE do it (arXiv 2503.11221, public code). A side that fits already is
    left exactly as it is. Differentiable.

    Args:
        images: Shape (N, 3, H, W).
        multiple: What both sides must be a multiple of, at least 1.

    Returns:
        Shape (N, 3, H', W') with H' - H and W' - W below ``multiple``; may leave [0, 1] at edges. The batch
        itself, not a copy, when both sides fit.

    Raises:
        ConfigError: If ``multiple`` is below 1.

    Example:
        >>> import torch
        >>> enlarge_to_multiple(torch.rand(1, 3, 40, 64), 32).shape
        torch.Size([1, 3, 64, 64])
    """
    if multiple < 1:
        raise ConfigError(f"Expected a multiple of at least 1, got {multiple}.")
    height, width = images.shape[-2:]
    size = (-(-height // multiple) * multiple, -(-width // multiple) * multiple)
    if size == (height, width):
        return images
    return functional.interpolate(images, size=size, mode="bicubic", align_corners=False)
