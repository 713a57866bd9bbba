"""Names and numbers as a figure shows them, and which evaluations stand where."""

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acutance.errors import ConfigError
from acutance.evaluation.results import Evaluation, EvaluationRun, Interval
from acutance.tables.text import pretty
from acutance.types import Better

WIDTH = 18
"""Characters a line of a name beside an axis."""
LINES = 3
"""Lines of such a name."""
NONE = "\N{EN DASH}"
"""Stands where there is no number."""
MINUS = "\N{MINUS SIGN}"
"""As wide as a plus, as on axes."""
BREAK_AFTER = re.compile(r"(?<=[-_./ ])")
STATISTICS = {"srcc": "SRCC", "plcc": "PLCC", "krcc": "KRCC", "rmse": "RMSE", "mae": "MAE", "mos": "MOS"}


def drawable(text: str) -> str:
    r"""Text with a sign in place of what cannot be drawn: line breaks, control characters, broken Unicode.

    Example:
        >>> drawable("two\nlines")
        'two�lines'
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def wrapped(name: str, width: int = WIDTH, lines: int = LINES) -> str:
    """A name on several lines, broken after ``_ - . /`` where it can be; the middle of a very long one is left out.

    Example:
        >>> print(wrapped("ms_hyperiqa.koniq10k", 14))
        ms_hyperiqa.
        koniq10k
    """
    name = drawable(name)
    for length in range(min(len(name), width * lines), width, -1):
        rows = _broken(shortened(name, length), width)
        if len(rows) <= lines:
            return "\n".join(rows)
    return shortened(name, width)


def prose(text: str, width: int = 50, lines: int = 3) -> str:
    r"""A sentence on several lines, cut off after the last.

    Example:
        >>> prose("Expected scores that differ, got 40 times 3.", 20, 2)
        'Expected scores that\ndiffer, got 40 …'
    """
    return "\n".join(textwrap.wrap(drawable(text), width, max_lines=lines, placeholder=" …"))


def shortened(name: str, length: int) -> str:
    """A name without its middle, if it is longer than a length.

    Example:
        >>> shortened("ms_hyper_lr2e-05_bs96", 11)
        'ms_hy…_bs96'
    """
    if len(name) <= length:
        return name
    tail = (length - 1) // 2
    return f"{name[: length - 1 - tail]}…{name[len(name) - tail :]}"


def longest_line(names: Sequence[str]) -> int:
    r"""Characters of the longest line of some names.

    Example:
        >>> longest_line(["ms_hyperiqa.\nkoniq10k", "afine"])
        12
    """
    return max(len(line) for name in names for line in name.splitlines() or [""])


def all_wrapped(names: Sequence[str], width: int = WIDTH, lines: int = LINES) -> list[str]:
    """Names on several lines each; whole, however long, where shortening would make two of them look the same."""
    short = [wrapped(name, width, lines) for name in names]
    if len(set(short)) == len(set(names)):
        return short
    return [wrapped(name, width, -(-len(name) // width) + LINES) for name in names]


def direction(better: Better) -> str:
    """Label for the direction of an axis.

    Example:
        >>> direction("lower")
        'lower is better'
    """
    return f"{better} is better"


def number(value: float | None, digits: int = 3) -> str:
    """A number with fixed digits after the point, or a dash where there is none.

    Example:
        >>> number(0.91234), number(1234.5), number(None) == NONE
        ('0.912', '1234', True)
    """
    if value is None or math.isnan(value):
        return NONE
    return pretty(value, f".{digits}f" if abs(value) < 100 or not digits else ".4g").replace("-", MINUS)


def with_interval(value: float | None, interval: Interval | None) -> str:
    """A number and its interval.

    Example:
        >>> with_interval(0.9, Interval(low=0.88, high=0.92))
        '0.900 [0.880, 0.920]'
    """
    if interval is None:
        return number(value)
    return f"{number(value)} [{number(interval.low)}, {number(interval.high)}]"


def statistic_label(name: str) -> str:
    """The name of a statistic as papers write it.

    Example:
        >>> statistic_label("srcc"), statistic_label("outlier_ratio")
        ('SRCC', 'outlier ratio')
    """
    return STATISTICS.get(name, drawable(name.replace("_", " ")))


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts names with numbers as people do: 2 before 10.

    Example:
        >>> sorted(["10", "2", "jpeg"], key=natural)
        ['2', '10', 'jpeg']
    """
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def _broken(name: str, width: int) -> list[str]:
    """A name on as many lines as it takes."""
    words = BREAK_AFTER.split(name)
    pieces = [word[start : start + width] for word in words for start in range(0, len(word), width)]
    rows = [""]
    for piece in pieces:
        if rows[-1] and len(rows[-1]) + len(piece.rstrip()) > width:
            rows.append(piece)
        else:
            rows[-1] += piece
    return [row.strip() for row in rows if row.strip()]


RESULT_NAMES = ("metrics.json", "metrics.jsonl", "metrics.csv", "eval_results.json", "run.json", "comparison.json")
"""Files that every folder of results has, so that their names say nothing."""


@dataclass(frozen=True)
class Grid:
    """The evaluations of a run by (model, dataset); pairs that were not evaluated are not there."""

    models: tuple[str, ...]
    """In order of first appearance."""
    datasets: tuple[str, ...]
    cells: dict[tuple[str, str], Evaluation]


def grid_of(run: EvaluationRun) -> Grid:
    """The evaluations of a run by model and dataset.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one dataset.
    """
    if not run.evaluations:
        raise ConfigError("Expected at least one evaluation to plot, got none. Evaluate a model on a dataset first.")
    cells: dict[tuple[str, str], Evaluation] = {}
    for evaluation in run.evaluations:
        key = (evaluation.model, dataset_name(evaluation))
        if key in cells:
            raise ConfigError(
                f"Expected one evaluation of {key[0]} on {key[1]}, got two. Tell them apart, a --labels for each file."
            )
        cells[key] = evaluation
    models, datasets = (tuple(dict.fromkeys(key[side] for key in cells)) for side in (0, 1))
    return Grid(models, datasets, cells)


def dataset_name(evaluation: Evaluation) -> str:
    """The name of a dataset, with the part and the protocol where they are not the plain whole."""
    details = [evaluation.part] if evaluation.part != "all" else []
    details += [evaluation.protocol] if evaluation.protocol != "plain" else []
    return f"{evaluation.dataset} ({', '.join(details)})" if details else evaluation.dataset


def merged_runs(runs: Sequence[EvaluationRun], labels: Sequence[str] = ()) -> EvaluationRun:
    """Several runs as one, for figures in which experiments stand beside each other.

    A label takes the place of the name of a run's model, or stands before the names of several.

    Raises:
        ConfigError: Another number of labels than runs, or a label twice.
    """
    check_labels(len(runs), labels)
    if labels:
        runs = [_labelled(run, label) for run, label in zip(runs, labels, strict=True)]
    return EvaluationRun(
        eval_time=runs[0].eval_time, evaluations=[evaluation for run in runs for evaluation in run.evaluations]
    )


def labels_of(places: Sequence[Path], labels: Sequence[str]) -> list[str]:
    """The given labels, or else for each place as much of the end of its path as tells them apart.

    A file of results is called by its folder.

    Raises:
        ConfigError: Other than one label for each, or a label twice.

    Example:
        >>> labels_of([Path("old/run1/metrics.json"), Path("new/run1")], [])
        ['old/run1', 'new/run1']
    """
    check_labels(len(places), labels)
    if labels:
        return list(labels)
    parts = [_called(place).parts for place in places]
    for length in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{part[-1]} {rank}" for rank, part in enumerate(parts, start=1)]


def check_labels(count: int, labels: Sequence[str]) -> None:
    """Raise unless there is a label for each of some files, all of them different, or none at all.

    Raises:
        ConfigError: Otherwise.
    """
    if labels and len(labels) != count:
        raise ConfigError(f"Expected as many labels as files, got {len(labels)} for {count}. Repeat --labels.")
    for place, label in enumerate(labels):
        if not label or label in labels[:place]:
            raise ConfigError(f"Expected labels that tell files apart, got {label!r} twice or empty. Choose others.")


def _called(place: Path) -> Path:
    whole = place.absolute()
    if whole.name in RESULT_NAMES:
        return whole.parent
    return whole.with_suffix("") if whole.is_file() else whole


def _labelled(run: EvaluationRun, label: str) -> EvaluationRun:
    alone = len({evaluation.model for evaluation in run.evaluations}) == 1
    evaluations = [
        evaluation.model_copy(update={"model": label if alone else f"{label}: {evaluation.model}"})
        for evaluation in run.evaluations
    ]
    return run.model_copy(update={"evaluations": evaluations})
