"""Metrics as TensorBoard events, where tensorboardX is installed."""

import importlib.util
import math
import time
from pathlib import Path
from typing import Any


class EventFile:
    """A file of events in a folder; nothing where tensorboardX is not installed.

    Lines are on disk when ``add`` comes back: tensorboardX's own writer keeps them for up to two minutes on a thread,
    and a kill would lose them.

    Args:
        folder: Where event files lie.
        first: Steps done before; of earlier files what comes later is no longer true.
    """

    def __init__(self, folder: Path, *, first: int) -> None:
        self._writer: Any = None
        if importlib.util.find_spec("tensorboardX") is None:
            return
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"), f".{first}")
        if first:  # TensorBoard then forgets the events of these steps in earlier files
            start = SessionLog(status=SessionLog.START)
            self._writer.write_event(Event(wall_time=time.time(), step=first + 1, session_log=start))
            self._writer.flush()

    def add(self, row: dict[str, float | int | None]) -> None:
        """Add the finite numbers of a line of metrics, ``train_`` and ``val_`` grouped."""
        if self._writer is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        for name, value in row.items():
            group, _, rest = name.partition("_")
            if value is not None and math.isfinite(value) and group in ("train", "val", "learning"):
                told = scalar(f"{group}/{rest}", value)
                self._writer.write_event(Event(wall_time=time.time(), step=row["iteration"], summary=told))
        self._writer.flush()
