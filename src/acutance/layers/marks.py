"""Whether what was made of weights and kept is still what they would give."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class Mark:
    """What tensors were when something was made of them.

    A tensor is known by its address and by the version that PyTorch counts up at every change in place. The mark
    holds the tensors, so that no other can come to lie at their addresses. Inference tensors have no version: they
    are copied, and compared by their values. A copy of a mark, unpickled or not, fits nothing.

    Two kinds of change raise no version. ``tensor.data.mul_(2)`` and the like are not seen; change the tensor itself,
    under ``torch.no_grad()``. Nor does a batch norm that learns its statistics raise theirs: give its
    ``num_batches_tracked`` too, whose version rises with every batch.

    Args:
        tensors: What it is made of, at least one.

    Example:
        >>> weight = torch.ones(3)
        >>> mark = Mark(weight)
        >>> mark.fits(weight), mark.fits(weight.mul_(2))
        (True, False)
    """

    def __init__(self, *tensors: Tensor) -> None:
        with lasting():
            self._seen = [(plain(tensor), _facts(tensor)) for tensor in tensors]

    def __reduce__(self) -> tuple[type["Mark"], tuple[()]]:
        """As a mark of nothing: addresses and versions of the copied tensors are others."""
        return Mark, ()

    def fits(self, *tensors: Tensor) -> bool:
        """Whether these are the same tensors, unchanged."""
        return (
            bool(self._seen)
            and len(tensors) == len(self._seen)
            and all(_alike(*seen, tensor) for seen, tensor in zip(self._seen, tensors, strict=True))
        )


@contextmanager
def lasting() -> Iterator[None]:
    """What is computed inside may be kept and meet autograd later, even where all this is in inference mode."""
    with torch.inference_mode(mode=False), torch.no_grad():
        yield


def plain(tensor: Tensor) -> Tensor:
    """The values without derivative; a copy of them if it is an inference tensor. To be called in ``lasting``."""
    return tensor.clone() if tensor.is_inference() else tensor.detach()


def _alike(held: Tensor, facts: tuple[object, ...] | None, tensor: Tensor) -> bool:
    if facts is not None:
        return facts == _facts(tensor)
    return (held.dtype, held.device) == (tensor.dtype, tensor.device) and torch.equal(held, tensor)


def _facts(tensor: Tensor) -> tuple[object, ...] | None:
    """What tells a tensor that is held from others and from itself after a change; None of an inference tensor."""
    if tensor.is_inference():
        return None
    return tensor.data_ptr(), tensor._version, tensor.dtype, tensor.device, tensor.shape, tensor.stride()
