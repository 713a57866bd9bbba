"""Multiply-adds of convolutions, matrix products and attention, as they are run."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count


def multiply_adds(work: Callable[[], object]) -> float:
    """Multiply-adds of some work on a CPU; fused attention is off meanwhile, because it cannot be counted."""
    with (
        sdpa_kernel(SDPBackend.MATH),
        torch.no_grad(),
        FlopCounterMode(display=False, custom_mapping=_onednn()) as flops,
    ):
        work()
    return flops.get_total_flops() / 2


def _onednn() -> dict[Any, Any]:
    """How to count oneDNN's own operations, which are not in PyTorch's list, and torchvision's."""
    mapping: dict[Any, Any] = {
        torch.ops.mkldnn._linear_pointwise: _linear,
        torch.ops.mkldnn._convolution_pointwise: _convolution,
        torch.ops.mkldnn._convolution_pointwise_: _convolution_in_place,
    }
    try:
        import torchvision  # noqa: F401 (registers its operations)

        mapping[torch.ops.torchvision.deform_conv2d] = _deformable
    except ImportError:
        pass
    return mapping


def _linear(inputs: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return 2 * math.prod(inputs) * weight[0]


def _convolution(inputs: Any, weight: Any, third: Any = None, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """The second is what is added where the third is a kernel and not a bias."""
    kernel = third if third is not None and len(third) == len(weight) else weight
    return conv_flop_count(list(inputs), list(kernel), list(out_shape))


def _convolution_in_place(added: Any, inputs: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return conv_flop_count(list(inputs), list(weight), list(out_shape))


def _deformable(inputs: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return conv_flop_count(list(inputs), list(weight), list(out_shape))
