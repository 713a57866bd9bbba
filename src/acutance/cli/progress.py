"""Progress bars, on stderr and only where somebody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from acutance.training.loop import Step

Advance = Callable[[int, int], None]


@contextmanager
def counting(what: str, *, hidden: bool = False) -> Iterator[Advance]:
    """A bar of things done out of all; ``hidden`` where it would stand between rows on the terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _shown(*columns, hidden=hidden) as advance:
        yield advance


@contextmanager
def downloading(what: str) -> Iterator[Advance]:
    """A bar of bytes done out of all."""
    with _shown(TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn()) as advance:
        yield advance


@contextmanager
def _shown(*columns: ProgressColumn, hidden: bool = False) -> Iterator[Advance]:
    console = Console(stderr=True)
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,  # rich would print to stderr what is meant for stdout
        disable=hidden or not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=None, visible=False)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        yield advance


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
    from acutance.training.launch import is_first

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
