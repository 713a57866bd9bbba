"""What belongs to weights of AHIQ: the network's configuration, files and the names in them; loads no torch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from acutance.layers.imagenet import resnet50_names
from acutance.weights.key_table import COUNTER, KeyTable
from acutance.weights.record import Backbone, CheckpointRecord, Layout

PATCH = 8
"""Pixels of a ViT patch: both branches meet at an eighth of the crop's size."""
BLOCKS = 5
"""Blocks of the ViT that are used, the first of its 12 (section 3.2 of the paper)."""
BOTTLENECKS = 3
"""Bottlenecks of the ResNet that are used: all of its first stage."""
EXPANSION = 4
"""Channels of a bottleneck's output by those within (He et al., CVPR 2016)."""


class AHIQConfig(BaseModel):
    """What the weights of an AHIQ are made for; the defaults are the published network's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: int = Field(default=224, ge=16, multiple_of=16)
    """Pixels a side of a crop."""
    token_width: int = Field(default=768, ge=1)
    """Channels of a ViT token."""
    heads: int = Field(default=12, ge=1)
    """Attention heads of the ViT; a divisor of ``token_width``."""
    cnn_width: int = Field(default=64, ge=1)
    """Channels within a bottleneck of the ResNet."""
    fusion_width: int = Field(default=512, ge=1)
    """Channels between the two convolutions after the deformable one."""
    reduced_width: int = Field(default=256, ge=1)
    """Channels that an image is reduced to."""
    smoothing_width: int = Field(default=1024, ge=2, multiple_of=2)
    """Channels that the pair is widened to; half of them after the next convolution."""
    rating_width: int = Field(default=256, ge=1)
    """Channels that quality and weight are read from."""
    normalisation: Literal["half", "imagenet"] = "half"
    """Mean and deviation that crops are normalised with for both backbones: 0.5, or ImageNet's as in PyIQA."""

    @property
    def token_channels(self) -> int:
        """Channels of the tokens of all blocks."""
        return BLOCKS * self.token_width

    @property
    def cnn_channels(self) -> int:
        """Channels of the outputs of all bottlenecks."""
        return BOTTLENECKS * EXPANSION * self.cnn_width

    @property
    def places(self) -> int:
        """Rows, and columns, of the places of a crop that are rated."""
        return self.side // PATCH


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
    paper="Lao, Gong, Shi, Yang, Wu, Wang, Xia, Yang: Attentions Help CNNs See Better, CVPRW 2022, arXiv 2204.10485",
    note=(
        "Holds the two trained heads only; both backbones are fetched beside it. The copy that PyIQA's author hosts; "
        "that its layout is the authors' (github IIGROUP/AHIQ) is inferred from how PyIQA reads it."
    ),
)
"""The fusion and the regressor, trained on PIPAL for 33 epochs."""

_LICENCE = "Apache-2.0, but trained on ImageNet, which is for non-commercial research; commercial use: unknown."
RESNET50 = CheckpointRecord(
    name="resnet50.a1_in1k",
    title="ResNet-50 (A1)",
    repository="timm/resnet50.a1_in1k",
    filename="model.safetensors",
    local_name="resnet50.a1_in1k.safetensors",
    size_bytes=102_440_820,  # 25,610,152 numbers and 53 counters
    sha256="773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",  # as its page on the hub states it
    licence=_LICENCE,
    paper="Wightman, Touvron, Jegou: ResNet strikes back, 2021, arXiv 2110.00476",
    is_backbone=True,
    note="What timm 0.5.4, which the authors used, loaded as resnet50.",
)
VIT_B8 = CheckpointRecord(
    name="vit_base_patch8_224.augreg_in21k_ft_in1k",
    title="ViT-B/8 (AugReg)",
    repository="timm/vit_base_patch8_224.augreg_in21k_ft_in1k",
    filename="model.safetensors",
    local_name="vit_base_patch8_224.augreg_in21k_ft_in1k.safetensors",
    size_bytes=346_307_488,  # 86,576,872 numbers
    licence=_LICENCE,
    paper="Steiner et al.: How to train your ViT?, TMLR 2022, arXiv 2106.10270",
    is_backbone=True,
    note="What timm 0.5.4 loaded as vit_base_patch8_224; today's timm loads other weights by that name.",
)

_LINEAR = ("weight", "bias")
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
_HEAD_NAMES = {f"{foreign}.{kind}": f"network.{own}.{kind}" for foreign, own in _HEADS.items() for kind in _LINEAR}
"""Own name by name in PyIQA's model."""


def _official_names() -> dict[str, str | None]:
    """The same as the authors file them: each head in an entry of its own."""
    parts = {name: name.partition(".") for name in _HEAD_NAMES}
    return {f"{part}_model_state_dict.{tail}": _HEAD_NAMES[name] for name, (part, _, tail) in parts.items()}


def _resnet_names() -> dict[str, str | None]:
    """Names in timm of a ResNet-50; the stem and the first stage are used, counters are not."""
    own: dict[str, str | None] = {"fc.weight": None, "fc.bias": None}
    for name in resnet50_names():
        is_used = name.startswith(("conv1.", "bn1.", "layer1.")) and not name.endswith(COUNTER)
        own[name] = f"network.resnet.trunk.{name}" if is_used else None
    return own


def _vit_names() -> dict[str, str | None]:
    """Names in timm of a ViT-B; the first five blocks and what is before them are used."""
    names = ["cls_token", "pos_embed", *(f"patch_embed.proj.{kind}" for kind in _LINEAR)]
    unused = [f"{layer}.{kind}" for layer in ("norm", "head") for kind in _LINEAR]
    for block in range(12):
        for layer in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"):
            (names if block < BLOCKS else unused).extend(f"blocks.{block}.{layer}.{kind}" for kind in _LINEAR)
    return {name: f"network.vit.trunk.{name}" for name in names} | dict.fromkeys(unused)


def _whole_names(prefix: str) -> dict[str, str | None]:
    """A whole model of PyIQA, backbones and heads."""
    whole: dict[str, str | None] = {f"{prefix}{name}": own for name, own in _HEAD_NAMES.items()}
    whole |= {f"{prefix}resnet50.{name}": own for name, own in _resnet_names().items()}
    return whole | {f"{prefix}vit.{name}": own for name, own in _vit_names().items()}


OFFICIAL = Layout(
    name="official",
    keys=KeyTable(_official_names()),
    bookkeeping=("epoch", "optimizer_state_dict", "scheduler_state_dict", "loss"),
    backbones=(
        Backbone(record=RESNET50, keys=KeyTable(_resnet_names())),
        Backbone(record=VIT_B8, keys=KeyTable(_vit_names())),
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
