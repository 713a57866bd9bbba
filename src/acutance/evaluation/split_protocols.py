"""Protocols of repeated random splits: HyperIQA's ten of 8:2 (Su et al., CVPR 2020), VTAMIQ's twenty of 6:2:2.

Both train on one part of each split and test on another. Here the model is fixed, so only the test parts are looked at:
the spread is that of the pictures, and not that of trainings.
"""

from collections.abc import Iterator, Sequence
from statistics import fmean, median, pstdev

import numpy as np

from acutance.datasets.splits import Split, repeated_splits, rows_of
from acutance.datasets.table import OpinionTable
from acutance.evaluation.inputs import EvaluationInputs, StatisticsSettings
from acutance.evaluation.measuring import agreement_of
from acutance.evaluation.protocol import (
    PreparedProtocol,
    Protocol,
    ProtocolOutcome,
    ProtocolSettings,
    Scores,
    rows_needed,
)
from acutance.evaluation.results import Group
from acutance.types import Better, CurveKind, OnProgress


class RepeatedSplits(Protocol):
    """The test parts of random splits by scene, and the median and spread over them.

    Args:
        name: What it is called.
        summary: What it does.
        split: The published protocol that draws the splits, of ``datasets.split_rules``.
        count: How many splits.
        curve: The curve it was published with, fitted on each test part.
        statistics: Which fields of ``Agreement`` are summed up.
    """

    def __init__(
        self, name: str, summary: str, *, split: str, count: int, curve: CurveKind, statistics: Sequence[str]
    ) -> None:
        super().__init__(name, summary, curve=curve)
        self._split = split
        self._count = count
        self._curve: CurveKind = curve
        self._statistics = tuple(statistics)

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> "PreparedSplits":
        """The splits of the rated pictures, each with a seed of its own that comes from the seed given.

        Raises:
            ConfigError: Too few scenes.
            DatasetError: No rated picture, or two scenes that share a file.
        """
        rated = OpinionTable([row for row in table if row.mos is not None], table.root, table.name)
        splits = repeated_splits(rated, self._split, count=self._count, seed=settings.seed)
        return PreparedSplits(rated, splits, settings.seed, self._curve, self._statistics)


class PreparedSplits(PreparedProtocol):
    """Random splits of one data set.

    Args:
        table: Its rated pictures.
        splits: Their splits.
        seed: What their seeds come from.
        curve: Fitted on each test part.
        statistics: Fields of ``Agreement``.
    """

    def __init__(
        self, table: OpinionTable, splits: Sequence[Split], seed: int, curve: CurveKind, statistics: Sequence[str]
    ) -> None:
        tested = len(splits[0].test)
        notes = [f"{len(splits)} random splits with seed {seed}, {tested} scenes of {table.name} in each test part"]
        super().__init__(rows_needed(table), notes)
        self._table = table
        self._splits = splits
        self._seed = seed
        self._curve = curve
        self._statistics = statistics

    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """Mean, median, population standard deviation, least and most of each statistic over the test parts.

        A statistic that some test part lacks has none of them: a median of the others would not be the protocol's. The
        groups ``split`` tell every test part, by the seed of its split.
        """
        groups = list(self._groups(scores, better))
        results: dict[str, float | int | None] = {"splits": len(groups), "seed": self._seed}
        for name in self._statistics:
            results |= _spread(name, [getattr(group.agreement, name) for group in groups])
        return ProtocolOutcome(results=results, groups={"split": groups})

    def _groups(self, scores: Scores, better: Better) -> Iterator[Group]:
        for split in self._splits:
            part = rows_of(self._table, split, "test")
            found = [scores.get((row.image, row.reference)) for row in part]
            said = np.array([np.nan if score is None else score for score in found], dtype=np.float64)
            settings = StatisticsSettings(curve=self._curve, draws=0)
            inputs = EvaluationInputs("", better, part, said, [None] * len(part), settings, "test")
            yield Group(name=f"seed {split.seed}", agreement=agreement_of(inputs))


def _spread(name: str, values: Sequence[float | None]) -> dict[str, float | int | None]:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return dict.fromkeys((f"{name}_{figure}" for figure in ("mean", "median", "std", "min", "max")), None)
    return {
        f"{name}_mean": fmean(known),
        f"{name}_median": median(known),
        f"{name}_std": pstdev(known),
        f"{name}_min": min(known),
        f"{name}_max": max(known),
    }
