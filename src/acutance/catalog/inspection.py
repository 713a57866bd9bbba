"""Files of weights read and checked against their model, which is built without numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.catalog.entries import find_model, list_models
from acutance.catalog.entry import ModelEntry, PublishedWeights, weights_of
from acutance.catalog.loading import build
from acutance.catalog.weights import (
    OnProgress,
    WeightsFile,
    find_trunks,
    open_parts,
    open_weights,
    own_tensors,
    trunk_tensors,
    trunks_of,
)
from acutance.checkpoints.layout import Trunk
from acutance.errors import ConfigError
from acutance.score_info import ScoreInfo

if TYPE_CHECKING:  # importing acutance must not load torch
    from torch import Tensor

    from acutance.models.quality_model import JSON, QualityModel


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


def _without_numbers(entry: ModelEntry, file: WeightsFile | None) -> "QualityModel":
    import torch

    with torch.device("meta"):
        return build(entry, file.config if file else {})
