"""The classic metrics in the catalogue; imports no torch."""

from acutance.models.classic.options import OPTIONS
from acutance.models.classic.published import CLASSIC
from acutance.models.entry import ModelEntry

ENTRIES = tuple(
    ModelEntry(
        name=record.name,
        title=record.title,
        info=record.info,
        needs_reference=True,
        paper=record.paper,
        note=record.matlab,
        build="acutance.models.classic.metrics:ClassicMetric",
        arguments={"record": record},
        options=OPTIONS[record.name],
    )
    for record in CLASSIC.values()
)
