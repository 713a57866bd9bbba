"""Opinion scores stretched to the range a protocol trains on, by limits that are kept: A-FINE's and AHIQ's."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from acutance.datasets.split_rules import Part
from acutance.datasets.splits import Split, part_of_table
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError
from acutance.types import Better

Scores = Float64[np.ndarray, " rows"]


@dataclass(frozen=True)
class Stretch:
    """A straight line through two points, made from the limits of some scores."""

    low: float
    """Lowest of the scores it was made from."""
    high: float
    """Highest of them."""
    at_low: float
    """Value of the lowest."""
    at_high: float
    """Value of the highest."""

    def __call__(self, scores: Scores) -> Scores:
        """The values of scores; those beyond the limits go on along the line."""
        share = (scores - self.low) / (self.high - self.low)  # divided first, as A-FINE's scripts do: the last digits
        return self.at_low + (self.at_high - self.at_low) * share


def stretch(scores: Scores, *, worst: float, best: float, better: Better = "higher") -> Stretch:
    """A line that gives the worst and the best of some scores the values asked for.

    Args:
        scores: Scores to take the limits from, such as those of the training list.
        worst: Value of the worst.
        best: Value of the best.
        better: Which direction of the scores means better quality.

    Raises:
        DatasetError: Scores that are all equal, or not finite.
    """
    demand_spread(scores)
    low, high = float(scores.min()), float(scores.max())
    ends = (worst, best) if better == "higher" else (best, worst)
    return Stretch(low, high, *ends)


def afine_naturalness_targets(scores: Scores, *, better: Better = "higher") -> Stretch:
    """A-FINE's targets of raw naturalness: -(4 (MOS - min) / (max - min) - 2), from -2, the best, to 2.

    Args:
        scores: Scores of all pictures that the calibrator is fitted on, PIPAL's training part for A-FINE.
        better: Which direction of them means better quality.

    Raises:
        DatasetError: Scores that are all equal, or not finite.
    """
    return stretch(scores, worst=2.0, best=-2.0, better=better)


def afine_final_targets(scores: Scores, *, better: Better = "higher") -> Stretch:
    """A-FINE's targets of its last scaling: 100 - 100 (MOS - min) / (max - min), from 0, the best, to 100.

    Args:
        scores: Scores of all pictures that the scaling is fitted on, SRIQA-Bench for A-FINE.
        better: Which direction of them means better quality.

    Raises:
        DatasetError: Scores that are all equal, or not finite.
    """
    return stretch(scores, worst=100.0, best=0.0, better=better)


def ahiq_targets(scores: Scores, *, better: Better = "higher") -> Stretch:
    """AHIQ's targets: 0, the worst of a list, to 1, the best.

    AHIQ stretches each list by limits of its own; here those of the training list are kept and serve validation
    and test too, whose values may leave 0 to 1.

    Args:
        scores: Scores of the training list.
        better: Which direction of them means better quality.

    Raises:
        DatasetError: Scores that are all equal, or not finite.
    """
    return stretch(scores, worst=0.0, best=1.0, better=better)


def scores_of(table: OpinionTable, *, split: Split | None = None, part: Part = "train") -> Scores:
    """The opinion scores to fit on: of one part, so that no fit sees a test.

    Args:
        table: Table of a dataset.
        split: Whose part; without it the column ``split`` of the table decides, and a table without one is taken
            whole.
        part: Which part.

    Raises:
        DatasetError: No rows in this part, or one without a score.
    """
    rows = part_of_table(table, split, part).rows
    if not rows:
        raise DatasetError(f"Expected rows of {table.name} for {part}, got none. Take another part or split.")
    return np.array([_score(row, table.name) for row in rows], dtype=np.float64)


def direction_of(table: OpinionTable) -> Better:
    """Which direction of a table's scores means better quality.

    Raises:
        DatasetError: Rows of both directions, or none at all.
    """
    found = {row.better for row in table}
    if len(found) != 1:
        got = "both" if found else "no rows"
        raise DatasetError(f"Expected one direction of scores in the table of {table.name}, got {got}. Split it up.")
    return found.pop()


def demand_spread(scores: Scores) -> None:
    """Raise unless scores are finite, not all equal, and no farther apart than float64 can say.

    Raises:
        DatasetError: Otherwise.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(scores.std()) if len(scores) and np.isfinite(scores).all() else 0.0
    if not np.isfinite(spread) or spread == 0 or np.ptp(scores) == 0:
        got = "none" if not len(scores) else f"{scores.min():g} to {scores.max():g}"
        raise DatasetError(f"Expected finite scores that differ, got {got}. Take more pictures with a score.")


def _score(row: RatedPicture, dataset: str) -> float:
    if row.mos is None:
        raise DatasetError(
            f"Expected a score of {row.image} in the table of {dataset}, column mos, got none. "
            "Leave out pictures nobody rated."
        )
    return row.mos
