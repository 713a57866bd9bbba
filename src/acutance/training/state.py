"""The checkpoint of a training: everything a broken run needs to become the unbroken one."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from acutance.errors import CheckpointError
from acutance.tables.atomic import atomic_write

VERSION = 1
"""Of the layout of the file."""


@dataclass(kw_only=True)
class TrainingState:
    """Where a training is, and all that changes while it runs."""

    iteration: int = 0
    """Steps done."""
    network: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    average: dict[str, Any] | None = None
    rows: int = 0
    """Lines of metrics written."""
    best: float | None = None
    """Best value so far of what chooses the weights."""
    best_iteration: int | None = None
    sums: dict[str, float] = field(default_factory=dict)
    """Sums of the losses since the last line of metrics."""
    seen: list[list[float]] = field(default_factory=list)
    """Scores and labels of the samples since then."""
    seconds: float = 0.0
    """Time spent so far."""


def write_state(path: Path, state: TrainingState) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OSError: A place that cannot be written to.
    """
    with atomic_write(path) as temporary:
        torch.save({"version": VERSION, **vars(state)}, temporary)  # asdict would copy every tensor


def read_state(path: Path) -> TrainingState:
    """The state of a checkpoint, on the CPU.

    Raises:
        CheckpointError: No checkpoint, a damaged one, or one of a later version.
    """
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
        version = fields.pop("version")
        if version != VERSION:
            raise CheckpointError(
                f"Expected a checkpoint of version {VERSION} at {path}, got {version}. Update acutance."
            )
        state = TrainingState(**fields)
    except CheckpointError:
        raise
    except Exception as error:  # torch.load raises many kinds for damaged files
        got = f"{path.stat().st_size} bytes that end too early or are something else" if path.is_file() else "none"
        raise _damaged(path, got) from error
    for name, kinds in _KINDS.items():
        value = getattr(state, name)
        if not isinstance(value, kinds) or (isinstance(value, int) and value < 0):
            raise _damaged(path, f"{str(value)[:40]!r} as {name}")
    return state


_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("iteration", "rows"), (int,)),
    **dict.fromkeys(("network", "optimizer", "sums"), (dict,)),
    "seen": (list,),
    "best": (int, float, type(None)),
    "best_iteration": (int, type(None)),
    "seconds": (int, float),
}
"""Of values that a training goes on with."""


def _damaged(path: Path, got: str) -> CheckpointError:
    return CheckpointError(f"Expected a checkpoint of a training at {path}, got {got}. Start anew with --overwrite.")
