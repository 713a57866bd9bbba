"""Faster kernels for a CPU where no derivative is wanted: linear layers, convolutions, transformer blocks."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional


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
    if _onednn_multiplies(inputs, weight):
        output: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
        return output
    return functional.linear(inputs, weight, bias)


def _onednn_multiplies(inputs: Tensor, weight: Tensor) -> bool:
    return (
        inputs.device.type == "cpu"
        and inputs.dtype == weight.dtype
        and inputs.dtype in _onednn_dtypes()
        and not wants_derivative(inputs, weight)
    )


@cache
def _onednn_dtypes() -> tuple[torch.dtype, ...]:
    """What this machine's oneDNN computes; nothing if this PyTorch comes without it."""
    operators = ("_linear_pointwise", "_convolution_pointwise")
    if not (torch._C._has_mkldnn and all(hasattr(torch.ops.mkldnn, name) for name in operators)):
        return ()
    has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if has_bfloat16 else (torch.float32,)


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
    packed = _onednn_convolves(inputs, layer)
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


def _onednn_convolves(inputs: Tensor, layer: nn.Conv2d) -> bool:
    plain = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return inputs.device.type == "cpu" and plain and inputs.dtype in _onednn_dtypes()


MLP_ROWS = 1024
"""Tokens whose hidden layer is held at once."""

Activation = Callable[[Tensor], Tensor]
"""The function between the two layers of a block's MLP; may work in place."""


def run_block(block: nn.Module, tokens: Tensor, activation: Activation) -> Tensor:
    """The block's output; on a CPU without gradient one picture at a time, whose numbers stay in its caches.

    Args:
        block: A block of timm's ``VisionTransformer`` with nothing but norms, attention and MLP.
        tokens: Shape (batch, tokens, width); they stay as they are.
        activation: What the block's MLP has between its layers.
    """
    if wants_derivative(tokens, *block.parameters()) or tokens.device.type != "cpu":
        output: Tensor = block(tokens)
        return output
    return torch.stack([_run_block_fast(block, picture, activation) for picture in tokens])


def patch_rows(images: Tensor, side: int) -> Tensor:
    """The patches of each picture as rows, for a patch embedding that is one matrix product.

    Args:
        images: Shape (batch, 3, height, width), sides multiples of ``side``.
        side: Of a patch, in pixels.

    Returns:
        Shape (batch, patches, 3 * side * side), patches row by row, colour by colour within.
    """
    batch = images.shape[0]
    rows, columns = (pixels // side for pixels in images.shape[2:])
    patches = images.reshape(batch, 3, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(batch, rows * columns, 3 * side * side)


def _run_block_fast(block: Any, tokens: Tensor, activation: Activation) -> Tensor:  # noqa: ANN401 (timm is untyped)
    """The same as timm's block for one picture, (tokens, width), with faster products and fewer copies."""
    length, width = tokens.shape
    heads = block.attn.num_heads
    packed = product(block.norm1(tokens), block.attn.qkv)
    query, key, value = packed.view(length, 3, heads, width // heads).permute(1, 2, 0, 3).unsqueeze(1).unbind(0)
    mixed = functional.scaled_dot_product_attention(query, key, value)  # (1, heads, tokens, head width)
    tokens = tokens + product(mixed[0].transpose(0, 1).reshape(length, width), block.attn.proj)
    for rows in torch.split(tokens, MLP_ROWS):
        hidden = activation(product(block.norm2(rows), block.mlp.fc1))
        rows += product(hidden, block.mlp.fc2)
    return tokens
