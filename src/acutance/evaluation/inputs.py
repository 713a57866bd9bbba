"""What statistics take: the rows of a data set, what people said of them, and what one model said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from acutance.datasets.leaks import scene_of
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import EvaluationError
from acutance.types import Better, CurveKind

Numbers = NDArray[np.float64]
CURVES: tuple[CurveKind, ...] = ("logistic4", "logistic5", "linear", "none")


@dataclass(frozen=True, kw_only=True)
class StatisticsSettings:
    """How statistics are made."""

    curve: CurveKind = "logistic4"
    """The function from scores to opinions by which PLCC and errors are computed."""
    draws: int = 1000
    """Bootstrap draws; 0 for no intervals."""
    seed: int = 0
    """Seed of the draws: the same for every model, so that all see the same draws."""
    level: float = 0.95
    """Share of draws inside an interval."""

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise EvaluationError(f"Expected a curve from {', '.join(CURVES)}, got {self.curve!r}. Choose one of them.")
        if self.draws < 0 or self.draws == 1:
            raise EvaluationError(f"Expected 0 draws for no intervals, or 2 and more, got {self.draws}. Change draws.")
        if not 0 <= self.seed < 2**32:
            raise EvaluationError(f"Expected a seed from 0 to 2**32 - 1, got {self.seed}. Choose another.")


@dataclass(frozen=True)
class EvaluationInputs:
    """One model and the pictures of one data set or of a part of it, in the order of its rows.

    Example:
        >>> from pathlib import Path
        >>> table = OpinionTable([RatedPicture(image="a.png", mos=3.0), RatedPicture(image="b.png")], Path(), "mine")
        >>> inputs = EvaluationInputs("ssim", "higher", table, np.array([0.5, np.nan]), [None, "no such file"])
        >>> inputs.mos.tolist(), inputs.usable.tolist(), inputs.failed, inputs.unrated
        ([3.0, nan], [True, False], 1, 0)
    """

    model: str
    """Name of the model."""
    better: Better
    """Which direction of its scores means better quality."""
    table: OpinionTable
    """The rows, with their root: what a protocol reads beside them lies there."""
    scores: Numbers
    """Score of each row, (N,); NaN where it failed, infinite where the model says so."""
    errors: Sequence[str | None]
    """Why a row has no score."""
    settings: StatisticsSettings = field(default_factory=StatisticsSettings)
    part: str = "all"
    """Which part of the data set the rows are."""

    @cached_property
    def mos(self) -> Numbers:
        """Opinion of each row as published, (N,); NaN where there is none."""
        return _column(self.table.rows, "mos")

    @cached_property
    def mos_better(self) -> Better:
        """Which direction of the opinions means better quality.

        Raises:
            EvaluationError: Rows of both directions.
        """
        directions = {row.better for row in self.table if row.mos is not None} or {row.better for row in self.table}
        if len(directions) > 1:
            raise EvaluationError(
                f"Expected opinions of one direction in {self.table.name}, got higher and lower. "
                "Evaluate each part as a data set of its own."
            )
        return directions.pop() if directions else "higher"

    @cached_property
    def mos_std(self) -> Numbers:
        """Standard deviation of the opinions of each row, (N,); NaN where it is not known."""
        return _column(self.table.rows, "mos_std")

    @cached_property
    def num_votes(self) -> Numbers:
        """How many people were asked about each row, (N,); NaN where it is not known."""
        return _column(self.table.rows, "num_votes")

    @cached_property
    def scenes(self) -> list[str]:
        """The scene of each row: what a bootstrap draws whole."""
        return [scene_of(row) for row in self.table]

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Which rows have a score and an opinion, (N,)."""
        usable: NDArray[np.bool_] = ~np.isnan(self.scores) & ~np.isnan(self.mos)
        return usable

    @property
    def failed(self) -> int:
        """How many rows have no score."""
        return int(np.isnan(self.scores).sum())

    @property
    def unrated(self) -> int:
        """How many rows have a score and no opinion."""
        return int((~np.isnan(self.scores) & np.isnan(self.mos)).sum())


def _column(rows: Sequence[RatedPicture], name: str) -> Numbers:
    return np.array([np.nan if (value := getattr(row, name)) is None else value for row in rows], dtype=np.float64)
