"""float64 kept where piq drops to float32 on the way."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class KeptFloat64(TorchFunctionMode):
    """Within it, ``float()`` leaves float64 as it is, and ``torch.zeros`` of no stated type has float64.

    piq resizes saliency (sr_sim) and gathers subbands (dss) in float32, whatever the pictures are: 6e-8 of the
    score. 8-bit pictures keep that, so that their scores stay what they were.

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
