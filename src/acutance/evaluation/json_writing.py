"""Evaluations as lines of JSON: the fields of MS-HyperIQA's ``eval_results.json``, and ours beside them."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from acutance.errors import StatisticsError
from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Prediction
from acutance.stats.correlation import plcc, srcc
from acutance.tables.strict_json import json_text
from acutance.tables.write import json_line

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
