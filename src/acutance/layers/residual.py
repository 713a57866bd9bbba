"""A small residual network of our own, for networks that are trained from random weights."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from acutance.layers.cpu import fast_convolution
from acutance.shapes import ImageBatch

STEM_SIDE = 5
"""Kernel of the first convolution in pixels, large enough to see the steps of a blocky image."""


class ResidualBackbone(nn.Module):
    """Four stages of basic blocks (He et al., CVPR 2016, arXiv 1512.03385), for images of any size.

    A convolution of stride 2 comes first, and each stage halves the sides once more: strides 4, 8, 16 and 32. Where
    sides are halved the shortcut is a mean of 2 x 2 and a 1 x 1 convolution (He et al., CVPR 2019, arXiv 1812.01187).
    """

    def __init__(self, stem: int, channels: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, stem, STEM_SIDE, stride=2, padding=STEM_SIDE // 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(stem)
        before = (stem, *channels[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(
                BasicBlock(narrow, wide, halves=True), *(BasicBlock(wide, wide, halves=False) for _ in range(count - 1))
            )
            for narrow, wide, count in zip(before, channels, blocks, strict=True)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, BasicBlock):
                nn.init.zeros_(module.norm2.weight)

    def forward(self, images: ImageBatch) -> Iterator[Tensor]:
        """What each stage gives after its last ReLU, one at a time.

        Args:
            images: Normalised images.

        Yields:
            (batch, channels, rows, columns).
        """
        features: Tensor = fast_convolution(_channels_last(images), self.stem, norm=self.stem_norm, relu=True)
        for stage in self.stages:
            features = stage(features)
            yield features


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut.

    Args:
        halves: Whether height and width are halved.
    """

    def __init__(self, narrow: int, wide: int, *, halves: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(narrow, wide, 3, stride=2 if halves else 1, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(wide)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(wide)
        self.pool = nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False) if halves else None
        self.shortcut = nn.Conv2d(narrow, wide, 1, bias=False) if halves else None
        self.shortcut_norm = nn.BatchNorm2d(wide) if halves else None

    def forward(self, features: Tensor) -> Tensor:
        """(batch, wide, rows, columns), of (batch, narrow, ...) that is as large or twice as large."""
        passed = features
        if self.pool is not None and self.shortcut is not None:
            passed = fast_convolution(self.pool(features), self.shortcut, norm=self.shortcut_norm)
        inner = fast_convolution(features, self.conv1, norm=self.norm1, relu=True)
        return fast_convolution(inner, self.conv2, norm=self.norm2, add=passed, relu=True)


def _channels_last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
