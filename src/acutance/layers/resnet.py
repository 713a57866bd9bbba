"""ResNet-50 (He et al., CVPR 2016, arXiv 1512.03385) on timm, read bottleneck by bottleneck."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import timm
import torch
from jaxtyping import Float
from torch import Tensor, nn

from acutance.layers.cpu import can_fuse, convolves_in_bfloat16, fast_convolution
from acutance.layers.imagenet import BLOCKS, resnet50_tensors
from acutance.shapes import ImageBatch

RESNET50 = "resnet50"
"""timm's name: bottlenecks, the stride on the 3x3 convolution, as in torchvision."""

FeatureMap = Float[Tensor, "batch channels rows columns"]
"""What a bottleneck gives."""


class ResNet50(nn.Module):
    """The first stages of a ResNet-50, for images of any size.

    Args:
        stages: How many of the four stages are built.
        overrides: Arguments for timm's constructor, such as ``layers=(1, 1, 1, 1)`` and
            ``channels=(4, 8, 12, 16)`` for a tiny backbone.
    """

    trunk: Any  # timm's models are untyped

    def __init__(self, stages: int = 4, **overrides: Any) -> None:  # noqa: ANN401 (timm's own)
        super().__init__()
        self.depths = tuple(overrides.pop("layers", BLOCKS))[:stages]
        self.trunk = timm.create_model(
            RESNET50,
            pretrained=False,
            num_classes=0,
            global_pool="",
            zero_init_last=False,
            layers=self.depths,
            **overrides,
        )
        self.channels = tuple(int(stage[-1].conv3.out_channels) for stage in self._stages())
        self._rounds_from: int | None = None

    def use_bfloat16_products(self, float32_blocks: int = 0) -> None:
        """Compute in bfloat16 where no derivative is wanted; images and what comes out stay as they are.

        A CPU without instructions for bfloat16 goes on in float32.

        Args:
            float32_blocks: Bottlenecks at the start that stay float32, and with them what comes before; 0 for none.
        """
        self._rounds_from = float32_blocks

    def computes_in(self, asked: str, device_type: str) -> str:
        """The precision it computes in on a device when another is asked for."""
        return "float32" if asked == "bfloat16" and not convolves_in_bfloat16(device_type) else asked

    def bottlenecks(self, images: ImageBatch) -> Iterator[FeatureMap]:
        """The output of each bottleneck after its last ReLU, one at a time, in the dtype of the normalised images.

        ``depths`` says how many are of each stage.
        """
        for features in self._run(images):
            yield features.to(images.dtype)

    def stages(self, images: ImageBatch) -> Iterator[FeatureMap]:
        """The output of each stage, that of its last bottleneck, one at a time; ``channels`` says how many channels."""
        blocks = self._run(images)
        for depth in self.depths:
            *_, features = (next(blocks) for _ in range(depth))
            yield features.to(images.dtype)

    def _run(self, images: Tensor) -> Iterator[Tensor]:
        backbone = self.trunk
        fast = can_fuse(images, *self.parameters()) and not self._learns_statistics()
        features = _stem_fast(backbone, self._rounded(images, 0)) if fast else _stem(backbone, images)
        for index, block in enumerate(block for stage in self._stages() for block in stage):
            features = _bottleneck_fast(block, self._rounded(features, index)) if fast else block(features)
            yield features

    def _rounded(self, features: Tensor, index: int) -> Tensor:
        """What a bottleneck sees, in the type that it computes in."""
        rounds = self._rounds_from is not None and index >= self._rounds_from
        return features.to(torch.bfloat16) if rounds and convolves_in_bfloat16(features.device.type) else features

    def _stages(self) -> list[Any]:
        return [getattr(self.trunk, f"layer{index + 1}") for index in range(len(self.depths))]

    def _learns_statistics(self) -> bool:
        return any(module.training for module in self.modules() if isinstance(module, nn.BatchNorm2d))


def _stem(backbone: Any, images: Tensor) -> Tensor:  # noqa: ANN401 (timm's models are untyped)
    features: Tensor = backbone.maxpool(backbone.act1(backbone.bn1(backbone.conv1(images))))
    return features


def _stem_fast(backbone: Any, images: Tensor) -> Tensor:  # noqa: ANN401 (timm's models are untyped)
    features: Tensor = backbone.maxpool(fast_convolution(images, backbone.conv1, norm=backbone.bn1, relu=True))
    return features


def _bottleneck_fast(block: Any, inputs: Tensor) -> Tensor:  # noqa: ANN401 (timm's blocks are untyped)
    """The same as timm's block in evaluation mode, in three or four steps."""
    hidden = fast_convolution(inputs, block.conv1, norm=block.bn1, relu=True)
    hidden = fast_convolution(hidden, block.conv2, norm=block.bn2, relu=True)
    shortcut = (
        inputs if block.downsample is None else fast_convolution(inputs, block.downsample[0], norm=block.downsample[1])
    )
    return fast_convolution(hidden, block.conv3, norm=block.bn3, add=shortcut, relu=True)


def check_resnet50(path: Path, name: str) -> None:
    """Raise ``CheckpointError`` unless a file holds every tensor of the ResNet-50's backbone of that name."""
    with torch.device("meta"):
        resnet50_tensors(path, ResNet50().trunk.state_dict())
