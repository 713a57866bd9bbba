"""Evaluations from JSON: our files, and those of MS-HyperIQA, which have fewer fields."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from acutance.errors import EvaluationError
from acutance.evaluation.results import Agreement, Evaluation, FittedCurve, Group, ModelTest, Prediction

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
