"""Which evaluations stand where: models, data sets, and several runs as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acutance.errors import ConfigError
from acutance.evaluation.results import Evaluation, EvaluationRun

RESULT_NAMES = ("metrics.json", "metrics.jsonl", "metrics.csv", "eval_results.json", "run.json", "comparison.json")
"""Files that every folder of results has, so that their names say nothing."""


@dataclass(frozen=True)
class Grid:
    """The evaluations of a run by model and data set; pairs that were not evaluated are not there.

    Attributes:
        models: Names in order of first appearance.
        datasets: Names in order of first appearance, with the part or protocol where it is not the plain whole.
        cells: The evaluations by (model, data set).
    """

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    cells: dict[tuple[str, str], Evaluation]


def grid_of(run: EvaluationRun) -> Grid:
    """The evaluations of a run by model and data set.

    Raises:
        ConfigError: A run without evaluations, or two of one model on one data set.
    """
    if not run.evaluations:
        raise ConfigError("Expected at least one evaluation to plot, got none. Evaluate a model on a data set first.")
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
    """The name of a data set, with the part and the protocol where they are not the plain whole."""
    details = [evaluation.part] if evaluation.part != "all" else []
    details += [evaluation.protocol] if evaluation.protocol != "plain" else []
    return f"{evaluation.dataset} ({', '.join(details)})" if details else evaluation.dataset


def merged_runs(runs: Sequence[EvaluationRun], labels: Sequence[str] = ()) -> EvaluationRun:
    """Several runs as one, for figures in which experiments stand beside each other.

    Args:
        runs: At least one.
        labels: A name for each run, which takes the place of its model's, or stands before the names of several;
            none keeps the names of the models.

    Raises:
        ConfigError: Another number of labels than runs, or a label twice.
    """
    demand_labels(len(runs), labels)
    if labels:
        runs = [_labelled(run, label) for run, label in zip(runs, labels, strict=True)]
    return EvaluationRun(
        eval_time=runs[0].eval_time, evaluations=[evaluation for run in runs for evaluation in run.evaluations]
    )


def labels_of(places: Sequence[Path], labels: Sequence[str]) -> list[str]:
    """The given labels, or else for each place as much of the end of its path as tells them apart.

    A file of results is called by its folder.

    Args:
        places: Folders or files.
        labels: A name for each, or none.

    Raises:
        ConfigError: Other than one label for each, or a label twice.

    Example:
        >>> labels_of([Path("old/run1/metrics.json"), Path("new/run1")], [])
        ['old/run1', 'new/run1']
    """
    demand_labels(len(places), labels)
    if labels:
        return list(labels)
    parts = [_called(place).parts for place in places]
    for length in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{part[-1]} {rank}" for rank, part in enumerate(parts, start=1)]


def demand_labels(count: int, labels: Sequence[str]) -> None:
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
