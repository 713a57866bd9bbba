"""Evaluations as lines of JSON: the fields of MS-HyperIQA's ``eval_results.json``, and ours beside them."""

import json
from collections.abc import Iterator, Mapping, Sequence

from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Prediction
from acutance.scoring.lines import json_line
from acutance.strict_json import json_text

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
