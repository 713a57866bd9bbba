"""What a VTAMIQ network is made of: one set of switches for the three states of the authors' repository."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class VTAMIQConfig(BaseModel):
    """Architecture, and what belongs to weights trained with it; the defaults are the repository's present state.

    ``published.PAPER`` and ``published.KADIS700K`` are the two others.

    Example:
        >>> VTAMIQConfig(layers=12).layers
        12
    """

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
    """Whether a picture gives one scale more than now (2022)."""
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

LINEAR = ("weight", "bias")
HEAD_WIDTH = 64
"""Channels of a head of attention in ViT-B and ViT-L."""


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


def names_of(config: Mapping[str, Any], scheme: NamingScheme) -> Names:
    """Own name of every tensor of a checkpoint's state dict, by its name there.

    Args:
        config: Every field of the network's configuration that names depend on.
        scheme: How the repository names things.
    """
    names = {**_embedding(config), **_linear("transformer.encoder.encoder_norm", "encoder.norm")}
    for index in range(config["layers"]):
        theirs, own = f"transformer.encoder.{scheme.layers}.{index}", f"encoder.layers.{index}"
        names |= _layer(config, theirs, own)
    if config["difference_gain"]:
        names["diff_scale.gamma"] = "difference_gain"
    if config["difference_embedding"]:
        names |= _group(config, scheme, "diff_embedding", "difference_embedding")
    if config["decoder"]:
        for index in range(config["groups"]):
            names |= _group(config, scheme, f"{scheme.decoder}.{index}", f"decoder.groups.{index}")
        names |= _linear(f"{scheme.decoder}.{config['groups']}", "decoder.mix")
    return names | _PREDICTOR


def sizes_in(shapes: Mapping[str, tuple[int, ...]], scheme: NamingScheme) -> dict[str, Any] | None:
    """The sizes and switches of ``VTAMIQConfig`` that a state dict shows; ``None`` where it is none of VTAMIQ's.

    Heads of attention leave no trace: they are 64 channels each, as in every ViT that the authors take.

    Args:
        shapes: Of every tensor, by the authors' names.
        scheme: How they name things.
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


def prefixed(names: Names, prefix: str) -> Names:
    """The same table for a file that holds the state dict under a name of its own."""
    return {f"{prefix}.{theirs}": own for theirs, own in names.items()}


def _count(shapes: Mapping[str, tuple[int, ...]], pattern: str) -> int:
    """How many different numbers a pattern finds at the beginnings of names."""
    return len({found[1] for name in shapes if (found := re.match(pattern, name))})


def _linear(theirs: str, own: str) -> Names:
    return {f"{theirs}.{part}": f"{own}.{part}" for part in LINEAR}


def _embedding(config: Mapping[str, Any]) -> Names:
    theirs, own = "transformer.embeddings", "encoder.embedding"
    names: Names = {
        f"{theirs}.cls_token": f"{own}.class_token",
        f"{theirs}.positional_embeddings.positional_embeddings": f"{own}.positions",
        **_linear(f"{theirs}.patch_embeddings", f"{own}.patches"),
    }
    if config["registers"]:
        names[f"{theirs}.extra_tokens"] = f"{own}.registers"
    if config["scales"]:
        names[f"{theirs}.scale_embeddings.scale_embeddings"] = f"{own}.scales"
    return names


def _layer(config: Mapping[str, Any], theirs: str, own: str) -> Names:
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
    for index in range(config["adapters"]):
        for number, branch in ((2 * index + 1, "attention"), (2 * index + 2, "mlp")):
            parts[f"adapter{number}.adapter.0"] = f"{branch}_adapters.{index}.down"
            parts[f"adapter{number}.adapter.2"] = f"{branch}_adapters.{index}.up"
    names: Names = {}
    for foreign, mine in parts.items():
        names |= _linear(f"{theirs}.{foreign}", f"{own}.{mine}")
    if config["layer_gains"]:
        names |= {f"{theirs}.ls1.gamma": f"{own}.attention_gain", f"{theirs}.ls2.gamma": f"{own}.mlp_gain"}
    return names


def _group(config: Mapping[str, Any], scheme: NamingScheme, theirs: str, own: str) -> Names:
    names = _linear(f"{theirs}.body.{config['blocks']}", f"{own}.mix")
    for index in range(config["blocks"]):
        body, block = f"{theirs}.body.{index}.body", f"{own}.blocks.{index}"
        names[f"{body}.1.weight"] = f"{block}.activation.weight"
        names |= _linear(f"{body}.2", f"{block}.mix")
        names |= _linear(f"{body}.4.{scheme.squeeze}", f"{block}.gate.squeeze")
        names |= _linear(f"{body}.4.{scheme.excite}", f"{block}.gate.excite")
        if scheme.gate_slope is not None:
            names[f"{body}.4.{scheme.gate_slope}.weight"] = f"{block}.gate.activation.weight"
    return names


_PREDICTOR: Names = {
    **_linear("q_predictor.1", "predictor.hidden"),
    "q_predictor.2.weight": "predictor.activation.weight",
    **_linear("q_predictor.4", "predictor.output"),
}
