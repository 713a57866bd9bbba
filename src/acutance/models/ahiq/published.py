"""The published AHIQ weights: where they are, what their names mean (Lao et al., CVPR workshops 2022).

This file imports no torch: the catalogue reads it to list models.
"""

import math

from acutance.layers.imagenet import resnet50_names
from acutance.types import ScoreInfo
from acutance.weights.key_table import COUNTER, KeyTable
from acutance.weights.record import CheckpointRecord, Layout, Trunk

PAPER = "Lao, Gong, Shi, Yang, Wu, Wang, Xia, Yang: Attentions Help CNNs See Better, CVPRW 2022, arXiv 2204.10485"

AHIQ = CheckpointRecord(
    name="ahiq",
    trained_on=("pipal",),  # its repository: trained for NTIRE 2022
    title="AHIQ",
    repository="chaofengc/IQA-PyTorch-Weights",
    filename="AHIQ_vit_p8_epoch33-da3ea303.pth",
    size_bytes=108_700_000,  # 27,168,788 numbers in float32; the state of an optimiser may come on top
    sha256="da3ea303b365ef71f4bbe41eba56f0ab3371c697d9c959649904dc9dd0a08b85",  # as its page on the hub states it
    licence=(
        "The authors' code is MIT, but the weights were trained on PIPAL, which is for research; "
        "commercial use: unknown, ask the authors first."
    ),
    paper=PAPER,
    note=(
        "Holds the two trained heads only; the two trunks are fetched beside it. The copy that PyIQA's author hosts; "
        "that its layout is the authors' (github IIGROUP/AHIQ) is inferred from how PyIQA reads it."
    ),
)
"""The fusion and the regressor, trained on PIPAL for 33 epochs."""

RESNET50 = CheckpointRecord(
    name="resnet50.a1_in1k",
    title="ResNet-50 (A1)",
    repository="timm/resnet50.a1_in1k",
    filename="model.safetensors",
    local_name="resnet50.a1_in1k.safetensors",
    size_bytes=102_440_820,  # 25,610,152 numbers and 53 counters
    sha256="773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",  # as its page on the hub states it
    licence="Apache-2.0, but trained on ImageNet, which is for non-commercial research; commercial use: unknown.",
    paper="Wightman, Touvron, Jegou: ResNet strikes back, 2021, arXiv 2110.00476",
    is_trunk=True,
    note="What timm 0.5.4, which the authors used, loaded as resnet50.",
)
"""The CNN trunk."""

VIT_B8 = CheckpointRecord(
    name="vit_base_patch8_224.augreg_in21k_ft_in1k",
    title="ViT-B/8 (AugReg)",
    repository="timm/vit_base_patch8_224.augreg_in21k_ft_in1k",
    filename="model.safetensors",
    local_name="vit_base_patch8_224.augreg_in21k_ft_in1k.safetensors",
    size_bytes=346_307_488,  # 86,576,872 numbers
    licence="Apache-2.0, but trained on ImageNet, which is for non-commercial research; commercial use: unknown.",
    paper="Steiner et al.: How to train your ViT?, TMLR 2022, arXiv 2106.10270",
    is_trunk=True,
    note="What timm 0.5.4 loaded as vit_base_patch8_224; today's timm loads other weights by that name.",
)
"""The transformer trunk."""

AHIQ_SCORE = ScoreInfo(better="higher", low=-math.inf, high=math.inf, usual=(0.0, 1.0))
"""The mean score of a picture's crops; opinions were stretched to 0..1 for training (the authors' code)."""

NOTE = (
    "Rates a picture beside its reference, and which of the two is the reference matters. A picture beside itself is "
    "rated like any other pair: its score depends on the picture, is no fixed value and need not be the highest."
)
"""What a user should know of the score."""

TERM_NAMES = ("lowest_crop", "highest_crop")
"""The parts of a score."""

VIT_BLOCKS = 12
"""Blocks of a ViT-B."""
USED_BLOCKS = 5
"""Blocks of it that are used."""

_HEADS = {
    "deform_net.conv_offset": "fusion.offset",
    "deform_net.deform": "fusion.deform",
    "deform_net.conv1.0": "fusion.shrink",
    "deform_net.conv1.2": "fusion.mix",
    "regressor.down_channel": "regressor.reduce",
    "regressor.feat_smoothing.0": "regressor.widen",
    "regressor.feat_smoothing.2": "regressor.smooth",
    "regressor.conv1.0": "regressor.hidden",
    "regressor.conv.0": "regressor.quality",
    "regressor.conv_attent.0": "regressor.attention",
}
_LINEAR = ("weight", "bias")
_VIT_BLOCK = ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")


def _head_names() -> dict[str, str]:
    """Own name by name in PyIQA's model."""
    return {f"{foreign}.{kind}": f"network.{own}.{kind}" for foreign, own in _HEADS.items() for kind in _LINEAR}


def _official_names() -> dict[str, str | None]:
    """The same as the authors file them."""
    renamed = {}
    for name, own in _head_names().items():
        part, _, tail = name.partition(".")
        renamed[f"{part}_model_state_dict.{tail}"] = own
    return dict(renamed)


def _resnet_names() -> dict[str, str | None]:
    """Names in timm of a ResNet-50; the stem and the first stage are used, counters are not."""
    names = resnet50_names()
    used = tuple(name for name in names if name.startswith(("conv1.", "bn1.", "layer1.")))
    own: dict[str, str | None] = {name: f"network.resnet.trunk.{name}" for name in used}
    own |= {name: None for name in names if name not in used or name.endswith(COUNTER)}
    return own | {"fc.weight": None, "fc.bias": None}


def _vit_names() -> dict[str, str | None]:
    """Names in timm of a ViT-B; the first five blocks and what is before them are used."""
    stem = ("cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias")
    own: dict[str, str | None] = {name: f"network.vit.trunk.{name}" for name in stem}
    for block in range(VIT_BLOCKS):
        for layer in _VIT_BLOCK:
            for kind in _LINEAR:
                name = f"blocks.{block}.{layer}.{kind}"
                own[name] = f"network.vit.trunk.{name}" if block < USED_BLOCKS else None
    return own | {f"{layer}.{kind}": None for layer in ("norm", "head") for kind in _LINEAR}


def _whole_names(prefix: str) -> dict[str, str | None]:
    """A whole model of PyIQA, trunks and heads."""
    whole: dict[str, str | None] = {f"{prefix}{name}": own for name, own in _head_names().items()}
    whole |= {f"{prefix}resnet50.{name}": own for name, own in _resnet_names().items()}
    return whole | {f"{prefix}vit.{name}": own for name, own in _vit_names().items()}


OFFICIAL = Layout(
    name="official",
    keys=KeyTable(_official_names()),
    bookkeeping=("epoch", "optimizer_state_dict", "scheduler_state_dict", "loss"),
    trunks=(
        Trunk(record=RESNET50, keys=KeyTable(_resnet_names())),
        Trunk(record=VIT_B8, keys=KeyTable(_vit_names())),
    ),
)
"""The authors' file of a training: the two heads."""
_PYIQA_CONFIG = {"normalisation": "imagenet"}
"""Models that PyIQA has trained have seen ImageNet's normalisation, its default."""
PYIQA_WHOLE = Layout(name="pyiqa-whole", keys=KeyTable(_whole_names("")), config=_PYIQA_CONFIG)
"""The state dict of a whole model of PyIQA."""
PYIQA_PARAMS = Layout(name="pyiqa-params", keys=KeyTable(_whole_names("params.")), config=_PYIQA_CONFIG)
"""The same as PyIQA's training saves it."""

LAYOUTS = (OFFICIAL, PYIQA_WHOLE, PYIQA_PARAMS)
"""Every layout that loads."""
