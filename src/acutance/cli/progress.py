"""Progress bars, on stderr and only where somebody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

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
