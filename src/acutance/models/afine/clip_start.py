"""CLIP ViT-B/32 read from every kind of file that holds it, and loaded over A-FINE's encoder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.afine.published import AFINE_KEYS, CLIP_ARCHIVE, CLIP_TIMM, STAGE_FILES
from acutance.weights.foreign import read_foreign
from acutance.weights.key_table import KeyTable

if TYPE_CHECKING:  # the catalogue imports this room, and `acutance --help` must not load torch
    from torch import Tensor

    from acutance.layers.clip import ClipImageEncoder

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


def start_clip(encoder: "ClipImageEncoder", path: Path) -> None:
    """Load CLIP's image tower.

    Args:
        encoder: What to load it over.
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
