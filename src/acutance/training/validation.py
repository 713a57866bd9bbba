"""How well scores agree with the opinions of a validation part."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import StatisticsError
from acutance.stats.correlation import plcc, srcc
from acutance.training.pictures import Pixels, read_ahead
from acutance.types import OnProgress

Read = Callable[[Path], Pixels]
ScoreOne = Callable[[Tensor, Tensor | None], Tensor]
"""Scores one picture (1, 3, H, W) in [0, 1], beside its reference where there is one."""


def scores_of(
    table: OpinionTable,
    score: ScoreOne,
    read: Read,
    *,
    device: torch.device,
    with_references: bool,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """The score of every picture of a table, shape (pictures,).

    Args:
        table: Rated pictures.
        score: The model.
        read: Reads a picture as 8-bit pixels.
        device: Where the model is.
        with_references: Whether the model compares.
        on_progress: Called with pictures done and in all.
    """

    def both(row: RatedPicture) -> tuple[Pixels, Pixels | None]:
        reference = read(table.path(row.reference)) if with_references and row.reference else None
        return read(table.path(row.image)), reference

    scores = []
    for distorted, reference in read_ahead(table.rows, both):
        images = [None if one is None else as_images(one, device) for one in (distorted, reference)]
        scores.append(float(score(images[0], images[1])))  # type: ignore[arg-type]
        if on_progress is not None:
            on_progress(len(scores), len(table))
    return np.array(scores, dtype=np.float64)


def correlations(scores: np.ndarray, table: OpinionTable) -> dict[str, float]:
    """SRCC and PLCC without a curve, for scores that go the way of the opinions; NaN where there is none.

    Args:
        scores: One per row.
        table: Rated pictures.
    """
    labels = np.array([row.mos for row in table], dtype=np.float64)
    found = {}
    for name, correlation in (("srcc", srcc), ("plcc", plcc)):
        try:
            found[name] = correlation(scores, labels)
        except StatisticsError:
            found[name] = float("nan")
    return found


def as_images(pixels: Pixels, device: torch.device) -> Tensor:
    """8-bit pixels (H, W, 3) as a batch of one picture (1, 3, H, W) in [0, 1]."""
    levels = torch.from_numpy(pixels.copy()).to(device)  # pictures may be read-only
    return levels.permute(2, 0, 1).unsqueeze(0).float() / 255
