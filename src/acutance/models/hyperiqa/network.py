"""The network of HyperIQA: a crop in, its score out (Su et al., CVPR 2020)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from acutance.images.crops import CropBatch
from acutance.layers.convolutions import convolution
from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.resnet import FeatureMap, ResNet50
from acutance.models.hyperiqa.distortion import stage_distortions
from acutance.models.hyperiqa.target import CONTENT_CHANNELS, CropScores, TargetGenerator, target_network

REDUCED_CHANNELS = (1024, 512)
"""Channels between the last stage and the 112 of the content map (authors' code)."""


class LastStageContent(nn.Module):
    """The content map of HyperIQA: the last stage, its channels reduced in three steps.

    Args:
        channels: Of the last stage.
    """

    first_stage: ClassVar[int] = 3
    """The first of the stages that it looks at, counted from 0."""
    reductions: Any  # ModuleList forgets what is in it

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (channels, *REDUCED_CHANNELS, CONTENT_CHANNELS)
        self.reductions = nn.ModuleList(nn.Conv2d(before, after, 1) for before, after in pairwise(widths))

    def forward(self, stages: Sequence[Tensor]) -> FeatureMap:
        """(batch, 112, 7, 7) of the output of the last stage."""
        (features,) = stages
        for layer in self.reductions:
            features = convolution(features, layer, relu=True)
        return features


class HyperNetwork(nn.Module):
    """A trunk, what it says of distortions, what it says of the content, and the target network made of that.

    Args:
        backbone: The trunk, of four stages.
        content: Makes the content map, (batch, 112, 7, 7), of the outputs of the stages from its ``first_stage`` on.
        dropout: Share of the target network's first outputs that are dropped in training.
    """

    mean: Tensor
    std: Tensor
    content: Any  # of several classes

    def __init__(self, backbone: ResNet50, content: nn.Module, dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = backbone
        self.distortions = stage_distortions(backbone.channels)
        self.content = content
        self.generator = TargetGenerator()
        self.dropout = dropout
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, crops: CropBatch) -> CropScores:
        """(crops,) scores of 224 x 224 crops in [0, 1]."""
        vectors, content = self.describe(crops)
        return target_network(vectors, self.generator(content), dropout=self.dropout, training=self.training)

    def describe(self, crops: CropBatch) -> tuple[Tensor, Tensor]:
        """What describes the distortions, (crops, 224), and the content map, (crops, 112, 7, 7)."""
        vectors: list[Tensor] = []
        stages: list[Tensor] = []
        for index, features in enumerate(self.backbone.stages((crops - self.mean) / self.std)):
            vectors.append(self.distortions[index](features))
            if index >= self.content.first_stage:
                stages.append(features)
        return torch.cat(vectors, dim=1), self.content(stages)
