"""What networks trained on ImageNet have in common: normalisation, and a ResNet-50's names; loads no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.weights.foreign import read_foreign
from acutance.weights.key_table import COUNTER, KeyTable, TensorOrShape
from acutance.weights.record import STATE_DICTS

if TYPE_CHECKING:
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
"""Mean of red, green and blue over ImageNet, as torchvision and timm have it."""
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""
BLOCKS = (3, 4, 6, 3)
"""Bottlenecks in each of the four stages (He et al., CVPR 2016, arXiv 1512.03385)."""
CHANNELS = (64, 128, 256, 512)
"""Channels inside the bottlenecks of each stage; they give four times as many."""
CLASSIFIER = ("fc.weight", "fc.bias")
"""What a file of ResNet-50 holds besides the backbone."""
_NORM = ("weight", "bias", "running_mean", "running_var", COUNTER)


def resnet50_names() -> list[str]:
    """Every name without the classifier, in the order of the network.

    Example:
        >>> names = resnet50_names()
        >>> len(names), names[0], names[-1]
        (318, 'conv1.weight', 'layer4.2.bn3.num_batches_tracked')
    """
    layers = [("conv1", "bn1")]
    for stage, blocks in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            prefix = f"layer{stage}.{block}"
            layers += [(f"{prefix}.conv{index}", f"{prefix}.bn{index}") for index in (1, 2, 3)]
            layers += [(f"{prefix}.downsample.0", f"{prefix}.downsample.1")] if block == 0 else []
    return [name for layer, norm in layers for name in (f"{layer}.weight", *(f"{norm}.{kind}" for kind in _NORM))]


def resnet50_tensors(path: Path, expected: Mapping[str, TensorOrShape]) -> "dict[str, Tensor]":
    """The tensors of a ResNet-50 without its classifier, as torchvision or timm files it; counters are left out.

    Args:
        expected: Every tensor of the backbone, or its shape, by name.

    Raises:
        CheckpointError: Another network, or a damaged file.
    """
    names: dict[str, str | None] = {name: None if name.endswith(COUNTER) else name for name in resnet50_names()}
    foreign = read_foreign(path, wrappers=STATE_DICTS)
    keys = KeyTable({**names, **{name: None for name in CLASSIFIER if name in foreign}})
    return keys.apply(foreign, {name: expected[name] for name in keys.own_names}, path)
