"""How good does this image look? Image quality scores one can cite.

    acutance.score("out.png", reference="truth.png", model="psnr")    one score
    acutance.score("outputs/", reference="truth/")                    rows of many
    acutance.compare(["swinir/", "ours/"], reference="truth/")    which method is better
    acutance.evaluate("psnr", data="kadid10k", root="kadid10k")    how well a model agrees with people
    acutance.load("afine", weights="afine.pth")             a model: an nn.Module
    acutance.list_models()                                  what there is

Everything is imported when first used: ``import acutance`` loads no torch.
"""

import importlib
from typing import TYPE_CHECKING

from acutance.errors import (
    AcutanceError,
    CheckpointError,
    ConfigError,
    DatasetError,
    EvaluationError,
    ImageReadError,
    InputError,
    MissingExtraError,
    MissingWeightsError,
    OtherProcessError,
    PairingError,
    ShapeMismatchError,
    StatisticsError,
    TrainingError,
    UnknownNameError,
)
from acutance.types import ScoreInfo

if TYPE_CHECKING:
    from acutance.catalog import list_models, load
    from acutance.comparison.api import compare
    from acutance.evaluation.api import evaluate
    from acutance.scoring.api import score
    from acutance.scoring.rows import Score, ScoreRow

__all__ = [
    "AcutanceError",
    "CheckpointError",
    "ConfigError",
    "DatasetError",
    "EvaluationError",
    "ImageReadError",
    "InputError",
    "MissingExtraError",
    "MissingWeightsError",
    "OtherProcessError",
    "PairingError",
    "Score",
    "ScoreInfo",
    "ScoreRow",
    "ShapeMismatchError",
    "StatisticsError",
    "TrainingError",
    "UnknownNameError",
    "compare",
    "evaluate",
    "list_models",
    "load",
    "score",
]

__version__ = "0.1.0"

_LAZY = {
    "compare": "acutance.comparison.api",
    "evaluate": "acutance.evaluation.api",
    "list_models": "acutance.catalog",
    "load": "acutance.catalog",
    "Score": "acutance.scoring.rows",
    "ScoreRow": "acutance.scoring.rows",
    "score": "acutance.scoring.api",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'acutance' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
