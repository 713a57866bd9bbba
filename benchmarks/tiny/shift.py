"""How much a score moves when a crop moves by a few pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.images.read import read_image
from acutance.models.quality_model import QualityModel
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.samples import Numbers
from benchmarks.tiny.commands import ALONE, Weights, score_rows
from benchmarks.tiny.figures import Figure, Section, Table, interval, number

SIDE, FARTHEST = 448, 7
"""Of a crop, and by how much it is moved at most, both in pixels."""
AT_MOST = 0.1
"""What is wanted: the change as a part of the deviation of the scores."""
DIRECTIONS = {"right": (0, 1), "down": (1, 0), "both": (1, 1)}
"""Rows and columns of a step."""


@dataclass(frozen=True)
class Ratio:
    """A root of the mean squared change, divided by the deviation of the scores."""

    value: float
    low: float
    high: float


def shift_ratio(still: Numbers, moved: NDArray[np.float64]) -> Ratio:
    """Root of the mean squared change, divided by the standard deviation of the scores of the crops that stay.

    The interval is that of the change, drawn by photograph, with the deviation of all.

    Args:
        still: Scores (photographs,).
        moved: Scores of the moved crops of each (photographs, moves).
    """
    squares = ((moved - still[:, None]) ** 2).mean(1)
    deviation = float(still.std())
    value, low, high = (float(np.sqrt(mean)) / deviation for mean in (squares.mean(), *bootstrap_mean(squares)))
    return Ratio(value, low, high)


def moves() -> list[tuple[str, int, int]]:
    """Direction, rows and columns of each move, by 1 to 7 pixels."""
    return [
        (name, rows * step, columns * step)
        for name, (rows, columns) in DIRECTIONS.items()
        for step in range(1, FARTHEST + 1)
    ]


def crops(pixels: NDArray[Any]) -> list[NDArray[Any]]:
    """A crop near the middle, and those that are moved from there.

    Args:
        pixels: Shape (H, W, 3), both sides at least 455.
    """
    top, left = ((length - SIDE - FARTHEST) // 2 for length in pixels.shape[:2])
    if min(top, left) < 0:
        raise SystemExit(f"Expected photographs of at least {SIDE + FARTHEST} pixels a side, got {pixels.shape[:2]}.")
    corners = [(top, left), *((top + rows, left + columns) for _, rows, columns in moves())]
    return [pixels[row : row + SIDE, column : column + SIDE] for row, column in corners]


def measure_shift(photographs: Sequence[Path], weights: Weights) -> Section:
    """Score the crops of photographs.

    Args:
        photographs: Files, at least 2.
        weights: Of afine-tiny or its stage 1.
    """
    model = weights.load(ALONE)
    scores = np.array([_scores(crops(read_image(path)), model) for path in photographs])
    still, moved = scores[:, 0], scores[:, 1:]
    figure = _figure("change of the score, RMS, in deviations", shift_ratio(still, moved), at_most=AT_MOST)
    rows = []
    for name in DIRECTIONS:
        for steps in (range(1, 4), range(4, FARTHEST + 1)):
            chosen = [place for place, (way, *by) in enumerate(moves()) if way == name and max(by) in steps]
            one = _figure(name, shift_ratio(still, moved[:, chosen]))
            rows.append([name, f"{steps[0]} to {steps[-1]}", number(one.value, one), interval(one)])
    return Section(
        f"Shift: crops of {SIDE} x {SIDE} of {len(photographs)} photographs, moved by 1 to {FARTHEST} pixels",
        [figure],
        [Table(("moved", "pixels", "RMS in deviations", "95 % interval"), rows)],
        [f"The scores of the crops that stay have a deviation of {still.std():.2f} on the scale of 0 to 100."],
        {"deviation": float(still.std()), "photographs": len(photographs)},
    )


def _figure(what: str, ratio: Ratio, *, at_most: float | None = None) -> Figure:
    return Figure(what=what, value=ratio.value, low=ratio.low, high=ratio.high, at_most=at_most)


def _scores(pictures: Sequence[NDArray[Any]], model: QualityModel) -> list[float]:
    return [row.score for row in score_rows(pictures, model) if row.score is not None]
