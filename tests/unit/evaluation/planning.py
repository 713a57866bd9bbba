"""Planned data sets for tests."""

from pathlib import Path

from acutance.datasets.table import OpinionTable
from acutance.evaluation.data import PlannedData, plan_data
from acutance.evaluation.measure import EvaluationPart, ProtocolSettings
from acutance.evaluation.protocols import find_protocol

PLAIN = find_protocol("plain")


def planned(table: OpinionTable, part: EvaluationPart | None = None, split: Path | None = None) -> PlannedData:
    """The plan of a table by no protocol."""
    return plan_data(table, PLAIN, ProtocolSettings(), part, {table.name: split} if split else {})
