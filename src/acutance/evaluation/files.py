"""Results as files: ``eval_results.json`` of each model, in the fields of MS-HyperIQA and more, and ``results.csv``."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from acutance.catalog import CATALOG
from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.results import (
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

PLAIN_CURVE = FittedCurve(kind="none", wanted="none", parameters=())
"""MS-HyperIQA correlates without a fitted curve."""
MISSING = dict.fromkeys(("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio", "curve"))
OWN_FIELDS = ("better", "mos_better", "root", "protocol", "part", "protocol_results", "failed", "unrated", "notes")


def read_evaluations(path: Path, fields: Mapping[str, object]) -> list[Evaluation]:
    """The evaluations of one model's file.

    Args:
        path: The file, for errors.
        fields: What stands in it.

    Raises:
        EvaluationError: Fields that are missing or of another kind.
    """
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
            f"Expected metrics and predictions of every data set in {path}, got {_reason(error)}. Evaluate again."
        ) from error


def read_tests(path: Path, fields: Mapping[str, object]) -> list[ModelTest]:
    """The tests between models of ``run.json``.

    Args:
        path: The file, for errors.
        fields: What stands in it.

    Raises:
        EvaluationError: Fields that are missing or of another kind.
    """
    listed: Any = fields.get("tests", [])
    try:
        return [ModelTest.model_validate(one) for one in listed]
    except (ValidationError, TypeError) as error:
        raise EvaluationError(f"Expected tests in {path}, got {_reason(error)}. Evaluate again.") from error


def _evaluation(model: str, dataset: str, entry: Any) -> Evaluation:  # noqa: ANN401 (JSON)
    own = {name: entry[name] for name in OWN_FIELDS if name in entry}
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
    fields = {name: value for name, value in metrics.items() if name != "num_samples"}
    if "plcc_unfitted" not in fields:
        fields |= {"plcc_unfitted": fields["plcc"], "curve": PLAIN_CURVE}
    return Agreement.model_validate(MISSING | fields | {"count": metrics["num_samples"]})


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{' '.join(str(first['msg']).split())} at {'.'.join(map(str, first['loc']))}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


ALWAYS_WRITTEN = ("image", "predicted", "ground_truth")
"""Fields of a prediction in MS-HyperIQA's file; the others are left out where they are not known."""


def evaluation_json(run: EvaluationRun, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """The text of one model's ``eval_results.json``, a picture a line.

    Args:
        run: The run, for its time and provenance.
        evaluations: Those of one model, at least one.
    """
    described = _described(run.provenance, evaluations[0].model)
    head = {
        "model_path": described.get("weights"),
        "model_type": evaluations[0].model,
        "eval_time": run.eval_time,
    }
    if run.provenance:
        head["provenance"] = {name: _own(one, evaluations[0].model) for name, one in run.provenance.items()}
    yield _indented(head)[: -len("\n}")] + ',\n  "datasets": {\n'
    for index, one in enumerate(evaluations):
        fields = _indented(_entry(one), depth=2)[: -len("\n    }")]
        yield f'    {_quoted(one.dataset)}: {fields},\n      "predictions": [\n'
        yield from _predictions(one.predictions)
        yield "      ]\n    }" + (",\n" if index + 1 < len(evaluations) else "\n")
    yield "  }\n}\n"


def run_json(run: EvaluationRun, folders: Mapping[str, str]) -> Iterator[str]:
    """The text of ``run.json``: the models and their folders, and which is better.

    Args:
        run: The run.
        folders: Folder of each model, in their order.
    """
    head = {
        "eval_time": run.eval_time,
        "models": dict(folders),
        "tests": [test.model_dump() for test in run.tests],
        "provenance": run.provenance,
    }
    yield _indented(head) + "\n"


def plain_json(run: EvaluationRun, model_type: str) -> str:
    """The text of MS-HyperIQA's own ``eval_results.json``: its fields alone, correlations without a curve.

    Their sign is that of the numbers as they stand there: negative where higher scores and lower opinions are better.
    Pictures without a finite score or without an opinion are left out.

    Args:
        run: Evaluations of one model, at least one.
        model_type: What to call it.
    """
    described = _described(run.provenance, run.evaluations[0].model)
    settings = described.get("preprocessing")
    crops = settings.get("crops") if isinstance(settings, dict) else None
    head = {
        "model_path": described.get("weights"),
        "model_type": model_type,
        "eval_time": run.eval_time,
        **({} if crops is None else {"patch_num": crops}),
    }
    return json_text({**head, "datasets": {one.dataset: _plain_entry(one) for one in run.evaluations}}, 2) + "\n"


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


def metrics(agreement: Agreement) -> dict[str, object]:
    """The fields of an agreement under the names of the file."""
    fields = agreement.model_dump()
    count = fields.pop("count")
    return {"srcc": fields.pop("srcc"), "plcc": fields.pop("plcc"), "num_samples": count, **fields}


def _entry(one: Evaluation) -> dict[str, object]:
    groups = {
        by: [{"name": group.name, "metrics": metrics(group.agreement)} for group in listed]
        for by, listed in one.groups.items()
    }
    return {
        "metrics": metrics(one.agreement),
        "better": one.better,
        "mos_better": one.mos_better,
        "root": one.root,
        "protocol": one.protocol,
        "part": one.part,
        "protocol_results": one.protocol_results,
        "failed": one.failed,
        "unrated": one.unrated,
        **({"notes": one.notes} if one.notes else {}),
        "groups": groups,
    }


def _predictions(predictions: Sequence[Prediction]) -> Iterator[str]:
    names = tuple(Prediction.model_fields)
    for index, one in enumerate(predictions):
        fields = {name: value for name in names if (value := getattr(one, name)) is not None or name in ALWAYS_WRITTEN}
        comma = "," if index + 1 < len(predictions) else ""
        yield f"        {json_line(fields).rstrip()}{comma}\n"


def _described(provenance: Mapping[str, object], model: str) -> dict[str, object]:
    """What the provenance says of a model, on the first data set that does."""
    for described in provenance.values():
        models = described.get("models") if isinstance(described, dict) else None
        for one in models if isinstance(models, list) else []:
            if isinstance(one, dict) and one.get("model") == model:
                return one
    return {}


def _own(described: object, model: str) -> object:
    """A data set's provenance without the other models."""
    if not isinstance(described, dict) or not isinstance(described.get("models"), list):
        return described
    own = [one for one in described["models"] if not isinstance(one, dict) or one.get("model") == model]
    return {**described, "models": own}


def _indented(value: object, depth: int = 0) -> str:
    return json_text(value, 2).replace("\n", "\n" + "  " * depth)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


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
