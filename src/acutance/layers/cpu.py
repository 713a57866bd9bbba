"""Faster kernels where no derivative is wanted: linear layers, convolutions with batch norm, transformer blocks.

All use of PyTorch's private operators is in this file. ``ACUTANCE_PLAIN_KERNELS=1`` in the environment switches it off:
every layer is then PyTorch's own and nothing derived from weights is kept. Scores agree up to rounding; a CPU takes
up to 1.4 times as long. A PyTorch without these operators is served by public functions without being asked.
"""

import os
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional

PLAIN_KERNELS = os.environ.get("ACUTANCE_PLAIN_KERNELS", "") not in ("", "0")
"""Whether PyTorch's own layers are used everywhere."""
MLP_ROWS = 1024
"""Tokens whose hidden layer is held at once."""

InputMap = Float[Tensor, "batch input_channels input_rows input_columns"]
OutputMap = Float[Tensor, "batch output_channels output_rows output_columns"]
Made = TypeVar("Made")
_Facts = tuple[object, ...] | None


def wants_derivative(*tensors: Tensor) -> bool:
    """Whether a derivative, backward or forward, may be asked for of what is computed from these."""
    backward = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return backward or getattr(forward_ad, "_current_level", -1) >= 0


def can_fuse(*tensors: Tensor) -> bool:
    """Whether layers on these tensors may be merged: no derivative is wanted, and plain kernels are not."""
    return not (PLAIN_KERNELS or wants_derivative(*tensors))


class WeightCache(Generic[Made]):
    """Something made from weights, kept until one of them changes.

    A tensor is known by its address and by its version, which PyTorch raises at every change in place; the tensors are
    held, so that no other can come to lie at their addresses. Inference tensors have no version: they are copied and
    compared by value. A copy of a cache, unpickled or not, is empty.

    Two kinds of change raise no version. ``tensor.data.mul_(2)`` and the like are not seen; change the tensor itself,
    under ``torch.no_grad()``. Nor does a batch norm that learns its statistics raise theirs: give its
    ``num_batches_tracked`` too, whose version rises with every batch.

    Example:
        >>> weight, cache = torch.ones(3), WeightCache()
        >>> cache.get(lambda: float(weight.sum()), weight), cache.get(lambda: 0.0, weight)
        (3.0, 3.0)
        >>> cache.get(lambda: float(weight.sum()), weight.mul_(2))
        6.0
    """

    def __init__(self) -> None:
        self._kept: tuple[object, list[tuple[Tensor, _Facts]], Made] | None = None

    def __reduce__(self) -> tuple[type["WeightCache[Made]"], tuple[()]]:
        """As an empty one: addresses and versions of copied tensors are others."""
        return WeightCache, ()

    def get(self, make: Callable[[], Made], *weights: Tensor, key: object = None) -> Made:
        """What ``make`` gave last time, or gives now if a weight or the key has changed since.

        It runs without derivative and outside inference mode, so that the tensors it makes may meet autograd later.
        With plain kernels nothing is kept.
        """
        if PLAIN_KERNELS or self._kept is None or self._kept[0] != key or not _are_unchanged(self._kept[1], weights):
            with torch.inference_mode(mode=False), torch.no_grad():
                seen = [(detached(weight), _facts(weight)) for weight in weights]
                self._kept = (key, seen, make())
        return self._kept[2]


def detached(tensor: Tensor) -> Tensor:
    """The values without derivative; a copy if it is an inference tensor."""
    return tensor.clone() if tensor.is_inference() else tensor.detach()


def fast_linear(inputs: Tensor, layer: nn.Linear | nn.Conv2d) -> Tensor:
    """``layer(inputs)``, through oneDNN where PyTorch would hand it to MKL.

    MKL runs at half speed on processors of other makers than its own; oneDNN does not. Results agree up to rounding.

    Args:
        inputs: (..., rows, in_features).
        layer: A linear layer, or a convolution whose windows the rows are.

    Returns:
        (..., rows, out_features), of the dtype of ``inputs``.
    """
    if isinstance(layer, CentredLinear):
        output: Tensor = layer(inputs)
        return output
    return _linear(inputs, layer.weight.flatten(1), layer.bias)


class CentredLinear(nn.Linear):
    """A linear layer whose product is taken in bfloat16 around the mean of its rows.

    What all rows share goes through float32 weights, what is left through bfloat16. The rounding of weights would
    otherwise shift every row alike, and with it the statistics that A-FINE reads off.

    Args:
        layer: The layer to stand for; its float32 parameters are shared.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__(layer.in_features, layer.out_features, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self._rounded: WeightCache[Tensor] = WeightCache()

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """(..., rows, out_features) of the dtype of the input."""
        shared = input.mean(-2, keepdim=True)
        spread = _linear((input - shared).to(torch.bfloat16), self._rounded_weight(), None)
        return spread.to(input.dtype).add_(_linear(shared, self.weight, self.bias))

    def _rounded_weight(self) -> Tensor:
        weight = self.weight
        if weight.requires_grad:
            return weight.to(torch.bfloat16)
        return self._rounded.get(lambda: weight.to(torch.bfloat16, copy=True), weight)


def centre_products(block: Any) -> None:  # noqa: ANN401 (timm is untyped)
    """Take the four products of a transformer block of timm in bfloat16; all between them stays float32."""
    block.attn.qkv, block.attn.proj = CentredLinear(block.attn.qkv), CentredLinear(block.attn.proj)
    block.mlp.fc1, block.mlp.fc2 = CentredLinear(block.mlp.fc1), CentredLinear(block.mlp.fc2)


def fast_convolution(
    inputs: InputMap,
    layer: nn.Conv2d,
    *,
    norm: nn.BatchNorm2d | None = None,
    add: OutputMap | None = None,
    relu: bool = False,
) -> OutputMap:
    """``relu(norm(layer(inputs)) + add)``, by the fastest way there is.

    Where no derivative is wanted, ``norm`` is folded into the weights, and one oneDNN call takes it all on a CPU.
    Elsewhere, and while ``norm`` learns its statistics, these are PyTorch's own layers; results agree up to rounding.

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
        ...     output = fast_convolution(torch.rand(1, 3, 20, 30), layer, relu=True)
        >>> output.shape, bool((output >= 0).all())
        (torch.Size([1, 8, 20, 30]), True)
    """
    weights = _weights(layer, norm)
    learns = norm is not None and (norm.training or norm.running_mean is None)
    if learns or not can_fuse(inputs, *weights, *([] if add is None else [add])):
        output: Tensor = layer(inputs.to(layer.weight.dtype))
        output = output if norm is None else norm(output)
        output = output if add is None else output + add
        return (output.relu() if relu else output).to(inputs.dtype)
    through_onednn = _onednn_convolves(inputs, layer)
    folded = _FOLDED.setdefault(layer, WeightCache()).get(
        lambda: _fold(layer, norm, inputs, packed=through_onednn), *weights, key=(through_onednn, inputs.dtype)
    )
    if through_onednn:
        return _convolve_in_onednn(inputs, layer, folded, add=add, relu=relu)
    output = layer._conv_forward(inputs, folded.weight, folded.bias)
    if add is not None:
        output += add
    return output.relu_() if relu else output


def convolves_in_bfloat16(device_type: str) -> bool:
    """Whether a device such as ``"cpu"`` or ``"cuda"`` convolves in bfloat16; of CPUs, oneDNN knows."""
    return device_type != "cpu" or (torch.bfloat16 in _onednn_dtypes() and not PLAIN_KERNELS)


def fast_block(block: nn.Module, tokens: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """The block's output; on a CPU without gradient one image at a time, whose numbers stay in its caches.

    Args:
        block: A block of timm's ``VisionTransformer`` with nothing but norms, attention and MLP.
        tokens: Shape (batch, tokens, width); they stay as they are.
        activation: What the block's MLP has between its layers; may work in place.
    """
    if tokens.device.type == "cpu" and can_fuse(tokens, *block.parameters()):
        return torch.stack([_block_of_one(block, image, activation) for image in tokens])
    output: Tensor = block(tokens)
    return output


def patch_rows(images: Tensor, side: int) -> Tensor:
    """The patches of each image as rows, for a patch embedding that is one matrix product.

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


def version_of(tensor: Tensor) -> int | None:
    """How often it was changed in place, as PyTorch counts it; ``None`` for inference tensors, of which it does not."""
    return None if tensor.is_inference() else getattr(tensor, "_version", None)


def is_in_vmap(tensor: Tensor) -> bool:
    """Whether it stands for one of a batch inside ``torch.vmap``, where no values can be looked at."""
    return bool(torch._C._functorch.is_batchedtensor(tensor))


def _facts(tensor: Tensor) -> _Facts:
    """What tells a tensor that is held from others and from itself after a change; None if only values can."""
    version = version_of(tensor)
    if version is None:
        return None
    return tensor.data_ptr(), version, tensor.dtype, tensor.device, tensor.shape, tensor.stride()


def _are_unchanged(seen: list[tuple[Tensor, _Facts]], tensors: tuple[Tensor, ...]) -> bool:
    return len(seen) == len(tensors) and all(
        facts == _facts(tensor)
        if facts is not None
        else (held.dtype, held.device) == (tensor.dtype, tensor.device) and torch.equal(held, tensor)
        for (held, facts), tensor in zip(seen, tensors, strict=True)
    )


@cache
def _onednn_dtypes() -> tuple[torch.dtype, ...]:
    """What this machine's oneDNN computes in; nothing if this PyTorch comes without it or its operators."""
    operators = ("_linear_pointwise", "_convolution_pointwise", "_reorder_convolution_weight")
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (available and all(hasattr(torch.ops.mkldnn, name) for name in operators)):
        return ()
    knows_bfloat16 = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    return (torch.float32, torch.bfloat16) if knows_bfloat16() else (torch.float32,)


def _linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if (
        inputs.device.type == "cpu"
        and inputs.dtype == weight.dtype
        and inputs.dtype in _onednn_dtypes()
        and can_fuse(inputs, weight)
    ):
        output: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
        return output
    return functional.linear(inputs, weight, bias)


class _Folded(NamedTuple):
    """Weights of a convolution and of the batch norm after it, as those of one convolution."""

    weight: Tensor
    bias: Tensor | None


_FOLDED: "weakref.WeakKeyDictionary[nn.Conv2d, WeightCache[_Folded]]" = weakref.WeakKeyDictionary()
"""Folded weights, for as long as their layer lives."""


def _fold(layer: nn.Conv2d, norm: nn.BatchNorm2d | None, inputs: Tensor, *, packed: bool) -> _Folded:
    """The folded weights in the dtype of the inputs.

    oneDNN's packing is for inputs of the first size that comes; others are served too, a little more slowly.
    """
    weight, bias = detached(layer.weight), None if layer.bias is None else detached(layer.bias)
    if norm is not None and norm.running_mean is not None and norm.running_var is not None:
        scale = (norm.running_var + norm.eps).rsqrt()
        scale = scale * norm.weight.detach() if norm.affine else scale
        shift = -norm.running_mean * scale
        shift = shift if bias is None else shift + bias * scale
        weight, bias = weight * scale.view(-1, 1, 1, 1), shift + norm.bias.detach() if norm.affine else shift
    weight, bias = weight.to(inputs.dtype), None if bias is None else bias.to(inputs.dtype)
    if packed:
        shape = (layer.padding, layer.stride, layer.dilation, layer.groups, inputs.shape)
        weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *shape)
    return _Folded(weight, bias)


def _weights(layer: nn.Conv2d, norm: nn.BatchNorm2d | None) -> list[Tensor]:
    """All that the output depends on, and the count that tells when the norm has learned."""
    found = [layer.weight, layer.bias]
    if norm is not None:
        found += [norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.num_batches_tracked]
    return [tensor for tensor in found if tensor is not None]


def _onednn_convolves(inputs: Tensor, layer: nn.Conv2d) -> bool:
    pads_zeros = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return inputs.device.type == "cpu" and pads_zeros and inputs.dtype in _onednn_dtypes()


def _convolve_in_onednn(inputs: Tensor, layer: nn.Conv2d, folded: _Folded, *, add: Tensor | None, relu: bool) -> Tensor:
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    shape = (layer.padding, layer.stride, layer.dilation, layer.groups)
    after = "relu" if relu else None
    pointwise = torch.ops.mkldnn._convolution_pointwise
    if add is None:
        output: Tensor = pointwise(inputs, *folded, *shape, after or "none", [], "")
        return output
    summed: Tensor = pointwise.binary(inputs, add, *folded, *shape, "add", 1.0, after, [], None)
    return summed


def _block_of_one(block: Any, tokens: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:  # noqa: ANN401 (timm is untyped)
    """The same as timm's block for one image, (tokens, width), with faster products and fewer copies."""
    length, width = tokens.shape
    heads = block.attn.num_heads
    packed = fast_linear(block.norm1(tokens), block.attn.qkv)
    query, key, value = packed.view(length, 3, heads, width // heads).permute(1, 2, 0, 3).unsqueeze(1).unbind(0)
    mixed = functional.scaled_dot_product_attention(query, key, value)  # (1, heads, tokens, head width)
    tokens = tokens + fast_linear(mixed[0].transpose(0, 1).reshape(length, width), block.attn.proj)
    for rows in torch.split(tokens, MLP_ROWS):
        hidden = activation(fast_linear(block.norm2(rows), block.mlp.fc1))
        rows += fast_linear(hidden, block.mlp.fc2)
    return tokens
