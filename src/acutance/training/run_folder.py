"""The folder of a run: what it was asked for, what it measured, its weights, and how to go on."""

import csv
import importlib.util
import io
import json
import math
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from acutance.errors import CheckpointError, ConfigError, TrainingError
from acutance.tables.append import differences
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object
from acutance.tables.strict_json import json_text
from acutance.training.task import TrainedModel
from acutance.weights.store import save

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

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


Row = dict[str, float | int | None]
CONFIG, METRICS, LOG, CHECKPOINT = "config.json", "metrics.json", "train.log", "checkpoint.pt"
CHANGEABLE = (
    "loop.accumulate",
    "loop.checkpoint_every",
    "loop.device",
    "loop.processes",
    "loop.save_all_epochs",
    "loop.timeout",
    "loop.workers",
    "task.cache",
)
"""Settings of how a training is computed, with others of which it may go on. Another value of any other setting would
make it another training."""
UNFINISHED = (
    "*.json.*.tmp",
    "*.csv.*.tmp",
    "checkpoint.pt.*.tmp",
    ".*.safetensors.*.tmp",
    "published/*.tmp",
    "published/*/*.tmp",
)
"""What a kill leaves of files that it broke off."""


class RunFolder:
    """Everything that a run writes.

    ``config.json`` (can be run again), ``metrics.json`` and ``metrics.csv`` (a line per validation),
    ``events/`` (TensorBoard), ``train.log``, ``best.safetensors``, ``last.safetensors``, ``published/`` (the authors'
    layout), ``checkpoint.pt``; with ``save_all_epochs`` also ``epoch_1.safetensors`` and so on. Each file is whole at
    any moment.

    Args:
        writes: Whether this process writes; of several, only one does.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path = path
        self._writes = writes
        self._rows: list[Row] = []
        self._events: EventsWriter | None = None

    def has_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / CONFIG).exists() or (self.path / CHECKPOINT).exists()

    def require_none(self) -> None:
        """Raise if there is a run already."""
        if self.has_run():
            raise ConfigError(
                f"Expected no run in {self.path}, got one. Continue it with --resume, or replace it with --overwrite."
            )

    def begin(self, config: dict[str, Any], *, overwrite: bool = False) -> None:
        """Make the folder of a new run.

        Raises:
            ConfigError: There is a run already, or a place that cannot be written to.
        """
        if not self._writes:
            return
        if not overwrite:
            self.require_none()
        try:
            self._clear()
            self._write_config(config)
            self._open_events(0)
        except OSError as error:
            raise ConfigError(
                f"Expected a folder to write to at {self.path}, got: {error.strerror}. Name another: --output runs/new"
            ) from error

    def require_same(self, config: dict[str, Any]) -> None:
        """Raise unless there is a run with this configuration, but for what is ``CHANGEABLE``.

        Raises:
            ConfigError: One with another.
            TrainingError: None.
        """
        for name, told in self._changes(config):
            if name not in CHANGEABLE:
                raise ConfigError(
                    f"Expected to resume the run in {self.path} with its own configuration, got another: {told}. Leave "
                    "--set out, or start anew with --overwrite."
                )

    def resume(self, config: dict[str, Any]) -> TrainingState | None:
        """The last checkpoint of a run; ``None`` if it was broken off before the first.

        Raises:
            ConfigError: No run, or one with another configuration.
            CheckpointError: A damaged checkpoint.
        """
        self.require_same(config)
        if self._writes:
            self._remove_unfinished()
            for _, told in list(self._changes(config)):
                self.log(f"goes on with another setting: {told}")
            self._write_config(config)
        if not (self.path / CHECKPOINT).exists():
            self._open_events(0)
            return None
        state = read_state(self.path / CHECKPOINT)
        self._open_events(state.iteration)
        if not self._writes:
            return state
        self._rows = list(self._read_json(METRICS)["epochs"])[: state.rows] if state.rows else []
        self._write_metrics()
        return state

    def log(self, message: str, level: str = "INFO") -> None:
        """Add a line to ``train.log``."""
        if not self._writes:
            return
        moment = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with (self.path / LOG).open("a", encoding="utf-8") as file:
            file.write(f"{moment} | {level} | {message}\n")

    def add_row(self, row: Row) -> None:
        """Add a line of metrics."""
        self._rows.append({name: None if value is None or math.isnan(value) else value for name, value in row.items()})
        self._write_metrics()
        self._add_events(row)
        self.log(", ".join(f"{name} {value:.6g}" for name, value in row.items() if value is not None))

    def write_weights(self, name: str, trained: TrainedModel) -> None:
        """Write the weights ``best``, ``last``, or those of one validation by its name."""
        save(
            self.path / f"{name}.safetensors",
            trained.tensors,
            model=trained.name,
            config=trained.config,
            source_sha256=None,
            trunk_sha256=trained.trunk_sha256,
            score_info=trained.info,
            scores_as=trained.scores_as,
            options=trained.options,
        )

    def publish(self, write: Callable[[Path], Iterable[Path]], name: str = "") -> None:
        """Let a task write the authors' layout into ``published``: the best weights, or those of a validation.

        Args:
            write: Writes into a folder; the files.
            name: Of the validation, such as ``epoch_3``: what a lone file is called then, or the folder of several.
        """
        published = self.path / "published"
        folder = published / name
        folder.mkdir(parents=True, exist_ok=True)
        paths = list(write(folder))
        if name and len(paths) < 2:
            paths = [path.replace(published / f"{name}{path.suffix}") for path in paths]
            folder.rmdir()
        for path in paths:
            self.log(f"wrote {path.relative_to(self.path)}", "DEBUG")

    def write_checkpoint(self, state: TrainingState) -> None:
        """Write where the training is."""
        write_state(self.path / CHECKPOINT, state)

    def _changes(self, config: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The settings that differ from those of the run, each with words that say how."""
        return differences(self._read_json(CONFIG), json.loads(json.dumps(config)), new_off=True)

    def _clear(self) -> None:
        """Remove what an earlier run left."""
        for name in (CHECKPOINT, METRICS, "metrics.csv", LOG, "best.safetensors", "last.safetensors"):
            (self.path / name).unlink(missing_ok=True)
        for pattern in ("epoch_*.safetensors", "iteration_*.safetensors", "events/events.*", "published/*.*"):
            for earlier in self.path.glob(pattern):
                earlier.unlink()
        for pattern in ("published/epoch_*", "published/iteration_*"):
            for earlier in self.path.glob(pattern):
                shutil.rmtree(earlier)
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        for pattern in UNFINISHED:
            for left in self.path.glob(pattern):
                left.unlink(missing_ok=True)

    def _write_config(self, config: dict[str, Any]) -> None:
        self._write(CONFIG, json_text(config, 2) + "\n")

    def _open_events(self, first: int) -> None:
        """Begin a file of TensorBoard's events, after some steps, where tensorboardX is installed."""
        if not self._writes or importlib.util.find_spec("tensorboardX") is None:
            return
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        (self.path / "events").mkdir(parents=True, exist_ok=True)
        # not its SummaryWriter, which keeps events on a thread for up to two minutes: a kill would lose them
        self._events = EventsWriter(str(self.path / "events/events"), f".{first}")
        weakref.finalize(self, self._events.close)
        if first:  # TensorBoard then forgets the events of later steps in earlier files
            start = SessionLog(status=SessionLog.START)
            self._events.write_event(Event(wall_time=time.time(), step=first + 1, session_log=start))
        self._events.flush()

    def _add_events(self, row: Row) -> None:
        """Add the finite numbers of a line of metrics, ``train_`` and ``val_`` grouped."""
        if self._events is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        for name, value in row.items():
            if value is not None and math.isfinite(value) and name.startswith(("train_", "val_", "learning_")):
                summary = scalar(name.replace("_", "/", 1), value)
                self._events.write_event(Event(wall_time=time.time(), step=row["iteration"], summary=summary))
        self._events.flush()

    def _write_metrics(self) -> None:
        self._write(METRICS, json_text({"epochs": self._rows}, 2) + "\n")
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        self._write("metrics.csv", text.getvalue())

    def _write(self, name: str, text: str) -> None:
        with atomic_write(self.path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def _read_json(self, name: str) -> dict[str, Any]:
        return read_json_object(self.path / name, "a run", "Check the folder.", TrainingError, is_noted=True)
