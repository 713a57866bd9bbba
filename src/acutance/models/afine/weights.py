"""The published A-FINE weights: where they are, what their names mean, the files of its stages; imports no torch."""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.types import ScoreInfo
from acutance.weights.foreign import read_foreign
from acutance.weights.key_table import KeyTable
from acutance.weights.record import CheckpointRecord, Layout, Part

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from acutance.layers.clip import ClipImageEncoder


AFINE = CheckpointRecord(
    name="afine",
    trained_on=("diffiqa", "kadid10k", "pipal", "tid2013"),  # option files of stages 1 and 3; 70 % of each
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
"""The calibrated naturalness of one image, equation 8 of the paper."""
FIDELITY_SCORE = ScoreInfo(better="lower", low=-2.0, high=2.0)
"""The calibrated fidelity of an image to its reference, equation 7 of the paper."""
FIRST_NATURALNESS = (4.9592, 21.5968)
"""Centre and scale of the calibrator of naturalness where stage 3 begins, fitted on PIPAL by the authors."""
FIRST_FIDELITY = (0.5, 0.15)
"""The same of the calibrator of fidelity."""
FIDELITY_LIMITS = (0.05, 0.95, 0.01, 0.70)
"""Smallest and largest centre, smallest and largest scale, that the calibrator of fidelity is held to."""

CLIP_PAPER = "Radford et al.: Learning Transferable Visual Models From Natural Language Supervision, ICML 2021"
CLIP_ARCHIVE: Final = CheckpointRecord(
    name="clip-vit-b32-openai",
    former_name="clip-vit-b32.openai",
    title="CLIP ViT-B/32 as OpenAI publishes it",
    repository=None,
    filename="ViT-B-32.pt",
    origin="Download https://openaipublic.azureedge.net/clip/models/"
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58beba950af/ViT-B-32.pt",
    size_bytes=354_000_000,
    sha256="40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58beba950af",
    licence="MIT, commercial use: yes.",
    paper=CLIP_PAPER,
    is_backbone=True,
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
    is_backbone=True,
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
    """The tensors of a file that was made for images normalised as CLIP does.

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


CLIP = STAGE_FILES["clip_model.pth"]
"""Where CLIP stands in afine.pth."""
CLIP_NAMES = {
    name.removeprefix(f"{CLIP}."): own for name, own in AFINE_KEYS.names.items() if name.startswith(f"{CLIP}.")
}
"""Own name, or ``None`` for what A-FINE does not use, of every tensor of CLIP by OpenAI's names."""
FIRST_NAME = "visual.conv1.weight"
"""A tensor by which CLIP is known among other files."""
TIMMS_FIRST_NAME = "patch_embed.proj.weight"
"""What timm calls it."""
SIZES = ("input_resolution", "context_length", "vocab_size")
"""Three numbers beside the tensors of OpenAI's archive."""
WRAPPERS = ("params.", "params_ema.", "module.")
"""What the authors' code and parallel trainings put before the names of tensors; the first that is there is taken."""
_TIMM = {
    **{own.removeprefix("encoder.trunk."): name for name, own in CLIP_NAMES.items() if own},
    "norm.weight": "visual.ln_post.weight",
    "norm.bias": "visual.ln_post.bias",
    "head.weight": "visual.proj",
}
"""OpenAI's names by timm's; its head is the projection turned, with a bias of zeros that is no part of CLIP."""
HOW = f"Use OpenAI's {CLIP_ARCHIVE.filename} or {CLIP_TIMM.name}, timm's file of it; none starts from random weights"
"""What may stand in task.start instead."""


def check_clip(path: Path, name: str) -> None:
    """Raise ``CheckpointError`` unless a file holds CLIP's image tower, whose record has that name."""
    from acutance.layers.clip import ClipImageEncoder

    start_clip(ClipImageEncoder(), path)


def start_clip(encoder: "ClipImageEncoder", path: Path) -> None:
    """Load CLIP's image tower.

    Args:
        path: Any file that ``clip_tensors`` reads; what else of CLIP it holds is not used.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Another network, or a damaged file.
    """
    foreign = clip_tensors(path)
    names = {name: own for name, own in CLIP_NAMES.items() if own is not None or name in foreign}
    keys = KeyTable({name: own.removeprefix("encoder.") if own else None for name, own in names.items()})
    state = encoder.state_dict()
    try:
        own = keys.apply(foreign, {name: state[name] for name in keys.own_names})
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error} {HOW}.") from error
    encoder.load_state_dict(own)


def clip_tensors(path: Path) -> "dict[str, Tensor]":
    """The tensors of CLIP under OpenAI's names, in float32.

    Args:
        path: OpenAI's archive ``ViT-B-32.pt``, whose program does not run, a state dict of CLIP or of its image tower,
            OpenAI's or timm's, a ``clip_model.pth``, or an ``afine.pth``.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: A damaged file, or one that holds nothing of CLIP.
    """
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise MissingWeightsError(f"Expected CLIP ViT-B/32 at {path}, got {got}. {HOW}.")
    try:
        tensors = unwrapped(read_foreign(path))
    except CheckpointError as error:
        raise CheckpointError(f"{error} {HOW}.") from error
    inside = {name.removeprefix(f"{CLIP}."): value for name, value in tensors.items() if name.startswith(f"{CLIP}.")}
    named = with_openais_names(inside or tensors)
    if named.keys().isdisjoint(CLIP_NAMES):
        got = next(iter(named), "nothing")
        raise CheckpointError(f"Expected tensors of CLIP ViT-B/32 such as {FIRST_NAME} in {path}, got {got}. {HOW}.")
    return {name: value.float() for name, value in named.items()}


def unwrapped(tensors: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """Tensors without what stands before all of their names: ``params`` of the authors' code, ``module``.

    Of ``params`` and ``params_ema`` in one file the first is taken, as the authors' code does.
    """
    found = dict(tensors)
    for wrapper in WRAPPERS:
        inside = {name.removeprefix(wrapper): value for name, value in found.items() if name.startswith(wrapper)}
        found = inside or found
    return found


def with_openais_names(tensors: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """Tensors of timm's image tower under OpenAI's names, and OpenAI's without its three sizes; others as they are."""
    if TIMMS_FIRST_NAME not in tensors:
        return {name: value for name, value in tensors.items() if name not in SIZES}
    renamed = {_TIMM.get(name, name): value for name, value in tensors.items() if name != "head.bias"}
    if "head.weight" in tensors:
        renamed["visual.proj"] = tensors["head.weight"].T
    return renamed


NATURALNESS_FILES = (CLIP_MODEL, "net_qhead.pth")
"""What the no-reference half needs."""
FIDELITY_FILES = (CLIP_MODEL, "net_dhead.pth")
"""What the half that compares needs."""
SCALE_FILES = ("net_scale_nr.pth", "net_scale_fr.pth")
"""The calibrators of naturalness and of fidelity: their tensors have the same names."""
FIRST_VALUES = {"net_scale_nr.pth": FIRST_NATURALNESS, "net_scale_fr.pth": FIRST_FIDELITY}
"""Centre and scale of calibrators before stage 3 trains them."""
SCALES = ("yita3", "yita4")
"""What a calibrator's file calls its centre and its scale."""
FARTHEST = 1.5
"""No training takes the calibrator of fidelity farther: its centre and scale are held to less than 1 by its limits."""
DEPTHS = ("", "*/", "*/*/")
"""Where a file is looked for: in a folder, in the folders in it, and in theirs. The first that holds one counts."""
_KNOWN_BY = {"clip_model.pth": FIRST_NAME, "net_qhead.pth": "proj_feat.weight", "net_dhead.pth": "alpha"}
_KNOWN_BY |= {"net_finalscore.pth": "k"}

_LOGGER = logging.getLogger(__name__)


def read_stages(
    places: Sequence[Path], needed: Collection[str] = tuple(STAGE_FILES), *, wanted: Collection[str] = ()
) -> list[Part]:
    """The parts of A-FINE in files of its stages, checked name by name.

    Args:
        places: Folders, searched two levels deep, and single files, which go before those of folders. Without a
            ``clip_model.pth`` OpenAI's ``ViT-B-32.pt`` stands for it: heads over the untouched CLIP.
        needed: Names of the files that must be there.
        wanted: Further ones that are read where they are; a calibrator that is not there has the authors' first values.

    Raises:
        MissingWeightsError: A file that is not there.
        CheckpointError: A damaged file, one of another model or stage, or several of one name.
    """
    found = find_stages(places)
    where = " or ".join(map(str, places))
    for name in needed:
        if name not in found:
            held = ", ".join(sorted(path.name for path in found.values())) or "none of A-FINE's files"
            other = f" or {CLIP_ARCHIVE.filename}" if name == CLIP_MODEL else ""
            raise MissingWeightsError(
                f"Expected {name}{other} in {where}, got {held}. It is a file of stage {_stage(name)}: put it there, "
                "or name its folder too."
            )
    chosen = [name for name in STAGE_FILES if name in found and (name in needed or name in wanted)]
    if CLIP_MODEL in chosen and found[CLIP_MODEL].name == CLIP_ARCHIVE.filename:
        _LOGGER.warning("%s: CLIP is %s, untouched by stage 1", where, found[CLIP_MODEL])
    for name, other in (SCALE_FILES, SCALE_FILES[::-1]):
        given = found.get(other) if name not in found else found[name].resolve()
        named = given in places or name in found
        if name in (*needed, *wanted) and given and named and given.name in _spellings(other):
            raise CheckpointError(
                f"Expected {name}, got {given}, whose name is that of the other calibrator. Give the authors' {name}."
            )
    parts = {name: _part(found[name], name) for name in chosen}
    _require_own_scales(parts)
    for name in wanted:
        if name in FIRST_VALUES and name not in parts:
            parts[name] = _first_values(name)
            _LOGGER.warning(
                "%s: no %s, so the authors' first values calibrate: %s and %s", where, name, *FIRST_VALUES[name]
            )
    return list(parts.values())


def read_naturalness(places: Sequence[Path]) -> list[Part]:
    """What the no-reference half takes of such files."""
    return read_stages(places, NATURALNESS_FILES, wanted=["net_scale_nr.pth"])


def read_fidelity(places: Sequence[Path]) -> list[Part]:
    """What the half that compares takes of such files."""
    return read_stages(places, FIDELITY_FILES, wanted=["net_scale_fr.pth"])


def find_stages(places: Sequence[Path]) -> dict[str, Path]:
    """Files of stages by the names that the authors release them under.

    Args:
        places: Folders, searched two levels deep, and single files, which go before those of folders.

    Raises:
        CheckpointError: Several files of one name.
        MissingWeightsError: A place that is not there.
    """
    for place in places:
        if not place.exists():
            raise MissingWeightsError(f"Expected files of A-FINE's stages at {place}, got nothing. Check the path.")
    single: dict[str, list[Path]] = {}
    for place in (place for place in places if not place.is_dir()):
        single.setdefault(_name_of(place), []).append(place)
    folders = [place for place in places if place.is_dir()]
    found = {}
    for name in STAGE_FILES:
        paths = single.get(name) or _in_folders(folders, _spellings(name))
        if not paths and name == CLIP_MODEL:
            paths = _in_folders(folders, [CLIP_ARCHIVE.filename])
        if len(paths) > 1:
            raise CheckpointError(
                f"Expected one {name}, got {' and '.join(map(str, paths))}. Name the file, or the folder of one alone."
            )
        if paths:
            found[name] = paths[0]
    return found


def _in_folders(folders: Sequence[Path], names: Sequence[str]) -> list[Path]:
    paths = []
    for folder in folders:
        levels = ([path for name in names for path in sorted(folder.glob(depth + name))] for depth in DEPTHS)
        paths += next((level for level in levels if level), [])
    return paths


def _spellings(name: str) -> list[str]:
    """As released, or as the authors' training ends: ``net_qhead_latest.pth``."""
    return [name, f"{name.removesuffix('.pth')}_latest.pth"]


def _name_of(path: Path) -> str:
    """Which of the files one is that may have any name, by what it holds; calibrators by their names alone."""
    for name in STAGE_FILES:
        if path.name in _spellings(name):
            return name
    names = unwrapped(read_foreign(path))
    for name, known_by in _KNOWN_BY.items():
        if known_by in names:
            return name
    if TIMMS_FIRST_NAME in names:
        return CLIP_MODEL
    known, got = ", ".join(STAGE_FILES), next(iter(names), "nothing")
    raise CheckpointError(f"Expected tensors of one of A-FINE's files ({known}) in {path}, got {got}. Leave it out.")


def _part(path: Path, name: str) -> Part:
    """One of the files, with exactly the names that belong into it."""
    prefix = f"{STAGE_FILES[name]}."
    names = {key.removeprefix(prefix): own for key, own in AFINE_KEYS.names.items() if key.startswith(prefix)}
    tensors = unwrapped(read_foreign(path))
    if name == CLIP_MODEL:  # what A-FINE does not use of it may be left out
        tensors = with_openais_names(tensors)
        names = {key: own for key, own in names.items() if own is not None or key in tensors}
    missing = next((key for key in names if key not in tensors), None)
    unexpected = next((key for key in tensors if key not in names), None)
    if missing or unexpected:
        raise _wrong_file(path, name, missing, unexpected, tensors)
    for key in ("mean", "std"):
        if key in names:
            try:
                check_constant(prefix + key, tensors[key])
            except CheckpointError as error:
                raise CheckpointError(f"{path}: {error}") from error
    return Part(name=name, path=path, keys=KeyTable(names), tensors=tensors)


def _wrong_file(
    path: Path, name: str, missing: str | None, unexpected: str | None, tensors: "Mapping[str, Tensor]"
) -> CheckpointError:
    owner = next((other for other, known_by in _KNOWN_BY.items() if known_by in tensors and other != name), None)
    if owner is None and set(tensors) == set(SCALES):
        owner = "net_scale_nr.pth or net_scale_fr.pth"
    wanted = missing or f"only the names of {name}"
    got = f"{unexpected}, which belongs into {owner}" if owner and unexpected else unexpected or "none"
    return CheckpointError(f"Expected {wanted} in {path}, got {got}. Put the authors' {name} there.")


def _first_values(name: str) -> Part:
    import torch

    prefix = f"{STAGE_FILES[name]}."
    names = {key: AFINE_KEYS.names[prefix + key] for key in SCALES}
    values = {key: torch.tensor(value) for key, value in zip(SCALES, FIRST_VALUES[name], strict=True)}
    return Part(name=name, path=None, keys=KeyTable(names), tensors=values)


def _require_own_scales(parts: Mapping[str, Part]) -> None:
    """Raise where a calibrator's file holds the other one's numbers, for their names are the same."""
    fidelity, naturalness = (parts.get(f"net_scale_{kind}.pth") for kind in ("fr", "nr"))
    if fidelity is None:
        return
    values = _scale(fidelity)
    for key, value in values.items():
        if abs(value) > FARTHEST:
            raise CheckpointError(
                f"Expected {key} of at most 1 in {fidelity.path}, got {value:g}, as net_scale_nr.pth has it. Put the "
                "authors' net_scale_fr.pth there."
            )
    if naturalness is not None and len(values) == len(SCALES) and values == _scale(naturalness):
        raise CheckpointError(
            f"Expected numbers of its own in {naturalness.path}, got {SCALES[0]} {values[SCALES[0]]:g} and {SCALES[1]} "
            f"{values[SCALES[1]]:g}, as {fidelity.path} has them. Put the authors' net_scale_nr.pth there."
        )


def _scale(part: Part) -> dict[str, float]:
    """Centre and scale of a calibrator; none of a file of other shapes, which is reported later."""
    return {key: float(part.tensors[key]) for key in SCALES if _is_number(part.tensors[key])}


def _is_number(tensor: "Tensor") -> bool:
    return tensor.numel() == 1 and not tensor.is_complex()


def _stage(name: str) -> int:
    return {CLIP_MODEL: 1, "net_qhead.pth": 1, "net_dhead.pth": 2}.get(name, 3)
