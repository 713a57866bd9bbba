"""The target network of HyperIQA, five small layers of each crop's own, and the layers that generate them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.convolutions import convolution
from acutance.layers.products import product
from acutance.layers.resnet import FeatureMap
from acutance.models.hyperiqa.distortion import WIDTH

CONTENT_CHANNELS = 112
"""Channels of the map that the target network is generated from (authors' code)."""
CONTENT_SIDE = 7
"""Its rows and columns."""
WIDTHS = (WIDTH, 112, 56, 28, 14, 1)
"""Numbers before, between and after the five layers of the target network (authors' code)."""

VectorBatch = Float[Tensor, "crops width"]
"""What describes each crop."""
CropScores = Float[Tensor, " crops"]
"""One number per crop."""


class TargetLayer(NamedTuple):
    """One layer of the target network, another one for each crop."""

    weight: Tensor
    """(crops, out, in)."""
    bias: Tensor
    """(crops, out)."""


class TargetGenerator(nn.Module):
    """The layers of each crop's target network, from what the crop shows.

    Weights of the first four layers come from 3 x 3 convolutions, whose output is read in channel, row, column
    order as the rows of a matrix; all others come from the mean of the map.
    """

    weights: Any  # ModuleList forgets what is in it
    biases: Any

    def __init__(self) -> None:
        super().__init__()
        sizes = list(pairwise(WIDTHS))
        self.weights = nn.ModuleList(
            nn.Conv2d(CONTENT_CHANNELS, before * after // CONTENT_SIDE**2, 3, padding=1) for before, after in sizes[:4]
        )
        self.last_weight = nn.Linear(CONTENT_CHANNELS, WIDTHS[4])
        self.biases = nn.ModuleList(nn.Linear(CONTENT_CHANNELS, after) for after in WIDTHS[1:])
        for layer in (*self.weights, self.last_weight, *self.biases):
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, content: FeatureMap) -> list[TargetLayer]:
        """The five layers, of (batch, 112, 7, 7)."""
        mean = content.mean((2, 3))  # (batch, 112)
        weights = [convolution(content, layer).flatten(1) for layer in self.weights]
        weights.append(product(mean, self.last_weight))
        biases = [product(mean, layer) for layer in self.biases]
        return [
            TargetLayer(weight.view(len(mean), bias.shape[1], -1), bias)
            for weight, bias in zip(weights, biases, strict=True)
        ]


def target_network(
    vectors: VectorBatch, layers: Sequence[TargetLayer], *, dropout: float = 0.0, training: bool = False
) -> CropScores:
    """The score of each crop, by its own layers.

    Args:
        vectors: (crops, 224), what describes each crop.
        layers: Of the target networks of all crops; the last one has one output.
        dropout: Share of the first layer's outputs that are dropped.
        training: Whether anything is dropped.

    Returns:
        (crops,), unbounded.
    """
    *_, last = activations(vectors, layers, dropout=dropout, training=training)
    return last.flatten()


def activations(
    vectors: VectorBatch, layers: Sequence[TargetLayer], *, dropout: float = 0.0, training: bool = False
) -> Iterator[Tensor]:
    """What each layer gives, (crops, out), after its sigmoid, which the last one does not have."""
    hidden = vectors.unsqueeze(2)  # (crops, width, 1)
    for index, (weight, bias) in enumerate(layers):
        hidden = torch.baddbmm(bias.unsqueeze(2), weight, hidden)
        if index < len(layers) - 1:
            hidden = torch.sigmoid(hidden)
        if index == 0:
            hidden = functional.dropout(hidden, dropout, training)
        yield hidden.squeeze(2)
