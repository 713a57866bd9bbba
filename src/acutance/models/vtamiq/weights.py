"""What belongs to weights of VTAMIQ: configurations of three states of its repository, files, names; loads no torch.

Chubarau, Clark: VTAMIQ: Transformers for Attention Modulated Image Quality Assessment, arXiv 2110.01655. Written
from the paper and from facts about the repository (ch-andrei/VTAMIQ), which has no licence; no line of it is here.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from acutance.weights.key_table import KeyTable
from acutance.weights.record import CheckpointRecord, Layout

HEAD_WIDTH = 64
"""Channels of a head of attention in ViT-B and ViT-L."""
BOOKKEEPING: Final = (
    "epoch",
    "SROCC",
    "test_accuracy",
    "pref_module_state_dict",
    "q_mapper_state_dict",
    "optimizer",
    "scaler",
)
"""Entries beside the model's weights: progress, and modules of training that no score passes through."""
STATE_DICT: Final = "model_state_dict"
"""The entry of the model's weights."""


class VTAMIQConfig(BaseModel):
    """Architecture, and what belongs to weights trained with it; the defaults are the repository's present state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=768, ge=1)
    """Channels of a token (ViT-B: 768)."""
    heads: int = Field(default=12, ge=1)
    """Attention heads; they divide ``width``."""
    mlp_width: int = Field(default=3072, ge=1)
    """Channels of the hidden layer after attention."""
    layers: int = Field(default=6, ge=1)
    """Encoder layers that are kept: the first 6 of ViT-B's 12."""
    grid: int = Field(default=24, ge=1)
    """Rows and columns of the table of positions: 384 pixels by patches of 16 pixels."""
    registers: int = Field(default=8, ge=0)
    """Learned tokens after the class token that take part in attention only."""
    layer_gains: bool = True
    """Whether both branches of a layer have a gain per channel (LayerScale)."""
    adapters: int = Field(default=0, ge=0)
    """Sets of adapters in each layer."""
    scales: int = Field(default=0, ge=0)
    """Scales that patches come from and that have an embedding; 0 for one scale without."""
    class_has_position: bool = True
    """Whether row 0 of the table of positions is added to the class token."""
    class_has_scale: bool = False
    """Whether row 0 of the table of scales is added to the class token."""
    position_from: Literal["centre", "corner"] = "centre"
    """``centre`` of the patch in [0, 1) and rows from 1 on; ``corner``: its top left corner in [-1, 1] and rows
    from 0 on, so that the first cell reads the row of the class token (2021)."""
    more_scales: bool = False
    """Whether an image gives one scale more than now (2022)."""
    pixels: Literal["half", "imagenet"] = "half"
    """Normalisation: mean and deviation 0.5, or ImageNet's (2021)."""
    difference_gain: bool = True
    """Whether the difference of the class tokens has a gain per channel."""
    difference_embedding: bool = False
    """Whether the difference is multiplied by what a residual group makes of the reference."""
    decoder: bool = True
    """Whether the difference passes the quality decoder (DiffNet) before it is read."""
    groups: int = Field(default=4, ge=1)
    """Residual groups of the decoder."""
    blocks: int = Field(default=4, ge=1)
    """Blocks with channel attention in each group."""
    reduction: int = Field(default=16, ge=1)
    """By how much channel attention narrows; it divides ``width``."""
    gate: Literal["relu", "prelu"] = "relu"
    """Activation of channel attention: PReLU until 2022."""
    start: Literal["normal", "zeros"] = "normal"
    """Initial tables of positions and scales: normal with deviation 0.02, or zeros (until 2022)."""
    group_drop: float = Field(default=0.1, ge=0, lt=1)
    """Share of residual groups that are left out in training."""
    embedding_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout of embedded tokens in training."""
    mlp_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout in the hidden layer and after it."""
    predictor_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout before both layers of the predictor."""

    @model_validator(mode="after")
    def _divides(self) -> "VTAMIQConfig":
        for name in ("heads", "reduction"):
            if self.width % getattr(self, name):
                raise ValueError(f"width {self.width} is no multiple of {name} {getattr(self, name)}")
        if self.scales == 1:
            raise ValueError("one scale has no embedding: use scales=0")
        return self


Names = dict[str, str | None]


HEAD: Mapping[str, Any] = {}
"""The repository's present default (May 2024): registers, gains, one scale."""
HEAD_MULTISCALE: Mapping[str, Any] = {"scales": 5}
"""The same with patches of five scales."""
_UNTIL_2022: Mapping[str, Any] = {
    "registers": 0,
    "layer_gains": False,
    "difference_gain": False,
    "gate": "prelu",
    "start": "zeros",
    "group_drop": 0.0,
    "embedding_dropout": 0.2,
    "mlp_dropout": 0.1,
}
PAPER: Mapping[str, Any] = {
    **_UNTIL_2022,
    "class_has_position": False,
    "position_from": "corner",
    "pixels": "imagenet",
    "predictor_dropout": 0.2,
}
"""What the paper describes (October 2021)."""
PAPER_DIFFERENCE_EMBEDDING: Mapping[str, Any] = {**PAPER, "difference_embedding": True}
"""The same with an option of its code."""
KADIS700K: Mapping[str, Any] = {**_UNTIL_2022, "scales": 5, "class_has_scale": True, "more_scales": True}
"""Spring 2022: five scales with embeddings. The one announced checkpoint, of April 2022, should have this layout."""


@dataclass(frozen=True)
class NamingScheme:
    """How one state of the repository names what it has in common with the others."""

    layers: str
    """The list of encoder layers."""
    decoder: str
    """The decoder."""
    squeeze: str
    """Of the two layers of a channel gate the first."""
    excite: str
    """The second."""
    gate_slope: str | None
    """The slope of the activation between them, where it is learned."""


PRESENT = NamingScheme("layers", "quality_decoder", "conv_du.1", "conv_du.4", None)
"""The repository since 2023."""
UNTIL_2022 = NamingScheme("layer", "diff_net", "conv_du.0", "conv_du.2", "conv_du.1")
"""2021 and 2022."""


def layouts_of(name: str, config: Mapping[str, Any], scheme: NamingScheme) -> tuple[Layout, Layout]:
    """How a configuration's checkpoints are filed: by the training program, and as the state dict alone.

    Args:
        config: What differs from the defaults of ``VTAMIQConfig``.
    """
    return (
        _layout(name, config, scheme, whole=True),
        _layout(f"{name}, state dict alone", config, scheme, whole=False),
    )


def derived_layout(
    name: str, state: Mapping[str, Any], scheme: NamingScheme, shapes: Mapping[str, tuple[int, ...]]
) -> Layout | None:
    """How a checkpoint of the authors' code is filed, whatever the sizes and switches that it was trained with.

    Args:
        state: What one state of the repository differs by from the defaults of ``VTAMIQConfig``.
        shapes: Of every tensor of the file.

    Returns:
        ``None`` where the file is no checkpoint of that state.
    """
    whole = any(tensor.startswith(f"{STATE_DICT}.") for tensor in shapes)
    sizes = sizes_in({tensor.removeprefix(f"{STATE_DICT}."): shape for tensor, shape in shapes.items()}, scheme)
    has_scales = sizes is not None and sizes["scales"] > 0
    of_2022, of_2021 = state.get("class_has_scale", False), state.get("position_from") == "corner"
    if sizes is None or (of_2022 and not has_scales) or (of_2021 and has_scales):
        return None
    return _layout(name, {**state, **sizes}, scheme, whole=whole)


def _layout(name: str, config: Mapping[str, Any], scheme: NamingScheme, *, whole: bool) -> Layout:
    names = names_of(VTAMIQConfig.model_construct(**config), scheme)  # a file's sizes are checked when it is loaded
    if whole:
        names = {f"{STATE_DICT}.{theirs}": own for theirs, own in names.items()}
    return Layout(name=name, keys=KeyTable(names), config=config, bookkeeping=BOOKKEEPING if whole else ())


def names_of(config: VTAMIQConfig, scheme: NamingScheme) -> dict[str, str | None]:
    """Own name of every tensor of a checkpoint's state dict, by its name there."""
    names = {**_embedding(config), **_linear("transformer.encoder.encoder_norm", "encoder.norm")}
    for index in range(config.layers):
        theirs, own = f"transformer.encoder.{scheme.layers}.{index}", f"encoder.layers.{index}"
        names |= _layer(config, theirs, own)
    if config.difference_gain:
        names["diff_scale.gamma"] = "difference_gain"
    if config.difference_embedding:
        names |= _group(config, scheme, "diff_embedding", "difference_embedding")
    if config.decoder:
        for index in range(config.groups):
            names |= _group(config, scheme, f"{scheme.decoder}.{index}", f"decoder.groups.{index}")
        names |= _linear(f"{scheme.decoder}.{config.groups}", "decoder.mix")
    names |= _linear("q_predictor.1", "predictor.hidden") | _linear("q_predictor.4", "predictor.output")
    return names | {"q_predictor.2.weight": "predictor.activation.weight"}


def sizes_in(shapes: Mapping[str, tuple[int, ...]], scheme: NamingScheme) -> dict[str, Any] | None:
    """The sizes and switches of ``VTAMIQConfig`` that a state dict shows; ``None`` where it is none of VTAMIQ's.

    Heads of attention leave no trace: they are 64 channels each, as in every ViT that the authors take.

    Args:
        shapes: Of every tensor, by the authors' names.
    """
    embeddings, layer = "transformer.embeddings", f"transformer.encoder.{scheme.layers}"
    table = shapes.get(f"{embeddings}.positional_embeddings.positional_embeddings")
    hidden = shapes.get(f"{layer}.0.ffn.fc1.weight")
    if table is None or hidden is None or len(table) != 3 or len(hidden) != 2:
        return None
    width = table[2]
    groups = _count(shapes, rf"{scheme.decoder}\.(\d+)\.body\.")
    sizes: dict[str, Any] = {
        "width": width,
        "heads": max(width // HEAD_WIDTH, 1),
        "mlp_width": hidden[0],
        "layers": _count(shapes, rf"{re.escape(layer)}\.(\d+)\."),
        "grid": math.isqrt(table[1] - 1),
        "registers": shapes.get(f"{embeddings}.extra_tokens", (1, 0))[1],
        "scales": max(shapes.get(f"{embeddings}.scale_embeddings.scale_embeddings", (1, 1))[1] - 1, 0),
        "adapters": _count(shapes, rf"{re.escape(layer)}\.0\.adapter(\d+)\.") // 2,
        "layer_gains": f"{layer}.0.ls1.gamma" in shapes,
        "difference_gain": "diff_scale.gamma" in shapes,
        "difference_embedding": any(name.startswith("diff_embedding.") for name in shapes),
        "decoder": groups > 0,
    }
    squeezed = shapes.get(f"{scheme.decoder}.0.body.0.body.4.{scheme.squeeze}.weight")
    if groups and squeezed:
        blocks = _count(shapes, rf"{scheme.decoder}\.0\.body\.(\d+)\.body\.")
        sizes |= {"groups": groups, "blocks": blocks, "reduction": max(width // max(squeezed[0], 1), 1)}
    return sizes


def _count(shapes: Mapping[str, tuple[int, ...]], pattern: str) -> int:
    """How many different numbers a pattern finds at the beginnings of names."""
    return len({found[1] for name in shapes if (found := re.match(pattern, name))})


def _linear(theirs: str, own: str) -> dict[str, str | None]:
    return {f"{theirs}.{part}": f"{own}.{part}" for part in ("weight", "bias")}


def _embedding(config: VTAMIQConfig) -> dict[str, str | None]:
    theirs, own = "transformer.embeddings", "encoder.embedding"
    names: dict[str, str | None] = {
        f"{theirs}.cls_token": f"{own}.class_token",
        f"{theirs}.positional_embeddings.positional_embeddings": f"{own}.positions",
        **_linear(f"{theirs}.patch_embeddings", f"{own}.patches"),
    }
    if config.registers:
        names[f"{theirs}.extra_tokens"] = f"{own}.registers"
    if config.scales:
        names[f"{theirs}.scale_embeddings.scale_embeddings"] = f"{own}.scales"
    return names


def _layer(config: VTAMIQConfig, theirs: str, own: str) -> dict[str, str | None]:
    parts = {
        "attention_norm": "attention_norm",
        "ffn_norm": "mlp_norm",
        "attn.query": "query",
        "attn.key": "key",
        "attn.value": "value",
        "attn.out": "out",
        "ffn.fc1": "fc1",
        "ffn.fc2": "fc2",
    }
    for index in range(config.adapters):
        for number, branch in ((2 * index + 1, "attention"), (2 * index + 2, "mlp")):
            parts[f"adapter{number}.adapter.0"] = f"{branch}_adapters.{index}.down"
            parts[f"adapter{number}.adapter.2"] = f"{branch}_adapters.{index}.up"
    names: dict[str, str | None] = {}
    for foreign, mine in parts.items():
        names |= _linear(f"{theirs}.{foreign}", f"{own}.{mine}")
    if config.layer_gains:
        names |= {f"{theirs}.ls1.gamma": f"{own}.attention_gain", f"{theirs}.ls2.gamma": f"{own}.mlp_gain"}
    return names


def _group(config: VTAMIQConfig, scheme: NamingScheme, theirs: str, own: str) -> dict[str, str | None]:
    names = _linear(f"{theirs}.body.{config.blocks}", f"{own}.mix")
    for index in range(config.blocks):
        body, block = f"{theirs}.body.{index}.body", f"{own}.blocks.{index}"
        names[f"{body}.1.weight"] = f"{block}.activation.weight"
        names |= _linear(f"{body}.2", f"{block}.mix")
        names |= _linear(f"{body}.4.{scheme.squeeze}", f"{block}.gate.squeeze")
        names |= _linear(f"{body}.4.{scheme.excite}", f"{block}.gate.excite")
        if scheme.gate_slope is not None:
            names[f"{body}.4.{scheme.gate_slope}.weight"] = f"{block}.gate.activation.weight"
    return names


HEAD_LAYOUTS: Final = (
    *layouts_of("head", HEAD, PRESENT),
    *layouts_of("head, five scales", HEAD_MULTISCALE, PRESENT),
)
PAPER_LAYOUTS: Final = (
    *layouts_of("paper", PAPER, UNTIL_2022),
    *layouts_of("paper with difference embedding", PAPER_DIFFERENCE_EMBEDDING, UNTIL_2022),
)
KADIS700K_LAYOUTS: Final = layouts_of("kadis700k", KADIS700K, UNTIL_2022)

PAPER_TEXT: Final = "Chubarau, Clark: VTAMIQ: Transformers for Attention Modulated IQA, 2021, arXiv 2110.01655"
LICENCE: Final = "Unknown: the authors' repository has no licence; ask the authors before any use."
_UNPUBLISHED = (
    "No weights of it are published: train it, or take a checkpoint that the authors' code "
    "(github ch-andrei/VTAMIQ) has made"
)
HEAD_WEIGHTS: Final = CheckpointRecord(
    name="vtamiq-head",
    former_name="vtamiq.head",
    title="VTAMIQ, the repository's present default",
    repository=None,
    filename="best.pth",
    local_name="vtamiq.head.pth",
    origin=_UNPUBLISHED,
    size_bytes=229_300_000,  # 57,322,386 numbers in float32
    published=False,
    licence=LICENCE,
    paper=PAPER_TEXT,
)
PAPER_WEIGHTS: Final = CheckpointRecord(
    name="vtamiq-paper",
    former_name="vtamiq.paper",
    title="VTAMIQ as in the paper",
    repository=None,
    filename="best.pth",
    local_name="vtamiq.paper.pth",
    origin=_UNPUBLISHED,
    size_bytes=229_200_000,  # 57,306,274 numbers in float32
    published=False,
    licence=LICENCE,
    paper=PAPER_TEXT,
)
KADIS700K_WEIGHTS: Final = CheckpointRecord(
    name="vtamiq-kadis700k",
    former_name="vtamiq.kadis700k",
    trained_on=("kadis700k",),  # its repository's README
    title="VTAMIQ trained on KADIS-700k",
    repository=None,
    filename="vtamiq.kadis700k.pth",
    origin="Download it by the link on the authors' page, github ch-andrei/VTAMIQ (Google Drive)",
    size_bytes=229_300_000,  # 57,310,882 numbers in float32; the file's own bookkeeping comes on top
    licence=LICENCE,
    paper=PAPER_TEXT,
    note="Its layout is inferred from its date, April 2022; a file of another layout is refused by name.",
)

VIT_NPZ: Final = CheckpointRecord(
    name="vit-b16-384-google",
    former_name="vit-b16-384.google",
    title="ViT-B/16 of Google Research, ImageNet-21k and ImageNet-1k, 384 pixels",
    repository=None,
    filename="imagenet21k+imagenet2012_ViT-B_16.npz",
    origin="Download https://storage.googleapis.com/vit_models/imagenet21k+imagenet2012/ViT-B_16.npz",
    size_bytes=347_500_000,  # 86,859,496 numbers in float32, classifier included
    licence="Apache-2.0, commercial use: yes.",
    paper="Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021, arXiv 2010.11929",
    is_backbone=True,
    note="Trainings of VTAMIQ start from it; scoring needs it never.",
)
VIT_TIMM: Final = CheckpointRecord(
    name="vit-b16-384-timm",
    former_name="vit-b16-384.timm",
    title="The same weights as timm files them",
    repository="timm/vit_base_patch16_384.orig_in21k_ft_in1k",
    filename="model.safetensors",
    local_name="vit_base_patch16_384.orig_in21k_ft_in1k.safetensors",
    size_bytes=347_500_000,
    licence="Apache-2.0, commercial use: yes.",
    paper=VIT_NPZ.paper,
    is_backbone=True,
    note=VIT_NPZ.note,
)
