"""Files with the layouts of VTAMIQ's weights, and of the ViT they start from, with the numbers of the golden cases."""

import json
import math
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.golden import recipe

GOLDEN = Path(recipe.__file__).with_name("vtamiq.json")


def golden_cases() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text()))


def layout(configuration: str) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor of a golden configuration, by its name in the state dict."""
    shapes = golden_cases()["configs"][configuration]["layout"]
    return {name: tuple(shape) for name, shape in shapes.items()}


def state_dict(configuration: str) -> dict[str, torch.Tensor]:
    """The state dict of a golden configuration."""
    return {name: torch.from_numpy(drawn(name, shape)) for name, shape in layout(configuration).items()}


def write_published(path: Path, configuration: str = "head_default", *, score: str = "SROCC") -> None:
    """Write a checkpoint as the authors' training program does: 230 MB, in some seconds."""
    torch.save({"epoch": 3, score: 0.5, "model_state_dict": OrderedDict(state_dict(configuration))}, path)


def vit_archive() -> dict[str, np.ndarray]:
    """The arrays of Google's ViT-B/16 archive, by their names."""
    shapes = golden_cases()["vit_npz"]["npz_layout"]
    return {name: drawn(name, tuple(shape)) for name, shape in shapes.items()}


def write_vit_archive(path: Path) -> None:
    """Write Google's archive: 350 MB."""
    np.savez(path, **vit_archive())  # type: ignore[arg-type]


def small_vit_archive(
    *, width: int = 64, heads: int = 1, mlp_width: int = 128, layers: int = 2
) -> dict[str, np.ndarray]:
    """The same names for a small ViT, in Google's dimensions: kernels (inputs, outputs), heads apart."""
    across = width // heads
    shapes: dict[str, tuple[int, ...]] = {
        "cls": (1, 1, width),
        "embedding/kernel": (16, 16, 3, width),
        "embedding/bias": (width,),
        "Transformer/posembed_input/pos_embedding": (1, 577, width),
        **{f"Transformer/encoder_norm/{leaf}": (width,) for leaf in ("scale", "bias")},
        "head/kernel": (width, 10),
        "head/bias": (10,),
    }
    for index in range(layers):
        block = f"Transformer/encoderblock_{index}"
        shapes |= {f"{block}/LayerNorm_{place}/{leaf}": (width,) for place in (0, 2) for leaf in ("scale", "bias")}
        for part in ("query", "key", "value"):
            shapes[f"{block}/MultiHeadDotProductAttention_1/{part}/kernel"] = (width, heads, across)
            shapes[f"{block}/MultiHeadDotProductAttention_1/{part}/bias"] = (heads, across)
        shapes[f"{block}/MultiHeadDotProductAttention_1/out/kernel"] = (heads, across, width)
        shapes[f"{block}/MultiHeadDotProductAttention_1/out/bias"] = (width,)
        shapes |= {
            f"{block}/MlpBlock_3/Dense_0/kernel": (width, mlp_width),
            f"{block}/MlpBlock_3/Dense_0/bias": (mlp_width,),
            f"{block}/MlpBlock_3/Dense_1/kernel": (mlp_width, width),
            f"{block}/MlpBlock_3/Dense_1/bias": (width,),
        }
    return {name: drawn(name, shape) for name, shape in shapes.items()}


def drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """One tensor: the recipe's, unless one of the golden file's override rules (below) fits its name."""
    rule = _rule(name, shape)
    if rule is None:
        return recipe.tensor(name, shape)
    offset, scale = rule
    draw = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    return (offset + scale * draw).astype(np.float32)


OVERRIDES: Mapping[str, tuple[float, float]] = {
    ".gamma": (1.0, 0.1),
    "/scale": (1.0, 0.1),
    "positional_embeddings.positional_embeddings": (0.0, 0.5),
    "scale_embeddings.scale_embeddings": (0.0, 0.5),
    "embeddings.cls_token": (0.0, 0.5),
    "embeddings.extra_tokens": (0.0, 0.5),
    "pos_embedding": (0.0, 0.5),
    "embedding/kernel": (0.0, 1 / math.sqrt(768)),
    "query/kernel": (0.0, 1 / math.sqrt(768)),
    "key/kernel": (0.0, 1 / math.sqrt(768)),
    "value/kernel": (0.0, 1 / math.sqrt(768)),
    "out/kernel": (0.0, 1 / math.sqrt(768)),
    "Dense_0/kernel": (0.0, 1 / math.sqrt(768)),
    "Dense_1/kernel": (0.0, 1 / math.sqrt(3072)),
    "head/kernel": (0.0, 1 / math.sqrt(768)),
    "/bias": (0.0, 0.02),
}
"""Offset and factor of the draw by the end of a name (``weights.override_rules`` of the golden file)."""
SLOPE = (0.25, 0.1)
"""For weights of shape (1,): slopes of PReLU."""


def _rule(name: str, shape: tuple[int, ...]) -> tuple[float, float] | None:
    if name == "cls":
        return OVERRIDES["embeddings.cls_token"]
    if shape == (1,) and name.endswith("weight"):
        return SLOPE
    return next((rule for end, rule in OVERRIDES.items() if name.endswith(end)), None)
