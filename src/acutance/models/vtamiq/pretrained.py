"""ViT-B/16 as Google and timm file it, brought to the names of VTAMIQ's encoder: where its trainings start.

Dosovitskiy et al., ICLR 2021, arXiv 2010.11929. Both files, ``VIT_NPZ`` and ``VIT_TIMM``, hold
the same weights: ImageNet-21k, then ImageNet-1k at 384 pixels.
"""

import math
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from acutance.errors import CheckpointError, UnknownNameError
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.weights import VIT_NPZ, VIT_TIMM
from acutance.weights.download import fetch
from acutance.weights.foreign import read_foreign

Tensors = Mapping[str, Tensor]

NEW_PARTS = ("registers", "scales", "_gain", "_adapters.")
"""What marks the names of the encoder's tensors that ViT has not; they keep their values."""

_ROOTS = {
    "npz": {
        "cls": "encoder.embedding.class_token",
        "embedding/kernel": "encoder.embedding.patches.weight",
        "embedding/bias": "encoder.embedding.patches.bias",
        "Transformer/posembed_input/pos_embedding": "encoder.embedding.positions",
        "Transformer/encoder_norm/scale": "encoder.norm.weight",
        "Transformer/encoder_norm/bias": "encoder.norm.bias",
    },
    "timm": {
        "cls_token": "encoder.embedding.class_token",
        "pos_embed": "encoder.embedding.positions",
        "patch_embed.proj.weight": "encoder.embedding.patches.weight",
        "patch_embed.proj.bias": "encoder.embedding.patches.bias",
        "norm.weight": "encoder.norm.weight",
        "norm.bias": "encoder.norm.bias",
    },
}
_LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    "npz": {
        "LayerNorm_0": ("attention_norm",),
        "LayerNorm_2": ("mlp_norm",),
        **{f"MultiHeadDotProductAttention_1/{part}": (part,) for part in ("query", "key", "value", "out")},
        "MlpBlock_3/Dense_0": ("fc1",),
        "MlpBlock_3/Dense_1": ("fc2",),
    },
    "timm": {
        "norm1": ("attention_norm",),
        "norm2": ("mlp_norm",),
        "attn.qkv": ("query", "key", "value"),
        "attn.proj": ("out",),
        "mlp.fc1": ("fc1",),
        "mlp.fc2": ("fc2",),
    },
}
_CURE = "Use the file of ViT-B/16 for 384 pixels: acutance weights list"
_CLASSIFIERS = ("head/", "pre_logits/", "head.", "pre_logits.")
_MOST_LAYERS = 48
"""Layers of the largest ViT whose names are known."""
Kind = Literal["npz", "timm"]
"""Whose file it is: Google's archive, or timm's."""


PUBLISHED = {VIT_NPZ.name: VIT_NPZ, VIT_TIMM.name: VIT_TIMM}
"""The two files by name."""


def start_vtamiq(model: VTAMIQ, name: str, path: Path | None = None) -> None:
    """Load a published ViT-B/16 over VTAMIQ; registers, gains, decoder and predictor keep their values.

    Args:
        name: Of the file, one of ``PUBLISHED``, which hold the same weights.
        path: The file; by default the one on this machine, or the published one.

    Raises:
        UnknownNameError: No file of weights of that name.
        MissingWeightsError: It is neither here nor to be had.
        CheckpointError: Another file, or a damaged one.
    """
    name = next((record.name for record in PUBLISHED.values() if record.former_name == name), name)
    if name not in PUBLISHED:
        raise UnknownNameError("set of weights", name, PUBLISHED)
    path = path or fetch(PUBLISHED[name])
    start_from_vit(model, read_foreign(path), "npz" if name == VIT_NPZ.name else "timm", path)


def check_start(path: Path, name: str) -> None:
    """Raise ``CheckpointError`` unless a file holds every tensor of the ViT-B/16 of that name."""
    start_vtamiq(VTAMIQ(), name, path)


def start_from_vit(model: VTAMIQ, tensors: Tensors, kind: Kind, source: object = "it") -> None:
    """Load ViT's weights over a model; registers, gains, adapters, scales, decoder and predictor stay.

    Args:
        tensors: Every tensor of the file; layers past the model's last are passed over.

    Raises:
        CheckpointError: A tensor is missing, has another shape or a name that no such file has.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            held = "NaN or infinity" if tensor.is_floating_point() else tensor.dtype
            raise CheckpointError(f"Expected finite fractions in {name} of {source}, got {held}. Get the file again.")
    pretrained = renamed(tensors, kind, source)
    own = model.state_dict()
    wanted = [name for name in own if name.startswith("encoder.") and not any(part in name for part in NEW_PARTS)]
    positions = "encoder.embedding.positions"
    if positions in pretrained and _is_table(pretrained[positions]):
        pretrained[positions] = resized_positions(pretrained[positions], own[positions].shape[1])
    for name in wanted:
        got = tuple(pretrained[name].shape) if name in pretrained else "none"
        if got != tuple(own[name].shape):
            theirs = next(theirs for theirs, owns in _names(kind).items() if name in owns)
            raise CheckpointError(
                f"Expected {theirs} for {name} of shape {tuple(own[name].shape)} in {source}, got {got}. {_CURE}"
            )
    model.load_state_dict(own | {name: pretrained[name] for name in wanted})


def renamed(tensors: Tensors, kind: Kind, source: object = "it") -> dict[str, Tensor]:
    """Tensors by own names, in PyTorch's order of dimensions, from all those of a file; its classifier is left out.

    Raises:
        CheckpointError: A name that no such file has.
    """
    own: dict[str, Tensor] = {}
    names = _names(kind)
    for name, tensor in tensors.items():
        if name.startswith(_CLASSIFIERS):
            continue
        if name not in names:
            whose = "Google's ViT" if kind == "npz" else "timm's ViT"
            raise CheckpointError(f"Expected names of {whose} in {source}, got {name}. {_CURE}")
        if kind == "npz":
            own[names[name][0]] = _as_torch(tensor, bias=name.endswith("bias"), out=name.endswith("out/kernel"))
        elif len(names[name]) == 1:
            own[names[name][0]] = tensor
        elif tensor.ndim == 0 or len(tensor) % 3:
            got = tuple(tensor.shape)
            raise CheckpointError(f"Expected three parts of one size in {name} of {source}, got shape {got}. {_CURE}")
        else:
            own |= zip(names[name], tensor.chunk(3), strict=True)
    return own


def resized_positions(table: Tensor, rows: int) -> Tensor:
    """The table of positions with another number of rows, its first one kept.

    The others are a square grid, interpolated bilinearly with its corners in the corners.

    Args:
        table: Shape (1, 1 + n * n, width).
        rows: 1 + m * m.
    """
    if table.shape[1] == rows:
        return table
    side, wanted = math.isqrt(table.shape[1] - 1), math.isqrt(rows - 1)
    grid = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(grid, size=(wanted, wanted), mode="bilinear", align_corners=True)
    return torch.cat([table[:, :1], resized.flatten(2).transpose(1, 2)], dim=1)


def _is_table(table: Tensor) -> bool:
    """Whether a table of positions is one of a class token and a square grid; others are refused by their shape."""
    return table.ndim == 3 and table.shape[0] == 1 and math.isqrt(max(table.shape[1] - 1, 0)) ** 2 + 1 == table.shape[1]


def _names(kind: Kind) -> dict[str, tuple[str, ...]]:
    """Own names by the file's names; timm keeps query, key and value as the thirds of one tensor."""
    names: dict[str, tuple[str, ...]] = {theirs: (own,) for theirs, own in _ROOTS[kind].items()}
    for index, (part, own) in product(range(_MOST_LAYERS), _LAYERS[kind].items()):
        if kind == "npz":
            theirs = f"Transformer/encoderblock_{index}/{part}"
            leaves = {"scale" if own[0].endswith("norm") else "kernel": "weight", "bias": "bias"}
            found = {f"{theirs}/{leaf}": kept for leaf, kept in leaves.items()}
        else:
            found = {f"blocks.{index}.{part}.{leaf}": leaf for leaf in ("weight", "bias")}
        names |= {name: tuple(f"encoder.layers.{index}.{one}.{leaf}" for one in own) for name, leaf in found.items()}
    return names


def _as_torch(tensor: Tensor, *, bias: bool, out: bool) -> Tensor:
    """JAX keeps kernels as (inputs, outputs), heads as dimensions of their own, images channels last."""
    if bias:
        return tensor.flatten()
    if tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1)
    if tensor.ndim == 3 and (out or tensor.shape[0] != 1):
        return (tensor.flatten(0, 1) if out else tensor.flatten(1)).T
    return tensor.T if tensor.ndim == 2 else tensor
