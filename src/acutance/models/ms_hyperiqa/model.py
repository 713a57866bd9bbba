"""MS-HyperIQA: HyperIQA that looks at three scales of the content before it generates its target network.

No paper; the reference code is github ukeSJTU/CS3324-IQA, folder ms_hyperIQA. Higher is better.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.cpu import fast_convolution, fast_linear
from acutance.layers.resnet import FeatureMap, ResNet50
from acutance.models.hyperiqa.model import CONTENT_CHANNELS, CONTENT_SIDE, CropMean, HyperNetwork
from acutance.models.ms_hyperiqa.entry import ENTRY
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews
from acutance.models.ms_hyperiqa.weights import MSHyperIQAConfig

PYRAMID_CHANNELS = 256
"""Channels of every level of the pyramid (reference code)."""
FUSED_CHANNELS = 256
"""Channels between the joined levels and the content map (reference code)."""
ATTENTION_REDUCTION = 16
"""How many times narrower the hidden layer of the channel attention is (Woo et al., ECCV 2018; reference code)."""
ATTENTION_KERNEL = 7
"""Kernel of the spatial attention in pixels (Woo et al., ECCV 2018; reference code)."""


class MSHyperIQA(CropMean):
    """MS-HyperIQA: the mean score of crops, unbounded, on the scale of its training labels. Images of any size."""

    info = ENTRY.info
    configuration: MSHyperIQAConfig

    def __init__(self, config: MSHyperIQAConfig | None = None, options: MSHyperIQAViews | None = None) -> None:
        config = config or MSHyperIQAConfig()
        backbone = ResNet50(layers=config.trunk_blocks, channels=config.trunk_channels)
        network = HyperNetwork(backbone, PyramidContent(backbone.channels[1:]), config.dropout)
        super().__init__(network, config, options or MSHyperIQAViews())


class PyramidContent(nn.Module):
    """The content map of MS-HyperIQA, from the last three stages of the backbone.

    Args:
        channels: Of those stages, the last one last.
    """

    first_stage: ClassVar[int] = 1
    """The first of the stages that it looks at, counted from 0."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.pyramid = FeaturePyramid(channels)
        self.attentions = nn.ModuleList(LevelAttention(PYRAMID_CHANNELS) for _ in channels)
        self.join = nn.Conv2d(len(channels) * PYRAMID_CHANNELS, FUSED_CHANNELS, 1)
        self.output = nn.Conv2d(FUSED_CHANNELS, CONTENT_CHANNELS, 1)
        nn.init.kaiming_normal_(self.join.weight)
        nn.init.kaiming_normal_(self.output.weight)

    def forward(self, stages: Sequence[Tensor]) -> FeatureMap:
        """(batch, 112, 7, 7) of the outputs of the last three stages."""
        side = (stages[-1].shape[2], stages[-1].shape[3])
        levels = [attend(level) for attend, level in zip(self.attentions, self.pyramid(stages), strict=True)]
        joined = torch.cat([functional.adaptive_avg_pool2d(level, side) for level in levels], dim=1)
        content = fast_convolution(fast_convolution(joined, self.join, relu=True), self.output, relu=True)
        return functional.adaptive_avg_pool2d(content, CONTENT_SIDE)


class FeaturePyramid(nn.Module):
    """Levels of 256 channels, each with what the coarser ones know (Lin et al., CVPR 2017, arXiv 1612.03144).

    Args:
        channels: Of the stages, the coarsest last.
    """

    laterals: Any  # ModuleList forgets what is in it
    smoothings: Any

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(count, PYRAMID_CHANNELS, 1) for count in channels)
        self.smoothings = nn.ModuleList(nn.Conv2d(PYRAMID_CHANNELS, PYRAMID_CHANNELS, 3, padding=1) for _ in channels)
        for layer in (*self.laterals, *self.smoothings):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    def forward(self, stages: Sequence[Tensor]) -> list[Tensor]:
        """One map for each stage, as large as that stage, the coarsest last. Sums are of maps not yet smoothed."""
        sums = [fast_convolution(stages[-1], self.laterals[-1])]
        for stage, lateral in zip(reversed(stages[:-1]), reversed(self.laterals[:-1]), strict=True):
            enlarged = functional.interpolate(sums[0], size=stage.shape[2:], mode="bilinear", align_corners=False)
            sums.insert(0, fast_convolution(stage, lateral, add=enlarged))
        return [fast_convolution(total, smooth) for total, smooth in zip(sums, self.smoothings, strict=True)]


class LevelAttention(nn.Module):
    """Attention to channels and then to places (CBAM: Woo et al., ECCV 2018, arXiv 1807.06521)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // ATTENTION_REDUCTION
        self.squeeze = nn.Linear(channels, hidden, bias=False)
        self.excite = nn.Linear(hidden, channels, bias=False)
        self.place = nn.Conv2d(2, 1, ATTENTION_KERNEL, padding=ATTENTION_KERNEL // 2, bias=False)

    def forward(self, features: FeatureMap) -> FeatureMap:
        """The map, its channels and its places weighted in (0, 1)."""
        features = self.attend_to_channels(features)
        summary = torch.cat([features.mean(1, keepdim=True), features.amax(1, keepdim=True)], dim=1)
        return features * torch.sigmoid(fast_convolution(summary, self.place))

    def attend_to_channels(self, features: FeatureMap) -> FeatureMap:
        """The map with its channels weighted."""
        votes = self._vote(features.mean((2, 3))) + self._vote(features.amax((2, 3)))
        return features * torch.sigmoid(votes)[:, :, None, None]

    def _vote(self, summary: Tensor) -> Tensor:
        return fast_linear(torch.relu(fast_linear(summary, self.squeeze)), self.excite)
