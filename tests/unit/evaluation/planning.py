"""Planned datasets for tests."""

from pathlib import Path

from acutance.datasets.table import OpinionTable
from acutance.evaluation.data import EvaluationData, plan_data
from acutance.evaluation.measure import EvaluationOptions, EvaluationPart
from acutance.evaluation.protocols import find_protocol

PLAIN = find_protocol("plain")


def planned(table: OpinionTable, part: EvaluationPart | None = None, split: Path | None = None) -> EvaluationData:
    """The plan of a table by no protocol."""
    return plan_data(table, PLAIN, EvaluationOptions(part=part), {table.name: split} if split else {})
