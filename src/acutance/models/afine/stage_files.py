"""The files that A-FINE's authors release stage by stage, found in folders and read as one model.

``clip_model.pth`` and ``net_qhead.pth`` are of stage 1, ``net_dhead.pth`` is of stage 2, the others are of stage 3.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.afine.clip_start import FIRST_NAME, TIMMS_FIRST_NAME, unwrapped, with_openais_names
from acutance.models.afine.published import (
    AFINE_KEYS,
    CLIP_ARCHIVE,
    CLIP_MODEL,
    FIRST_FIDELITY,
    FIRST_NATURALNESS,
    STAGE_FILES,
    check_constant,
)
from acutance.weights.foreign import read_foreign
from acutance.weights.key_table import KeyTable
from acutance.weights.layout import Part

if TYPE_CHECKING:  # the catalogue imports this room, and `acutance --help` must not load torch
    from torch import Tensor

NATURALNESS_FILES = (CLIP_MODEL, "net_qhead.pth")
"""What the no-reference half needs."""
FIDELITY_FILES = (CLIP_MODEL, "net_dhead.pth")
"""What the half that compares needs."""
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
    parts = {name: _part(found[name], name) for name in chosen}
    _demand_own_scales(parts)
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


def _demand_own_scales(parts: Mapping[str, Part]) -> None:
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
    """Centre and scale of a calibrator; none of a file of other shapes, which is told later."""
    return {key: float(part.tensors[key]) for key in SCALES if _is_number(part.tensors[key])}


def _is_number(tensor: "Tensor") -> bool:
    return tensor.numel() == 1 and not tensor.is_complex()


def _stage(name: str) -> int:
    return {CLIP_MODEL: 1, "net_qhead.pth": 1, "net_dhead.pth": 2}.get(name, 3)
