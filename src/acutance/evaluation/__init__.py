"""Agreement of models with people.

    evaluate("hyperiqa", data="koniq10k", root="/data/koniq10k", part="test", output="results")
    read_run("results")                                      the same, read again

``evaluate`` is imported when first used, so that reading results stays quick.
"""

import importlib
from typing import TYPE_CHECKING

from acutance.evaluation.files import read_run, write_run
from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Prediction

if TYPE_CHECKING:
    from acutance.evaluation.api import evaluate

__all__ = ["Agreement", "Evaluation", "EvaluationRun", "Prediction", "evaluate", "read_run", "write_run"]


def __getattr__(name: str) -> object:
    if name != "evaluate":
        raise AttributeError(f"module 'acutance.evaluation' has no attribute {name!r}")
    return importlib.import_module("acutance.evaluation.api").evaluate
