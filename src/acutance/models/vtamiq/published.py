"""VTAMIQ as published: three states of its repository, their checkpoints, their options.

Chubarau, Clark: VTAMIQ: Transformers for Attention Modulated Image Quality Assessment, arXiv 2110.01655. Written
from the paper and from facts about the repository (ch-andrei/VTAMIQ), which has no licence; no line of it is here.
This file imports no torch: the catalogue reads it to list models.
"""

from collections.abc import Mapping
from typing import Any, Final

from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, NamingScheme, names_of, prefixed, sizes_in
from acutance.types import ScoreInfo
from acutance.weights.key_table import KeyTable
from acutance.weights.record import CheckpointRecord, Layout

PAPER_TEXT: Final = "Chubarau, Clark: VTAMIQ: Transformers for Attention Modulated IQA, 2021, arXiv 2110.01655"
LICENCE: Final = "Unknown: the authors' repository has no licence; ask the authors before any use."

SCORE: Final = ScoreInfo(better="lower", low=float("-inf"), high=float("inf"), usual=(0.0, 1.0))
"""Targets are scaled to [0, 1] in training, 0 where no difference is seen; the output has no bounds."""

TERM_NAMES: Final = ("spread", "difference")
"""The parts of the score beside the score itself."""

IDENTICAL_NOTE: Final = (
    "A picture beside itself gives one number for all pictures, made of the biases (score_of_identical()); it is "
    "neither 0 nor sure to be the lowest."
)
"""What identical pictures give, for the catalogue."""

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

_NAMED: Mapping[str, Any] = {
    "layers": 6,
    "registers": 8,
    "layer_gains": True,
    "scales": 0,
    "adapters": 0,
    "difference_gain": True,
    "difference_embedding": False,
    "decoder": True,
    "groups": 4,
    "blocks": 4,
}
"""The fields of ``VTAMIQConfig`` that names depend on, with its defaults."""


def layouts_of(name: str, config: Mapping[str, Any], scheme: NamingScheme) -> tuple[Layout, Layout]:
    """How a configuration's checkpoints are filed: by the training program, and as the state dict alone.

    Args:
        name: Of the layouts, for messages.
        config: What differs from the defaults of ``VTAMIQConfig``.
        scheme: How the repository names things.
    """
    names = names_of({**_NAMED, **config}, scheme)
    whole = KeyTable(prefixed(names, STATE_DICT))
    return (
        Layout(name=name, keys=whole, config=config, bookkeeping=BOOKKEEPING),
        Layout(name=f"{name}, state dict alone", keys=KeyTable(names), config=config),
    )


def derived_layout(
    name: str, state: Mapping[str, Any], scheme: NamingScheme, shapes: Mapping[str, tuple[int, ...]]
) -> Layout | None:
    """How a checkpoint of the authors' code is filed, whatever the sizes and switches that it was trained with.

    Args:
        name: Of the layout, for messages.
        state: What one state of the repository differs by from the defaults of ``VTAMIQConfig``.
        scheme: How that state names things.
        shapes: Of every tensor of the file.

    Returns:
        ``None`` where the file is no checkpoint of that state.
    """
    prefix = f"{STATE_DICT}." if any(tensor.startswith(f"{STATE_DICT}.") for tensor in shapes) else ""
    sizes = sizes_in({tensor.removeprefix(prefix): shape for tensor, shape in shapes.items()}, scheme)
    has_scales = sizes is not None and sizes["scales"] > 0
    of_2022, of_2021 = state.get("class_has_scale", False), state.get("position_from") == "corner"
    if sizes is None or (of_2022 and not has_scales) or (of_2021 and has_scales):
        return None
    config = {**state, **sizes}
    names = names_of({**_NAMED, **config}, scheme)
    return Layout(
        name=name,
        keys=KeyTable(prefixed(names, STATE_DICT) if prefix else names),
        config=config,
        bookkeeping=BOOKKEEPING if prefix else (),
    )


HEAD_LAYOUTS: Final = (
    *layouts_of("head", HEAD, PRESENT),
    *layouts_of("head, five scales", HEAD_MULTISCALE, PRESENT),
)
PAPER_LAYOUTS: Final = (
    *layouts_of("paper", PAPER, UNTIL_2022),
    *layouts_of("paper with difference embedding", PAPER_DIFFERENCE_EMBEDDING, UNTIL_2022),
)
KADIS700K_LAYOUTS: Final = layouts_of("kadis700k", KADIS700K, UNTIL_2022)

_UNPUBLISHED = (
    "No weights of it are published: train it, or take a checkpoint that the authors' code "
    "(github ch-andrei/VTAMIQ) has made"
)
HEAD_WEIGHTS: Final = CheckpointRecord(
    name="vtamiq.head",
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
    name="vtamiq.paper",
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
    name="vtamiq.kadis700k",
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
    name="vit-b16-384.google",
    title="ViT-B/16 of Google Research, ImageNet-21k and ImageNet-1k, 384 pixels",
    repository=None,
    filename="imagenet21k+imagenet2012_ViT-B_16.npz",
    origin="Download https://storage.googleapis.com/vit_models/imagenet21k+imagenet2012/ViT-B_16.npz",
    size_bytes=347_500_000,  # 86,859,496 numbers in float32, classifier included
    licence="Apache-2.0, commercial use: yes.",
    paper="Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021, arXiv 2010.11929",
    is_trunk=True,
    note="Trainings of VTAMIQ start from it; scoring needs it never.",
)
VIT_TIMM: Final = CheckpointRecord(
    name="vit-b16-384.timm",
    title="The same weights as timm files them",
    repository="timm/vit_base_patch16_384.orig_in21k_ft_in1k",
    filename="model.safetensors",
    local_name="vit_base_patch16_384.orig_in21k_ft_in1k.safetensors",
    size_bytes=347_500_000,
    licence="Apache-2.0, commercial use: yes.",
    paper=VIT_NPZ.paper,
    is_trunk=True,
    note=VIT_NPZ.note,
)

HEAD_VIEWS: Mapping[str, Any] = {}
"""What differs from the defaults of ``VTAMIQViews`` for ``vtamiq.head``."""
PAPER_VIEWS: Mapping[str, Any] = {
    "patches": 1024,
    "centre": 2.0,
    "difference": 5.0,
    "uniform": 0.25,
    "sampler": "independent",
}
"""What differs for ``vtamiq.paper``: 1024 patches in its test, the weights and the sampler of 2021."""
KADIS700K_VIEWS: Mapping[str, Any] = {"patches": 1024}
"""What differs for ``vtamiq.kadis700k``: 1024 patches in its test; weights as of May 2022, the defaults."""
