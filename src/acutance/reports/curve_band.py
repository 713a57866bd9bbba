"""How uncertain a fitted curve is: it is fitted again to scenes drawn with replacement."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.optimize import least_squares

from acutance.evaluation.results import FittedCurve
from acutance.stats.curves import Curve
from acutance.stats.samples import Numbers

LEAST_SCENES = 5
"""Below this, draws of scenes say nothing of other scenes."""
BINS = 400
"""Pictures of about one score count as one place of their mean opinion: by least squares the curve is the same."""
LEVEL = 0.95
"""Share of the curves inside the band, at each score."""
EVALUATIONS = 60
"""Of the curve in one fit, which begins at the curve of all pictures."""

Places = Int64[np.ndarray, "_"]
Curves = Float64[np.ndarray, "draws scores"]


@dataclass(frozen=True)
class Band:
    """Where a curve may lie.

    Attributes:
        scores: Ascending.
        low: Lower end at each score, in units of the opinions.
        high: Upper end.
    """

    scores: Numbers
    low: Numbers
    high: Numbers


def curve_values(curve: FittedCurve, scores: Numbers) -> Numbers:
    """What a curve makes of scores, in units of the opinions.

    Args:
        curve: As an evaluation gives it.
        scores: Raw, finite.

    Example:
        >>> line = FittedCurve(kind="linear", wanted="linear", parameters=(2.0, 1.0))
        >>> curve_values(line, np.array([0.0, 1.0])).tolist() in ([1.0, 3.0], [2.0, 3.0])
        True
    """
    return _of_parameters(curve, curve.parameters)(scores)


def curve_band(
    curve: FittedCurve,
    scores: Numbers,
    mos: Numbers,
    scenes: list[str],
    at: Numbers,
    *,
    draws: int,
    seed: int = 0,
) -> Band | None:
    """The band of a curve at some scores; ``None`` for no curve, no draws or fewer than five scenes.

    Args:
        curve: Fitted to all pictures.
        scores: One a picture, finite.
        mos: Opinion of each.
        scenes: What each shows; scenes are drawn whole.
        at: Scores at which the ends are wanted, ascending.
        draws: How often scenes are drawn.
        seed: Of the draws; the same seed gives the same band.
    """
    names = sorted(set(scenes))
    if curve.kind == "none" or draws < 1 or len(names) < LEAST_SCENES or scores.min() == scores.max():
        return None
    order = {name: place for place, name in enumerate(names)}
    scene_of = np.array([order[scene] for scene in scenes], dtype=np.int64)
    place_of, places = _binned(scores)
    random = np.random.default_rng(seed)
    curves = np.empty((draws, len(at)))
    for draw in range(draws):
        times = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))[scene_of]
        weights = np.bincount(place_of, times, minlength=len(places))
        sums = np.bincount(place_of, times * mos, minlength=len(places))
        there = weights > 0
        curves[draw] = _refitted(curve, places[there], sums[there] / weights[there], weights[there])(at)
    low, high = np.quantile(curves, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Band(at, low, high)


def _refitted(curve: FittedCurve, scores: Numbers, mos: Numbers, weights: Numbers) -> Curve:
    """The curve of weighted least squares next to a given one; its parameters are scaled to be about 1."""
    start = np.array(curve.parameters)
    scale = np.where(start == 0, 1.0, np.abs(start))
    roots = np.sqrt(weights)
    far = 1e3 * float(np.abs(mos).max() + 1)

    def residuals(steps: Numbers) -> Numbers:
        values = _of_parameters(curve, tuple((start + scale * steps).tolist()))(scores)
        return np.asarray(np.nan_to_num(roots * (values - mos), nan=far, posinf=far, neginf=-far))

    if len(scores) < len(start):
        return _of_parameters(curve, curve.parameters)
    with np.errstate(all="ignore"):  # a step may lead beyond what floats hold, and is then taken back
        found = least_squares(residuals, np.zeros(len(start)), method="lm", max_nfev=EVALUATIONS)
    return _of_parameters(curve, tuple((start + scale * found.x).tolist()))


def _of_parameters(curve: FittedCurve, parameters: tuple[float, ...]) -> Curve:
    return Curve(kind=curve.kind, wanted=curve.wanted, parameters=parameters, is_decreasing=False, note=curve.note)


def _binned(scores: Numbers) -> tuple[Places, Numbers]:
    """The place of each picture, and the mean score of each place."""
    distinct, place_of = np.unique(scores, return_inverse=True)
    if len(distinct) > BINS:
        ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
        place_of = ranks * BINS // len(scores)
        distinct = np.bincount(place_of, scores) / np.bincount(place_of)
    return np.asarray(place_of, dtype=np.int64), distinct
