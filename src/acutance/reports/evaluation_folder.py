"""All figures of an evaluation in one folder."""

from collections.abc import Iterator
from pathlib import Path

from acutance.evaluation.results import EvaluationRun
from acutance.reports.canvas import Figure
from acutance.reports.evaluation_plots import groups_figure, matrix_figure, metrics_figure, scatter_figure
from acutance.reports.figures import save_figure
from acutance.reports.groups import Division, group_names

DIVISIONS: tuple[Division, ...] = ("distortion", "level")
"""Groups that are drawn; references are too many for one figure."""


def write_plots(run: EvaluationRun, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write ``scatter.png``, ``metrics.png``, and ``matrix.png`` and ``distortion.png``, ``level.png`` where they fit.

    Args:
        run: The evaluations, at least one.
        folder: Where to write; it is made.
        overwrite: Whether files that are there may be replaced.

    Returns:
        The files.

    Raises:
        ConfigError: A file that is there, or a place that cannot be written to.
    """
    written = []
    for name, figure in _figures(run):
        path = folder / f"{name}.png"
        save_figure(figure, path, overwrite=overwrite)
        written.append(path)
    return written


def _figures(run: EvaluationRun) -> Iterator[tuple[str, Figure]]:
    yield "scatter", scatter_figure(run)
    yield "metrics", metrics_figure(run)
    if len({one.dataset for one in run.evaluations}) > 1:
        yield "matrix", matrix_figure(run)
    for by in DIVISIONS:
        if group_names(run.evaluations, by)[0]:
            yield by, groups_figure(run, by=by)
