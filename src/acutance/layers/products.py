"""Matrix products of a transformer, faster than PyTorch's own on CPUs, and in bfloat16 without its bias."""

from functools import cache

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional

from acutance.layers.marks import Mark, lasting


def product(inputs: Tensor, layer: nn.Linear | nn.Conv2d) -> Tensor:
    """``layer(inputs)``, by the fastest way there is.

    Args:
        inputs: (..., rows, in_features).
        layer: A linear layer, a ``CentredLinear``, or a convolution whose windows the rows are.

    Returns:
        (..., rows, out_features), of the dtype of ``inputs``.
    """
    if isinstance(layer, CentredLinear):
        output: Tensor = layer(inputs)
        return output
    return _linear(inputs, layer.weight.flatten(1), layer.bias)


class CentredLinear(nn.Linear):
    """A linear layer whose product is taken in bfloat16 around the mean of its rows.

    What all rows share goes through float32 weights, what is left through bfloat16. The rounding of weights
    would otherwise shift every row alike, and with it the statistics that A-FINE reads off.

    Args:
        layer: The layer to stand for; its float32 parameters are shared.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__(layer.in_features, layer.out_features, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self._rounded: tuple[Mark, Tensor] | None = None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """(..., rows, out_features) of the dtype of the input."""
        shared = input.mean(-2, keepdim=True)
        spread = _linear((input - shared).to(torch.bfloat16), self._rounded_weight(), None)
        return spread.to(input.dtype).add_(_linear(shared, self.weight, self.bias))

    def _rounded_weight(self) -> Tensor:
        """The weight in bfloat16, rounded anew when it has changed."""
        weight = self.weight
        if weight.requires_grad:
            return weight.to(torch.bfloat16)
        kept = self._rounded
        if kept is None or not kept[0].fits(weight):
            with lasting():
                kept = self._rounded = (Mark(weight), weight.to(torch.bfloat16, copy=True))
        return kept[1]


def wants_derivative(*tensors: Tensor) -> bool:
    """Whether a derivative, backward or forward, may be asked for of what is computed of these."""
    backward = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return backward or forward_ad._current_level >= 0


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A product through oneDNN where PyTorch would hand it to MKL.

    MKL runs at half speed on processors of other makers than its own; oneDNN, which PyTorch carries too,
    does not. Results agree up to rounding.
    """
    if _onednn_serves(inputs, weight):
        output: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
        return output
    return functional.linear(inputs, weight, bias)


def _onednn_serves(inputs: Tensor, weight: Tensor) -> bool:
    return (
        inputs.device.type == "cpu"
        and inputs.dtype == weight.dtype
        and inputs.dtype in _onednn_dtypes()
        and not wants_derivative(inputs, weight)
    )


@cache
def _onednn_dtypes() -> tuple[torch.dtype, ...]:
    """What this machine's oneDNN multiplies; nothing if this PyTorch comes without it."""
    if not (torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return ()
    has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if has_bfloat16 else (torch.float32,)
