"""Pictures to the tensor that models take."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acutance.errors import ConfigError, InputError
from acutance.shapes import ImageBatch

_PEAKS = {torch.uint8: 255, torch.uint16: 65535}


def to_batch(
    images: Sequence[NDArray[Any]],
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> ImageBatch:
    """Pictures of one size as one batch in [0, 1].

    In float32 and float64 the values are ``array.astype(dtype) / 255`` (or ``/ 65535``) to the last bit;
    narrower types are rounded from float32.

    Args:
        images: Pictures from ``read_image``, shape (H, W, 3), all of one size: uint8, uint16, or floats in
            [0, 1].
        dtype: A floating type.
        device: Where the batch shall be; pictures travel there in their own, narrower type.

    Returns:
        Shape (N, 3, H, W), contiguous; shares no memory with the pictures.

    Raises:
        InputError: If there is no picture, one is not (H, W, 3), or two differ in size.
        ConfigError: If ``dtype`` is not floating.

    Example:
        >>> to_batch([np.full((4, 6, 3), 255, np.uint8)]).shape
        torch.Size([1, 3, 4, 6])
    """
    if not dtype.is_floating_point:
        raise ConfigError(f"Expected a floating dtype, got {dtype}. Do dtype=torch.float32.")
    _check_shapes([image.shape for image in images])
    if len({image.dtype for image in images}) > 1:
        return torch.cat([_batch_of_one_kind([image], dtype, device) for image in images])
    return _batch_of_one_kind(images, dtype, device)


def clipped(values: Tensor) -> Tensor:
    """The values clipped to [0, 1]; 0 and 1 themselves keep their gradient, values outside have none.

    ``clamp`` is no way to that: in PyTorch 2.14 it stops the gradient at its bounds too.

    Example:
        >>> values = torch.tensor([-0.5, 0.0, 1.0, 1.5], requires_grad=True)
        >>> torch.autograd.grad(clipped(values).sum(), values)[0].tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    if not values.requires_grad:
        return values.clamp(0, 1)
    return values.masked_fill(values < 0, 0).masked_fill(values > 1, 1)


def _check_shapes(shapes: Sequence[tuple[int, ...]]) -> None:
    if not shapes:
        raise InputError("Expected at least one picture, got none.")
    for index, shape in enumerate(shapes):
        if len(shape) != 3 or shape[2] != 3:
            raise InputError(
                f"Expected pictures of shape (H, W, 3), got {shape} at index {index}. Do read_image first."
            )
        if shape != shapes[0]:
            raise InputError(
                f"Expected pictures of one size, got {shapes[0]} and, at index {index}, {shape}. Do one batch per size."
            )


def _batch_of_one_kind(images: Sequence[NDArray[Any]], dtype: torch.dtype, device: torch.device | str) -> ImageBatch:
    """Stack in the pictures' own type, move, then convert and scale: the least to copy."""
    stacked = torch.from_numpy(np.stack(images)).to(device)  # (N, H, W, 3)
    peak = _PEAKS.get(stacked.dtype)
    exact = dtype if dtype.itemsize >= torch.float32.itemsize else torch.float32
    batch = stacked.permute(0, 3, 1, 2).to(exact, memory_format=torch.contiguous_format)  # (N, 3, H, W)
    if peak is not None:
        # a tensor on the device: CUDA multiplies by the rounded reciprocal of a plain number
        batch = batch.div_(torch.tensor(peak, dtype=exact, device=device))
    return batch.to(dtype)
