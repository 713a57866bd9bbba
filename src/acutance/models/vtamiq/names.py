"""Names of VTAMIQ's weights in checkpoints of the authors' code, by configuration. Imports no torch."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
