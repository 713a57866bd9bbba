"""The cross-dataset protocol: whole data sets, and a mean without those that a model was trained with."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError
from acutance.evaluation.plain import PlainPrepared
from acutance.evaluation.protocol import Protocol, ProtocolSettings, rows_needed
from acutance.evaluation.results import Evaluation
from acutance.evaluation.training_sets import training_sets
from acutance.types import OnProgress

MEANS = ("srcc", "krcc", "plcc")
"""Statistics that do not depend on the scale of the opinions, so that a mean over data sets says something."""


class CrossDataset(Protocol):
    """Every rated picture of every data set, each set counting the same in the mean."""

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> PlainPrepared:
        """All rated pictures of the table."""
        needed = rows_needed(table, rated=True)
        if not needed:
            raise ConfigError(
                f"Expected opinions in the table of {table.name} for {self.name}, got none. Take another data set."
            )
        return PlainPrepared(needed)

    def conclude(
        self, evaluations: Sequence[Evaluation], weights: Mapping[str, Mapping[str, Any]] | None = None
    ) -> list[Evaluation]:
        """The evaluations with ``trained_on``, ``mean_srcc``, ``mean_krcc``, ``mean_plcc`` and ``mean_sets``.

        ``trained_on`` is 1 where the model was trained with the data set, 0 where it was not, ``None`` where that is
        not known. The means are over the ``mean_sets`` data sets without a 1; one that lacks a number makes the mean
        of it ``None``.
        """
        known = {model: training_sets(model, (weights or {}).get(model)) for model in {e.model for e in evaluations}}
        marks = [_mark(evaluation, known[evaluation.model]) for evaluation in evaluations]
        means = {
            model: _means([e for e, mark in zip(evaluations, marks, strict=True) if e.model == model and mark != 1])
            for model in known
        }
        return [
            evaluation.model_copy(
                update={
                    "protocol_results": {**evaluation.protocol_results, "trained_on": mark, **means[evaluation.model]}
                }
            )
            for evaluation, mark in zip(evaluations, marks, strict=True)
        ]


def _mark(evaluation: Evaluation, trained: tuple[str, ...] | None) -> int | None:
    return None if trained is None else int(evaluation.dataset in trained)


def _means(evaluations: Sequence[Evaluation]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"mean_sets": len(evaluations)}
    for name in MEANS:
        values = [getattr(evaluation.agreement, name) for evaluation in evaluations]
        found[f"mean_{name}"] = fmean(values) if values and None not in values else None
    return found
