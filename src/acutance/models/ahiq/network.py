"""The network of AHIQ: two frozen backbones, of which only what is used is built, and two trained heads.

Lao et al.: Attentions Help CNNs See Better, CVPR workshops 2022, arXiv 2204.10485.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int32
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.cpu import WeightCache, can_fuse, detached, fast_convolution, fast_linear, wants_derivative
from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.images import CropBatch
from acutance.layers.resnet import ResNet50
from acutance.layers.vit import VisionTransformer
from acutance.models.ahiq.weights import BLOCKS, BOTTLENECKS, PATCH, AHIQConfig
from acutance.shapes import ScoreBatch

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Mean and standard deviation that bring images from [0, 1] to [-1, 1] (the authors' code, data/pipal.py)."""
IMAGENET = (IMAGENET_MEAN, IMAGENET_STD)
"""PyIQA's default."""
TAPS = 9
"""Taps of a 3x3 kernel, row by row."""
CORNERS = 4
"""Neighbours that a value between pixels is interpolated from."""

TokenMap = Float[Tensor, "batch token_channels token_rows token_columns"]
"""Tokens of all blocks as a map, block after block in its channels."""
CNNMap = Float[Tensor, "batch cnn_channels rows columns"]
"""Outputs of all bottlenecks, one after the other in its channels; twice the rows and columns of tokens."""
FusedMap = Float[Tensor, "batch cnn_channels token_rows token_columns"]
"""The CNN branch after the fusion."""
ReducedMap = Float[Tensor, "batch reduced_channels token_rows token_columns"]
"""Both branches of one image in few channels: all that a rating needs of it."""
PlaceMap = Float[Tensor, "batch token_rows token_columns"]
"""One number per place of a crop."""
OutputMap = Float[Tensor, "batch output_channels rows columns"]
"""What a convolution of a ``CNNMap`` gives."""
Offsets = Float[Tensor, "batch 18 rows columns"]
"""How far each tap is moved, in pixels of the map: down and right, tap by tap."""


@dataclass(frozen=True, slots=True)
class EncodedCrops:
    """All that a rating needs of the crops of an image."""

    reduced: Tensor
    """(crops, reduced channels, token rows, token columns)."""
    offsets: Tensor
    """(crops, 18, rows, columns): those of the reference."""


class AHIQNetwork(nn.Module):
    """Rates pairs of crops, place by place. Its backbones are frozen: they neither train nor learn statistics."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.vit = VisionTransformer(
            BLOCKS, img_size=config.side, patch_size=PATCH, embed_dim=config.token_width, num_heads=config.heads
        )
        self.resnet = ResNet50(1, layers=(BOTTLENECKS,), channels=(config.cnn_width,))
        self.fusion = DeformableFusion(config)
        self.regressor = Regressor(config)
        for name, values in zip(("mean", "std"), IMAGENET if config.normalisation == "imagenet" else HALF, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.freeze_backbones()
        self._merged: WeightCache[MergedHeads] = WeightCache()
        self._cnn_dtype: torch.dtype | None = None

    def freeze_backbones(self) -> None:
        """Leave the backbones in evaluation mode, their parameters without training, as the authors do."""
        self.vit.eval().requires_grad_(requires_grad=False)
        self.resnet.eval().requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> "AHIQNetwork":  # noqa: FBT001, FBT002 (torch's signature)
        """Set the mode of the trained heads; the backbones stay in evaluation mode."""
        super().train(mode)
        self.vit.eval()
        self.resnet.eval()
        return self

    def forward(self, distorted: CropBatch, reference: CropBatch) -> ScoreBatch:
        """One score per pair of crops, which are in [0, 1]."""
        encoded = self.encode(reference)
        quality, weight = self.rate(self.encode(distorted, encoded.offsets).reduced, encoded.reduced)
        return crop_scores(quality, weight)

    def encode(self, crops: CropBatch, offsets: Offsets | None = None) -> EncodedCrops:
        """What a rating needs of these crops.

        Args:
            crops: In [0, 1].
            offsets: Those of the reference's crops; ``None`` if these are the reference's.
        """
        normalised = (crops - self.mean) / self.std
        tokens, maps = self.tokens(normalised), self.maps(normalised)
        if not can_fuse(tokens, maps, *self._trained()):
            offsets = self.fusion.offsets(tokens) if offsets is None else offsets
            return EncodedCrops(self.regressor.reduced(tokens, self.fusion(maps, offsets)), offsets)
        merged = self._merge()
        offsets = merged.offsets(tokens) if offsets is None else offsets
        return EncodedCrops(merged.reduced(tokens, maps, offsets), offsets)

    def rate(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place of pairs of encoded crops."""
        if can_fuse(distorted, reference, *self._trained()):
            return self._merge().rated(distorted, reference)
        rated: tuple[Tensor, Tensor] = self.regressor(distorted, reference)
        return rated

    def tokens(self, crops: CropBatch) -> Tensor:
        """Tokens of all blocks of normalised crops: (crops, token channels, token rows, token columns)."""
        return _map(torch.cat(list(self.vit.blocks(crops)), dim=2), crops.shape[2] // PATCH)

    def maps(self, crops: CropBatch) -> Tensor:
        """Outputs of all bottlenecks for normalised crops: (crops, CNN channels, rows, columns)."""
        return torch.cat(list(self.resnet.bottlenecks(crops)), dim=1)

    def use_bfloat16_products(self) -> None:
        """Take the products of both backbones and of the CNN branch's fusion in bfloat16; the rating stays float32."""
        self.vit.use_bfloat16_products()
        self.resnet.use_bfloat16_products()
        self._cnn_dtype, self._merged = torch.bfloat16, WeightCache()

    def _trained(self) -> list[nn.Parameter]:
        return [*self.fusion.parameters(), *self.regressor.parameters()]

    def _merge(self) -> "MergedHeads":
        return self._merged.get(lambda: MergedHeads(self.fusion, self.regressor, self._cnn_dtype), *self._trained())


def crop_scores(quality: PlaceMap, weight: PlaceMap) -> ScoreBatch:
    """The mean quality of the places of each crop, weighted (equation 8 of the paper)."""
    return (quality * weight).sum((1, 2)) / weight.sum((1, 2))


class DeformableFusion(nn.Module):
    """CNN features read where the reference's tokens say, brought to the size of the tokens.

    There is no activation between ``deform`` and ``shrink``, nor after ``mix``.
    """

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.offset = nn.Conv2d(config.token_channels, 2 * TAPS, 3, padding=1)
        self.deform = nn.Conv2d(config.cnn_channels, config.cnn_channels, 3, padding=1)
        self.shrink = nn.Conv2d(config.cnn_channels, config.fusion_width, 3, stride=2, padding=1)
        self.mix = nn.Conv2d(config.fusion_width, config.cnn_channels, 3, padding=1)

    def offsets(self, tokens: TokenMap) -> Offsets:
        """How far each tap is moved, from the tokens of the reference."""
        offsets: Tensor = self.offset(functional.interpolate(tokens, scale_factor=2, mode="nearest"))
        return offsets

    def forward(self, maps: CNNMap, offsets: Offsets) -> FusedMap:
        """The CNN branch of one image of a pair."""
        fused: Tensor = self.mix(self.shrink(deformable_in_training(maps, offsets, self.deform)).relu())
        return fused


class Regressor(nn.Module):
    """Quality and attention of every place of a pair of crops."""

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(config.token_channels + config.cnn_channels, config.reduced_width, 1)
        self.widen = nn.Conv2d(3 * config.reduced_width, config.smoothing_width, 3, padding=1)
        self.smooth = nn.Conv2d(config.smoothing_width, config.smoothing_width // 2, 3, padding=1)
        self.hidden = nn.Conv2d(config.smoothing_width // 2, config.rating_width, 3, padding=1)
        self.quality = nn.Conv2d(config.rating_width, 1, 1)
        self.attention = nn.Conv2d(config.rating_width, 1, 1)

    def reduced(self, tokens: TokenMap, fused: FusedMap) -> ReducedMap:
        """What a rating needs of one image."""
        reduced: Tensor = self.reduce(torch.cat([tokens, fused], dim=1))
        return reduced

    def forward(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place."""
        joined = torch.cat([distorted - reference, distorted, reference], dim=1)
        hidden = self.hidden(self.smooth(self.widen(joined).relu())).relu()
        return self.quality(hidden).squeeze(1), self.attention(hidden).sigmoid().squeeze(1)


class MergedHeads:
    """Fusion and regressor with layers made one that follow each other without activation; equal up to rounding.

    Merged are: the offset convolution with the enlargement before it, the reduction with the last convolution of
    the fusion, and the two thirds of the widening that see the distorted image.

    Args:
        cnn_dtype: What the CNN branch computes in, from the deformable convolution to the reduction. The offsets,
            the tokens and the rating of pairs keep the dtype of the parameters: with the golden weights, bfloat16
            in the rating would move scores by up to 0.004 more; without it they move by up to 0.004, backbones
            included.
    """

    def __init__(self, fusion: DeformableFusion, regressor: Regressor, cnn_dtype: torch.dtype | None = None) -> None:
        self.fusion, self.regressor = fusion, regressor
        self.cnn_dtype = cnn_dtype or fusion.deform.weight.dtype
        offset, deform = fusion.offset.weight.detach(), fusion.deform.weight.detach()
        # Every tap of the offset kernel has outputs of its own, turned round as ``fold`` adds them up.
        self.offset_taps = _linear(offset.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2), None)
        self.deform_taps = _linear(deform.permute(0, 2, 3, 1).flatten(1), fusion.deform.bias).to(self.cnn_dtype)
        self.reduce_tokens, self.reduce_cnn = _reduction(regressor.reduce, fusion.mix)
        # For d - r and r instead of d - r, d and r: a (d - r) + b d + c r = (a + b) (d - r) + (b + c) r.
        of_difference, of_distorted, of_reference = regressor.widen.weight.detach().chunk(3, dim=1)
        widen = torch.cat([of_difference + of_distorted, of_distorted + of_reference], dim=1)
        self.widen = _convolution(widen, regressor.widen.bias)
        both = (regressor.quality, regressor.attention)
        weight, bias = torch.cat([one.weight.detach() for one in both]), torch.cat([_bias(one) for one in both])
        self.rate = _convolution(weight, bias)

    def offsets(self, tokens: TokenMap) -> Offsets:
        """How far each tap is moved, from the tokens of the reference.

        A tap sees the same token at several pixels of the enlarged map; its product is taken once.
        """
        rows, columns = tokens.shape[2:]
        products = _map(fast_linear(_rows(tokens), self.offset_taps), rows)  # (batch, 18 * 9, rows, columns)
        spread = functional.interpolate(products, scale_factor=2, mode="nearest")
        offsets = functional.fold(spread.flatten(2), (2 * rows, 2 * columns), kernel_size=3, padding=1)
        return offsets + _bias(self.fusion.offset).view(1, -1, 1, 1)

    def reduced(self, tokens: TokenMap, maps: CNNMap, offsets: Offsets) -> ReducedMap:
        """What a rating needs of one image of a pair."""
        hidden = fast_convolution(self._deformed(maps, offsets), self.fusion.shrink, relu=True)
        from_cnn = fast_convolution(hidden, self.reduce_cnn)
        return _map(fast_linear(_rows(tokens), self.reduce_tokens), tokens.shape[2]) + from_cnn

    def rated(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place."""
        joined = torch.cat([distorted - reference, reference], dim=1)
        hidden = fast_convolution(fast_convolution(joined, self.widen, relu=True), self.regressor.smooth)
        hidden = fast_convolution(hidden, self.regressor.hidden, relu=True)
        quality, attention = fast_convolution(hidden, self.rate).unbind(1)
        return quality, attention.sigmoid()

    def _deformed(self, maps: Tensor, offsets: Tensor) -> Tensor:
        if maps.device.type == "cpu":
            return deformable_by_gathering(maps.to(self.cnn_dtype), offsets, self.deform_taps)
        return deformable(maps, offsets, self.fusion.deform).to(self.cnn_dtype)


def deformable(inputs: CNNMap, offsets: Offsets, layer: nn.Conv2d) -> OutputMap:
    """The deformable convolution (Dai et al., ICCV 2017) with stride 1, differentiable; outside the map all is 0.

    Args:
        inputs: Shape (N, C, H, W).
        offsets: Shape (N, 18, H, W): every tap of the kernel reads where its offset has moved it to.
        layer: A 3x3 convolution with padding 1, whose weight and bias are taken.
    """
    from torchvision.ops import deform_conv2d

    output: Tensor = deform_conv2d(inputs, offsets, layer.weight, layer.bias, padding=1)
    return output


def deformable_by_gathering(inputs: CNNMap, offsets: Offsets, layer: nn.Linear) -> OutputMap:
    """The same up to rounding, faster on a CPU: values are gathered for one matrix product per image.

    Args:
        inputs: Shape (N, C, H, W), channels last in memory.
        offsets: Shape (N, 18, H, W).
        layer: The convolution as a linear layer of 9 * C inputs, tap by tap.

    Returns:
        Shape (N, C', H, W), channels last in memory.
    """
    gathered = [fast_linear(_sampled(*pair), layer) for pair in zip(inputs, offsets, strict=True)]
    return torch.stack(gathered).view(len(inputs), *inputs.shape[2:], -1).permute(0, 3, 1, 2)


def deformable_in_training(inputs: CNNMap, offsets: Offsets, layer: nn.Conv2d) -> OutputMap:
    """``deformable`` up to rounding, by gathering on a CPU where the map needs no derivative, as frozen backbones' do.

    Forward and backward are then six times as fast as torchvision's, for nine times the memory of the map.
    """
    if inputs.device.type != "cpu" or wants_derivative(inputs):
        return deformable(inputs, offsets, layer)
    weight = layer.weight.permute(0, 2, 3, 1).flatten(1)
    exact = inputs.float() if inputs.dtype == torch.bfloat16 else inputs
    gathered = [
        functional.linear(_sampled(image, moved.to(exact.dtype)), weight, layer.bias)
        for image, moved in zip(exact, offsets, strict=True)
    ]
    return torch.stack(gathered).view(len(inputs), *inputs.shape[2:], -1).permute(0, 3, 1, 2)


def corners(
    offsets: Float[Tensor, "18 rows columns"],
) -> tuple[Int32[Tensor, "samples 4"], Float[Tensor, "samples 4"]]:
    """Which pixels each tap at each position reads, and their bilinear weights.

    Returns:
        Numbers of pixels, counted row by row, and weights, 0 for what lies outside; samples are positions row by
        row, the nine taps of a position together.
    """
    _, rows, columns = offsets.shape
    moved = offsets.view(TAPS, 2, rows, columns).permute(2, 3, 0, 1)  # (rows, columns, taps, 2)
    steps = torch.arange(-1, 2, dtype=offsets.dtype)
    down = moved[..., 0] + torch.arange(rows).view(-1, 1, 1) + steps.repeat_interleave(3)
    right = moved[..., 1] + torch.arange(columns).view(-1, 1) + steps.repeat(3)
    (top, upper), (left, nearer) = _neighbours(down, rows), _neighbours(right, columns)
    pixels = top.unsqueeze(-1) * columns + left.unsqueeze(-2)  # (rows, columns, taps, 2, 2)
    weights = upper.unsqueeze(-1) * nearer.unsqueeze(-2)
    return pixels.view(-1, CORNERS), weights.view(-1, CORNERS)


def _neighbours(places: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The two pixels beside each place along one axis, (..., 2), and their weights, 0 for a pixel that is not there."""
    before = places.floor()
    beyond = places - before
    pixels = torch.stack([before, before + 1], dim=-1)
    inside = (pixels >= 0) & (pixels < length)
    weights = torch.stack([1 - beyond, beyond], dim=-1) * inside
    return pixels.clamp(0, length - 1).int(), weights


def _sampled(image: Tensor, offsets: Tensor) -> Tensor:
    """What the taps read of one map, (positions, 9 * channels), tap by tap."""
    channels, rows, columns = image.shape
    table = image.permute(1, 2, 0).reshape(rows * columns, channels)
    pixels, weights = corners(offsets)
    values = functional.embedding_bag(pixels, table, mode="sum", per_sample_weights=weights.to(table.dtype))
    return values.view(rows * columns, TAPS * channels)


def _rows(tokens: Tensor) -> Tensor:
    """A map as rows of channels: (batch, places, channels)."""
    return tokens.flatten(2).transpose(1, 2)


def _map(rows: Tensor, height: int) -> Tensor:
    """Rows of channels as a map of that height: (batch, channels, height, width)."""
    batch, places, channels = rows.shape
    return rows.transpose(1, 2).view(batch, channels, height, places // height)


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None  # noqa: S101 (all layers of the heads have one; for the type checker)
    return layer.bias.detach()


def _reduction(reduce: nn.Conv2d, mix: nn.Conv2d) -> tuple[nn.Linear, nn.Conv2d]:
    """The reduction's parts for tokens, with all that is constant, and for the CNN branch, with ``mix`` in it."""
    weight, kernel = reduce.weight.detach().double().flatten(1), mix.weight.detach().double()
    own, others = weight.tensor_split([weight.shape[1] - mix.out_channels], dim=1)
    bias = _bias(reduce).double() + others @ _bias(mix).double()
    merged = torch.einsum("rc,cfuv->rfuv", others, kernel)
    dtype = reduce.weight.dtype
    return _linear(own.to(dtype), bias.to(dtype)), _convolution(merged.to(dtype), None)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight, layer.bias = _fixed(weight), _fixed(bias)
    return layer


def _convolution(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """A convolution that keeps the size of its map."""
    outputs, inputs, side, _ = weight.shape
    layer = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=bias is not None, device="meta")
    layer.weight, layer.bias = _fixed(weight), _fixed(bias)
    return layer


def _fixed(values: Tensor | None) -> Any:  # noqa: ANN401 (a parameter, or None where the layer has no bias)
    return None if values is None else nn.Parameter(detached(values).contiguous(), requires_grad=False)
