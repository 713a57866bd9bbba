"""Convolutions with what follows them, batch norm, sum and ReLU, taken in one step where no derivative is wanted."""

import weakref
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

from acutance.layers.marks import Mark, lasting, plain
from acutance.layers.products import wants_derivative

InputMap = Float[Tensor, "batch input_channels input_rows input_columns"]
"""What a convolution is taken of."""
OutputMap = Float[Tensor, "batch output_channels output_rows output_columns"]
"""What it gives."""


def convolution(
    inputs: InputMap,
    layer: nn.Conv2d,
    *,
    norm: nn.BatchNorm2d | None = None,
    add: OutputMap | None = None,
    relu: bool = False,
) -> OutputMap:
    """``relu(norm(layer(inputs)) + add)``, by the fastest way there is.

    Where no derivative is wanted, ``norm`` is folded into the weights, and one oneDNN call takes it all on a CPU.
    What is folded is kept, and made anew when a parameter has changed. Elsewhere, and while ``norm`` learns its
    statistics, these are PyTorch's own layers; results agree up to rounding.

    Args:
        inputs: Shape (N, C, H, W). In bfloat16 the products are taken in bfloat16, whatever the weights are;
            channels last in memory is fastest.
        layer: Any convolution.
        norm: A batch norm of what the convolution gives.
        add: What is added before the ReLU, of the shape and type of the output; it stays as it is.
        relu: Whether negative values become 0.

    Returns:
        Shape (N, C', H', W'), of the dtype of ``inputs``.

    Example:
        >>> layer = nn.Conv2d(3, 8, 3, padding=1)
        >>> with torch.no_grad():
        ...     output = convolution(torch.rand(1, 3, 20, 30), layer, relu=True)
        >>> output.shape, bool((output >= 0).all())
        (torch.Size([1, 8, 20, 30]), True)
    """
    tensors = [inputs, *_tensors(layer, norm), *([] if add is None else [add])]
    if wants_derivative(*tensors) or (norm is not None and _learns(norm)):
        return _step_by_step(inputs, layer, norm=norm, add=add, relu=relu)
    packed = _onednn_serves(inputs, layer)
    folded = _folded(layer, norm, inputs, packed=packed)
    if packed:
        return _in_one_step(inputs, layer, folded, add=add, relu=relu)
    output: Tensor = layer._conv_forward(inputs, folded.weight, folded.bias)
    if add is not None:
        output += add
    return output.relu_() if relu else output


def convolves_in_bfloat16(device_type: str) -> bool:
    """Whether a device has instructions for convolutions in bfloat16; of CPUs, oneDNN knows.

    Args:
        device_type: Such as ``"cpu"`` or ``"cuda"``.
    """
    return device_type != "cpu" or torch.bfloat16 in _onednn_dtypes()


@dataclass(frozen=True, slots=True)
class _Folded:
    """Weights of a convolution and of the batch norm after it, as those of one convolution."""

    made_for: tuple[bool, torch.dtype]
    """Whether it is packed for oneDNN, and the dtype of the inputs."""
    made_of: Mark
    """The parameters and statistics."""
    weight: Tensor
    bias: Tensor | None


_KEPT: "weakref.WeakKeyDictionary[nn.Conv2d, _Folded]" = weakref.WeakKeyDictionary()
"""Folded weights, for as long as their layer lives."""


def _step_by_step(
    inputs: Tensor, layer: nn.Conv2d, *, norm: nn.BatchNorm2d | None, add: Tensor | None, relu: bool
) -> Tensor:
    output: Tensor = layer(inputs.to(layer.weight.dtype))
    if norm is not None:
        output = norm(output)
    if add is not None:
        output = output + add
    return (output.relu() if relu else output).to(inputs.dtype)


def _in_one_step(inputs: Tensor, layer: nn.Conv2d, folded: _Folded, *, add: Tensor | None, relu: bool) -> Tensor:
    shape = (layer.padding, layer.stride, layer.dilation, layer.groups)
    after = "relu" if relu else None
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    if add is None:
        output: Tensor = torch.ops.mkldnn._convolution_pointwise(
            inputs, folded.weight, folded.bias, *shape, after or "none", [], ""
        )
        return output
    summed: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
        inputs, add, folded.weight, folded.bias, *shape, "add", 1.0, after, [], None
    )
    return summed


def _folded(layer: nn.Conv2d, norm: nn.BatchNorm2d | None, inputs: Tensor, *, packed: bool) -> _Folded:
    """The folded weights in the dtype of the inputs, from the last call unless something has changed.

    oneDNN's packing is for inputs of the first size that comes; others are served too, a little more slowly.
    """
    made_for, tensors = (packed, inputs.dtype), _tensors(layer, norm)
    kept = _KEPT.get(layer)
    if kept is None or kept.made_for != made_for or not kept.made_of.fits(*tensors):
        with lasting():
            mark = Mark(*tensors)
            weight, bias = _fold(layer, norm)
            weight, bias = weight.to(inputs.dtype), None if bias is None else bias.to(inputs.dtype)
            if packed:
                shape = (layer.padding, layer.stride, layer.dilation, layer.groups, inputs.shape)
                weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *shape)
        kept = _KEPT[layer] = _Folded(made_for, mark, weight, bias)
    return kept


def _fold(layer: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the one convolution that does what both do."""
    if norm is None or norm.running_mean is None or norm.running_var is None:
        return plain(layer.weight), None if layer.bias is None else plain(layer.bias)
    scale = (norm.running_var + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight.detach()
    shift = -norm.running_mean * scale
    if layer.bias is not None:
        shift = shift + layer.bias.detach() * scale
    if norm.affine:
        shift = shift + norm.bias.detach()
    return layer.weight.detach() * scale.view(-1, 1, 1, 1), shift


def _tensors(layer: nn.Conv2d, norm: nn.BatchNorm2d | None) -> list[Tensor]:
    """All that the output depends on, and the count that tells when the norm has learned."""
    found = [layer.weight, layer.bias]
    if norm is not None:
        found += [norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.num_batches_tracked]
    return [tensor for tensor in found if tensor is not None]


def _learns(norm: nn.BatchNorm2d) -> bool:
    """Whether it takes the statistics of the batch."""
    return norm.training or norm.running_mean is None


def _onednn_serves(inputs: Tensor, layer: nn.Conv2d) -> bool:
    plain = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return inputs.device.type == "cpu" and plain and inputs.dtype in _onednn_dtypes()


@cache
def _onednn_dtypes() -> tuple[torch.dtype, ...]:
    """What this machine's oneDNN convolves; nothing if this PyTorch comes without it."""
    if not (torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_convolution_pointwise")):
        return ()
    has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if has_bfloat16 else (torch.float32,)
