"""What piq computes, made exact: separable windows, finite gradients of roots, float64 kept."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

SMALLEST_WINDOW = 5
"""Sides from which two passes are worth it; the 3 x 3 gradient filters stay as they are."""
ROUNDING = 1e-12
"""How far a window may be from the product of its column and its row."""
PLAIN: dict[str, Any] = {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}
CONVOLUTION = ("input", "weight", *PLAIN)
"""Arguments of ``torch.conv2d`` in their order."""


class SeparableWindows(TorchFunctionMode):
    """Within it, sliding one window over one plane takes a pass along each side, if the window allows it.

    torch unfolds a float64 image once per window element: 12 megapixels take 12 GB for the 11 x 11
    window of SSIM and 28 GB for the 17 x 17 window of VIF, and ten times as long as in float32. float32
    itself is no way out: variances cancel to 1e-7, which on white backgrounds moves SSIM by 3e-4 and VIF
    by 8e-3. A Gaussian is the product of a column and a row; scores change by 1e-15.

    Example:
        >>> bell = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=torch.float64) / 16
        >>> with SeparableWindows():
        ...     torch.conv2d(torch.ones(1, 1, 6, 9, dtype=torch.float64), torch.outer(bell, bell)[None, None]).shape
        torch.Size([1, 1, 2, 5])
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        """``func`` itself, but for convolutions of single planes by separable windows."""
        given = kwargs or {}
        if func is not torch.conv2d:
            return func(*args, **given)
        call = dict(zip(CONVOLUTION, args, strict=False)) | given
        if not _is_plain(call):
            return func(*args, **given)
        window = call["weight"][0, 0]
        column, row = window.sum(1), window.sum(0) / window.sum()
        if not torch.allclose(torch.outer(column, row), window, rtol=0, atol=ROUNDING):
            return func(*args, **given)
        return _slid(_slid(call["input"], column, dim=2), row, dim=3)


def _is_plain(call: dict[str, Any]) -> bool:
    """Whether one window slides over one plane, without stride, border or bias."""
    asked = [call.get(name, usual) for name, usual in PLAIN.items()]
    shape = tuple(call["weight"].shape)
    return asked == list(PLAIN.values()) and shape[:2] == (1, 1) and min(shape[2:]) >= SMALLEST_WINDOW


def _slid(planes: Tensor, window: Float[Tensor, " side"], dim: int) -> Tensor:
    """Weighted sums of neighbours along one dimension, where the window fits."""
    length = planes.shape[dim] - len(window) + 1
    total = torch.zeros_like(planes.narrow(dim, 0, length))
    for start, weight in enumerate(window.tolist()):
        total = torch.add(total, planes.narrow(dim, start, length), alpha=weight)
    return total


ROOTS = frozenset({torch.sqrt, torch.Tensor.sqrt})
POWERS = frozenset({torch.pow, torch.Tensor.pow, torch.Tensor.__pow__})


class FiniteRoots(TorchFunctionMode):
    """Within it, a square root or a broken power of 0 passes the gradient 0 on instead of infinity.

    piq takes square roots of squared gradients (gmsd, mdsi, fsim ...), which are 0 wherever an image is
    flat; the chain rule then multiplies infinity by 0, and NaN spreads over the whole image. The length
    of a vector has a corner at 0, and 0 is its middle slope. Values stay as they are, bit for bit.

    Example:
        >>> lengths = torch.tensor([0.0, 4.0], requires_grad=True)
        >>> with FiniteRoots():
        ...     torch.autograd.grad(lengths.sqrt().sum(), lengths)[0].tolist()
        [0.0, 0.25]
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        """``func`` itself, but for roots and broken powers of tensors that want a gradient."""
        broken = func in ROOTS or (func in POWERS and _is_broken(args[1]))
        if not (broken and isinstance(args[0], Tensor) and args[0].requires_grad):
            return func(*args, **(kwargs or {}))
        zero = args[0] == 0
        root = func(args[0].masked_fill(zero, 1), *args[1:], **(kwargs or {}))
        return root.masked_fill(zero, 0)


def _is_broken(exponent: Tensor | float) -> bool:
    return isinstance(exponent, Tensor) or not float(exponent).is_integer()


class KeptFloat64(TorchFunctionMode):
    """Within it, ``float()`` leaves float64 as it is, and ``torch.zeros`` of no stated type has float64.

    piq resizes saliency (sr_sim) and gathers subbands (dss) in float32, whatever the images are: 6e-8 of the
    score. 8-bit images keep that, so that their scores stay what they were.

    Example:
        >>> with KeptFloat64():
        ...     (torch.zeros(1) + torch.ones(1, dtype=torch.float64).float()).dtype
        torch.float64
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        """``func`` itself, but for the two that would lower the precision."""
        given = kwargs or {}
        if func is torch.Tensor.float and args[0].dtype == torch.float64:
            return args[0]
        if func is torch.zeros:
            given = {"dtype": torch.float64} | given
        return func(*args, **given)
