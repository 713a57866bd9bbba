"""Least squares of logistic curves: a search over centre and width, all other parameters solved exactly.

A curve is ``base + slope z + height tanh((z - centre) / (2 width))``, slope 0 for the one of 4 parameters. For a given
centre and width the rest is linear least squares (variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 1973);
the two are moved by damped Newton steps on the error that is left. All sums over pictures that a step needs stand in
one small matrix of moments, so that pictures may count several times at no extra cost.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from acutance.stats.samples import Numbers

Moments = Float64[np.ndarray, "rows columns"]
Bends = Float64[np.ndarray, "2 2"]
Slopes = Float64[np.ndarray, "2"]

STEEPEST = 0.02
"""Smallest width, in spreads of the middle 80 % of the scores: below, a curve is a step between two pictures."""
FLATTEST = 10.0
"""Largest width, in ranges of the scores: beyond, the curve over the scores is a line."""
FLATTEST_SLOPED = 1.0
"""The same beside a slope: beyond, the curve is a line and a cube, whose parameters rounding would hide."""
FARTHEST = 5.0
"""How many widths beyond the scores a centre may lie: farther, the curve over the scores is an exponential."""
STEP_LIMIT = 300
"""Steps; five are usual."""
IDLE_LIMIT = 6
"""Steps in a row, each damped more, without a gain that counts: the bottom, or an edge of the box, is reached."""
SMALLEST = 1e-100
"""What stands for zero in a divisor."""
ROUNDING = 1e-15
"""A squared error per picture, in variances of the opinions, that is rounding."""
PART = 4096
"""Pictures whose columns are computed at a time: they stay in the cache, and the product in the calling thread."""


@dataclass(frozen=True)
class Sample:
    """Standardised scores and opinions, and the box of the search."""

    scores: Numbers
    """Mean 0 and standard deviation 1."""
    mos: Numbers
    """Likewise."""
    sloped: bool
    """Whether the curve has a slope beside its logistic part (5 parameters)."""
    low: float
    high: float
    """Ends of the scores."""
    narrowest: float
    widest: float
    """Bounds of the width."""

    @classmethod
    def of(cls, scores: Numbers, mos: Numbers, *, sloped: bool) -> "Sample":
        """A sample whose box fits its scores."""
        low, high = float(scores.min()), float(scores.max())
        inner = float(np.quantile(scores, 0.9) - np.quantile(scores, 0.1))
        narrowest = STEEPEST * (inner if inner > 0 else high - low)
        widest = (FLATTEST_SLOPED if sloped else FLATTEST) * (high - low)
        return cls(scores, mos, sloped, low, high, narrowest, widest)


@dataclass(frozen=True)
class Shape:
    """A curve in standardised units, and how far it is from the opinions."""

    centre: float
    log_width: float
    linear: tuple[float, ...]
    """Base, slope (of a sloped curve only) and height."""
    error: float
    """Sum of squared errors, each as often as its picture counts."""
    converged: bool = False

    @property
    def width(self) -> float:
        """The distance over which the logistic part goes from 50 % to 73 %."""
        return float(np.exp(self.log_width))

    @property
    def height(self) -> float:
        """Half of the way that the logistic part climbs."""
        return self.linear[-1]


@dataclass(frozen=True)
class Valley:
    """How the error changes with centre and width, the linear parameters following."""

    scale: Slopes
    """Units: how far the curve moves per double width of the centre, and per e-fold of the width."""
    bends: Bends
    """Second derivatives in these units, halved."""
    slopes: Slopes
    """First derivatives in these units, halved, downwards."""


def curve_values(shape: Shape, scores: Numbers) -> Numbers:
    """What the curve makes of standardised scores."""
    values = shape.height * np.tanh((scores - shape.centre) * (0.5 / shape.width)) + shape.linear[0]
    return np.asarray(values + shape.linear[1] * scores if len(shape.linear) == 3 else values)


def descend(sample: Sample, start: Shape, weights: Numbers | None = None, *, tolerance: float = 1e-11) -> Shape:
    """The curve at the bottom of the valley that a start lies in; never worse than its start.

    Args:
        sample: Standardised scores and opinions.
        start: Where to begin; only its centre and width count.
        weights: How often each picture counts; once if left out.
        tolerance: Stop once a step promises to lower the error by less than this share of it.

    Returns:
        The curve; ``converged`` is false if the limit of steps was met first.
    """
    shape, valley = _solved(
        _moments(sample, start.centre, start.log_width, weights), sample, start.centre, start.log_width
    )
    floor = ROUNDING * float(len(sample.mos) if weights is None else weights.sum())
    damping, idle = 1e-4, 0
    for _ in range(STEP_LIMIT):
        bends = _damped(valley.bends, damping)
        if valley.slopes @ np.linalg.solve(bends, valley.slopes) <= tolerance * shape.error + floor:
            return replace(shape, converged=True)
        centre, log_width = _stepped(sample, shape, valley, bends, damping)
        further, beyond = _solved(_moments(sample, centre, log_width, weights), sample, centre, log_width)
        gain = shape.error - further.error
        idle = idle + 1 if gain <= tolerance * shape.error + floor else 0
        if gain > 0:
            shape, valley = further, beyond
        damping = max(damping / 10, 1e-12) if gain > 0 else max(10 * damping, 1e-3)
        if idle == IDLE_LIMIT:
            return replace(shape, converged=True)
    return shape


def _moments(sample: Sample, centre: float, log_width: float, weights: Numbers | None) -> Moments:
    """Sums of products of base, slope, logistic part t, d, du and opinions; below, of td, tdu and tduu with all these.

    t = tanh u, d = 1 - t^2 its derivative, u the distance from the centre in double widths.
    """
    first = 2 if sample.sloped else 1
    count = len(sample.scores)
    room = np.ones((first + 7, min(PART, count)))
    total = np.zeros((first + 7, first + 4))
    for start in range(0, count, PART):
        part = slice(start, min(start + PART, count))
        columns = room[:, : part.stop - start]
        _fill(columns, sample.scores[part], sample.mos[part], first, centre, 0.5 * float(np.exp(-log_width)))
        counted = columns[: first + 4] if weights is None else columns[: first + 4] * weights[part]
        total += columns @ counted.T
    return total


def _fill(columns: Moments, scores: Numbers, mos: Numbers, first: int, centre: float, per_width: float) -> None:
    if first == 2:
        columns[1] = scores
    logistic, slope, slope_place, opinions, bend, bend_place, bend_places = columns[first:]
    place = (scores - centre) * per_width
    np.tanh(place, out=logistic)
    np.multiply(logistic, logistic, out=slope)
    np.subtract(1.0, slope, out=slope)
    np.multiply(slope, place, out=slope_place)
    opinions[:] = mos
    np.multiply(slope, logistic, out=bend)
    np.multiply(bend, place, out=bend_place)
    np.multiply(bend_place, place, out=bend_places)


def _solved(moments: Moments, sample: Sample, centre: float, log_width: float) -> tuple[Shape, Valley]:
    """The linear parameters for a centre and width, and how the error that they leave over changes with these two."""
    count = 3 if sample.sloped else 2
    basis = moments[:count, :count]
    scale = np.sqrt(np.maximum(np.diag(basis), SMALLEST))
    inverse = np.linalg.pinv(basis / np.outer(scale, scale), rcond=1e-14, hermitian=True) / np.outer(scale, scale)
    linear = inverse @ moments[:count, count + 2]
    left_over = moments[count:, count + 2] - moments[count:, :count] @ linear  # d, du, opinions, td, tdu, tduu
    shape = Shape(centre, log_width, tuple(float(value) for value in linear), max(float(left_over[2]), 0.0))
    height = shape.height
    crossed = -height * moments[count : count + 2, :count]
    crossed[:, -1] += left_over[:2]
    moved = moments[count : count + 2, count : count + 2]
    d, du, _, td, tdu, tduu = left_over
    second = np.array([[-2 * td, d - 2 * tdu], [d - 2 * tdu, du - 2 * tduu]])  # of t, times what is left over
    bends = height**2 * moved - height * second - crossed @ inverse @ crossed.T
    scale = np.maximum(abs(height) * np.sqrt(np.maximum(np.diag(moved), 0.0)), SMALLEST)
    return shape, Valley(scale, bends / scale / scale[:, None], -height * left_over[:2] / scale)


def _damped(bends: Bends, damping: float) -> Bends:
    """The bends raised until they point to a minimum, and damped."""
    lowest = float(np.linalg.eigvalsh(bends)[0])
    return np.asarray(bends + (damping + max(0.0, 1e-9 - 2 * lowest)) * np.eye(2))


def _stepped(sample: Sample, shape: Shape, valley: Valley, bends: Bends, damping: float) -> tuple[float, float]:
    """Centre and logarithm of the width after a step; at an edge of the box, the best step along the edge."""
    scale, slopes = valley.scale, valley.slopes
    across, along = np.linalg.solve(bends, slopes) / scale
    log_width = _allowed_width(sample, shape, float(along))
    held = log_width - shape.log_width
    if abs(held - along) > 1e-9:
        across = (slopes[0] - bends[0, 1] * held * scale[1]) / (abs(valley.bends[0, 0]) + damping) / scale[0]
    centre = shape.centre + 2 * shape.width * float(np.clip(across, -5.0, 5.0))
    if (edge := _edge(sample, centre, float(np.exp(log_width)))) is not None:
        side = 1.0 if edge == sample.high else -1.0
        offset = (edge + side * FARTHEST * shape.width - shape.centre) / (2 * shape.width) * scale[0]
        both = np.array([side * FARTHEST / 2, 1.0]) * scale  # the edge in double widths, as the width grows e-fold
        along = float(both @ (slopes - bends[:, 0] * offset) / (both @ bends @ both))
        log_width = _allowed_width(sample, shape, along)
        centre = edge + side * FARTHEST * float(np.exp(log_width))
    return centre, log_width


def _allowed_width(sample: Sample, shape: Shape, along: float) -> float:
    bounds = np.log(sample.narrowest), np.log(sample.widest)
    return float(np.clip(shape.log_width + np.clip(along, -1.0, 1.0), *bounds))


def _edge(sample: Sample, centre: float, width: float) -> float | None:
    """The end of the scores that a centre is too far from; ``None`` if it is in the box."""
    if centre > sample.high + FARTHEST * width:
        return sample.high
    return sample.low if centre < sample.low - FARTHEST * width else None
