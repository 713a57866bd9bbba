"""What a training starts from: published backbones, earlier runs, and the authors' files, loaded over a model."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from acutance.catalog import find_model, model_of_run, run_weights
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.layers.imagenet import BLOCKS, CHANNELS, resnet50_tensors
from acutance.layers.resnet import ResNet50
from acutance.models.afine.model import AFINE
from acutance.models.afine.weights import CLIP_ARCHIVE, CLIP_MODEL, CLIP_TIMM, STAGE_FILES, find_stages, read_stages
from acutance.models.ahiq.weights import RESNET50
from acutance.models.entry import weights_of
from acutance.models.hyperiqa.model import CropMean, HyperIQA
from acutance.models.hyperiqa.weights import RESNET50_TV, HyperIQAConfig
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.models.ms_hyperiqa.weights import MSHyperIQAConfig
from acutance.models.quality_model import QualityModel
from acutance.models.weights_file import open_weights, own_tensors, part_tensors
from acutance.types import JSON
from acutance.weights.download import fetch
from acutance.weights.foreign import read_foreign
from acutance.weights.record import STATE_DICTS, CheckpointRecord
from acutance.weights.store import fitted, is_own_format, load
from acutance.weights.torchscript import is_torchscript

RANDOM = "none"
"""What a setting that says where a training starts says for random weights."""


def start_from_earlier(
    model: QualityModel,
    start: str,
    *,
    names: Collection[str],
    name: str,
    free: Collection[str] = (),
    defaults: Mapping[str, JSON],
) -> None:
    """Load the weights of an earlier training over a model.

    Args:
        model: What to load them over; what the file does not hold, such as backbones, keeps its values.
        start: The folder of a run, or a file of weights, ours or the authors'.
        names: Models of the catalogue whose weights these may be.
        name: The one whose layouts a file of the authors may have.
        free: Settings of the network that may differ, for no weight depends on them.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Weights of another model, or a damaged file.
        ConfigError: Weights of a network with other settings.
    """
    path = run_weights(start) or Path(start)
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected the folder of an earlier training or a file of weights at {start}, got none. Change task.start; "
            f"{RANDOM} begins with random weights."
        )
    name = model_of_run(path) if is_own_format(path) else name
    if name not in names:
        raise CheckpointError(
            f"Expected weights of {' or '.join(sorted(names))} in {path}, got those of {name}. Change task.start."
        )
    file = open_weights(weights_of(find_model(name)), path)
    wanted, before = model.config(), model.state_dict()
    if file.layout is not None and not file.layout.keys.names.keys() & file.foreign.keys():
        own_tensors(file, before)  # says that this is another model, not one with other settings
    for setting, theirs in {**defaults, **file.config}.items():
        if setting not in free and wanted[setting] != theirs:
            raise ConfigError(
                f"Expected weights of a network with {setting}={wanted[setting]} in {path}, got {theirs}. Set "
                f"task.model.{setting}={theirs}, or start from other weights."
            )
    model.load_state_dict(before | own_tensors(file, before))


def begins_random(start: str | None) -> bool:
    """Whether a setting asks for random weights; ``None`` does too, as in configurations of earlier versions."""
    return start is None or start == RANDOM


def published_file(record: CheckpointRecord, setting: str, others: Sequence[str] = ()) -> Path:
    """The file of a published backbone, from this machine or downloaded.

    Raises:
        MissingWeightsError: Neither here nor to be had; the message tells the ways out.
    """
    try:
        return fetch(record)
    except MissingWeightsError as error:
        ways = [f"{setting}=FILE", *(f"{setting}={name}" for name in others)]
        raise MissingWeightsError(
            f"{error} Or begin otherwise: --set {', '.join(ways)}, or {setting}={RANDOM} for random weights."
        ) from error


def file_of(record: CheckpointRecord, named: str, setting: str) -> Path:
    """The file of a published backbone.

    Args:
        named: The name of the record, which is looked for on this machine and downloaded; or the path of the file.

    Raises:
        MissingWeightsError: Neither here nor to be had.
    """
    if named == record.name:
        return published_file(record, setting)
    if not Path(named).is_file():
        raise MissingWeightsError(
            f"Expected {record.name}, or the file of it, as {setting}, got {named}, where no file is. Change "
            f"{setting}; {RANDOM} trains beside a random one."
        )
    return Path(named)


FREE = ("resize", "dropout")
"""Settings that no weight depends on."""
BACKBONES = {record.name: record for record in (RESNET50_TV, RESNET50)}
"""ResNet-50 as timm publishes it, by timm's tag."""
FOREIGN_BACKBONE = ("res.", "params.base_model.")
"""What names of the backbone begin with in the authors' files of the whole network."""


def start_crop_model(model: HyperIQA | MSHyperIQA, start: str) -> None:
    """Load what is trained further.

    Args:
        start: A tag of ``BACKBONES``, which is looked for on this machine and downloaded; a file of a ResNet-50 as
            torchvision or timm have it; the folder of an earlier run of the same model; or a file of its weights, ours
            or the authors'.

    Raises:
        MissingWeightsError: No such file, or a backbone that is neither here nor to be had.
        CheckpointError: Another network, or a damaged file.
        ConfigError: Weights of a network with other settings.
    """
    path = run_weights(start)
    if path is None and not Path(start).exists() and start in BACKBONES:
        _require_resnet50(model, start)  # before a download
        others = [tag for tag in BACKBONES if tag != start]
        start_resnet(model, published_file(BACKBONES[start], "task.start", others))
        return
    if path is None and not Path(start).is_file():
        raise MissingWeightsError(
            f"Expected a ResNet-50 trained on ImageNet, or an earlier run, at {start}, got no such file. Name another "
            f"as task.start, a tag of timm ({', '.join(BACKBONES)}), or none for a random backbone."
        )
    if path is None and not _is_whole(Path(start)):
        start_resnet(model, Path(start))
        return
    name, config = (
        ("hyperiqa", HyperIQAConfig()) if isinstance(model, HyperIQA) else ("ms_hyperiqa", MSHyperIQAConfig())
    )
    defaults = config.model_dump(mode="json")
    start_from_earlier(model, start, names=[name], name=name, free=FREE, defaults=defaults)


def start_resnet(model: CropMean, path: Path) -> None:
    """Load a ResNet-50 that was trained on ImageNet into the backbone; its classifier is left out.

    Raises:
        CheckpointError: Another network, or a damaged file.
        ConfigError: A backbone of another size.
    """
    _require_resnet50(model, path)
    backbone = model.network.backbone.trunk
    backbone.load_state_dict(resnet50_tensors(path, backbone.state_dict()), strict=False)


def is_resnet50(backbone: ResNet50) -> bool:
    """Whether a backbone has the size of ResNet-50."""
    return backbone.depths == BLOCKS and backbone.channels == tuple(4 * width for width in CHANNELS)


def _require_resnet50(model: CropMean, start: object) -> None:
    if not is_resnet50(model.network.backbone):
        raise ConfigError(
            f"Expected the backbone of ResNet-50 to start from {start}, got one of another size. Set task.start=none, "
            "or leave task.model.trunk_blocks and task.model.trunk_channels as they are."
        )


def _is_whole(path: Path) -> bool:
    """Whether a file holds all of the network."""
    if is_own_format(path):
        return True
    return any(name.startswith(FOREIGN_BACKBONE) for name in read_foreign(path, wrappers=STATE_DICTS))


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
    """A-FINE with what earlier stages trained; everything else has its first values."""
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
