"""Progress bars, on stderr and only where somebody looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from acutance.types import OnProgress

if TYPE_CHECKING:
    from acutance.training.loop import Step


@contextmanager
def counting(what: str, *, hidden: bool = False) -> Iterator[OnProgress]:
    """A bar of things done out of all; ``hidden`` where it would stand between rows on the terminal."""
    with _bars(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), hidden=hidden) as bars:
        yield _advance(bars, "")


@contextmanager
def downloading(what: str) -> Iterator[OnProgress]:
    """A bar of bytes done out of all."""
    with _bars(TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn()) as bars:
        yield _advance(bars, "")


class _Rate(TextColumn):
    """Things done in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


@contextmanager
def synthesizing() -> Iterator[tuple[OnProgress, OnProgress]]:
    """A bar of references and one of images, with their rate and the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(""), TimeRemainingColumn())
    with _bars(*columns) as bars:
        yield _advance(bars, "references"), _advance(bars, "images")


def _advance(bars: Progress, what: str) -> OnProgress:
    """A bar that is seen from the first time that something is done."""
    task = bars.add_task(what, total=None, visible=False)

    def advance(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total, visible=True)

    return advance


def _bars(*columns: ProgressColumn, hidden: bool = False) -> Progress:
    console = Console(stderr=True)
    return Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,  # rich would print to stderr what is meant for stdout
        disable=hidden or not console.is_terminal,
    )


class TrainingBars:
    """Bars of steps, of validation and of preparation."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}

    def step(self, step: "Step") -> None:
        """Told after each step."""
        self._advance("training", step.iteration, step.iterations, f"loss {step.loss:.4g}  rate {step.rate:.3g}")

    def validation(self, done: int, total: int) -> None:
        """Told after each image of the validation part."""
        self._advance("validating", done, total, "")

    def test(self, done: int, total: int) -> None:
        """Told after each image of a test part."""
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

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
    with _bars(*columns, TimeRemainingColumn(), hidden=not is_first()) as progress:
        yield TrainingBars(progress)
