"""Roots and powers whose gradient at 0 is 0, for formulas that divide by it there."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

ROOTS = frozenset({torch.sqrt, torch.Tensor.sqrt})
POWERS = frozenset({torch.pow, torch.Tensor.pow, torch.Tensor.__pow__})


class FiniteRoots(TorchFunctionMode):
    """Within it, a square root or a broken power of 0 passes the gradient 0 on instead of infinity.

    piq takes square roots of squared gradients (gmsd, mdsi, fsim ...), which are 0 wherever a picture is
    flat; the chain rule then multiplies infinity by 0, and NaN spreads over the whole picture. The length
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
