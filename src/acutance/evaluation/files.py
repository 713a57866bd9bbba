"""Results as files: ``eval_results.json`` of each model, in the fields of MS-HyperIQA and more, and ``results.csv``."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from acutance.catalog import CATALOG
from acutance.errors import EvaluationError
from acutance.evaluation.json_reading import read_evaluations, read_tests
from acutance.evaluation.json_writing import evaluation_json, plain_json, run_json
from acutance.evaluation.results import Evaluation, EvaluationRun
from acutance.evaluation.results_csv import results_csv, tests_csv
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object

RESULTS_NAME = "eval_results.json"
RUN_NAME = "run.json"
CSV_NAME = "results.csv"
TESTS_NAME = "model_tests.csv"
RESERVED_FOLDERS = ("scores", "plots")
"""Folders of an evaluation that hold no model's results."""

Places = str | Path


def write_run(run: EvaluationRun, folder: str | Path) -> list[Path]:
    """Write an evaluation, each file whole or not at all; files of an earlier one are replaced.

    Results of one model stand in ``eval_results.json``; those of several in a folder for each, and ``run.json``
    tells their order and which model is better, as ``model_tests.csv`` does. ``results.csv`` has a line for each model,
    data set and group.

    Args:
        run: The results.
        folder: Where to write; it is made.

    Returns:
        The files, in the order they were written.

    Raises:
        EvaluationError: No results, one data set twice for a model, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Prediction
        >>> none = dict.fromkeys(("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio", "curve"))
        >>> one = Evaluation(model="ssim", dataset="mine", better="higher", mos_better="higher",
        ...                  agreement=Agreement(count=0, problem="no opinions", **none),
        ...                  predictions=[Prediction(image="a.png", predicted=0.5, ground_truth=None)])
        >>> run = EvaluationRun(eval_time="2030-01-31 12:00:00", evaluations=[one])
        >>> folder = tempfile.mkdtemp()
        >>> [path.name for path in write_run(run, folder)]
        ['eval_results.json', 'results.csv']
        >>> read_run(folder) == run
        True
    """
    folder = Path(folder)
    names = list(dict.fromkeys(one.model for one in run.evaluations))
    if not names:
        raise EvaluationError("Expected results of at least one model, got none. Evaluate a model first.")
    _demand_distinct(run.evaluations)
    try:
        return _write(run, folder, names)
    except OSError as error:
        raise EvaluationError(f"Expected to write results to {folder}, got: {error.strerror or error}.") from error


def write_plain_results(run: EvaluationRun, path: str | Path) -> Path:
    """Write MS-HyperIQA's own ``eval_results.json``, its fields alone, whole or not at all.

    Args:
        run: Evaluations of one model.
        path: Where to; a file that is there is replaced.

    Raises:
        EvaluationError: Several models, or none, or a place that cannot be written to.
    """
    names = list(dict.fromkeys(one.model for one in run.evaluations))
    demand_one_model(names)
    entry = CATALOG.get(names[0])
    try:
        return _write_lines(Path(path), [plain_json(run, entry.title if entry else names[0])])
    except OSError as error:
        raise EvaluationError(f"Expected to write results to {path}, got: {error.strerror or error}.") from error


def demand_one_model(names: Sequence[str]) -> None:
    """Raise unless there is one model, as MS-HyperIQA's file of results has.

    Raises:
        EvaluationError: Several, or none.
    """
    if len(names) != 1:
        raise EvaluationError(
            f"Expected one model for a file of MS-HyperIQA's fields, got {', '.join(names) or 'none'}. Evaluate each "
            "alone, or take eval_results.json of the folder of results, which has these fields and more."
        )


def results_files(models: Sequence[str], folder: Path) -> list[Path]:
    """The files that ``write_run`` makes for these models, and those that an earlier run may have left in their place.

    Args:
        models: Names of the models, in their order.
        folder: The folder of results.
    """
    inside = [folder / place / RESULTS_NAME for place in model_folders(models).values()] if len(models) > 1 else []
    return [folder / RESULTS_NAME, folder / RUN_NAME, folder / CSV_NAME, folder / TESTS_NAME, *inside]


def read_run(places: Places | Iterable[Places]) -> EvaluationRun:
    """Read evaluations that were written to files, those of MS-HyperIQA among them.

    Args:
        places: A folder of ``write_run``, a file ``eval_results.json``, or several of these, read one after another;
            a model that two of them evaluate on one data set gets the name of its folder beside its own.

    Raises:
        EvaluationError: Nothing there, a file of something else, or one that was cut short.
    """
    listed = [places] if isinstance(places, str | Path) else list(places)
    runs = [_read_one(Path(place)) for place in listed]
    if not runs:
        raise EvaluationError("Expected at least one file of results, got none. Name a folder or a file.")
    if len(runs) == 1:
        return runs[0]
    return EvaluationRun(
        eval_time=max(run.eval_time for run in runs),
        evaluations=_told_apart(runs, [Path(place) for place in listed]),
        tests=[test for run in runs for test in run.tests] if _is_distinct(runs) else [],
        provenance={str(place): run.provenance for place, run in zip(listed, runs, strict=True) if run.provenance},
    )


def model_folders(models: Sequence[str]) -> dict[str, str]:
    """A folder name for each model that any file system takes.

    Example:
        >>> model_folders(["ssim", "ours/v2", "ours:v2", "scores"])
        {'ssim': 'ssim', 'ours/v2': 'ours_v2', 'ours:v2': 'ours_v2-2', 'scores': 'scores-2'}
    """
    taken = set(RESERVED_FOLDERS)
    folders: dict[str, str] = {}
    for model in models:
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", model).strip(".") or "model"
        name, number = plain, 2
        while name.lower() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.lower())
        folders[model] = name
    return folders


def _write(run: EvaluationRun, folder: Path, names: Sequence[str]) -> list[Path]:
    by_model = {name: [one for one in run.evaluations if one.model == name] for name in names}
    written = []
    if len(names) == 1:
        (folder / RUN_NAME).unlink(missing_ok=True)
        written.append(_write_lines(folder / RESULTS_NAME, evaluation_json(run, by_model[names[0]])))
    else:
        folders = model_folders(names)
        written += [
            _write_lines(folder / folders[name] / RESULTS_NAME, evaluation_json(run, by_model[name])) for name in names
        ]
        written.append(_write_lines(folder / RUN_NAME, run_json(run, folders)))
        (folder / RESULTS_NAME).unlink(missing_ok=True)
    written.append(_write_lines(folder / CSV_NAME, results_csv(run.evaluations)))
    if run.tests:
        written.append(_write_lines(folder / TESTS_NAME, tests_csv(run.tests)))
    else:
        (folder / TESTS_NAME).unlink(missing_ok=True)
    return written


def _write_lines(path: Path, lines: Iterable[str]) -> Path:
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    return path


def _demand_distinct(evaluations: Sequence[Evaluation]) -> None:
    seen: set[tuple[str, str]] = set()
    for one in evaluations:
        if (one.model, one.dataset) in seen:
            raise EvaluationError(
                f"Expected one evaluation of {one.model} on {one.dataset}, got two. Give the data sets or the models "
                "different names."
            )
        seen.add((one.model, one.dataset))


def _read(path: Path) -> dict[str, object]:
    return read_json_object(path, "results", "Evaluate again.", EvaluationError, is_noted=True)


def _read_one(place: Path) -> EvaluationRun:
    if place.is_dir():
        return _read_folder(place)
    if not place.is_file():
        raise EvaluationError(f"Expected results at {place}, got nothing there. Check the path.")
    fields = _read(place)
    return EvaluationRun(
        eval_time=str(fields.get("eval_time", "")),
        evaluations=read_evaluations(place, fields),
        provenance=_provenance(fields),
    )


def _read_folder(folder: Path) -> EvaluationRun:
    if (folder / RUN_NAME).is_file():
        fields = _read(folder / RUN_NAME)
        inside = fields.get("models")
        places = [str(name) for name in inside.values()] if isinstance(inside, dict) else []
        files = [folder / name / RESULTS_NAME for name in places]
        if not files or not all(file.is_file() for file in files):
            raise EvaluationError(
                f"Expected the folders that {folder / RUN_NAME} names as models, got none or not all. Evaluate again."
            )
        return EvaluationRun(
            eval_time=str(fields.get("eval_time", "")),
            evaluations=[one for file in files for one in read_evaluations(file, _read(file))],
            tests=read_tests(folder / RUN_NAME, fields),
            provenance=_provenance(fields),
        )
    if (folder / RESULTS_NAME).is_file():
        return _read_one(folder / RESULTS_NAME)
    below = sorted(folder.glob(f"*/{RESULTS_NAME}"))
    if not below:
        raise EvaluationError(
            f"Expected {RESULTS_NAME} in {folder} or in folders below it, got none. Make it with: acutance evaluate."
        )
    return read_run(below)


def _provenance(fields: dict[str, object]) -> dict[str, object]:
    found = fields.get("provenance")
    return dict(found) if isinstance(found, dict) else {}


def _is_distinct(runs: Sequence[EvaluationRun]) -> bool:
    keys = [(one.model, one.dataset) for run in runs for one in run.evaluations]
    return len(set(keys)) == len(keys)


def _told_apart(runs: Sequence[EvaluationRun], places: Sequence[Path]) -> list[Evaluation]:
    """The evaluations of all runs; where a model and data set meet twice, the model is told with its place."""
    if _is_distinct(runs):
        return [one for run in runs for one in run.evaluations]
    labels = [place.parent.name if place.name == RESULTS_NAME else place.name for place in places]
    if len(set(labels)) < len(labels):
        labels = [str(place) for place in places]
    return [
        one.model_copy(update={"model": f"{one.model} ({label})"})
        for run, label in zip(runs, labels, strict=True)
        for one in run.evaluations
    ]
