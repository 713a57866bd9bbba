"""Scoring many pictures: pairs, batches, rows."""

from acutance.scoring.api import ScoreRows, score
from acutance.scoring.rows import Score, ScoreRow

__all__ = ["Score", "ScoreRow", "ScoreRows", "score"]
