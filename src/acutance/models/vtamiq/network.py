"""The network of VTAMIQ (Chubarau, Clark, arXiv 2110.01655): patches at free positions in, one number out.

The encoder is ViT's (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929), with registers (Darcet et al., ICLR 2024,
arXiv 2309.16588), gains (LayerScale, arXiv 2103.17239) and adapters where the configuration has them. The 1x1
convolutions of the paper's decoder work on one vector an image and are linear layers here.
"""

from collections.abc import Iterable
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.cpu import WeightCache, fast_linear, wants_derivative
from acutance.models.vtamiq.preprocess import PATCH
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.shapes import ChannelBatch, ScoreBatch, TokenBatch

NORM_EPSILON = 1e-6
"""Of every layer norm (ViT's published code)."""
START_STD = 0.02
"""Deviation of initial weights (the authors' code, as DeiT's)."""
ADAPTER_REDUCTION = 4
"""Adapters have a quarter of the channels (the authors' code)."""
ADAPTER_BIAS_STD = 1e-6
"""Deviation of their initial biases (the same)."""
PREDICTOR_REDUCTION = 4
"""The predictor's hidden layer has a quarter of the channels: 192 of 768 (published weights)."""
CORNER_RANGE = 2 + 1e-6
"""What corners in [-1, 1], moved to [0, 2], are divided by, so that 2 falls into the last cell (2021)."""

PatchBatch = Float[Tensor, "batch patches 3 side side"]
"""Patches of each image, normalised."""
PlaceBatch = Float[Tensor, "batch patches 2"]
"""Row and column of each patch: in [0, 1) by its centre, in [-1, 1] by its corner."""
ScaleBatch = Int[Tensor, "batch patches"]
"""Scale of each patch, 0 the finest."""
RowBatch = Int[Tensor, "batch patches"]
"""Row of a table for each patch."""


class Encoder(nn.Module):
    """Patches in, the class token after the last layer out.

    In the last layer only the class token is computed: no score depends on the others there.
    """

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.embedding = Embedding(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, eps=NORM_EPSILON)

    def forward(
        self, patches: PatchBatch, places: PlaceBatch, scales: ScaleBatch | None = None, *, adapter: int | None = 0
    ) -> ChannelBatch:
        """The class token of each image, (batch, width).

        A CPU computes one image at a time where no derivative is wanted: what it needs stays in the caches, and a
        product's rounding, which bfloat16 makes large, does not depend on how many images there are.

        Args:
            patches: Normalised; their order makes no difference.
            places: Row and column of each, as ``config.position_from`` has them.
            scales: Scale of each; ``None`` is the finest for all.
            adapter: Set of adapters to use where the network has some; ``None`` for none.
        """
        if patches.device.type != "cpu" or wants_derivative(patches, *self.parameters()):
            return self._read(self.embedding(patches, places, scales), adapter)
        scales_of_each = [None] * len(patches) if scales is None else torch.split(scales, 1)
        one_by_one = zip(torch.split(patches, 1), torch.split(places, 1), scales_of_each, strict=True)
        return torch.cat([self._read(self.embedding(*image), adapter) for image in one_by_one])

    def use_bfloat16_products(self) -> None:
        """Take the products in bfloat16, but those of class tokens."""
        for layer in self.layers:
            cast("Layer", layer).use_bfloat16_products()

    def _read(self, tokens: Tensor, adapter: int | None) -> Tensor:
        *layers, last = self.layers
        for layer in layers:
            tokens = layer(tokens, adapter)
        read: Tensor = self.norm(cast("Layer", last).class_token(tokens, adapter))
        return read


class Embedding(nn.Module):
    """Tokens: the class token, registers, and each patch with the rows of its position and scale added."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.config = config
        width, std = config.width, 0.0 if config.start == "zeros" else START_STD
        self.patches = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.class_token = nn.Parameter(START_STD * torch.randn(1, 1, width))
        self.positions = nn.Parameter(std * torch.randn(1, config.grid**2 + 1, width))
        self.scales = nn.Parameter(std * torch.randn(1, config.scales + 1, width)) if config.scales else None
        self.registers = nn.Parameter(START_STD * torch.randn(1, config.registers, width)) if config.registers else None
        self.dropout = nn.Dropout(config.embedding_dropout)

    def forward(self, patches: PatchBatch, places: PlaceBatch, scales: ScaleBatch | None = None) -> TokenBatch:
        """(batch, 1 + registers + patches, width), of the arguments of ``Encoder``."""
        batch = len(patches)
        tokens = fast_linear(patches.flatten(2), self.patches) + self.positions[0, self.rows(places)]
        first: Tensor = self.class_token
        if self.config.class_has_position:
            first = first + self.positions[:, :1]
        if self.scales is not None:
            tokens = tokens + self._scale_rows(self.scales[0], scales)
            first = first + self.scales[:, :1] if self.config.class_has_scale else first
        extra = [] if self.registers is None else [self.registers.expand(batch, -1, -1)]
        embedded: Tensor = self.dropout(torch.cat([first.expand(batch, -1, -1), *extra, tokens], dim=1))
        return embedded

    def rows(self, places: PlaceBatch) -> RowBatch:
        """Row of the table of positions for each place: that of the nearest cell, no interpolation."""
        places = places.float()
        corner = self.config.position_from == "corner"
        cells = (self.config.grid * ((places + 1) / CORNER_RANGE if corner else places)).floor().long()
        return cells[..., 0] * self.config.grid + cells[..., 1] + (0 if corner else 1)

    def _scale_rows(self, table: Tensor, scales: Tensor | None) -> Tensor:
        """Row 0 belongs to the class token."""
        return table[1] if scales is None else table[scales.long().clamp(0, self.config.scales - 1) + 1]


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
        self.rounded: RoundedBranches | None = None

    def forward(self, tokens: TokenBatch, adapter: int | None = 0) -> TokenBatch:
        """All tokens after the layer, with the adapters of one set, or none of them."""
        return self._first(tokens, tokens.shape[1], adapter)

    def class_token(self, tokens: TokenBatch, adapter: int | None = 0) -> ChannelBatch:
        """The class token after the layer, (batch, width): the others only as what it attends to."""
        return self._first(tokens, 1, adapter)[:, 0]

    def use_bfloat16_products(self) -> None:
        """Take the products in bfloat16, but those of the class token."""
        self.rounded = RoundedBranches(self)

    def attention(self, normed: Tensor, count: int) -> Tensor:
        """The attention branch of the first ``count`` tokens, before adapter and gain: (batch, count, width)."""
        if self.rounded is not None:
            return self.rounded.attention(normed, count)
        query = _by_head(fast_linear(normed[:, :count], self.query), self.heads)
        key, value = (_by_head(fast_linear(normed, layer), self.heads) for layer in (self.key, self.value))
        return fast_linear(_joined(functional.scaled_dot_product_attention(query, key, value)), self.out)

    def mlp(self, normed: Tensor) -> Tensor:
        """The branch of the hidden layer, before adapter and gain: (batch, tokens, width)."""
        if self.rounded is not None:
            return self.rounded.mlp(normed)
        hidden = self.dropout(functional.gelu(fast_linear(normed, self.fc1)))
        branch: Tensor = self.dropout(fast_linear(hidden, self.fc2))
        return branch

    def _first(self, tokens: Tensor, count: int, adapter: int | None) -> Tensor:
        """The first ``count`` tokens after the layer."""
        branch = self.attention(self.attention_norm(tokens), count)
        branch = _adapted(branch, self.attention_adapters, adapter)
        tokens = _added(tokens[:, :count], branch, self.attention_gain)
        branch = _adapted(self.mlp(self.mlp_norm(tokens)), self.mlp_adapters, adapter)
        return _added(tokens, branch, self.mlp_gain)


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
        return tokens + fast_linear(functional.gelu(fast_linear(tokens, self.down)), self.up)


class RoundedBranches:
    """Both branches of a layer with products in bfloat16 for all tokens but the class token; nothing is dropped.

    The score is read off a small difference of two class tokens. Rounding moves every token by as much, but what the
    patches lose averages out over their number when the class token attends to them; what the class token itself loses
    does not. Its one row an image is therefore computed in float32, with the unrounded weights.
    """

    def __init__(self, layer: Layer) -> None:
        self.exact = layer
        self.query, self.attended = RoundedLinear(layer.query), RoundedLinear(layer.key, layer.value)
        self.out, self.fc1, self.fc2 = RoundedLinear(layer.out), RoundedLinear(layer.fc1), RoundedLinear(layer.fc2)

    def attention(self, normed: Tensor, count: int) -> Tensor:
        """The attention branch of the first ``count`` tokens: (batch, count, width)."""
        heads, rounded = self.exact.heads, normed.to(torch.bfloat16)
        key, value = (_by_head(part, heads) for part in self.attended(rounded).chunk(2, dim=2))
        query = _by_head(fast_linear(normed[:, :1], self.exact.query), heads)
        mixed = functional.scaled_dot_product_attention(query, key.to(query.dtype), value.to(query.dtype))
        first = fast_linear(_joined(mixed), self.exact.out)
        if count == 1:
            return first
        query = _by_head(self.query(rounded[:, :count]), heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return _with_first(self.out(_joined(mixed)), first)

    def mlp(self, normed: Tensor) -> Tensor:
        """The branch of the hidden layer: (batch, tokens, width)."""
        first = fast_linear(functional.gelu(fast_linear(normed[:, :1], self.exact.fc1)), self.exact.fc2)
        if normed.shape[1] == 1:
            return first
        return _with_first(self.fc2(functional.gelu(self.fc1(normed))), first)


class RoundedLinear:
    """Linear layers side by side with their product in bfloat16; rounded weights are kept until the layers change.

    Args:
        layers: Of one input width; their outputs come one after the other.
    """

    def __init__(self, *layers: nn.Linear) -> None:
        self.layers = layers
        self._kept: WeightCache[nn.Linear] = WeightCache()

    def __call__(self, inputs: Tensor) -> Tensor:
        """(..., rows, all outputs) in bfloat16."""
        inputs = inputs.to(torch.bfloat16)
        parameters = [parameter for layer in self.layers for parameter in (layer.weight, layer.bias)]
        if any(parameter.requires_grad for parameter in parameters):
            return functional.linear(inputs, *self._rounded())
        return fast_linear(inputs, self._kept.get(self._as_one_layer, *parameters))

    def _rounded(self) -> tuple[Tensor, Tensor]:
        weight = torch.cat([layer.weight for layer in self.layers])
        bias = torch.cat([layer.bias for layer in self.layers])
        return weight.to(torch.bfloat16), bias.to(torch.bfloat16)

    def _as_one_layer(self) -> nn.Linear:
        weight, bias = self._rounded()
        layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
        layer.weight, layer.bias = (nn.Parameter(tensor, requires_grad=False) for tensor in (weight, bias))
        return layer


class Decoder(nn.Module):
    """The quality decoder, called DiffNet in the paper: residual groups, then a linear layer."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.groups = nn.ModuleList(ResidualGroup(config) for _ in range(config.groups))
        self.mix = nn.Linear(config.width, config.width)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        return fast_linear(_in_turn(self.groups, values), self.mix)


class ResidualGroup(nn.Module):
    """Attention blocks and a linear layer; ``forward`` has a skip around them, ``body`` has not."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(AttentionBlock(config) for _ in range(config.blocks))
        self.mix = nn.Linear(config.width, config.width)
        self.drop = config.group_drop

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels); in training, some rows skip the body (drop path), whose other rows then weigh more."""
        branch = self.body(values)
        if self.training and self.drop > 0:
            kept = torch.rand(len(branch), 1, dtype=branch.dtype, device=branch.device) >= self.drop
            branch = branch * kept / (1 - self.drop)
        return values + branch

    def body(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels), without the skip."""
        return fast_linear(_in_turn(self.blocks, values), self.mix)


class AttentionBlock(nn.Module):
    """``x + gate(linear(prelu(x)))``: a residual channel attention block."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.activation = nn.PReLU()
        self.mix = nn.Linear(config.width, config.width)
        self.gate = ChannelGate(config)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        gated: Tensor = self.gate(fast_linear(self.activation(values), self.mix))
        return values + gated


class ChannelGate(nn.Module):
    """Channels weighted by a sigmoid of themselves (channel attention over a single position)."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        self.squeeze = nn.Linear(config.width, config.width // config.reduction)
        self.activation = nn.PReLU() if config.gate == "prelu" else nn.ReLU()
        self.excite = nn.Linear(config.width // config.reduction, config.width)

    def forward(self, values: ChannelBatch) -> ChannelBatch:
        """(batch, channels)."""
        squeezed = self.activation(fast_linear(values, self.squeeze))
        return values * torch.sigmoid(fast_linear(squeezed, self.excite))


class Predictor(nn.Module):
    """Reads the modulated difference: one unbounded number a pair, lower for better images."""

    def __init__(self, config: VTAMIQConfig) -> None:
        super().__init__()
        narrow = config.width // PREDICTOR_REDUCTION
        self.dropout = nn.Dropout(config.predictor_dropout)
        self.hidden = nn.Linear(config.width, narrow)
        self.activation = nn.PReLU()
        self.output = nn.Linear(narrow, 1)

    def forward(self, values: ChannelBatch) -> ScoreBatch:
        """(batch,)."""
        hidden = self.activation(fast_linear(self.dropout(values), self.hidden))
        return fast_linear(self.dropout(hidden), self.output).squeeze(1)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """With the initial weights that the authors draw where no pretrained ones are given."""
    layer = nn.Linear(inputs, outputs)
    nn.init.trunc_normal_(layer.weight, std=START_STD)
    nn.init.zeros_(layer.bias)
    return layer


def _by_head(tokens: Tensor, heads: int) -> Tensor:
    """(batch, heads, tokens, head width) of (batch, tokens, width)."""
    return torch.unflatten(tokens, 2, (heads, -1)).transpose(1, 2)


def _joined(mixed: Tensor) -> Tensor:
    """The reverse."""
    return mixed.transpose(1, 2).flatten(2)


def _with_first(branch: Tensor, first: Tensor) -> Tensor:
    """The branch in the type of ``first``, which takes the place of its first token."""
    branch = branch.to(first.dtype)
    branch[:, :1] = first
    return branch


def _adapted(branch: Tensor, adapters: nn.ModuleList, adapter: int | None) -> Tensor:
    if adapter is None or not len(adapters):
        return branch
    adapted: Tensor = adapters[adapter](branch)
    return adapted


def _added(tokens: Tensor, branch: Tensor, gain: Tensor | None) -> Tensor:
    return tokens + branch if gain is None else torch.addcmul(tokens, branch, gain)


def _in_turn(modules: Iterable[nn.Module], values: Tensor) -> Tensor:
    for module in modules:
        values = module(values)
    return values
