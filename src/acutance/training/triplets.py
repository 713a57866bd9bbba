"""The triplets that A-FINE trains and validates with, of several datasets together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from acutance.datasets.afine_lists import ImageFolder, dataset_name
from acutance.datasets.catalogue import DATASETS, read_published
from acutance.datasets.comparisons import Comparison, Triplet, read_pairs
from acutance.datasets.diffiqa import by_type
from acutance.datasets.splits import Part, part_of_table, read_split, rows_of, split_table
from acutance.datasets.table import TABLE_ENDINGS, OpinionTable, read_table
from acutance.datasets.triplets import PairRules, degraded_reference_triplets, repeats, training_pairs
from acutance.errors import ConfigError, TrainingError
from acutance.training.config import Settings
from acutance.training.data import DataConfig, held_out, told
from acutance.training.images import require_files

DIFFIQA = "diffiqa"
"""Whose images have no scores: labels say which of two is better."""
MADE = "table"
"""What the table of a folder of made images is called: its name is that of the folder."""
VALIDATION_TYPE = "PNY"
"""The only type of DiffIQA's triplets that A-FINE validates with."""

Pair = tuple[Path, Path]
"""An image and its reference."""


class TripletSource(DataConfig):
    """One dataset, and how it is split."""

    protocol: Literal["own", "afine"] = "own"
    """``own`` takes the dataset's own parts, or all of it; ``afine`` splits its scenes 7:1:2 at random, unless it comes
    with a validation or a test part that people rated."""
    degraded: int = Field(default=0, ge=0)
    """Triplets that each reference gives besides, whose reference is one of its distorted images."""
    degraded_worst: float = Field(default=0.5, gt=0, le=1)
    """Share of its distorted images, the worst, that stand for it in these."""
    validates: bool = True
    """Whether its validation part is used; where it is not, and nothing says what validates, all of it trains."""


def _paths(given: object) -> object:
    return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given


Paths = Annotated[tuple[str, ...], BeforeValidator(_paths)]
"""Paths, also as a text with commas between them; those that are not absolute start from ``root``."""


class TripletData(Settings):
    """All of them."""

    root: str | None = None
    """Folder of the folders of all datasets, each called as the dataset, for those that have no ``root`` of their own;
    tables and lists that are named by a relative path start from it too."""
    sources: tuple[TripletSource, ...] = ()
    """The datasets, in their order."""
    triplets: Paths = ()
    """Lists of triplets of one's own, six columns, in the place of ``sources``: A-FINE's ``ThreeAFC_list_path``."""
    images: Paths = ()
    """The folder of the images of each of these lists, in their order, or one for all: its ``all_img_path``."""
    validation_triplets: Paths = ()
    """Lists to validate with, four or six columns."""
    validation_images: Paths = ()
    """The folders of their images; by default ``images``, where these are as many."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the draws of triplets."""
    balance: bool = False
    """Repeat small datasets as A-FINE's ``balance_dataset`` does; its published settings leave it off."""


@dataclass(frozen=True, slots=True)
class PlacedTriplet:
    """A triplet whose images are files."""

    first: Path
    second: Path
    reference: Path
    labels: tuple[float, float, float]
    """Who wins: the first against the second, the first against the reference, the second against it."""

    def pairs(self) -> tuple[Pair, Pair]:
        """Both images, each with the reference."""
        return (self.first, self.reference), (self.second, self.reference)


@dataclass(frozen=True)
class TripletLists:
    """What trains, and what validates, by dataset."""

    train: list[PlacedTriplet]
    validation: dict[str, list[PlacedTriplet]]
    tables: Mapping[str, OpinionTable]
    """The training part of each dataset; none of lists of one's own."""

    def require_images(self) -> None:
        """Raise unless every image of every triplet is there."""
        every = chain(self.train, *self.validation.values())
        names = " and ".join(self.tables or self.validation)
        require_files((path for each in every for path in (each.first, each.second, each.reference)), names)


@dataclass(frozen=True)
class _Parts:
    train: OpinionTable
    validation: OpinionTable
    labels: tuple[Part | None, Part | None]
    """Which part's labels each needs, where labels are published in parts; ``None`` looks through all of them."""


def triplet_lists(data: TripletData) -> TripletLists:
    """Read datasets and list their triplets.

    Raises:
        ConfigError: None named, or one twice.
        DatasetError: One that is not there, or without labels.
        TrainingError: Nothing to train or to validate with.
    """
    if data.triplets or data.validation_triplets:
        return _own_lists(data)
    if not data.sources:
        raise ConfigError(
            "Expected datasets to train with, got none. Name them: --set "
            'task.data.sources=[{"dataset": "kadid10k", "root": "/data/kadid10k"}], or lists: task.data.triplets'
        )
    train: dict[str, list[PlacedTriplet]] = {}
    validation: dict[str, list[PlacedTriplet]] = {}
    tables: dict[str, OpinionTable] = {}
    for source in data.sources:
        parts = _parts(source, _table(source, data.root))
        name = parts.train.name
        if name in tables:
            raise ConfigError(f"Expected each dataset once, got {name} twice. Leave one out of task.data.sources.")
        tables[name] = parts.train
        train[name] = _triplets(parts.train, parts.labels[0], data.seed) + _degraded(parts.train, source, data.seed)
        if len(parts.validation):
            validation[name] = _triplets(parts.validation, parts.labels[1], data.seed, validates=True)
            validation[f"{name}_degraded"] = _degraded(parts.validation, source, data.seed)
    validation = {name: triplets for name, triplets in validation.items() if triplets}
    if not validation:
        raise TrainingError(
            f"Expected validation triplets of {' or '.join(train)}, got none, so that no weights could be chosen. Take "
            "a split with a validation part, or a validation_share above 0."
        )
    return TripletLists(_joined(train, balance=data.balance), validation, tables)


def _own_lists(data: TripletData) -> TripletLists:
    train = _listed(data, "triplets", data.triplets, data.images)
    folders = data.validation_images or data.images
    validation = _listed(data, "validation_triplets", data.validation_triplets, folders)
    for name, each in train.items():
        if any(isnan(triplet.labels[1]) for triplet in each):
            raise TrainingError(
                f"Expected six columns in the lists of {name} that train, got four. Take Triplet.txt, or make one with "
                "acutance data triplets."
            )
    return TripletLists(_joined(train, balance=data.balance), validation, {})


def _listed(
    data: TripletData, setting: str, lists: Sequence[str], images: Sequence[str]
) -> dict[str, list[PlacedTriplet]]:
    """The triplets of lists by dataset."""
    if not lists or not images:
        lacking = setting if not lists else setting.replace("triplets", "images")
        raise ConfigError(
            f"Expected lists of triplets and the folders of their images, got no task.data.{lacking}. Name them: "
            f"--set task.data.{lacking}=A,B"
        )
    if len(images) not in (1, len(lists)):
        raise ConfigError(
            f"Expected a folder of images for each of {len(lists)} lists of task.data.{setting}, or one for all, got "
            f"{len(images)}. Name them in the order of the lists."
        )
    root = Path(data.root or "")
    folders = {name: ImageFolder(root / name) for name in dict.fromkeys(images)}
    found: dict[str, list[PlacedTriplet]] = {}
    for name, place in zip(lists, images if len(images) > 1 else cycle(images), strict=len(images) > 1):
        path, folder = root / name, folders[place]
        pairs = folder.located(read_pairs(path), path)
        paths = {name: folder.root / name for pair in pairs for name in (pair.first, pair.second, pair.reference)}
        found.setdefault(dataset_name(path), []).extend(
            PlacedTriplet(paths[pair.first], paths[pair.second], paths[pair.reference], _labels(pair)) for pair in pairs
        )
    return found


def _labels(pair: Comparison) -> tuple[float, float, float]:
    """Who wins; NaN against the reference where a list has four columns."""
    if isinstance(pair, Triplet):
        return pair.first_wins, pair.first_beats_reference, pair.second_beats_reference
    return pair.first_wins, nan, nan


def _joined(train: Mapping[str, list[PlacedTriplet]], *, balance: bool) -> list[PlacedTriplet]:
    times = repeats({name: len(each) for name, each in train.items()}) if balance else dict.fromkeys(train, 1)
    return [triplet for name, each in train.items() for triplet in each * times[name]]


def _table(source: TripletSource, root: str | None) -> OpinionTable:
    if Path(source.dataset).suffix.lower() in TABLE_ENDINGS:
        path = Path(root or "") / source.dataset
        table = read_table(path, source.root)
        named = path.parent.name if path.stem == MADE and path.parent.name else table.name
        return OpinionTable(table.rows, table.root, named)
    folder = source.root if source.root or root is None else str(Path(root) / source.dataset)
    if folder is None and source.dataset in DATASETS:
        raise ConfigError(
            f"Expected the folder of {source.dataset}, got none. Name it as root beside the dataset, or the folder of "
            f"the folders of all datasets: --set task.data.root=/data (there: /data/{source.dataset})."
        )
    return told(read_published(source.dataset, folder or ".", allow_missing=source.allow_missing))


def _parts(source: TripletSource, table: OpinionTable) -> _Parts:
    """What trains and what validates, the test part left out."""
    whole, table = table, _rated(table)
    own = {row.split for row in table if row.split}
    labels: tuple[Part | None, Part | None] = (None, None)
    if source.split is not None:
        split = read_split(Path(source.split), whole)
        train, validation = rows_of(table, split, "train"), rows_of(table, split, "validation")
    elif source.protocol == "afine" and own <= {"train"}:
        split = split_table(table, "afine", seed=source.seed)
        train, validation = rows_of(table, split, "train"), rows_of(table, split, "validation")
    elif own:
        train = part_of_table(table, None, "train")
        validation, labels = part_of_table(table, None, "validation"), ("train", "validation")
    else:
        train, validation = table, OpinionTable([], table.root, table.name)
    if not len(train):
        raise TrainingError(f"Expected images to train with in {table.name}, got none. Check its split.")
    if not source.validates:
        validation = OpinionTable([], table.root, table.name)
    elif not len(validation) and source.validation_share:
        train, validation = held_out(train, source.validation_share, seed=source.seed)
        labels = (labels[0], labels[0])
    return _Parts(train, validation, labels)


def _rated(table: OpinionTable) -> OpinionTable:
    """The rows that somebody rated; all of DiffIQA's, whose labels stand elsewhere."""
    if table.name == DIFFIQA:
        return table
    return OpinionTable([row for row in table if row.mos is not None], table.root, table.name)


def _triplets(table: OpinionTable, part: Part | None, seed: int, *, validates: bool = False) -> list[PlacedTriplet]:
    pairs = training_pairs(table, PairRules(part=part, seed=seed))
    triplets = [pair for pair in pairs if isinstance(pair, Triplet)]
    if not triplets:
        raise TrainingError(
            f"Expected triplets of {table.name}, got pairs whose images nobody compared with their references. Leave "
            "it out of task.data.sources."
        )
    if validates and table.name == DIFFIQA:
        triplets = by_type(triplets)[VALIDATION_TYPE]
    return _placed(triplets, table)


def _degraded(table: OpinionTable, source: TripletSource, seed: int) -> list[PlacedTriplet]:
    if not source.degraded:
        return []
    drawn = degraded_reference_triplets(table, count=source.degraded, worst=source.degraded_worst, seed=seed)
    return _placed(drawn, table)


def _placed(triplets: Sequence[Triplet], table: OpinionTable) -> list[PlacedTriplet]:
    """The same with the paths of their images, one object for each image: there are many more triplets."""
    paths = {
        name: table.path(name) for triplet in triplets for name in (triplet.first, triplet.second, triplet.reference)
    }
    return [
        PlacedTriplet(
            paths[triplet.first],
            paths[triplet.second],
            paths[triplet.reference],
            _labels(triplet),
        )
        for triplet in triplets
    ]
