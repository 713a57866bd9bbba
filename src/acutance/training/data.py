"""Which images train and which validate, and their labels: a dataset and its split, the test part never touched."""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from acutance.datasets.catalogue import DATASETS, read_published
from acutance.datasets.lists import OPINION_ENDINGS, read_opinions
from acutance.datasets.splits import part_of_table, read_split, require_separate, rows_of, scene_of, split_table
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, OpinionDirectionError, TrainingError
from acutance.training.config import Settings
from acutance.training.images import opinions_of, require_files, require_references
from acutance.types import Better, ScoreInfo

logger = logging.getLogger(__name__)


class DataConfig(Settings):
    """Rated images and how they are split."""

    dataset: str = ""
    """Name of a dataset, from ``acutance data list``, or a table or another list (.csv, .parquet, .json)."""
    root: str | None = None
    """Its folder; by default that of the table file."""
    opinion_better: Better | None = None
    """Which opinions are better in a list that does not tell, as one with a column dmos."""
    allow_missing: bool = False
    """Train with what is there of a dataset that is not whole as published."""
    split: str | None = None
    """A split from ``acutance data split``; without it ``protocol``, or the dataset's own."""
    protocol: Literal["own", "vtamiq", "afine", "hyperiqa"] = "own"
    """Rule of a random split by scene; ``own`` takes the dataset's own parts, or all of it."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the random split, and of the scenes that are held out."""
    validation_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the training scenes held out for validation where the split has no validation part; 0 for none."""


@dataclass(frozen=True)
class TrainingTables:
    """What trains and what validates."""

    train: OpinionTable
    validation: OpinionTable

    def require_images(self) -> None:
        """Raise unless every image of both, and every reference, is there."""
        for table in (self.train, self.validation):
            require_files(
                (table.path(name) for row in table for name in (row.image, row.reference) if name), table.name
            )

    def require_pairs(self) -> None:
        """The same, and every image must have a reference."""
        for table in (self.train, self.validation):
            require_references(table)
        self.require_images()


def training_tables(config: DataConfig, table: OpinionTable | None = None) -> TrainingTables:
    """The rated images of the training and the validation part of a dataset, or of a table that was read already.

    Raises:
        ConfigError: No dataset named.
        DatasetError: A dataset that is not there, or a leak between its parts.
        TrainingError: No image to train with.
    """
    table = read_rated(config) if table is None else table
    if config.split is not None:
        split = read_split(Path(config.split), table)
        train, validation = rows_of(table, split, "train"), rows_of(table, split, "validation")
    elif config.protocol != "own":
        split = split_table(table, config.protocol, seed=config.seed)
        train, validation = rows_of(table, split, "train"), rows_of(table, split, "validation")
    else:
        train, validation = part_of_table(table, None, "train"), _own_validation(table)
    train, validation = _rated(train), _rated(validation)
    if not len(validation) and config.validation_share:
        train, validation = held_out(train, config.validation_share, seed=config.seed)
    if not len(train):
        raise TrainingError(f"Expected images with opinions to train with in {table.name}, got none. Check its split.")
    return TrainingTables(train, validation)


def read_rated(config: DataConfig) -> OpinionTable:
    """All images of a dataset, whichever part they are for.

    Raises:
        ConfigError: No dataset named, no folder of it, or opinions of which nobody says which are better.
        DatasetError: A dataset that is not there.
    """
    if not config.dataset:
        raise ConfigError(
            "Expected a dataset to train with, got none. Name it: --data koniq10k --root /data/koniq10k, or "
            "--data list.json"
        )
    if Path(config.dataset).suffix.lower() in OPINION_ENDINGS:
        try:
            return told(read_opinions(config.dataset, config.root, better=config.opinion_better))
        except OpinionDirectionError as error:
            raise ConfigError(
                f"Expected which direction of the column {error.column} of {error.place or error.path} means better "
                "quality, got none. Say it: --set task.data.opinion_better=lower, or higher."
            ) from error
    if config.root is None and config.dataset in DATASETS:
        raise ConfigError(f"Expected the folder of {config.dataset}, got none. Name it: --root /data/...")
    return told(read_published(config.dataset, config.root or ".", allow_missing=config.allow_missing))


def told(table: OpinionTable) -> OpinionTable:
    """The table; what a user should know of it is logged."""
    for note in table.notes:
        logger.warning("%s: %s", table.name, note)
    return table


def held_out(table: OpinionTable, share: float, *, seed: int) -> tuple[OpinionTable, OpinionTable]:
    """A table without a share of its scenes, rounded down but at least one, and those scenes."""
    scenes = sorted({scene_of(row) for row in table})
    count = max(1, int(share * len(scenes)))
    if count >= len(scenes):
        raise TrainingError(
            f"Expected at least 2 scenes in {table.name} to hold some out, got {len(scenes)}. Take more images, or "
            "validation_share=0."
        )
    kept = {scenes[index] for index in np.random.RandomState(seed).permutation(len(scenes))[:count]}
    sides = ["validation" if scene_of(row) in kept else "train" for row in table]
    require_separate(table, sides)
    parts = [
        OpinionTable([row for row, side in zip(table, sides, strict=True) if side == wanted], table.root, table.name)
        for wanted in ("train", "validation")
    ]
    return parts[0], parts[1]


def _own_validation(table: OpinionTable) -> OpinionTable:
    rows = [row for row in table if row.split == "validation"]
    return OpinionTable(rows, table.root, table.name)


def _rated(table: OpinionTable) -> OpinionTable:
    """The rows that somebody rated, references that stand for themselves left out."""
    rows = [row for row in table if row.mos is not None and row.image != row.reference]
    return OpinionTable(rows, table.root, table.name)


LabelScale = Literal["published", "percent", "unit"]


@dataclass(frozen=True)
class ScaledLabels:
    """Labels, and how to read a score that was trained on them."""

    values: np.ndarray
    """(images,), in the order of the table."""
    info: ScoreInfo


def scaled(table: OpinionTable, scale: LabelScale) -> ScaledLabels:
    """The labels of a table.

    Args:
        table: Rated images, all of one scale.
        scale: ``published`` leaves the opinions; ``percent`` and ``unit`` bring the ends of their scale, or of what
            is there where none is stated, to 0..100 and 0..1. Their direction stays.

    Raises:
        TrainingError: Opinions that are all equal, or two directions in one table.
    """
    mos = opinions_of(table)
    directions = {row.better for row in table}
    if len(directions) != 1:
        raise TrainingError(f"Expected opinions of one direction in {table.name}, got both. Train on one dataset.")
    low, high = _ends(table, mos)
    if not low < high:
        raise TrainingError(f"Expected opinions that differ in {table.name}, got {low:g} for all. Check the table.")
    top = {"published": None, "percent": 100.0, "unit": 1.0}[scale]
    values = mos if top is None else (mos - low) / (high - low) * top
    usual = (low, high) if top is None else (0.0, top)
    info = ScoreInfo(better=directions.pop(), low=-math.inf, high=math.inf, usual=usual)
    return ScaledLabels(values, info)


def _ends(table: OpinionTable, mos: np.ndarray) -> tuple[float, float]:
    lows, highs = ({getattr(row, name) for row in table} for name in ("low", "high"))
    if len(lows) == len(highs) == 1:
        low, high = lows.pop(), highs.pop()
        if low is not None and high is not None:
            return float(low), float(high)
    return float(mos.min()), float(mos.max())
