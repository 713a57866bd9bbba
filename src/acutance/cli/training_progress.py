"""What a training shows: a bar with loss, rate and time left, on stderr and only where somebody looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from acutance.tables.strict_json import from_json
from acutance.training.launch import is_first

if TYPE_CHECKING:
    from acutance.training.loop import Step

SHOWN_ROWS = 5
"""Lines of metrics that are printed at the end."""
SHOWN_NUMBERS = ("epoch", "iteration", "train_loss", "train_srcc")
"""What is shown of them besides validation; parts of the loss and rates are in the files."""


class TrainingBars:
    """Bars of steps, of validation and of preparation.

    Args:
        progress: Where they stand.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}

    def step(self, step: "Step") -> None:
        """Told after each step."""
        self._advance("training", step.iteration, step.iterations, f"loss {step.loss:.4g}  rate {step.rate:.3g}")

    def validation(self, done: int, total: int) -> None:
        """Told after each picture of the validation part."""
        self._advance("validating", done, total, "")

    def test(self, done: int, total: int) -> None:
        """Told after each picture of a test part."""
        self._advance("testing", done, total, "")

    def preparation(self, done: int, total: int) -> None:
        """Told while features are computed."""
        self._advance("preparing", done, total, "")

    def _advance(self, name: str, done: int, total: int, told: str) -> None:
        if name not in self._tasks:
            # what was done before a resumed run says nothing of its speed
            self._tasks[name] = self._progress.add_task(name, total=total, completed=done, told="")
        elif done < self._done[name]:
            self._progress.reset(self._tasks[name], total=total, completed=done)  # the next one of its kind begins
        self._done[name] = done
        visible = name == "training" or done < total
        self._progress.update(self._tasks[name], completed=done, total=total, told=told, visible=visible)


@contextmanager
def following() -> Iterator[TrainingBars]:
    """Bars for as long as a training runs, of the first of its processes."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not (console.is_terminal and is_first()),
    ) as progress:
        yield TrainingBars(progress)


def metrics_table(folder: Path) -> Table:
    """The last lines of the metrics of a run."""
    rows = from_json((folder / "metrics.json").read_text(encoding="utf-8"))["epochs"][-SHOWN_ROWS:]
    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if name in SHOWN_NUMBERS or name.startswith("val_")
    ]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*("-" if row.get(name) is None else f"{row[name]:.5g}" for name in names))
    return table
