"""Weights in the authors' layouts, so that their code reads what was trained here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acutance.layers.clip import CLIP_MEAN, CLIP_STD
from acutance.models.afine.weights import AFINE_KEYS, CLIP, CLIP_MODEL, CLIP_NAMES, STAGE_FILES, clip_tensors
from acutance.tables.atomic import atomic_write
from acutance.weights.key_table import COUNTER, KeyTable


def foreign_tensors(keys: KeyTable, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under foreign names: a key table read backwards.

    Args:
        keys: Own name by foreign name; batch norm's counters, dropped when reading, are found beside their norms.
    """
    renamed: dict[str, Tensor] = {}
    for foreign, name in keys.names.items():
        if name is not None:
            renamed[foreign] = own[name].detach().cpu().clone()
        elif foreign.endswith(COUNTER):
            beside = keys.names[foreign.removesuffix(COUNTER) + "running_mean"]
            if beside is not None:
                renamed[foreign] = own[beside.removesuffix("running_mean") + COUNTER].detach().cpu().clone()
    return renamed


def write_pickle(path: Path, keys: KeyTable, own: Mapping[str, Tensor]) -> Path:
    """Write tensors in a foreign layout with ``torch.save``, whole or not at all.

    Returns:
        The path.
    """
    return _save(path, foreign_tensors(keys, own))


TEXT_WIDTH, IMAGE_WIDTH, VOCABULARY, CONTEXT = 512, 768, 49408, 77
"""Sizes of CLIP ViT-B/32 (Radford et al., 2021, the released weights)."""


def unused_of_clip(path: Path | None) -> dict[str, Tensor]:
    """What A-FINE does not use of CLIP, which its files hold all the same: the text tower, the image tower's end.

    Args:
        path: Where CLIP started from; what is not there, or everything without a file, is zero.
    """
    known = {} if path is None else clip_tensors(path)
    return {name: known[name] if name in known else torch.zeros(shape) for name, shape in _unused_shapes().items()}


def lacks_of_clip(path: Path | None) -> bool:
    """Whether some of what ``unused_of_clip`` gives is zero.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: A file that holds nothing of CLIP.
    """
    return path is None or not _unused_shapes().keys() <= clip_tensors(path).keys()


def publish_stage1(own: Mapping[str, Tensor], rest: Mapping[str, Tensor], folder: Path) -> list[Path]:
    """Write ``net_qhead.pth`` and ``clip_model.pth``, the latter with the rest from ``unused_of_clip``."""
    return [_write(folder / "net_qhead.pth", own), _save(folder / CLIP_MODEL, {**_part(own, CLIP), **rest})]


def publish_stage2(own: Mapping[str, Tensor], folder: Path) -> list[Path]:
    """Write ``net_dhead.pth``."""
    return [_write(folder / "net_dhead.pth", own)]


def publish_stage3(own: Mapping[str, Tensor], folder: Path) -> list[Path]:
    """Write ``net_finalscore.pth``, ``net_scale_nr.pth`` and ``net_scale_fr.pth``."""
    return [_write(folder / name, own) for name in ("net_finalscore.pth", "net_scale_nr.pth", "net_scale_fr.pth")]


def merge(own: Mapping[str, Tensor], rest: Mapping[str, Tensor], path: Path) -> Path:
    """Write the whole model as one ``afine.pth``, with the rest from ``unused_of_clip``."""
    whole: dict[str, Any] = {CLIP: {**_part(own, CLIP), **rest}}
    whole |= {part: _with_constants(own, part) for part in STAGE_FILES.values() if part != CLIP}
    return _save(path, whole)


def _write(path: Path, own: Mapping[str, Tensor]) -> Path:
    return _save(path, {"params": _with_constants(own, STAGE_FILES[path.name])})


def _with_constants(own: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    tensors = _part(own, part)
    if part in ("natural", "fidelity"):
        tensors |= {name: torch.tensor(values).view(1, 3, 1, 1) for name, values in _CONSTANTS.items()}
    return tensors


_CONSTANTS = {"mean": CLIP_MEAN, "std": CLIP_STD}


def _part(own: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """The tensors of one part of afine.pth under their names there; those of blocks that the encoder has not go."""
    names: dict[str, str | None] = {
        foreign.removeprefix(f"{part}."): name
        for foreign, name in AFINE_KEYS.names.items()
        if foreign.startswith(f"{part}.") and name in own
    }
    return {name: _shaped(name, value) for name, value in foreign_tensors(KeyTable(names), own).items()}


def _shaped(name: str, value: Tensor) -> Tensor:
    """In the authors' shape, where it has more or fewer dimensions of size 1."""
    if name == "visual.class_embedding":
        return value.flatten()
    if name == "visual.positional_embedding":
        return value.flatten(0, -2)
    return value.view(1, 1, -1) if name in ("alpha", "beta") else value


def _unused_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes of what A-FINE does not use of CLIP ViT-B/32 (openai/CLIP, model.py, as its released weights are)."""
    block = {
        "ln_1": (TEXT_WIDTH,),
        "ln_2": (TEXT_WIDTH,),
        "attn.in_proj_": (3 * TEXT_WIDTH, TEXT_WIDTH),
        "attn.out_proj.": (TEXT_WIDTH, TEXT_WIDTH),
        "mlp.c_fc.": (4 * TEXT_WIDTH, TEXT_WIDTH),
        "mlp.c_proj.": (TEXT_WIDTH, 4 * TEXT_WIDTH),
    }
    single: dict[str, tuple[int, ...]] = {
        "visual.ln_post.weight": (IMAGE_WIDTH,),
        "visual.ln_post.bias": (IMAGE_WIDTH,),
        "visual.proj": (IMAGE_WIDTH, TEXT_WIDTH),
        "token_embedding.weight": (VOCABULARY, TEXT_WIDTH),
        "positional_embedding": (CONTEXT, TEXT_WIDTH),
        "ln_final.weight": (TEXT_WIDTH,),
        "ln_final.bias": (TEXT_WIDTH,),
        "text_projection": (TEXT_WIDTH, TEXT_WIDTH),
        "logit_scale": (),
    }
    shapes: dict[str, tuple[int, ...]] = {}
    for name in (name for name, own in CLIP_NAMES.items() if own is None):
        whole = single.get(name) or next((shape for key, shape in block.items() if f".{key}" in name), ())
        shapes[name] = whole[:1] if name.endswith("bias") else whole
    return shapes


def _save(path: Path, tensors: Mapping[str, Any]) -> Path:
    with atomic_write(path) as temporary:
        torch.save(dict(tensors), temporary)
    return path
