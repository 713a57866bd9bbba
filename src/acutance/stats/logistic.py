"""The logistic of least squared error: a grid of centres and widths, polished by ``scipy.optimize.least_squares``.

For a given centre and width a logistic is linear in its other parameters, which are eliminated by linear least squares
(variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 1973).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.ndimage import minimum_filter
from scipy.optimize import least_squares

from acutance.stats.samples import Numbers

Matrix = Float64[np.ndarray, "rows columns"]

MIN_WIDTH = 0.02
"""Smallest width, in spreads of the middle 80 % of the scores: below, a curve is a step between two images."""
MAX_WIDTH, MAX_WIDTH_SLOPED = 10.0, 1.0
"""Largest width, in ranges of the scores: beyond, the curve over the scores is a line; beside a slope it is a line and
a cube, whose parameters rounding would hide."""
MAX_BEYOND = 5.0
"""How many widths beyond the scores a centre may lie: farther, the curve over the scores is an exponential."""
CENTRES, WIDTHS = 24, 14
"""Of the grid: centres at equal shares of the scores, and as many at equal distances; widths in equal ratios."""
GRID_REACH = 0.5
"""How far the grid goes beyond the scores, in ranges."""
GRID_IMAGES = 1024
"""More images than this are put together in groups of equal count and neighbouring scores for the grid."""
STARTS = 8
"""How many minima of the grid a search begins at."""
TOLERANCE, ROUGH_TOLERANCE, REFIT_TOLERANCE = 1e-12, 1e-5, 1e-8
"""To which share of the squared error a curve is fitted: the best, those it is chosen from, and those of the bootstrap,
whose intervals are known to a few percent."""
MAX_EVALUATIONS = 300
"""Of the curve from one start; twenty are usual."""
FLAT = 1e-9
"""Share of a column below which what is left of it beside the others is rounding."""
PART = 1536
"""Images whose columns are decomposed at a time: OpenBLAS starts threads of its own from 9,216 numbers on, which in the
threads of the bootstrap makes it ten times slower."""


@dataclass(frozen=True)
class Shape:
    """A logistic: base + slope x + height tanh((x - centre) / (2 width))."""

    centre: float
    log_width: float
    linear: tuple[float, ...]
    """Base, slope (with 5 parameters alone) and height."""
    error: float
    """Sum of squared errors, each as often as its image counts."""
    settled: bool
    """Whether the search ended before its limit of evaluations."""

    @property
    def width(self) -> float:
        """The distance over which the logistic part goes from 50 % to 73 %."""
        return float(np.exp(self.log_width))

    @property
    def height(self) -> float:
        """Half of the way that the logistic part climbs."""
        return self.linear[-1]


class _Left(NamedTuple):
    """What is left of a sample once the linear parameters are eliminated, turned into four dimensions.

    The sums of squares and products of these columns are those over the images, which is all that least squares need.
    """

    linear: Numbers
    residuals: Numbers
    jacobian: Matrix
    """By position and logarithm of the width, the linear parameters following (Kaufman, BIT 1975)."""


class LogisticSearch:
    """The search for the logistic of least squared error.

    Its variables are the position of the centre, -1 and 1 being the ends of what a width allows, and the logarithm of
    the width, so that all bounds are constant.

    Args:
        scores: With mean 0 and standard deviation 1.
        mos: Likewise.
        sloped: Whether the curve has a slope beside its logistic part (5 parameters, not 4).
    """

    def __init__(self, scores: Numbers, mos: Numbers, *, sloped: bool) -> None:
        self._scores, self._mos = scores, mos
        self._linear = 3 if sloped else 2
        low, high = float(scores.min()), float(scores.max())
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        inner = float(np.quantile(scores, 0.9) - np.quantile(scores, 0.1))
        min_width = MIN_WIDTH * (inner if inner > 0 else high - low)
        max_width = (MAX_WIDTH_SLOPED if sloped else MAX_WIDTH) * (high - low)
        self._log_widths = float(np.log(min_width)), float(np.log(max_width))

    def best(self) -> Shape:
        """The best of the curves that the minima of the grid lead to."""
        found = [self.polish(*start, tolerance=ROUGH_TOLERANCE) for start in self._starts()]
        best = min(found, key=lambda shape: shape.error)
        return self.polish(best.centre, best.log_width)

    def polish(
        self, centre: float, log_width: float, *, weights: Numbers | None = None, tolerance: float = TOLERANCE
    ) -> Shape:
        """The curve that a search from a centre and width leads to, never worse than it.

        Args:
            log_width: Logarithm of the width of the curve.
            weights: Square root of how often each image counts; once if left out.
            tolerance: Where to stop, as a share of the squared error.
        """
        bounds = np.array([[-1.0, self._log_widths[0]], [1.0, self._log_widths[1]]])
        start = np.clip([(centre - self._middle) / self._reach(log_width), log_width], *bounds)
        counted = slice(None) if weights is None else weights > 0
        sample = self._scores[counted], self._mos[counted], None if weights is None else weights[counted]
        last: dict[bytes, _Left] = {}

        def at(point: Numbers) -> _Left:
            """The same for the residuals and the Jacobian, which scipy asks for one after the other."""
            if point.tobytes() not in last:
                last.clear()
                last[point.tobytes()] = self._left_over(float(point[0]), float(point[1]), *sample)
            return last[point.tobytes()]

        found = least_squares(
            lambda point: at(point).residuals,
            start,
            jac=lambda point: at(point).jacobian,
            bounds=bounds,
            x_scale="jac",
            ftol=tolerance,
            xtol=tolerance,
            gtol=tolerance,
            max_nfev=MAX_EVALUATIONS,
        )
        centre, log_width = self._middle + found.x[0] * self._reach(found.x[1]), found.x[1]
        linear = tuple(at(found.x).linear.tolist())
        return Shape(float(centre), float(log_width), linear, 2 * float(found.cost), settled=found.status > 0)

    def values(self, shape: Shape) -> Numbers:
        """What a shape makes of the scores."""
        values = shape.linear[0] + shape.height * np.tanh((self._scores - shape.centre) * (0.5 / shape.width))
        return np.asarray(values + shape.linear[1] * self._scores if self._linear == 3 else values)

    def _reach(self, log_width: float) -> float:
        """How far from the middle of the scores the centre may be."""
        return self._half + MAX_BEYOND * float(np.exp(log_width))

    def _left_over(
        self, position: float, log_width: float, scores: Numbers, mos: Numbers, weights: Numbers | None
    ) -> _Left:
        reach, known = self._reach(log_width), self._linear
        centre = self._middle + position * reach
        # R of the columns' QR has all sums of products of the columns in a few rows, and R of stacked R's is that of
        # all images: no normal equations, whose squares would lose half of the digits
        parts: list[Matrix] = []
        for part in (slice(start, start + PART) for start in range(0, len(scores), PART)):
            columns = self._columns(scores[part], mos[part], centre, log_width)
            if weights is not None:
                columns *= weights[part]
            parts.append(np.asarray(np.linalg.qr(columns.T, mode="r")))
        r = parts[0] if len(parts) == 1 else np.asarray(np.linalg.qr(np.concatenate(parts), mode="r"))
        left = r[known - 1 :].copy()  # what base and slope leave over of the other columns
        if abs(left[0, -4]) <= FLAT * float(np.linalg.norm(r[:known, known - 1])):
            known -= 1  # over the images that count the logistic part is constant, or a line: it adds nothing
        else:
            left[0] = 0.0
        linear = np.zeros(self._linear)
        linear[:known] = np.linalg.solve(r[:known, :known], r[:known, -1])
        by_centre, by_width = -linear[-1] * left[:, -3], -linear[-1] * left[:, -2]
        by_width = by_width + by_centre * position * (reach - self._half)  # the centre moves with the width
        return _Left(linear, left[:, -1], np.stack([by_centre * reach, by_width], axis=1))

    def _columns(self, scores: Numbers, mos: Numbers, centre: float, log_width: float) -> Matrix:
        """Rows of base, slope, logistic part, its derivatives by centre and logarithm of the width, and opinions."""
        rows = np.ones((self._linear + 3, len(scores)))
        if self._linear == 3:
            rows[1] = scores
        logistic, by_centre, by_width, opinions = rows[self._linear - 1 :]
        per_width = 0.5 * float(np.exp(-log_width))
        distance = (scores - centre) * per_width
        np.tanh(distance, out=logistic)
        np.multiply(logistic, logistic, out=by_width)
        by_width -= 1.0
        np.multiply(by_width, per_width, out=by_centre)
        by_width *= distance
        opinions[:] = mos
        return rows

    def _starts(self) -> Iterator[tuple[float, float]]:
        """Centres and widths of the grid that are no worse than their neighbours, the best first."""
        scores, mos = self._grouped()
        reach = (1 + 2 * GRID_REACH) * self._half
        even = np.linspace(self._middle - reach, self._middle + reach, CENTRES)
        centres = np.unique(np.append(np.quantile(scores, np.linspace(0, 1, CENTRES)), even))
        log_widths = np.linspace(self._log_widths[0], self._log_widths[1], WIDTHS)
        errors = np.stack([self._errors(scores, mos, centres, width) for width in np.exp(log_widths)], axis=1)
        minima = np.argwhere(errors <= minimum_filter(errors, size=3, mode="nearest"))
        for row, column in minima[np.argsort(errors[tuple(minima.T)], kind="stable")][:STARTS]:
            yield float(centres[row]), float(log_widths[column])

    def _errors(self, scores: Numbers, mos: Numbers, centres: Numbers, width: float) -> Numbers:
        """The squared error at each centre: that of the mean or the line, less what the logistic part explains."""
        logistic = np.tanh((scores - centres[:, None]) * (0.5 / width))  # (centres, images)
        logistic -= logistic.mean(axis=1, keepdims=True)
        mos = mos - mos.mean()
        if self._linear == 3:
            line = scores - scores.mean()
            line = line / np.sqrt(line @ line)
            logistic -= (logistic @ line)[:, None] * line
            mos = mos - (mos @ line) * line
        return np.asarray(mos @ mos - (logistic @ mos) ** 2 / np.maximum((logistic**2).sum(axis=1), 1e-9))

    def _grouped(self) -> tuple[Numbers, Numbers]:
        """Scores and opinions, or their means over neighbouring scores if there are many."""
        count = len(self._scores)
        if count <= GRID_IMAGES:
            return self._scores, self._mos
        order = np.argsort(self._scores, kind="stable")
        starts = np.arange(GRID_IMAGES) * count // GRID_IMAGES
        sizes = np.diff(starts, append=count)
        scores, mos = (np.add.reduceat(column[order], starts) / sizes for column in (self._scores, self._mos))
        return scores, mos
