"""The protocol of no protocol: every picture is scored, and the agreement is all there is."""

from acutance.datasets.table import OpinionTable
from acutance.evaluation.protocol import (
    PreparedProtocol,
    Protocol,
    ProtocolOutcome,
    ProtocolSettings,
    Scores,
    rows_needed,
)
from acutance.types import Better, OnProgress


class Plain(Protocol):
    """Every picture of a table, nothing else."""

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> "PlainPrepared":
        """All pictures of the table."""
        return PlainPrepared(rows_needed(table))


class PlainPrepared(PreparedProtocol):
    """All pictures of a table."""

    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """Nothing beyond the agreement."""
        return ProtocolOutcome()
