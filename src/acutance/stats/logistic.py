"""Curves from scores to opinions: VQEG's logistic functions of 4 and 5 parameters, a line, or none.

With 4 parameters: VQEG, FR-TV phase I (2000), also ITU-T P.1401; with 5: Sheikh, Sabir and Bovik, IEEE TIP 2006.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit

from acutance.stats.curve_search import Sample, Shape
from acutance.stats.curve_starts import best_shape
from acutance.stats.samples import Numbers, check_varies, paired

CurveKind = Literal["logistic4", "logistic5", "linear", "none"]

PARAMETERS: dict[CurveKind, int] = {"logistic4": 4, "logistic5": 5, "linear": 2, "none": 0}
"""How many parameters a function has."""
STRAIGHT = 1e-9
"""A curve that lowers the error of the line by less than this share is no curve."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A curve from raw scores to opinions.

    ``logistic4``: f(x) = b2 + (b1 - b2) / (1 + exp(-(x - b3) / |b4|)).
    ``logistic5``: f(x) = b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5.
    ``linear``: f(x) = b1 x + b2. ``none``: f(x) = x.

    Example:
        >>> line = Curve(kind="linear", wanted="linear", parameters=(2.0, 1.0), turns_round=False)
        >>> line(np.array([0.0, 3.0]))
        array([1., 7.])
    """

    kind: CurveKind
    """Which function was fitted in the end."""
    wanted: CurveKind
    """Which function was asked for."""
    parameters: tuple[float, ...]
    """b1, b2 ... in the order of the formula; they take raw scores."""
    turns_round: bool
    """Whether the curve goes down over the scores it was fitted to."""
    note: str = ""
    """Why another function than the wanted one was fitted; empty if it was not."""

    def __call__(self, scores: Numbers) -> Numbers:
        """What the curve makes of scores.

        Args:
            scores: Raw scores of the model.

        Returns:
            As many numbers in units of the opinions.
        """
        b = self.parameters
        if self.kind == "logistic4":
            return np.asarray(b[1] + (b[0] - b[1]) * expit((scores - b[2]) / abs(b[3])))
        if self.kind == "logistic5":
            return np.asarray(b[0] * (expit(b[1] * (scores - b[2])) - 0.5) + b[3] * scores + b[4])
        return np.asarray(b[0] * scores + b[1]) if self.kind == "linear" else scores


@dataclass(frozen=True)
class Scale:
    """What standardises a column: subtract the middle, divide by the spread."""

    middle: float
    spread: float

    @classmethod
    def of(cls, numbers: Numbers) -> "Scale":
        """The mean and standard deviation of numbers that are not all equal."""
        reach = float(np.abs(numbers).max())
        return cls(float(numbers.mean()), reach * float((numbers / reach).std()))  # no square over- or underflows

    def __call__(self, numbers: Numbers) -> Numbers:
        """The numbers with mean 0 and standard deviation 1."""
        return np.asarray((numbers - self.middle) / self.spread)


def fit_curve(scores: Numbers, mos: Numbers, *, kind: CurveKind = "logistic4") -> Curve:
    """The curve with the least sum of squared errors from scores to opinions.

    Where a curve of 5 parameters cannot be fitted, one of 4 is tried, then a line; the note says why. A curve cannot be
    fitted if the scores have no more distinct values than it has parameters, if the search does not settle, or if no
    curve is better than the line.

    Args:
        scores: Raw scores of a model, one a picture, finite.
        mos: Opinions of the same pictures.
        kind: Which function is wanted.

    Raises:
        StatisticsError: Fewer than 3 pictures, scores or opinions all equal, or not finite.

    Example:
        >>> scores = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
        >>> curve = fit_curve(scores, 1 + 4 / (1 + np.exp(-(scores - 2))))
        >>> curve.kind, [round(value, 3) for value in curve.parameters]
        ('logistic4', [5.0, 1.0, 2.0, 1.0])
    """
    scores, mos = paired(scores, mos)
    check_varies(scores, "scores")
    check_varies(mos, "opinions")
    if kind == "none":
        return Curve(kind=kind, wanted=kind, parameters=(), turns_round=False)
    notes: list[str] = []
    line = _line(scores, mos)
    for wanted in _chain(kind):
        curve = _fitted(scores, mos, wanted, line)
        if isinstance(curve, Curve):
            return replace(curve, wanted=kind, note="; ".join(notes))
        notes.append(f"{wanted}: {curve}")
    return replace(line, wanted=kind, note="; ".join(notes))


def standardised(curve: Curve, scores: Scale, mos: Scale) -> Shape:
    """A logistic curve in standardised units; the reverse of ``curve_of``."""
    b = curve.parameters
    if curve.kind == "logistic4":
        centre, width, half = b[2], abs(b[3]), (b[0] - b[1]) / 2
        linear: tuple[float, ...] = ((b[1] + half - mos.middle) / mos.spread, half / mos.spread)
    else:
        centre, width, half = b[2], 1 / b[1], b[0] / 2
        slope = b[3] * scores.spread / mos.spread
        linear = ((b[4] + b[3] * scores.middle - mos.middle) / mos.spread, slope, half / mos.spread)
    return Shape((centre - scores.middle) / scores.spread, float(np.log(width / scores.spread)), linear, float("nan"))


def curve_of(shape: Shape, scale: Scale, mos: Scale, scores: Numbers) -> Curve:
    """A curve that takes raw scores and gives opinions, from one in standardised units."""
    centre, width = scale.middle + scale.spread * shape.centre, scale.spread * shape.width
    height, base = mos.spread * shape.height, mos.middle + mos.spread * shape.linear[0]
    if len(shape.linear) == 2:
        parameters: tuple[float, ...] = (base + height, base - height, centre, width)
        return Curve(kind="logistic4", wanted="logistic4", parameters=parameters, turns_round=height < 0)
    slope = shape.linear[1] * mos.spread / scale.spread
    parameters = (2 * height, 1 / width, centre, slope, base - slope * scale.middle)
    curve = Curve(kind="logistic5", wanted="logistic5", parameters=parameters, turns_round=False)
    return replace(curve, turns_round=goes_down(curve(scores), scores))


def goes_down(fitted: Numbers, scores: Numbers, weights: Numbers | None = None) -> bool:
    """Whether fitted values fall, over all, as scores rise: the sign of their covariance."""
    return bool(
        float((scores - np.average(scores, weights=weights)) @ (fitted if weights is None else weights * fitted)) < 0
    )


def _chain(kind: CurveKind) -> tuple[CurveKind, ...]:
    """The functions that are tried before the line."""
    if kind == "logistic5":
        return "logistic5", "logistic4"
    return ("logistic4",) if kind == "logistic4" else ()


def _fitted(scores: Numbers, mos: Numbers, kind: CurveKind, line: Curve) -> Curve | str:
    """The best logistic curve, or why there is none."""
    distinct, needed = len(np.unique(scores)), PARAMETERS[kind] + 1
    if distinct < needed:
        return f"{needed} distinct scores are needed, there are {distinct}"
    scale, opinions = Scale.of(scores), Scale.of(mos)
    shape = best_shape(Sample.of(scale(scores), opinions(mos), sloped=kind == "logistic5"))
    if not shape.converged:
        return "the search for its parameters did not settle"
    curve = curve_of(shape, scale, opinions, scores)
    ours, straight = (float((((fit(scores) - mos) / opinions.spread) ** 2).sum()) for fit in (curve, line))
    return curve if ours < (1 - STRAIGHT) * straight else "no such curve is better than a line"


def _line(scores: Numbers, mos: Numbers) -> Curve:
    scale, opinions = Scale.of(scores), Scale.of(mos)
    slope = float(np.mean(scale(scores) * opinions(mos))) * opinions.spread / scale.spread
    parameters = (slope, opinions.middle - slope * scale.middle)
    return Curve(kind="linear", wanted="linear", parameters=parameters, turns_round=slope < 0)
