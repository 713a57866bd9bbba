"""The end of a command: messages on stderr, plots and pages, and the exit status."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acutance.comparison.results import Comparison
    from acutance.evaluation.results import EvaluationRun

SOME_FAILED = 1
"""Exit status where some images failed."""


def say(lines: Iterable[str]) -> None:
    """Lines on stderr; what cannot be printed is spelt out."""
    from acutance.tables.text import printable

    for line in lines:
        typer.echo(printable(line), err=True)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise unless a file can be written there.

    Raises:
        ConfigError: A folder, or a file that may not be replaced.
    """
    from acutance.errors import ConfigError

    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {path}, got one. Name another, or replace it with --overwrite.")


def check_drawable(report: Path | None, *, plots: bool, replaces: bool) -> None:
    """Raise before any work where plots or a page could not be made after it."""
    from acutance.extras import require

    if plots:
        require("matplotlib", extra="plots")
    if report is not None:
        from acutance.reports.page import check_report_place

        check_report_place(report, overwrite=replaces)


def write_page(results: "EvaluationRun | Comparison", report: Path | None, *, replaces: bool) -> None:
    """Write the page that was asked for."""
    if report is None:
        return
    from acutance.cli.progress import counting
    from acutance.reports.page import write_report

    with counting("report") as advance:
        write_report(results, report, overwrite=replaces, on_progress=advance)
    say([f"report: {report}"])


def end(failures: Iterable[str], total: int, where: str = "") -> None:
    """Tell of each failure and where results are; status 1 if anything failed."""
    failed = [f"failed: {failure}" for failure in failures]
    say([*failed, *([where] if where else [])])
    if failed:
        say([f"{len(failed)} of {total} scores failed"])
        raise typer.Exit(SOME_FAILED)
