"""The labels of a training: opinions as published, or on a scale of 0 to 100; and what scores then mean."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from acutance.datasets.table import OpinionTable
from acutance.errors import TrainingError
from acutance.types import ScoreInfo

LabelScale = Literal["published", "percent", "unit"]


@dataclass(frozen=True)
class ScaledLabels:
    """Labels, and how to read a score that was trained on them."""

    values: np.ndarray
    """(pictures,), in the order of the table."""
    info: ScoreInfo


def scaled(table: OpinionTable, scale: LabelScale) -> ScaledLabels:
    """The labels of a table.

    Args:
        table: Rated pictures, all of one scale.
        scale: ``published`` leaves the opinions; ``percent`` and ``unit`` bring the ends of their scale, or of what
            is there where none is stated, to 0..100 and 0..1. Their direction stays.

    Raises:
        TrainingError: Opinions that are all equal, or two directions in one table.
    """
    mos = np.array([row.mos for row in table], dtype=np.float64)
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
