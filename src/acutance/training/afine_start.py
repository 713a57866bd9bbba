"""What a stage of A-FINE takes over from earlier ones, and where its CLIP begins."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from acutance.catalog.entries import find_model
from acutance.catalog.runs import run_weights
from acutance.catalog.weights import open_weights, own_tensors, part_tensors
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine.model import AFINE
from acutance.models.afine.published import CLIP_ARCHIVE, CLIP_MODEL, CLIP_TIMM, STAGE_FILES
from acutance.models.afine.stage_files import find_stages, read_stages
from acutance.models.entry import weights_of
from acutance.models.quality_model import QualityModel
from acutance.training.earlier import RANDOM, begins_random
from acutance.weights.download import fetch
from acutance.weights.foreign import read_foreign
from acutance.weights.store import fitted, is_own_format, load
from acutance.weights.torchscript import is_torchscript

Model = TypeVar("Model", bound=QualityModel)
Start = str | Sequence[str] | None
"""What a stage starts from: one place, or several that hold a part each."""
FILE_OF = {"encoder": CLIP_MODEL, "naturalness_head": "net_qhead.pth", "fidelity_head": "net_dhead.pth"}
"""The authors' file of each part of the model that a stage may take over."""
CLIP_TAGS = {
    CLIP_ARCHIVE.name: CLIP_ARCHIVE,
    CLIP_TIMM.name: CLIP_TIMM,
    "vit_base_patch32_clip_quickgelu_224.openai": CLIP_TIMM,  # timm's other name: the same weights, used as CLIP does
}
"""Published files of CLIP ViT-B/32 that are brought here by name."""


def clip_file(start: str | None) -> Path | None:
    """The file that CLIP begins with, brought here if a name of ``CLIP_TAGS`` asks for it; ``None`` for random weights.

    Raises:
        MissingWeightsError: A name whose file is neither here nor to be had.
    """
    if start is None or begins_random(start):
        return None
    return fetch(CLIP_TAGS[start]) if start in CLIP_TAGS else Path(start)


def load_stage(start: Start, *, trained: tuple[str, ...] = ("encoder", "naturalness_head")) -> AFINE:
    """A-FINE with what earlier stages trained; everything else has its first values.

    Args:
        start: As for ``load_parts``.
        trained: Parts that must be there.

    Raises:
        AcutanceError: As ``load_parts``.
    """
    return load_parts(start, trained=trained)[0]


def load_parts(start: Start, *, trained: Collection[str], also: Collection[str] = ()) -> tuple[AFINE, frozenset[str]]:
    """A-FINE with what earlier stages trained, and which of the parts these were.

    Args:
        start: Runs, their files of weights, an afine.pth, the authors' files of stages, or folders of such files; one,
            or several that hold a part each.
        trained: Parts that must be there.
        also: Parts that are taken over where they are there.

    Raises:
        ConfigError: None of them: what is learned over random networks is of no use.
        MissingWeightsError: No such file, or a folder that lacks one.
        CheckpointError: A damaged file, one of another model or an earlier stage, or several that differ.
    """
    places = [start] if isinstance(start, str) else list(start or ())
    if not places or RANDOM in places:
        raise ConfigError(
            "Expected the run of the stage before this one, got none. Name it: --set task.start=FOLDER; an afine.pth "
            "or a folder of the authors' files will do too."
        )
    model, parts, found = AFINE(), (*trained, *also), dict[str, tuple[Tensor, Path]]()
    for path, tensors in _sources(places, model, trained, also):
        for name, tensor in tensors.items():
            if name.partition(".")[0] not in parts:
                continue
            before, first = found.setdefault(name, (tensor, path))
            if not torch.equal(before, tensor):
                raise CheckpointError(
                    f"Expected one {name}, got different ones in {first} and {path}. Name what holds one alone in "
                    "task.start."
                )
    absent = [name for name in model.state_dict() if name.partition(".")[0] in trained and name not in found]
    if absent:
        raise CheckpointError(
            f"Expected {absent[0]} in {', '.join(places)}, got none. Set task.start to the run of the stage before "
            "this one."
        )
    model.load_state_dict(model.state_dict() | {name: tensor for name, (tensor, _) in found.items()})
    return model, frozenset(name.partition(".")[0] for name in found)


def clip_of_start(start: Start) -> Path | None:
    """The file of CLIP in what a stage starts from; ``None`` where that is runs of ours, which keep a part of it."""
    places = [start] if isinstance(start, str) else list(start or ())
    paths = [Path(place) for place in places if run_weights(place) is None]
    merged = [path for path in paths if path.is_file() and not is_own_format(path) and _is_merged(path)]
    foreign = [path for path in paths if path not in merged and (path.is_dir() or not is_own_format(path))]
    return find_stages(foreign).get(CLIP_MODEL) or next(iter(merged), None)


def frozen(model: Model) -> Model:
    """The model with nothing of it in training."""
    return model.eval().requires_grad_(requires_grad=False)


def _sources(
    places: Sequence[str], model: AFINE, trained: Collection[str], also: Collection[str]
) -> Iterator[tuple[Path, dict[str, Tensor]]]:
    """What each file holds; files of stages last, of which those are needed whose part is nowhere else."""
    state, covered, stages = model.state_dict(), set[str](), list[Path]()
    for place in places:
        path = run_weights(place) or Path(place)
        if not path.exists():
            raise MissingWeightsError(
                f"Expected the run or the weights of an earlier stage at {place}, got none. Change task.start."
            )
        if path.is_dir():
            stages.append(path)
            continue
        if is_own_format(path):
            tensors = fitted(load(path, model="afine")[0], state, path)
        elif _is_merged(path):
            tensors = own_tensors(open_weights(weights_of(find_model("afine")), path), state)
        else:
            stages.append(path)
            continue
        covered |= {name.partition(".")[0] for name in tensors}
        yield path, tensors
    if stages:
        needed = [FILE_OF[part] for part in trained if part not in covered]
        for part in read_stages(stages, needed, wanted=[FILE_OF[part] for part in (*trained, *also)]):
            yield part.path or Path(), part_tensors(part, state)


def _is_merged(path: Path) -> bool:
    """Whether a file holds several parts, as afine.pth does, or is at least not one of the files of stages."""
    if is_torchscript(path):
        return False
    return any(name.partition(".")[0] in STAGE_FILES.values() for name in read_foreign(path))
