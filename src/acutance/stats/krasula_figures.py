"""The figures of Krasula's analysis (QoMEX 2016), from pairs that people told apart and pairs that they did not."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from acutance.stats.delong import area_under_curve
from acutance.stats.faults import StatisticsError
from acutance.stats.opinion_pairs import Pairs
from acutance.stats.samples import Numbers

PERCENTILE = 95
"""Percentile of similar pairs that ``KrasulaFigures.threshold`` is at, as in the authors' program."""


@dataclass(frozen=True, kw_only=True)
class KrasulaFigures:
    """How well a model tells pairs of pictures apart."""

    pairs: int
    """How many pairs of pictures were looked at."""
    different: int
    """Pairs whose opinions differ significantly."""
    similar: int
    """Pairs whose opinions do not."""
    auc_different_similar: float | None
    """Area under the ROC curve of telling different from similar by the size of the score's difference, 0 to 1."""
    auc_better_worse: float
    """Area under the ROC curve of telling better from worse by the score's difference, 0 to 1."""
    correct: float
    """C0: share of different pairs whose better picture has the better score; an equal score is wrong."""
    threshold: float | None
    """95 % of similar pairs differ by less, in units of the score: beyond it, two pictures do differ."""
    sampled: bool
    """Whether only a random part of all pairs was looked at, because there were too many."""
    problem: str = ""
    """Why a figure is missing, in one line; empty if none is."""


@dataclass(frozen=True)
class SplitPairs:
    """Pairs by what people said of them."""

    leads: Float64[np.ndarray, "models different"]
    """By how much the better picture leads, where they differ (models, different)."""
    gaps: Float64[np.ndarray, "models similar"]
    """Size of the difference of scores, where they do not (models, similar)."""
    sampled: bool
    """Whether these are a random part of all pairs."""


def split_pairs(pairs: Pairs) -> SplitPairs:
    """Pairs by whether people told them apart.

    Args:
        pairs: Of one model or more.

    Raises:
        StatisticsError: No pair whose opinions differ significantly.

    Example:
        >>> split_pairs(Pairs(np.array([[2.0, -3.0, 1.0]]), np.array([1, -1, 0]))).leads.tolist()
        [[2.0, 3.0]]
    """
    differ = pairs.labels != 0
    if not differ.any():
        raise StatisticsError(
            f"Expected pairs whose opinions differ significantly, got none of {len(differ)}. "
            "Take more pictures or votes."
        )
    leads = pairs.leads[:, differ] * pairs.labels[differ]
    return SplitPairs(leads, np.abs(pairs.leads[:, ~differ]), pairs.sampled)


def figures(
    split: SplitPairs, model: int = 0, *, apart: float | None = None, order: float | None = None
) -> KrasulaFigures:
    """The figures of one model.

    Args:
        split: Pairs by whether people told them apart.
        model: Which row, from 0.
        apart: Area of different against similar, if it is known already.
        order: Area of better against worse, if it is known already.

    Example:
        >>> figures(split_pairs(Pairs(np.array([[2.0, -3.0, 1.0]]), np.array([1, -1, 0])))).auc_different_similar
        1.0
    """
    leads, gaps = split.leads[model], split.gaps[model]
    has_similar = len(gaps) > 0
    if apart is None and has_similar:
        apart = area_under_curve(np.abs(leads), gaps)
    return KrasulaFigures(
        pairs=len(leads) + len(gaps),
        different=len(leads),
        similar=len(gaps),
        auc_different_similar=apart,
        auc_better_worse=area_under_curve(leads, -leads) if order is None else order,
        correct=float((leads > 0).mean()),
        threshold=_percentile(gaps) if has_similar else None,
        sampled=split.sampled,
        problem="" if has_similar else f"Expected similar pairs, got {len(leads)} pairs that all differ significantly.",
    )


def _percentile(gaps: Numbers) -> float:
    """The 95th percentile, interpolated between finite neighbours only."""
    if np.isfinite(gaps).all():
        return float(np.percentile(gaps, PERCENTILE))
    return float(np.percentile(gaps, PERCENTILE, method="higher"))
