"""Files of weights opened for a model: recognised by their names, renamed, and fitted to what the model expects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.entry import PublishedWeights
from acutance.types import OnProgress, ScoreInfo
from acutance.weights.key_table import COUNTER
from acutance.weights.record import Backbone, CheckpointRecord, Layout, Part

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """A file of weights that was opened."""

    path: Path
    """The file."""
    config: dict[str, object]
    """What the model is built with to take these weights."""
    published_sha256: str | None = None
    """Checksum of the published file that a file of ours was converted from."""
    trunk_sha256: dict[str, str] = field(default_factory=dict)
    """Checksums of the backbones in a file of ours, by their names."""
    score_info: ScoreInfo | None = None
    """How to read the scores, where the weights were trained on opinions of their own."""
    options: dict[str, object] | None = None
    """Options of the model that the training of the weights validated with, if they were recorded."""
    layout: Layout | None = None
    """How a foreign file is laid out; ``None`` for one of ours."""
    foreign: "Mapping[str, Tensor]" = field(default_factory=dict, repr=False)
    """Its tensors by their names there."""
    parts: Sequence[Part] = field(default=(), repr=False)
    """The files of a folder, where that is what was opened."""

    @property
    def trained_here(self) -> bool:
        """Whether a training of ours wrote it."""
        return self.layout is None and self.published_sha256 is None and not self.parts

    @property
    def backbones(self) -> tuple[Backbone, ...]:
        """Backbones that the file leaves out."""
        return self.layout.backbones if self.layout else ()


def open_weights(weights: PublishedWeights, path: Path) -> WeightsFile:
    """Recognise a file of weights, published or ours, or a folder of the files of a training in stages.

    Raises:
        CheckpointError: A damaged file, or one of another model.
        MissingWeightsError: A folder that lacks a file.
    """
    from acutance.weights import store
    from acutance.weights.foreign import read_foreign

    if path.is_dir():
        return open_parts(weights, [path], path)
    header = store.own_header(path)
    if header is not None:
        if header.model not in (weights.stored_as, weights.record.former_name):
            store.require_model(header, weights.stored_as, path)
        return WeightsFile(
            path=path,
            config=header.config,
            published_sha256=header.source_sha256,
            trunk_sha256=header.trunk_sha256,
            score_info=header.score_info,
            options=header.options,
        )
    if not weights.layouts:
        store.read_header(path)  # says that this is another file
    foreign = read_foreign(
        path,
        [name for layout in weights.layouts for name in layout.bookkeeping],
        [name for layout in weights.layouts for name in layout.wrappers],
    )
    if weights.read_parts is not None and not _shares_a_part(weights.layouts, foreign):
        wanted, got = next(iter(weights.layouts[0].keys.names)), next(iter(foreign), "nothing")
        raise CheckpointError(
            f"Expected {wanted} in {path}, got {got}. Use {weights.record.filename}, or the folder that holds the "
            "files of all stages."
        )
    layout = max(weights.layouts, key=lambda layout: _likeness(layout, foreign))
    if weights.derive is not None:
        layout = weights.derive({name: tuple(tensor.shape) for name, tensor in foreign.items()}) or layout
    return WeightsFile(path=path, config=dict(layout.config), layout=layout, foreign=foreign)


def open_parts(weights: PublishedWeights, places: Sequence[Path], path: Path) -> WeightsFile:
    """The files of a training in stages, which are weights together.

    Raises:
        CheckpointError: Weights that are one file, a damaged file, or one of another model.
        MissingWeightsError: A file that is not there.
    """
    if weights.read_parts is None:
        raise MissingWeightsError(
            f"Expected the file of weights of {weights.stored_as} at {path}, got a folder. Name the file."
        )
    return WeightsFile(path=path, config={}, parts=weights.read_parts(places))


def own_tensors(file: WeightsFile, expected: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The tensors of a file under the names a model expects, but for what its layout leaves to backbones.

    Batch norm's counters are left out of foreign files.

    Args:
        file: From ``open_weights``.

    Raises:
        CheckpointError: Names or shapes that do not fit.
    """
    from acutance.weights import store

    if file.parts:
        return {name: tensor for part in file.parts for name, tensor in part_tensors(part, expected).items()}
    if file.layout is None:
        tensors = store.read_tensors(file.path)
        known, where, cure = set(tensors), "", "Convert them again, or take the published file"
    else:
        tensors = _renamed(file.layout, file.foreign, expected, file.path)
        keys = file.layout.keys.taking(file.layout.optional, expected)
        known = set(keys.own_names.union(*(backbone.keys.own_names for backbone in file.layout.backbones)))
        where, cure = f": it has the layout {file.layout.name!r}", "Use another file"
    absent = sorted(name for name in expected if name not in known and not name.endswith(COUNTER))
    if absent:
        raise CheckpointError(f"Expected the tensor {absent[0]} in {file.path}, got none{where}. {cure}.")
    return tensors if file.layout else store.fitted(tensors, expected, file.path)


def part_tensors(part: Part, expected: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The tensors of one of several files under the names a model expects.

    Raises:
        CheckpointError: Shapes or values that do not fit; the message names the file.
    """
    return part.keys.apply(part.tensors, {name: expected[name] for name in part.keys.own_names}, part.path)


def backbone_tensors(backbone: Backbone, path: Path, expected: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The tensors of a backbone under the names a model expects.

    Raises:
        CheckpointError: A damaged file, or names or shapes that do not fit.
    """
    from acutance.weights.foreign import read_foreign

    return _renamed(backbone, read_foreign(path), expected, path)


def find_backbones(
    backbones: Sequence[Backbone], *, offline: bool, on_progress: OnProgress | None = None
) -> dict[str, Path]:
    """Files of backbones, from this machine or downloaded, by name of their records.

    Raises:
        MissingWeightsError: Some are neither here nor to be had; the message names all.
    """
    from acutance.weights.download import fetch

    found: dict[str, Path] = {}
    missing: list[tuple[CheckpointRecord, MissingWeightsError]] = []
    for backbone in backbones:
        try:
            found[backbone.record.name] = fetch(backbone.record, offline=offline, on_progress=on_progress)
        except MissingWeightsError as error:
            missing.append((backbone.record, error))
    if missing:
        others = ", ".join(f"{record.name} (as {record.local_filename})" for record, _ in missing[1:])
        raise MissingWeightsError(str(missing[0][1]) + (f" Missing as well: {others}." if others else ""))
    return found


def _renamed(
    part: Layout | Backbone, foreign: "Mapping[str, Tensor]", expected: "Mapping[str, Tensor]", path: Path
) -> "dict[str, Tensor]":
    keys = part.keys.taking(part.optional, expected) if isinstance(part, Layout) else part.keys
    try:
        prepared = part.prepare(foreign) if part.prepare else foreign
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return keys.apply(prepared, {name: expected[name] for name in expected if name in keys.own_names}, path)


def _shares_a_part(layouts: Sequence[Layout], foreign: "Mapping[str, Tensor]") -> bool:
    """Whether a file has parts of such names as a model of several parts has in one file."""
    parts = {name.partition(".")[0] for layout in layouts for name in layout.keys.names}
    return not parts.isdisjoint(name.partition(".")[0] for name in foreign)


def _likeness(layout: Layout, foreign: "Mapping[str, Tensor]") -> float:
    """Share of names in common, 1 for the same names."""
    theirs, ours = set(foreign), set(layout.keys.names)
    return len(theirs & ours) / max(len(theirs | ours), 1)
