"""A layer of VTAMIQ's vision transformer (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929), with gains and adapters."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.products import product
from acutance.models.vtamiq.config import VTAMIQConfig
from acutance.models.vtamiq.rounded import RoundedProducts, by_head, joined
from acutance.shapes import ChannelBatch, TokenBatch

NORM_EPSILON = 1e-6
"""Of every layer norm (ViT's published code)."""
START_STD = 0.02
"""Deviation of initial weights (the authors' code, as DeiT's)."""
ADAPTER_REDUCTION = 4
"""Adapters have a quarter of the channels (the authors' code)."""
ADAPTER_BIAS_STD = 1e-6
"""Deviation of their initial biases (the same)."""


class Adapter(nn.Module):
    """``x + up(gelu(down(x)))``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, width // ADAPTER_REDUCTION)
        self.up = nn.Linear(width // ADAPTER_REDUCTION, width)
        for linear in (self.down, self.up):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.normal_(linear.bias, std=ADAPTER_BIAS_STD)

    def forward(self, tokens: TokenBatch) -> TokenBatch:
        """(batch, tokens, width)."""
        return tokens + product(functional.gelu(product(tokens, self.down)), self.up)


class Layer(nn.Module):
    """A layer of the encoder, norms first."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.query, self.key, self.value, self.out = (_linear(width, width) for _ in range(4))
        self.attention_adapters = nn.ModuleList(Adapter(width) for _ in range(config.adapters))
        self.attention_gain = nn.Parameter(torch.ones(width)) if config.layer_gains else None
        self.mlp_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.fc1, self.fc2 = _linear(width, config.mlp_width), _linear(config.mlp_width, width)
        self.mlp_adapters = nn.ModuleList(Adapter(width) for _ in range(config.adapters))
        self.mlp_gain = nn.Parameter(torch.ones(width)) if config.layer_gains else None
        self.dropout = nn.Dropout(config.mlp_dropout)
        self.rounded: RoundedProducts | None = None

    def forward(self, tokens: TokenBatch, adapter: int | None = 0) -> TokenBatch:
        """All tokens after the layer, with the adapters of one set, or none of them."""
        return self._first(tokens, tokens.shape[1], adapter)

    def class_token(self, tokens: TokenBatch, adapter: int | None = 0) -> ChannelBatch:
        """The class token after the layer, (batch, width): the others only as what it attends to."""
        return self._first(tokens, 1, adapter)[:, 0]

    def use_bfloat16_products(self) -> None:
        """Take the products in bfloat16, but those of the class token."""
        names = ("query", "key", "value", "out", "fc1", "fc2")
        self.rounded = RoundedProducts(heads=self.heads, **{name: getattr(self, name) for name in names})

    def attention(self, normed: Tensor, count: int) -> Tensor:
        """The attention branch of the first ``count`` tokens, before adapter and gain: (batch, count, width)."""
        if self.rounded is not None:
            return self.rounded.attention(normed, count)
        query = by_head(product(normed[:, :count], self.query), self.heads)
        key, value = (by_head(product(normed, layer), self.heads) for layer in (self.key, self.value))
        return product(joined(functional.scaled_dot_product_attention(query, key, value)), self.out)

    def mlp(self, normed: Tensor) -> Tensor:
        """The branch of the hidden layer, before adapter and gain: (batch, tokens, width)."""
        if self.rounded is not None:
            return self.rounded.mlp(normed)
        hidden = self.dropout(functional.gelu(product(normed, self.fc1)))
        branch: Tensor = self.dropout(product(hidden, self.fc2))
        return branch

    def _first(self, tokens: Tensor, count: int, adapter: int | None) -> Tensor:
        """The first ``count`` tokens after the layer."""
        branch = self.attention(self.attention_norm(tokens), count)
        branch = _adapted(branch, self.attention_adapters, adapter)
        tokens = _added(tokens[:, :count], branch, self.attention_gain)
        branch = _adapted(self.mlp(self.mlp_norm(tokens)), self.mlp_adapters, adapter)
        return _added(tokens, branch, self.mlp_gain)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """With the initial weights that the authors draw where no pretrained ones are given."""
    layer = nn.Linear(inputs, outputs)
    nn.init.trunc_normal_(layer.weight, std=START_STD)
    nn.init.zeros_(layer.bias)
    return layer


def _adapted(branch: Tensor, adapters: nn.ModuleList, adapter: int | None) -> Tensor:
    if adapter is None or not len(adapters):
        return branch
    adapted: Tensor = adapters[adapter](branch)
    return adapted


def _added(tokens: Tensor, branch: Tensor, gain: Tensor | None) -> Tensor:
    return tokens + branch if gain is None else torch.addcmul(tokens, branch, gain)
