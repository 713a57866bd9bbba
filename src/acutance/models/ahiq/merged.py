"""The trained parts with layers that follow each other without activation made one: the same numbers in fewer steps."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.convolutions import convolution
from acutance.layers.marks import Mark, lasting, plain
from acutance.layers.products import product
from acutance.models.ahiq.heads import CNNMap, DeformableFusion, PlaceMap, ReducedMap, Regressor, TokenMap
from acutance.models.ahiq.sampling import Offsets, deformable, deformable_by_gathering


class MergedHeads:
    """Fusion and regressor for scoring without derivative; equal to them up to rounding.

    Merged are: the offset convolution with the enlargement before it, the reduction with the last convolution of
    the fusion, and the two thirds of the widening that see the distorted picture.

    Args:
        fusion: The fusion as it is trained.
        regressor: The regressor as it is trained.
        cnn_dtype: What the CNN branch computes in, from the deformable convolution to the reduction. The offsets,
            the tokens and the rating of pairs keep the dtype of the parameters: with the golden weights, bfloat16
            in the rating would move scores by up to 0.004 more; without it they move by up to 0.004, trunks included.
    """

    def __init__(self, fusion: DeformableFusion, regressor: Regressor, cnn_dtype: torch.dtype | None = None) -> None:
        self.fusion, self.regressor = fusion, regressor
        self.cnn_dtype = cnn_dtype or fusion.deform.weight.dtype
        with lasting():
            self.made_of = Mark(*fusion.parameters(), *regressor.parameters())
            self.offset_taps = _offset_taps(fusion.offset)
            self.deform_taps = _deform_taps(fusion.deform).to(self.cnn_dtype)
            self.reduce_tokens, self.reduce_cnn = _reduction(regressor.reduce, fusion.mix)
            self.widen = _widening(regressor.widen)
            self.rate = _side_by_side(regressor.quality, regressor.attention)

    def is_current(self) -> bool:
        """Whether the trained parts are still what this was made of."""
        return self.made_of.fits(*self.fusion.parameters(), *self.regressor.parameters())

    def offsets(self, tokens: TokenMap) -> Offsets:
        """How far each tap is moved, from the tokens of the reference.

        A tap sees the same token at several pixels of the enlarged map; its product is taken once.
        """
        rows, columns = tokens.shape[2:]
        products = _map(product(_rows(tokens), self.offset_taps), rows)  # (batch, 18 * 9, rows, columns)
        spread = functional.interpolate(products, scale_factor=2, mode="nearest")
        offsets = functional.fold(spread.flatten(2), (2 * rows, 2 * columns), kernel_size=3, padding=1)
        return offsets + _bias(self.fusion.offset).view(1, -1, 1, 1)

    def reduced(self, tokens: TokenMap, maps: CNNMap, offsets: Offsets) -> ReducedMap:
        """What a rating needs of one picture of a pair."""
        hidden = convolution(self._deformed(maps, offsets), self.fusion.shrink, relu=True)
        from_cnn = convolution(hidden, self.reduce_cnn)
        return _map(product(_rows(tokens), self.reduce_tokens), tokens.shape[2]) + from_cnn

    def rated(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place."""
        joined = torch.cat([distorted - reference, reference], dim=1)
        hidden = convolution(convolution(joined, self.widen, relu=True), self.regressor.smooth)
        hidden = convolution(hidden, self.regressor.hidden, relu=True)
        quality, attention = convolution(hidden, self.rate).unbind(1)
        return quality, attention.sigmoid()

    def _deformed(self, maps: Tensor, offsets: Tensor) -> Tensor:
        if maps.device.type == "cpu":
            return deformable_by_gathering(maps.to(self.cnn_dtype), offsets, self.deform_taps)
        return deformable(maps, offsets, self.fusion.deform).to(self.cnn_dtype)


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


def _offset_taps(layer: nn.Conv2d) -> nn.Linear:
    """Every tap of the kernel as outputs of their own, turned round as ``fold`` adds them up."""
    return _linear(layer.weight.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2), None)


def _deform_taps(layer: nn.Conv2d) -> nn.Linear:
    """The convolution for values gathered tap by tap."""
    return _linear(layer.weight.permute(0, 2, 3, 1).flatten(1), layer.bias)


def _reduction(reduce: nn.Conv2d, mix: nn.Conv2d) -> tuple[nn.Linear, nn.Conv2d]:
    """The reduction's parts for tokens, with all that is constant, and for the CNN branch, with ``mix`` in it."""
    weight, kernel = reduce.weight.detach().double().flatten(1), mix.weight.detach().double()
    own, others = weight.tensor_split([weight.shape[1] - mix.out_channels], dim=1)
    bias = _bias(reduce).double() + others @ _bias(mix).double()
    merged = torch.einsum("rc,cfuv->rfuv", others, kernel)
    dtype = reduce.weight.dtype
    return _linear(own.to(dtype), bias.to(dtype)), _convolution(merged.to(dtype), None)


def _widening(layer: nn.Conv2d) -> nn.Conv2d:
    """For d - r and r instead of d - r, d and r: ``a (d - r) + b d + c r = (a + b) (d - r) + (b + c) r``."""
    of_difference, of_distorted, of_reference = layer.weight.detach().chunk(3, dim=1)
    weight = torch.cat([of_difference + of_distorted, of_distorted + of_reference], dim=1)
    return _convolution(weight, layer.bias)


def _side_by_side(*layers: nn.Conv2d) -> nn.Conv2d:
    weights, biases = zip(*((layer.weight.detach(), _bias(layer)) for layer in layers), strict=True)
    return _convolution(torch.cat(weights), torch.cat(biases))


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
    return None if values is None else nn.Parameter(plain(values).contiguous(), requires_grad=False)
