"""ViT-B/16 as Google and timm file it, brought to the names of VTAMIQ's encoder: where its trainings start.

Dosovitskiy et al., ICLR 2021, arXiv 2010.11929. Both files, ``VIT_NPZ`` and ``VIT_TIMM``, hold
the same weights: ImageNet-21k, then ImageNet-1k at 384 pixels.
"""

import math
from collections.abc import Mapping
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

_NPZ_LAYER = {
    "LayerNorm_0": "attention_norm",
    "LayerNorm_2": "mlp_norm",
    "MultiHeadDotProductAttention_1/query": "query",
    "MultiHeadDotProductAttention_1/key": "key",
    "MultiHeadDotProductAttention_1/value": "value",
    "MultiHeadDotProductAttention_1/out": "out",
    "MlpBlock_3/Dense_0": "fc1",
    "MlpBlock_3/Dense_1": "fc2",
}
_NPZ_PARTS = {"scale": "weight", "kernel": "weight", "bias": "bias"}
_NPZ_ROOT = {
    "cls": "encoder.embedding.class_token",
    "embedding/kernel": "encoder.embedding.patches.weight",
    "embedding/bias": "encoder.embedding.patches.bias",
    "Transformer/posembed_input/pos_embedding": "encoder.embedding.positions",
    "Transformer/encoder_norm/scale": "encoder.norm.weight",
    "Transformer/encoder_norm/bias": "encoder.norm.bias",
}
_TIMM_LAYER = {
    "norm1": "attention_norm",
    "norm2": "mlp_norm",
    "attn.proj": "out",
    "mlp.fc1": "fc1",
    "mlp.fc2": "fc2",
}
_TIMM_ROOT = {
    "cls_token": "encoder.embedding.class_token",
    "pos_embed": "encoder.embedding.positions",
    "patch_embed.proj.weight": "encoder.embedding.patches.weight",
    "patch_embed.proj.bias": "encoder.embedding.patches.bias",
    "norm.weight": "encoder.norm.weight",
    "norm.bias": "encoder.norm.bias",
}


PUBLISHED = {VIT_NPZ.name: VIT_NPZ, VIT_TIMM.name: VIT_TIMM}
"""The two files by name."""


def start_vtamiq(model: VTAMIQ, name: str, path: Path | None = None, *, offline: bool = False) -> None:
    """Load a published ViT-B/16 over VTAMIQ; registers, gains, decoder and predictor keep their values.

    Args:
        model: What to load it over.
        name: Of the file, one of ``PUBLISHED``, which hold the same weights.
        path: The file; by default the one on this machine, or the published one.
        offline: Never touch the network.

    Raises:
        UnknownNameError: No file of weights of that name.
        MissingWeightsError: It is neither here nor to be had.
        CheckpointError: Another file, or a damaged one.
    """
    name = next((record.name for record in PUBLISHED.values() if record.former_name == name), name)
    if name not in PUBLISHED:
        raise UnknownNameError("set of weights", name, PUBLISHED)
    path = path or fetch(PUBLISHED[name], offline=offline)
    start_from_vit(model, read_foreign(path), "npz" if name == VIT_NPZ.name else "timm", path)


def check_start(path: Path, name: str) -> None:
    """Raise ``CheckpointError`` unless a file holds every tensor of the ViT-B/16 of that name."""
    start_vtamiq(VTAMIQ(), name, path)


def start_from_vit(model: VTAMIQ, tensors: Tensors, kind: Literal["npz", "timm"], source: object = "it") -> None:
    """Load ViT's weights over a model; registers, gains, adapters, scales, decoder and predictor stay.

    Args:
        model: What to load them over.
        tensors: Every tensor of the file; layers past the model's last are passed over.
        kind: Whose file it is.
        source: The file, for messages.

    Raises:
        CheckpointError: A tensor is missing, has another shape or a name that no such file has.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            held = "NaN or infinity" if tensor.is_floating_point() else tensor.dtype
            raise CheckpointError(f"Expected finite fractions in {name} of {source}, got {held}. Get the file again.")
    pretrained = from_npz(tensors, source) if kind == "npz" else from_timm(tensors, source)
    own = model.state_dict()
    wanted = [name for name in own if name.startswith("encoder.") and not any(part in name for part in NEW_PARTS)]
    positions = "encoder.embedding.positions"
    if positions in pretrained and _is_table(pretrained[positions]):
        pretrained[positions] = resized_positions(pretrained[positions], own[positions].shape[1])
    for name in wanted:
        got = tuple(pretrained[name].shape) if name in pretrained else "none"
        if got != tuple(own[name].shape):
            raise CheckpointError(
                f"Expected {_theirs(name, kind)} for {name} of shape {tuple(own[name].shape)} in {source}, got {got}. "
                "Use the file of ViT-B/16 for 384 pixels: acutance weights list"
            )
    model.load_state_dict(own | {name: pretrained[name] for name in wanted})


def from_npz(tensors: Tensors, source: object = "it") -> dict[str, Tensor]:
    """Tensors by own names from those of Google's archive; its classifier is left out.

    Args:
        tensors: Every array of the archive.
        source: The file, for messages.

    Raises:
        CheckpointError: A name that no such archive has.
    """
    own = {}
    for name, tensor in tensors.items():
        if name.startswith(("head/", "pre_logits/")):
            continue
        target = _npz_target(name, source)
        own[target] = _as_torch(tensor, bias=name.endswith("bias"), out=name.endswith("out/kernel"))
    return own


def from_timm(tensors: Tensors, source: object = "it") -> dict[str, Tensor]:
    """Tensors by own names from those of timm's ViT; its classifier is left out.

    Args:
        tensors: Every tensor of the file.
        source: The file, for messages.

    Raises:
        CheckpointError: A name that no such file has.
    """
    own = {}
    for name, tensor in tensors.items():
        if name.startswith(("head.", "pre_logits.")):
            continue
        if name in _TIMM_ROOT:
            own[_TIMM_ROOT[name]] = tensor
            continue
        _, index, *path = name.split(".") if name.startswith("blocks.") else (None, None)
        part, layer = ".".join(path[:-1]), f"encoder.layers.{index}"
        if part == "attn.qkv":
            if tensor.ndim == 0 or len(tensor) % 3:
                raise CheckpointError(
                    f"Expected three parts of one size in {name} of {source}, got the shape {tuple(tensor.shape)}. Use "
                    "the file of ViT-B/16 for 384 pixels: acutance weights list"
                )
            thirds = zip(("query", "key", "value"), tensor.chunk(3), strict=True)
            own |= {f"{layer}.{which}.{path[-1]}": third for which, third in thirds}
        elif part in _TIMM_LAYER:
            own[f"{layer}.{_TIMM_LAYER[part]}.{path[-1]}"] = tensor
        else:
            raise _unknown(name, "timm's ViT", source)
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


def _npz_target(name: str, source: object) -> str:
    if name in _NPZ_ROOT:
        return _NPZ_ROOT[name]
    block, _, rest = name.removeprefix("Transformer/").partition("/")
    part, _, leaf = rest.rpartition("/")
    if not block.startswith("encoderblock_") or part not in _NPZ_LAYER or leaf not in _NPZ_PARTS:
        raise _unknown(name, "Google's ViT", source)
    return f"encoder.layers.{block.removeprefix('encoderblock_')}.{_NPZ_LAYER[part]}.{_NPZ_PARTS[leaf]}"


def _as_torch(tensor: Tensor, *, bias: bool, out: bool) -> Tensor:
    """JAX keeps kernels as (inputs, outputs), heads as dimensions of their own, images channels last."""
    if bias:
        return tensor.flatten()
    if tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1)
    if tensor.ndim == 3 and (out or tensor.shape[0] != 1):
        return (tensor.flatten(0, 1) if out else tensor.flatten(1)).T
    return tensor.T if tensor.ndim == 2 else tensor


def _theirs(own: str, kind: Literal["npz", "timm"]) -> str:
    """The file's name of one of our tensors, for messages; a file of timm keeps the three of attention together."""
    roots = _NPZ_ROOT if kind == "npz" else _TIMM_ROOT
    root = next((theirs for theirs, name in roots.items() if name == own), None)
    if root is not None:
        return root
    _, _, index, part, leaf = own.split(".")
    if kind == "timm":
        layer = next((theirs for theirs, name in _TIMM_LAYER.items() if name == part), "attn.qkv")
        return f"blocks.{index}.{layer}.{leaf}"
    layer = next(theirs for theirs, name in _NPZ_LAYER.items() if name == part)
    leaf = "scale" if part.endswith("norm") and leaf == "weight" else "kernel" if leaf == "weight" else leaf
    return f"Transformer/encoderblock_{index}/{layer}/{leaf}"


def _unknown(name: str, whose: str, source: object) -> CheckpointError:
    return CheckpointError(
        f"Expected names of {whose} in {source}, got {name}. Use the file of ViT-B/16 for 384 pixels: acutance weights "
        "list"
    )
