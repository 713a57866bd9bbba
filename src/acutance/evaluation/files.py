"""Results as files: ``eval_results.json`` of each model, in the fields of MS-HyperIQA and more, and ``results.csv``."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from acutance.catalog import CATALOG
from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.results import (
    STATISTICS,
    Agreement,
    Evaluation,
    EvaluationRun,
    FittedCurve,
    Group,
    ModelTest,
    Prediction,
    results_csv,
    tests_csv,
)
from acutance.stats.correlation import plcc, srcc
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object
from acutance.tables.strict_json import json_text
from acutance.tables.write import json_line

RESULTS_NAME = "eval_results.json"
RUN_NAME = "run.json"
CSV_NAME = "results.csv"
TESTS_NAME = "model_tests.csv"
RESERVED_FOLDERS = ("scores", "plots")
"""Folders of an evaluation that hold no model's results."""
ALWAYS_WRITTEN = ("image", "predicted", "ground_truth")
"""Fields of a prediction in MS-HyperIQA's file; the others are left out where they are not known."""
WRITTEN_OTHERWISE = {"model", "dataset", "agreement", "groups", "predictions"}
"""Fields of an evaluation that stand in the file under other names or in another layout."""
PLAIN_CURVE = FittedCurve(kind="none", wanted="none", parameters=())
"""MS-HyperIQA correlates without a fitted curve."""
NO_PREDICTIONS = '\n      "predictions": []'


def write_run(run: EvaluationRun, folder: str | Path) -> list[Path]:
    """Write an evaluation, each file whole or not at all; files of an earlier one are replaced.

    Results of one model stand in ``eval_results.json``; those of several in a folder for each, and ``run.json``
    has their order and which model is better, as ``model_tests.csv`` does. ``results.csv`` has a line for each model,
    dataset and group. The files come back in the order they were written.

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
    by_model: dict[str, list[Evaluation]] = {}
    for one in run.evaluations:
        listed = by_model.setdefault(one.model, [])
        if one.dataset in {other.dataset for other in listed}:
            raise EvaluationError(
                f"Expected one evaluation of {one.model} on {one.dataset}, got two. Give the datasets or the models "
                "different names."
            )
        listed.append(one)
    if not by_model:
        raise EvaluationError("Expected results of at least one model, got none. Evaluate a model first.")
    folders = model_folders(list(by_model))
    files = {
        RESULTS_NAME if len(by_model) == 1 else f"{folders[name]}/{RESULTS_NAME}": _results_json(run, listed)
        for name, listed in by_model.items()
    }
    if len(by_model) > 1:
        files[RUN_NAME] = _run_json(run, folders)
    files[CSV_NAME] = results_csv(run.evaluations)
    if run.tests:
        files[TESTS_NAME] = tests_csv(run.tests)
    written = [_write_lines(folder / name, lines) for name, lines in files.items()]
    for name in {RESULTS_NAME, RUN_NAME, TESTS_NAME} - set(files):
        (folder / name).unlink(missing_ok=True)
    return written


def write_plain_results(run: EvaluationRun, path: str | Path) -> Path:
    """Write MS-HyperIQA's own ``eval_results.json``, its fields alone, correlations without a curve.

    Their sign is that of the numbers as they stand there: negative where higher scores and lower opinions are better.
    Images without a finite score or without an opinion are left out.
    """
    names = list(dict.fromkeys(one.model for one in run.evaluations))
    check_one_model(names)
    described, entry = _described(run.provenance, names[0]), CATALOG.get(names[0])
    settings = described.get("preprocessing")
    crops = settings.get("crops") if isinstance(settings, dict) else None
    fields = {
        "model_path": described.get("weights"),
        "model_type": entry.title if entry else names[0],
        "eval_time": run.eval_time,
        **({} if crops is None else {"patch_num": crops}),
        "datasets": {one.dataset: _plain_entry(one) for one in run.evaluations},
    }
    return _write_lines(Path(path), [json_text(fields, 2), "\n"])


def check_one_model(names: Sequence[str]) -> None:
    """Raise ``EvaluationError`` unless there is one model, as MS-HyperIQA's file of results has."""
    if len(names) != 1:
        raise EvaluationError(
            f"Expected one model for a file of MS-HyperIQA's fields, got {', '.join(names) or 'none'}. Evaluate each "
            "alone, or take eval_results.json of the folder of results, which has these fields and more."
        )


def results_files(models: Sequence[str], folder: Path) -> list[Path]:
    """The files that ``write_run`` makes for these models, and those of an earlier run that it replaces or removes."""
    inside = [folder / place / RESULTS_NAME for place in model_folders(models).values()] if len(models) > 1 else []
    return [*(folder / name for name in (RESULTS_NAME, RUN_NAME, CSV_NAME, TESTS_NAME)), *inside]


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


def read_run(places: str | Path | Iterable[str | Path]) -> EvaluationRun:
    """Read evaluations that were written to files, those of MS-HyperIQA among them.

    Args:
        places: A folder of ``write_run``, a file ``eval_results.json``, or several of these, read one after another;
            a model that two of them evaluate on one dataset gets the name of its folder beside its own.

    Raises:
        EvaluationError: Nothing there, a file of something else, or one that was cut short.
    """
    listed = [places] if isinstance(places, str | Path) else list(places)
    runs = [_read_place(Path(place)) for place in listed]
    if not runs:
        raise EvaluationError("Expected at least one file of results, got none. Name a folder or a file.")
    if len(runs) == 1:
        return runs[0]
    keys = [(one.model, one.dataset) for run in runs for one in run.evaluations]
    is_distinct = len(set(keys)) == len(keys)
    if not is_distinct:
        runs = [
            run.model_copy(update={"evaluations": [_renamed(one, label) for one in run.evaluations], "tests": []})
            for run, label in zip(runs, _labels([Path(place) for place in listed]), strict=True)
        ]
    return EvaluationRun(
        eval_time=max(run.eval_time for run in runs),
        evaluations=[one for run in runs for one in run.evaluations],
        tests=[test for run in runs for test in run.tests] if is_distinct else [],
        provenance={str(place): run.provenance for place, run in zip(listed, runs, strict=True) if run.provenance},
    )


def _results_json(run: EvaluationRun, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """The text of one model's ``eval_results.json``, an image a line."""
    model = evaluations[0].model
    fields: dict[str, object] = {
        "model_path": _described(run.provenance, model).get("weights"),
        "model_type": model,
        "eval_time": run.eval_time,
    }
    if run.provenance:
        fields["provenance"] = {name: _of_model(described, model) for name, described in run.provenance.items()}
    text = json_text(fields | {"datasets": {one.dataset: _entry(one) for one in evaluations}}, 2)
    before, *after = text.rsplit(NO_PREDICTIONS, len(evaluations))  # the last ones: those of the datasets
    yield before
    for one, rest in zip(evaluations, after, strict=True):
        yield '\n      "predictions": [\n'
        for left, prediction in enumerate(one.predictions, start=1 - len(one.predictions)):
            known = {name: value for name, value in prediction if value is not None or name in ALWAYS_WRITTEN}
            yield f"        {json_line(known).rstrip()}{',' if left else ''}\n"
        yield f"      ]{rest}"
    yield "\n"


def _entry(one: Evaluation) -> dict[str, object]:
    fields = one.model_dump(exclude=WRITTEN_OTHERWISE | (set() if one.notes else {"notes"}))
    groups = {
        by: [{"name": group.name, "metrics": _metrics(group.agreement)} for group in listed]
        for by, listed in one.groups.items()
    }
    return {"metrics": _metrics(one.agreement), **fields, "groups": groups, "predictions": []}


def _metrics(agreement: Agreement) -> dict[str, object]:
    """The fields of an agreement, first those of MS-HyperIQA under its names."""
    fields = agreement.model_dump()
    return {"srcc": fields["srcc"], "plcc": fields["plcc"], "num_samples": fields.pop("count")} | fields


def _plain_entry(one: Evaluation) -> dict[str, object]:
    kept = [
        row
        for row in one.predictions
        if row.predicted is not None and math.isfinite(row.predicted) and row.ground_truth is not None
    ]
    scores, opinions = (np.array([getattr(row, name) for row in kept]) for name in ("predicted", "ground_truth"))
    found: dict[str, object] = {}
    for name, correlation in (("srcc", srcc), ("plcc", plcc)):
        try:
            found[name] = correlation(scores, opinions)
        except StatisticsError:
            found[name] = None
    return {
        "metrics": {**found, "num_samples": len(kept)},
        "predictions": [{name: getattr(row, name) for name in ALWAYS_WRITTEN} for row in kept],
    }


def _run_json(run: EvaluationRun, folders: Mapping[str, str]) -> Iterator[str]:
    tests = [test.model_dump() for test in run.tests]
    fields = {"eval_time": run.eval_time, "models": folders, "tests": tests, "provenance": run.provenance}
    yield json_text(fields, 2) + "\n"


def _described(provenance: Mapping[str, object], model: str) -> dict[str, object]:
    """What the provenance says of a model, on the first dataset that does."""
    for described in provenance.values():
        models = described.get("models") if isinstance(described, dict) else None
        for one in models if isinstance(models, list) else []:
            if isinstance(one, dict) and one.get("model") == model:
                return one
    return {}


def _of_model(described: object, model: str) -> object:
    """A dataset's provenance without the other models."""
    if not isinstance(described, dict) or not isinstance(described.get("models"), list):
        return described
    own = [one for one in described["models"] if not isinstance(one, dict) or one.get("model") == model]
    return {**described, "models": own}


def _write_lines(path: Path, lines: Iterable[str]) -> Path:
    try:
        with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise EvaluationError(f"Expected to write results to {path}, got: {error.strerror or error}.") from error
    return path


def _read_place(place: Path) -> EvaluationRun:
    if place.is_file():
        fields = _fields(place)
        return _run(fields, _evaluations(place, fields))
    if not place.is_dir():
        raise EvaluationError(f"Expected results at {place}, got nothing there. Check the path.")
    if (place / RUN_NAME).is_file():
        return _read_several(place)
    if (place / RESULTS_NAME).is_file():
        return _read_place(place / RESULTS_NAME)
    below = sorted(place.glob(f"*/{RESULTS_NAME}"))
    if not below:
        raise EvaluationError(
            f"Expected {RESULTS_NAME} in {place} or in folders below it, got none. Make it with: acutance evaluate."
        )
    return read_run(below)


def _read_several(folder: Path) -> EvaluationRun:
    """The results of several models, in the order of ``run.json``."""
    fields = _fields(folder / RUN_NAME)
    models = fields.get("models")
    files = [folder / str(name) / RESULTS_NAME for name in models.values()] if isinstance(models, dict) else []
    if not files or not all(file.is_file() for file in files):
        raise EvaluationError(
            f"Expected the folders that {folder / RUN_NAME} names as models, got none or not all. Evaluate again."
        )
    try:
        tests = TypeAdapter(list[ModelTest]).validate_python(fields.get("tests", []))
    except ValidationError as error:
        raise EvaluationError(
            f"Expected tests in {folder / RUN_NAME}, got {_reason(error)}. Evaluate again."
        ) from error
    return _run(fields, [one for file in files for one in _evaluations(file, _fields(file))], tests)


def _fields(path: Path) -> dict[str, object]:
    return read_json_object(path, "results", "Evaluate again.", EvaluationError, is_noted=True)


def _run(fields: Mapping[str, object], evaluations: list[Evaluation], tests: Sequence[ModelTest] = ()) -> EvaluationRun:
    found = fields.get("provenance")
    return EvaluationRun(
        eval_time=str(fields.get("eval_time", "")),
        evaluations=evaluations,
        tests=list(tests),
        provenance=found if isinstance(found, dict) else {},
    )


def _evaluations(path: Path, fields: Mapping[str, object]) -> list[Evaluation]:
    """The evaluations of one model's file, ours or of MS-HyperIQA, which has fewer fields."""
    model, datasets = fields.get("model_type"), fields.get("datasets")
    if not isinstance(model, str) or not isinstance(datasets, dict) or not datasets:
        raise EvaluationError(
            f"Expected the fields model_type and datasets in {path}, got {', '.join(fields) or 'nothing'}. "
            "Name a file of acutance evaluate, or of MS-HyperIQA."
        )
    try:
        return [_evaluation(model, str(name), entry) for name, entry in datasets.items()]
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f"Expected metrics and predictions of every dataset in {path}, got {_reason(error)}. Evaluate again."
        ) from error


def _evaluation(model: str, dataset: str, entry: Any) -> Evaluation:  # noqa: ANN401 (JSON)
    own = {name: entry[name] for name in set(Evaluation.model_fields) - WRITTEN_OTHERWISE if name in entry}
    groups = {
        by: [Group(name=one["name"], agreement=_agreement(one["metrics"])) for one in listed]
        for by, listed in entry.get("groups", {}).items()
    }
    return Evaluation(
        model=model,
        dataset=dataset,
        agreement=_agreement(entry["metrics"]),
        groups=groups,
        predictions=[Prediction.model_validate(one) for one in entry["predictions"]],
        **({"better": "higher", "mos_better": "higher"} | own),
    )


def _agreement(metrics: Mapping[str, Any]) -> Agreement:
    fields = dict.fromkeys((*STATISTICS, "curve")) | {name: metrics[name] for name in metrics if name != "num_samples"}
    if "plcc_unfitted" not in metrics:
        fields |= {"plcc_unfitted": metrics["plcc"], "curve": PLAIN_CURVE}
    return Agreement.model_validate(fields | {"count": metrics["num_samples"]})


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{' '.join(str(first['msg']).split())} at {'.'.join(map(str, first['loc']))}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _labels(places: Sequence[Path]) -> list[str]:
    """Names that set runs of one model apart: their folders."""
    labels = [place.parent.name if place.name == RESULTS_NAME else place.name for place in places]
    return labels if len(set(labels)) == len(labels) else [str(place) for place in places]


def _renamed(one: Evaluation, label: str) -> Evaluation:
    return one.model_copy(update={"model": f"{one.model} ({label})"})
