"""Metrics as TensorBoard events, where tensorboardX is installed."""

import importlib.util
import math
import socket
import struct
import time
from pathlib import Path
from typing import Any


class EventFile:
    """A file of events in a folder; nothing where tensorboardX is not installed.

    Lines are in the file when ``add`` comes back: tensorboardX's own writer keeps them for up to two minutes on a
    thread, and a kill would lose them.

    Args:
        folder: Where event files lie.
        first: Steps done before; of earlier files what comes later is no longer true.
    """

    def __init__(self, folder: Path, *, first: int) -> None:
        self._path: Path | None = None
        if importlib.util.find_spec("tensorboardX") is None:
            return
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        self._path = folder / f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{first}"
        events = [Event(wall_time=now, file_version="brain.Event:2")]
        if first:  # TensorBoard then forgets the events of these steps in earlier files
            events.append(Event(wall_time=now, step=first + 1, session_log=SessionLog(status=SessionLog.START)))
        self._append(events)

    def add(self, row: dict[str, float | int | None]) -> None:
        """Add the finite numbers of a line of metrics, ``train_`` and ``val_`` grouped."""
        if self._path is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        told = {
            name.replace("_", "/", 1): value
            for name, value in row.items()
            if value is not None and math.isfinite(value) and name.startswith(("train_", "val_", "learning_"))
        }
        now, step = time.time(), row["iteration"]
        self._append([Event(wall_time=now, step=step, summary=scalar(name, value)) for name, value in told.items()])

    def _append(self, events: list[Any]) -> None:
        """Write events as records: length, its checksum, content, its checksum."""
        from tensorboardX.record_writer import masked_crc32c

        if self._path is None:
            return
        with self._path.open("ab") as file:
            for content in (event.SerializeToString() for event in events):
                length = struct.pack("<Q", len(content))
                checksums = [struct.pack("<I", masked_crc32c(part)) for part in (length, content)]
                file.write(length + checksums[0] + content + checksums[1])
