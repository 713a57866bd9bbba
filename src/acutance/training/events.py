"""Metrics as TensorBoard events, where tensorboardX is installed."""

import importlib.util
import math
from pathlib import Path
from typing import Any


class EventFile:
    """A file of events in a folder; nothing where tensorboardX is not installed.

    Args:
        folder: Where event files lie.
        first: Step from which on earlier files are no longer true: a resumed run takes it up from there.
    """

    def __init__(self, folder: Path, *, first: int) -> None:
        self._writer: Any = None
        if importlib.util.find_spec("tensorboardX") is not None:
            from tensorboardX import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=first + 1)

    def add(self, row: dict[str, float | int | None]) -> None:
        """Add the numbers of a line of metrics, ``train_`` and ``val_`` grouped."""
        if self._writer is None:
            return
        for name, value in row.items():
            group, _, rest = name.partition("_")
            if value is not None and math.isfinite(value) and group in ("train", "val", "learning"):
                self._writer.add_scalar(f"{group}/{rest}", value, row["iteration"])
        self._writer.flush()
