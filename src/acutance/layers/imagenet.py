"""What networks trained on ImageNet have in common: normalisation, and a ResNet-50's names; loads no torch."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
"""Mean of red, green and blue over ImageNet, as torchvision and timm have it."""
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""


BLOCKS = (3, 4, 6, 3)
"""Bottlenecks in each of the four stages (He et al., CVPR 2016, arXiv 1512.03385)."""
COUNTER = "num_batches_tracked"
"""End of the name of what a batch norm counts in training, which no score depends on."""
_NORM = ("weight", "bias", "running_mean", "running_var", COUNTER)


def resnet50_names() -> list[str]:
    """Every name without the classifier, in the order of the network.

    Example:
        >>> names = resnet50_names()
        >>> len(names), names[0], names[-1]
        (318, 'conv1.weight', 'layer4.2.bn3.num_batches_tracked')
    """
    names = ["conv1.weight", *_norm_names("bn1")]
    for stage, blocks in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            names += _bottleneck_names(f"layer{stage}.{block}", with_shortcut=block == 0)
    return names


def _bottleneck_names(block: str, *, with_shortcut: bool) -> list[str]:
    names = []
    for index in (1, 2, 3):
        names += [f"{block}.conv{index}.weight", *_norm_names(f"{block}.bn{index}")]
    if with_shortcut:
        names += [f"{block}.downsample.0.weight", *_norm_names(f"{block}.downsample.1")]
    return names


def _norm_names(norm: str) -> list[str]:
    return [f"{norm}.{kind}" for kind in _NORM]
