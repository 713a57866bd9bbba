"""Products of an encoder layer in bfloat16 for all tokens but the class token, which stays float32.

The score is read off a small difference of two class tokens. Rounding moves every token by as much, but what the
patches lose averages out over their number when the class token attends to them; what the class token itself loses
does not. Its one row a picture is therefore computed in float32, with the unrounded weights.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.marks import Mark, lasting
from acutance.layers.products import product


class RoundedProduct:
    """The product of linear layers side by side, in bfloat16; rounded weights are kept until the layers change.

    Args:
        layers: Of one input width; their outputs come one after the other.
    """

    def __init__(self, *layers: nn.Linear) -> None:
        self.layers = layers
        self._kept: tuple[Mark, nn.Linear] | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        """(..., rows, all outputs) in bfloat16."""
        inputs = inputs.to(torch.bfloat16)
        parameters = [parameter for layer in self.layers for parameter in (layer.weight, layer.bias)]
        if any(parameter.requires_grad for parameter in parameters):
            return functional.linear(inputs, *self._rounded())
        kept = self._kept
        if kept is None or not kept[0].fits(*parameters):
            with lasting():
                kept = self._kept = (Mark(*parameters), _as_layer(*self._rounded()))
        return product(inputs, kept[1])

    def _rounded(self) -> tuple[Tensor, Tensor]:
        weight = torch.cat([layer.weight for layer in self.layers])
        bias = torch.cat([layer.bias for layer in self.layers])
        return weight.to(torch.bfloat16), bias.to(torch.bfloat16)


class RoundedProducts:
    """Both branches of one encoder layer with its products in bfloat16; nothing is dropped in training.

    Args:
        query, key, value, out: The layers of its attention.
        fc1, fc2: Those of its hidden layer.
        heads: Attention heads.
    """

    def __init__(
        self,
        *,
        query: nn.Linear,
        key: nn.Linear,
        value: nn.Linear,
        out: nn.Linear,
        fc1: nn.Linear,
        fc2: nn.Linear,
        heads: int,
    ) -> None:
        self.exact = {"query": query, "out": out, "fc1": fc1, "fc2": fc2}
        self.query, self.attended = RoundedProduct(query), RoundedProduct(key, value)
        self.out, self.fc1, self.fc2 = RoundedProduct(out), RoundedProduct(fc1), RoundedProduct(fc2)
        self.heads = heads

    def attention(self, normed: Tensor, count: int) -> Tensor:
        """The attention branch of the first ``count`` tokens: (batch, count, width)."""
        rounded = normed.to(torch.bfloat16)
        key, value = (by_head(part, self.heads) for part in self.attended(rounded).chunk(2, dim=2))
        query = by_head(product(normed[:, :1], self.exact["query"]), self.heads)
        mixed = functional.scaled_dot_product_attention(query, key.to(query.dtype), value.to(query.dtype))
        first = product(joined(mixed), self.exact["out"])
        if count == 1:
            return first
        query = by_head(self.query(rounded[:, :count]), self.heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return _with_first(self.out(joined(mixed)), first)

    def mlp(self, normed: Tensor) -> Tensor:
        """The branch of the hidden layer: (batch, tokens, width)."""
        first = product(functional.gelu(product(normed[:, :1], self.exact["fc1"])), self.exact["fc2"])
        if normed.shape[1] == 1:
            return first
        return _with_first(self.fc2(functional.gelu(self.fc1(normed))), first)


def by_head(tokens: Tensor, heads: int) -> Tensor:
    """(batch, heads, tokens, head width) of (batch, tokens, width)."""
    return torch.unflatten(tokens, 2, (heads, -1)).transpose(1, 2)


def joined(mixed: Tensor) -> Tensor:
    """The reverse."""
    return mixed.transpose(1, 2).flatten(2)


def _with_first(branch: Tensor, first: Tensor) -> Tensor:
    """The branch in the type of ``first``, which takes the place of its first token."""
    branch = branch.to(first.dtype)
    branch[:, :1] = first
    return branch


def _as_layer(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    layer.weight, layer.bias = (nn.Parameter(tensor, requires_grad=False) for tensor in (weight, bias))
    return layer
