"""Curves from scores to opinions: VQEG's logistic functions of 4 and 5 parameters, a line, or none.

With 4 parameters: VQEG, FR-TV phase I (2000), also ITU-T P.1401; with 5: Sheikh, Sabir and Bovik, IEEE TIP 2006.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64
from scipy.special import expit

from acutance.stats.logistic import REFIT_TOLERANCE, LogisticSearch, Shape
from acutance.stats.samples import Numbers, check_varies, paired
from acutance.types import CurveKind

Counts = Int64[np.ndarray, "_"]

PARAMETERS: dict[CurveKind, int] = {"logistic4": 4, "logistic5": 5, "linear": 2, "none": 0}
"""How many parameters a function has."""
FALLBACKS: dict[CurveKind, tuple[CurveKind, ...]] = {
    "logistic5": ("logistic5", "logistic4"),
    "logistic4": ("logistic4",),
    "linear": (),
    "none": (),
}
"""The functions that are tried before the line."""
SMALL_GROUP = 20
"""Images of a group that a logistic is fitted to: five for each of the four parameters. On fewer it follows the noise,
and PLCC comes out near 1 whatever the model."""
STRAIGHT = 1e-9
"""A curve that lowers the squared error of the line by less than this share is no curve."""


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


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A curve from raw scores to opinions.

    ``logistic4``: f(x) = b2 + (b1 - b2) / (1 + exp(-(x - b3) / |b4|)).
    ``logistic5``: f(x) = b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5.
    ``linear``: f(x) = b1 x + b2. ``none``: f(x) = x.

    Example:
        >>> line = Curve(kind="linear", wanted="linear", parameters=(2.0, 1.0), is_decreasing=False)
        >>> line(np.array([0.0, 3.0]))
        array([1., 7.])
    """

    kind: CurveKind
    """Which function was fitted in the end."""
    wanted: CurveKind
    """Which function was asked for."""
    parameters: tuple[float, ...]
    """b1, b2 ... in the order of the formula; they take raw scores."""
    is_decreasing: bool
    """Whether the curve falls, over all, over the scores it was fitted to."""
    note: str = ""
    """Why another function than the wanted one was fitted; empty if it was not."""

    def __call__(self, scores: Numbers) -> Numbers:
        """What the curve makes of raw scores, in units of the opinions."""
        b = self.parameters
        if self.kind == "logistic4":
            return np.asarray(b[1] + (b[0] - b[1]) * expit((scores - b[2]) / abs(b[3])))
        if self.kind == "logistic5":
            return np.asarray(b[0] * (expit(b[1] * (scores - b[2])) - 0.5) + b[3] * scores + b[4])
        return np.asarray(b[0] * scores + b[1]) if self.kind == "linear" else scores


def fit_curve(
    scores: Numbers,
    mos: Numbers,
    *,
    kind: CurveKind = "logistic4",
    min_images: int = 0,
    needs_errors: bool = False,
) -> Curve:
    """The curve with the least sum of squared errors from scores to opinions.

    All cases in which another function than the wanted one is fitted are here; ``note`` says which it was.

    Args:
        scores: Raw scores of a model, one an image, finite.
        mos: Opinions of the same images.
        min_images: On fewer images a line takes the place of a logistic, which would follow the noise.
        needs_errors: Whether errors are wanted in units of the opinions. A line then takes the place of ``none``, which
            leaves PLCC as it is.

    Raises:
        StatisticsError: Fewer than 3 images, scores or opinions all equal, or not finite.

    Example:
        >>> scores = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
        >>> curve = fit_curve(scores, 1 + 4 / (1 + np.exp(-(scores - 2))))
        >>> curve.kind, [round(value, 3) for value in curve.parameters]
        ('logistic4', [5.0, 1.0, 2.0, 1.0])
    """
    scores, mos = paired(scores, mos)
    check_varies(scores, "scores")
    check_varies(mos, "opinions")
    if kind == "none" and not needs_errors:
        return Curve(kind=kind, wanted=kind, parameters=(), is_decreasing=False)
    line = _line(scores, mos)
    if FALLBACKS[kind] and len(scores) < min_images:
        return replace(line, wanted=kind, note=f"Fewer than {min_images} pictures: a straight line in place of {kind}.")
    notes: list[str] = []
    distinct = len(np.unique(scores))
    for tried in FALLBACKS[kind]:
        needed = PARAMETERS[tried] + 1
        if distinct < needed:
            notes.append(f"{tried}: {needed} distinct scores are needed, there are {distinct}")
            continue
        scale, opinions = Scale.of(scores), Scale.of(mos)
        found = LogisticSearch(scale(scores), opinions(mos), sloped=tried == "logistic5").best()
        curve = _curve(found, tried, scale, opinions, scores)
        errors, of_line = (float((((fit(scores) - mos) / opinions.spread) ** 2).sum()) for fit in (curve, line))
        if not found.settled:
            notes.append(f"{tried}: the search for its parameters did not settle")
        elif errors >= (1 - STRAIGHT) * of_line:  # the line is what the curve tends to
            notes.append(f"{tried}: no such curve is better than a line")
        else:
            return replace(curve, wanted=kind, note="; ".join(notes))
    return replace(line, wanted=kind, note="; ".join(notes))


class Refit:
    """Fits a curve again and again to the same images, each as often as it counts.

    The kind of curve stays, and the search begins at the curve of all images.

    Args:
        scores: Finite scores, not all equal.
        mos: Opinions of the same images, not all equal.
        curve: The curve of all images.
    """

    def __init__(self, scores: Numbers, mos: Numbers, curve: Curve) -> None:
        self._scores, self._mos, self._curve = scores, mos, curve
        self._opinions = Scale.of(mos)
        self._search = None
        if FALLBACKS[curve.kind]:
            scale, is_sloped = Scale.of(scores), curve.kind == "logistic5"
            self._search = LogisticSearch(scale(scores), self._opinions(mos), sloped=is_sloped)
            width = 1 / curve.parameters[1] if is_sloped else abs(curve.parameters[3])
            self._start = (curve.parameters[2] - scale.middle) / scale.spread, float(np.log(width / scale.spread))
            self._ties = np.unique(scores, return_inverse=True)[1]

    def __call__(self, counts: Counts) -> Numbers | None:
        """What the curve makes of all scores, fitted to the images that count.

        Args:
            counts: How often each image counts; not all scores that count are equal.

        Returns:
            In units of the opinions; ``None`` with too few distinct scores, or if the search did not settle.
        """
        if self._curve.kind == "none":
            return self._scores
        if self._search is None:
            return self._line(counts.astype(np.float64))
        if np.count_nonzero(np.bincount(self._ties, counts)) <= PARAMETERS[self._curve.kind]:
            return None
        found = self._search.polish(*self._start, weights=np.sqrt(counts), tolerance=REFIT_TOLERANCE)
        return self._opinions.middle + self._opinions.spread * self._search.values(found) if found.settled else None

    def _line(self, weights: Numbers) -> Numbers:
        total = weights.sum()
        # centred first: sums of raw squares lose digits where scores lie far from 0
        centred = self._scores - (self._scores * weights).sum() / total
        weighted = centred * weights
        slope = (weighted * self._mos).sum() / (weighted * centred).sum()
        return np.asarray((self._mos * weights).sum() / total + slope * centred)


def _line(scores: Numbers, mos: Numbers) -> Curve:
    scale, opinions = Scale.of(scores), Scale.of(mos)
    slope = float(np.mean(scale(scores) * opinions(mos))) * opinions.spread / scale.spread
    parameters = (slope, opinions.middle - slope * scale.middle)
    return Curve(kind="linear", wanted="linear", parameters=parameters, is_decreasing=slope < 0)


def _curve(shape: Shape, kind: CurveKind, scale: Scale, opinions: Scale, scores: Numbers) -> Curve:
    """The curve that takes raw scores and gives opinions, from one of standardised columns."""
    centre, width = scale.middle + scale.spread * shape.centre, scale.spread * shape.width
    height, base = opinions.spread * shape.height, opinions.middle + opinions.spread * shape.linear[0]
    parameters: tuple[float, ...] = base + height, base - height, centre, width
    if kind == "logistic5":
        slope = shape.linear[1] * opinions.spread / scale.spread
        parameters = 2 * height, 1 / width, centre, slope, base - slope * scale.middle
    curve = Curve(kind=kind, wanted=kind, parameters=parameters, is_decreasing=False)
    return replace(curve, is_decreasing=float((scale(scores) * opinions(curve(scores))).sum()) < 0)
