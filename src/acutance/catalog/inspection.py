"""Models built without numbers: files of weights checked against them, and what settings alone decide."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from acutance.catalog.entries import find_model, list_models
from acutance.catalog.loading import build, load
from acutance.catalog.options import checked_options, with_recorded
from acutance.catalog.runs import model_of_run, recorded_options, run_weights
from acutance.catalog.weights import (
    WeightsFile,
    find_trunks,
    open_parts,
    open_weights,
    own_tensors,
    trunk_tensors,
    trunks_of,
)
from acutance.errors import ConfigError
from acutance.images.crops import SeenPatches
from acutance.models.entry import ModelEntry, PublishedWeights, weights_of
from acutance.types import OnProgress, ScoreInfo
from acutance.weights.download import find
from acutance.weights.layout import Trunk

if TYPE_CHECKING:  # importing acutance must not load torch
    from torch import Tensor

    from acutance.models.quality_model import JSON, QualityModel


ANCHOR_SIDE = 224
"""Height and width of the pair whose score is published."""
ANCHOR_TOLERANCE = 1e-3
"""Largest difference from that score: the order of sums makes up to 1e-4, a wrong tensor whole points."""


@dataclass(frozen=True, kw_only=True)
class ReadWeights:
    """Weights that were read, and what is stored beside them."""

    weights: PublishedWeights
    """What the catalogue says of them."""
    config: "dict[str, JSON]"
    """What the model is built with to take them."""
    tensors: "dict[str, Tensor]"
    """By own names."""
    trunks: dict[str, Path]
    """Files that trunks came from, by name of their records."""
    score_info: ScoreInfo | None
    """How to read the scores, where the file says it."""
    options: dict[str, object] | None
    """Options of the model that the training validated with, where the file says it."""
    layout: str
    """Whose way of filing it is, or that it is ours."""


def read_weights(
    name: str, path: Path, *, whole: bool, offline: bool = False, on_progress: OnProgress | None = None
) -> ReadWeights:
    """The tensors of a file of weights of a model.

    Args:
        name: Of the model.
        path: The file.
        whole: Whether to bring the trunks that the file leaves out; without them only the file is checked.
        offline: Never touch the network.
        on_progress: Called with bytes done and bytes in all during a download.

    Raises:
        CheckpointError: A damaged file, or names or shapes that do not fit.
        MissingWeightsError: A trunk is neither here nor to be had.
    """
    entry = find_model(name)
    file = open_weights(weights_of(entry), path)
    model = _without_numbers(entry, file)
    expected = model.state_dict()
    tensors = own_tensors(file, expected)
    trunks = find_trunks(trunks_of(file), offline=offline, on_progress=on_progress) if whole else {}
    for trunk in trunks_of(file) if whole else ():
        tensors |= trunk_tensors(trunk, trunks[trunk.record.name], expected)
    layout = file.layout.name if file.layout else "acutance"
    return ReadWeights(
        weights=weights_of(entry),
        config=model.config(),
        tensors=tensors,
        trunks=trunks,
        score_info=file.score_info,
        options=file.options,
        layout=layout,
    )


def without_weights(
    name: str,
    weights: str | os.PathLike[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> "tuple[ModelEntry, QualityModel]":
    """A model with the settings that it scores by, and no numbers in its network.

    Args:
        name: As for ``load``.
        weights: A file, whose settings hold; by default the one on this machine. There need be none.
        options: Options by model, names as the catalogue writes them.

    Raises:
        UnknownNameError: No such model or option.
        ConfigError: An option that does not fit, or one of another model.
        CheckpointError: Weights that are missing, damaged or of another model.
    """
    if weights is None and (trained := run_weights(name)):
        name, weights = model_of_run(trained), trained
    entry, options = find_model(name), options or {}
    if strays := sorted(set(options) - {entry.name}):
        raise ConfigError(f"Expected options of {entry.name} only, got some of {strays[0]}. Leave them out.")
    recorded = recorded_options(entry, weights)
    known = checked_options(entry, options.get(entry.name, {}), recorded)
    if recorded is not None:
        known, _ = with_recorded(known, recorded)
    file = None
    if entry.weights is not None:
        path = find(entry.weights.record) if weights is None else Path(weights)
        file = None if path is None else open_weights(entry.weights, path)
    elif weights is not None:
        raise ConfigError(f"Expected no weights for {entry.name}, which has none, got {weights}. Leave them out.")
    return entry, _without_numbers(entry, file, known)


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """What a model looks at in a picture."""

    model: str
    """Its name in the catalogue."""
    preprocessing: "dict[str, JSON]"
    """How it looks, as the provenance of a score says it."""
    patches: SeenPatches


def looked_at(
    name: str,
    image: NDArray[Any],
    reference: NDArray[Any] | None = None,
    weights: str | os.PathLike[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> LookedAt:
    """Which patches or crops of a picture a score depends on, with the settings that it is scored by.

    Args:
        name: As for ``without_weights``, as are weights and options.
        image: The picture, from ``read_image``.
        reference: Its reference, for models that look where the two differ.
        weights: A file of weights.
        options: Options by model.

    Raises:
        ConfigError: A model that sees pictures whole, or an option that does not fit.
        InputError: A reference is missing, or of another size.
    """
    from acutance.layers.images import to_batch
    from acutance.models.quality_model import LooksAtPatches

    entry, model = without_weights(name, weights, options)
    if not isinstance(model, LooksAtPatches):
        raise ConfigError(
            f"Expected a model that looks at patches or crops, got {entry.name}, which sees pictures whole. Choose "
            "ahiq, hyperiqa, ms_hyperiqa or one of vtamiq."
        )
    batches = [to_batch([picture]) for picture in (image, reference) if picture is not None]
    return LookedAt(model=entry.name, preprocessing=model.preprocessing(), patches=model.seen_patches(*batches))


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """What weights score a pair of pictures, beside what the published ones do."""

    got: float
    wanted: float

    @property
    def ok(self) -> bool:
        """Whether they differ by no more than the order of sums on another processor makes."""
        return abs(self.got - self.wanted) <= ANCHOR_TOLERANCE


def check_anchor(name: str, path: Path) -> AnchorCheck | None:
    """Score the pair whose published score is known; ``None`` for weights without one, and for trainings of ours.

    Args:
        name: Of the weights.
        path: The file.

    Raises:
        CheckpointError: A damaged file, or one of another model.
    """
    import torch

    entry = next((entry for entry in list_models() if entry.weights and entry.weights.record.name == name), None)
    weights = entry.weights if entry else None
    if entry is None or weights is None or weights.anchor is None or open_weights(weights, path).trained_here:
        return None
    with torch.inference_mode():
        return AnchorCheck(float(load(entry.name, path)(*anchor_pair())), weights.anchor)


def anchor_pair() -> "tuple[Tensor, Tensor]":
    """Distorted and reference, (1, 3, 224, 224): N numbers that rise from 0, by 1 / (N - 1) and by 1 / N."""
    import torch

    count = 3 * ANCHOR_SIDE * ANCHOR_SIDE
    numbers = torch.arange(count, dtype=torch.float32)
    first, second = (numbers.div(most).view(1, 3, ANCHOR_SIDE, ANCHOR_SIDE) for most in (count - 1, count))
    return first, second


def read_stage_files(name: str, places: Sequence[Path]) -> ReadWeights:
    """The tensors of a model that was trained in stages, of the files that these left.

    Args:
        name: Of the model.
        places: Folders, and single files, which go before those of folders.

    Returns:
        ``trunks`` are the files, by the names that they are released under.

    Raises:
        CheckpointError: A damaged file, names or shapes that do not fit, or several files of one name.
        MissingWeightsError: A file that is not there.
        ConfigError: A model whose weights are one file.
    """
    entry = find_model(name)
    weights = weights_of(entry)
    if weights.read_parts is None:
        raise ConfigError(f"Expected a model that is trained in stages, got {name}. Take afine or one of its halves.")
    file = open_parts(weights, places, Path(name))
    model = _without_numbers(entry, file)
    return ReadWeights(
        weights=weights,
        config=model.config(),
        tensors=own_tensors(file, model.state_dict()),
        trunks={part.name: part.path for part in file.parts if part.path},
        score_info=None,
        options=None,
        layout="stages",
    )


def check_trunk(name: str, path: Path) -> None:
    """Raise unless a file holds every tensor of a trunk.

    Args:
        name: Of the trunk's record.
        path: The file.

    Raises:
        CheckpointError: A damaged file, or names or shapes that do not fit.
    """
    for entry, trunk in _trunks():
        if trunk.record.name == name:
            model = _without_numbers(entry, None)
            trunk_tensors(trunk, path, model.state_dict())
            return
    from acutance.catalog.starting import read_start

    read_start(name, path)


def _trunks() -> list[tuple[ModelEntry, Trunk]]:
    return [
        (entry, trunk)
        for entry in list_models()
        if entry.weights is not None
        for layout in entry.weights.layouts
        for trunk in layout.trunks
    ]


def _without_numbers(
    entry: ModelEntry, file: WeightsFile | None, options: Mapping[str, Any] | None = None
) -> "QualityModel":
    import torch

    with torch.device("meta"):
        return build(entry, file.config if file else {}, **(options or {}))
