"""The published A-FINE weights: where they are, what their names mean (Chen, Wu, Ma, Zhang, CVPR 2025).

This file imports no torch: the catalogue reads it to list models.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from acutance.errors import CheckpointError
from acutance.types import ScoreInfo
from acutance.weights.key_table import KeyTable
from acutance.weights.layout import Layout
from acutance.weights.record import CheckpointRecord

if TYPE_CHECKING:  # see the docstring
    import torch

AFINE = CheckpointRecord(
    name="afine",
    title="A-FINE",
    repository="chaofengc/IQA-PyTorch-Weights",
    filename="afine.pth",
    size_bytes=610_713_188,  # 152,678,297 numbers in float32; the file's own bookkeeping comes on top
    sha256=None,
    licence=(
        "The authors' code is Apache-2.0, but the weights were trained on DiffIQA, which is for "
        "non-commercial research; commercial use: unknown, ask the authors first."
    ),
    paper="Chen, Wu, Ma, Zhang: Toward Generalized Image Quality Assessment, CVPR 2025, arXiv 2503.11221",
    note="One file holds the whole model; CLIP's own weights are not needed.",
)
"""The file as PyIQA's author re-hosts it; the authors' own release is on Google Drive."""

AFINE_SCORE = ScoreInfo(better="lower", low=0.0, high=100.0)
"""The final score: the combined score D on the 0..100 scale of the authors' code."""
NATURALNESS_SCORE = ScoreInfo(better="lower", low=-2.0, high=2.0)
"""The calibrated naturalness of one picture, equation 8 of the paper."""
FIDELITY_SCORE = ScoreInfo(better="lower", low=-2.0, high=2.0)
"""The calibrated fidelity of a picture to its reference, equation 7 of the paper."""
FIRST_NATURALNESS = (4.9592, 21.5968)
"""Centre and scale of the calibrator of naturalness where stage 3 begins, fitted on PIPAL by the authors."""
FIRST_FIDELITY = (0.5, 0.15)
"""The same of the calibrator of fidelity."""
FIDELITY_LIMITS = (0.05, 0.95, 0.01, 0.70)
"""Smallest and largest centre, smallest and largest scale, that the calibrator of fidelity is held to."""

CLIP_PAPER = "Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021"
CLIP_ARCHIVE: Final = CheckpointRecord(
    name="clip-vit-b32.openai",
    title="CLIP ViT-B/32 as OpenAI publishes it",
    repository=None,
    filename="ViT-B-32.pt",
    origin="Download https://openaipublic.azureedge.net/clip/models/"
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58beba950af/ViT-B-32.pt",
    size_bytes=354_000_000,
    sha256="40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58beba950af",
    licence="MIT, commercial use: yes.",
    paper=CLIP_PAPER,
    is_trunk=True,
    note="A-FINE's stage 1 starts from it; scoring never needs it.",
)
"""A TorchScript archive; its own address holds its sha256."""
CLIP_TIMM: Final = CheckpointRecord(
    name="vit_base_patch32_clip_224.openai",
    title="The same weights as timm's page on the hub has them",
    repository="timm/vit_base_patch32_clip_224.openai",
    filename="open_clip_model.safetensors",  # OpenAI's names; the page has no model.safetensors
    local_name="vit_base_patch32_clip_224.openai.safetensors",
    size_bytes=605_100_000,  # 151,277,313 numbers in float32, text tower included
    licence=CLIP_ARCHIVE.licence,
    paper=CLIP_PAPER,
    is_trunk=True,
    note=CLIP_ARCHIVE.note,
)

PUBLISHED_ANCHOR = 43.15711594
"""Score of ``arange(N) / (N - 1)`` against ``arange(N) / N``, N = 3 * 224 * 224, each (1, 3, 224, 224).

From PyIQA 0.1.15.post2 with the published weights (parity test of the Burn project, tolerance 5e-5).
"""

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
"""Mean of red, green and blue that CLIP normalises with (Radford et al., 2021, the released code)."""
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Standard deviation that belongs to ``CLIP_MEAN``."""
CONSTANT_TOLERANCE = 1e-6
"""Largest difference between a stored constant and CLIP's; float32 rounding is below 3e-8."""

BLOCKS = 12
"""Transformer blocks of either CLIP tower."""

_BLOCK = {
    "ln_1.weight": "norm1.weight",
    "ln_1.bias": "norm1.bias",
    "attn.in_proj_weight": "attn.qkv.weight",
    "attn.in_proj_bias": "attn.qkv.bias",
    "attn.out_proj.weight": "attn.proj.weight",
    "attn.out_proj.bias": "attn.proj.bias",
    "ln_2.weight": "norm2.weight",
    "ln_2.bias": "norm2.bias",
    "mlp.c_fc.weight": "mlp.fc1.weight",
    "mlp.c_fc.bias": "mlp.fc1.bias",
    "mlp.c_proj.weight": "mlp.fc2.weight",
    "mlp.c_proj.bias": "mlp.fc2.bias",
}

_ENCODER: dict[str, str | None] = {
    "finetuned_clip.visual.class_embedding": "encoder.trunk.cls_token",
    "finetuned_clip.visual.positional_embedding": "encoder.trunk.pos_embed",
    "finetuned_clip.visual.conv1.weight": "encoder.trunk.patch_embed.proj.weight",
    "finetuned_clip.visual.ln_pre.weight": "encoder.trunk.norm_pre.weight",
    "finetuned_clip.visual.ln_pre.bias": "encoder.trunk.norm_pre.bias",
    **{
        f"finetuned_clip.visual.transformer.resblocks.{i}.{foreign}": f"encoder.trunk.blocks.{i}.{own}"
        for i in range(BLOCKS)
        for foreign, own in _BLOCK.items()
    },
}

_NATURALNESS: dict[str, str | None] = {
    "natural.proj_feat.weight": "naturalness_head.projection.weight",
    "natural.proj_feat.bias": "naturalness_head.projection.bias",
    "natural.proj_head.0.weight": "naturalness_head.hidden.weight",
    "natural.proj_head.0.bias": "naturalness_head.hidden.bias",
    "natural.proj_head.2.weight": "naturalness_head.output.weight",
    "natural.proj_head.2.bias": "naturalness_head.output.bias",
    "natural_scale.yita3": "naturalness_calibrator.centre",
    "natural_scale.yita4": "naturalness_calibrator.scale",
}

_FIDELITY: dict[str, str | None] = {
    "fidelity.alpha": "fidelity_head.alpha",
    "fidelity.beta": "fidelity_head.beta",
    "fidelity_scale.yita3": "fidelity_calibrator.centre",
    "fidelity_scale.yita4": "fidelity_calibrator.scale",
    "adapter.k": "adapter.k",
}

_UNUSED: dict[str, str | None] = {
    "finetuned_clip.visual.ln_post.weight": None,
    "finetuned_clip.visual.ln_post.bias": None,
    "finetuned_clip.visual.proj": None,
    **{f"finetuned_clip.transformer.resblocks.{i}.{foreign}": None for i in range(BLOCKS) for foreign in _BLOCK},
    "finetuned_clip.token_embedding.weight": None,
    "finetuned_clip.positional_embedding": None,
    "finetuned_clip.ln_final.weight": None,
    "finetuned_clip.ln_final.bias": None,
    "finetuned_clip.text_projection": None,
    "finetuned_clip.logit_scale": None,
}
"""The text tower, and what CLIP does with the class token after the last block."""

_CONSTANTS = {
    "natural.mean": CLIP_MEAN,
    "natural.std": CLIP_STD,
    "fidelity.mean": CLIP_MEAN,
    "fidelity.std": CLIP_STD,
}

AFINE_KEYS = KeyTable({**_ENCODER, **_NATURALNESS, **_FIDELITY, **_UNUSED, **dict.fromkeys(_CONSTANTS)})
"""Names of the whole model."""
NATURALNESS_KEYS = KeyTable(
    {**_ENCODER, **_NATURALNESS, **dict.fromkeys(_FIDELITY), **_UNUSED, **dict.fromkeys(_CONSTANTS)}
)
"""Names of the no-reference model, which needs the encoder and the naturalness head only."""


FIDELITY_KEYS = KeyTable(
    {**_ENCODER, **dict.fromkeys(_NATURALNESS), **_FIDELITY, "adapter.k": None, **_UNUSED, **dict.fromkeys(_CONSTANTS)}
)
"""Names of the half that compares, which needs the encoder and the fidelity head only."""


def check_constants(foreign: Mapping[str, "torch.Tensor"]) -> dict[str, "torch.Tensor"]:
    """The tensors of a file that was made for pictures normalised as CLIP does.

    The four tensors are dropped by the key tables because the model has these numbers as constants.

    Args:
        foreign: Every tensor of the file, by foreign name.

    Returns:
        The same tensors.

    Raises:
        CheckpointError: One of them is missing, or differs by more than ``CONSTANT_TOLERANCE``.
    """
    for name in _CONSTANTS:
        check_constant(name, foreign.get(name))
    return dict(foreign)


def check_constant(name: str, stored: "torch.Tensor | None") -> None:
    """Raise ``CheckpointError`` unless ``natural.mean`` or another of the four is CLIP's."""
    expected = _CONSTANTS[name]
    got = [] if stored is None else stored.flatten().tolist()
    same = len(got) == len(expected) and all(
        abs(a - b) <= CONSTANT_TOLERANCE for a, b in zip(got, expected, strict=True)
    )
    if not same:
        raise CheckpointError(
            f"Expected CLIP's constants {expected} in {name}, got {got or 'nothing'}. "
            f"Use the published {AFINE.filename}."
        )


CLASS_NORM = {
    "finetuned_clip.visual.ln_post.weight": "encoder.class_norm.weight",
    "finetuned_clip.visual.ln_post.bias": "encoder.class_norm.bias",
}
"""The LayerNorm of the class token, which no score depends on."""

AFINE_LAYOUT = Layout(name="official", keys=AFINE_KEYS, optional=CLASS_NORM, prepare=check_constants)
"""The authors' file, whole."""
NATURALNESS_LAYOUT = Layout(name="official", keys=NATURALNESS_KEYS, optional=CLASS_NORM, prepare=check_constants)
"""The authors' file, of which the no-reference model takes a part."""
FIDELITY_LAYOUT = Layout(name="official", keys=FIDELITY_KEYS, prepare=check_constants)
"""The authors' file, of which the half that compares takes a part."""

CLIP_MODEL = "clip_model.pth"
"""The finetuned CLIP among the files of the stages."""
STAGE_FILES = {
    CLIP_MODEL: "finetuned_clip",
    "net_qhead.pth": "natural",
    "net_dhead.pth": "fidelity",
    "net_scale_nr.pth": "natural_scale",
    "net_scale_fr.pth": "fidelity_scale",
    "net_finalscore.pth": "adapter",
}
"""The authors' files of single stages, and what the same is called in ``afine.pth``."""
