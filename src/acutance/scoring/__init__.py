"""Scoring many images: pairs, batches, rows. Everything is imported when first used."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acutance.scoring.api import ScoreRows, score
    from acutance.scoring.rows import Score, ScoreRow

__all__ = ["Score", "ScoreRow", "ScoreRows", "score"]

_LAZY = {
    "Score": "acutance.scoring.rows",
    "ScoreRow": "acutance.scoring.rows",
    "ScoreRows": "acutance.scoring.api",
    "score": "acutance.scoring.api",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'acutance.scoring' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
