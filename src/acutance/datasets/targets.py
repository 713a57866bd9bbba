"""Opinion scores turned into what A-FINE, AHIQ and VTAMIQ train on, and A-FINE's lists of them."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit, leastsq
from scipy.special import expit

from acutance.datasets.afine_lists import RatedLine, is_of_contents, read_lines, read_rated_lines
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError
from acutance.tables.atomic import write_text
from acutance.types import Better

NATURALNESS = (-2.0, 2.0)
"""The best and the worst target of raw naturalness, which are the ends of its calibrator (A-FINE, eq. 8)."""
FINAL = (0.0, 100.0)
"""The best and the worst target of A-FINE's last scaling."""
FITTED = {NATURALNESS: "raw_naturalness", FINAL: "adaptive"}
"""What of A-FINE is fitted to a list, by its best and worst."""
EVALUATIONS = 10_000
"""At most in a fit of A-FINE's, as in its script."""
Version = Literal["2024", "2021"]
"""Of VTAMIQ's code: 2024 fits the curve by fourth powers of residuals and turns last; 2021 turns first and fits
by squares."""
OFFSET = 1e-6
"""What VTAMIQ's authors add to the exponent."""

Scores = Float64[np.ndarray, " rows"]
Parameters = tuple[float, ...]


@dataclass(frozen=True)
class Stretch:
    """A straight line through two points, made from the limits of some scores."""

    low: float
    """Lowest of the scores it was made from."""
    high: float
    """Highest of them."""
    at_low: float
    """Value of the lowest."""
    at_high: float
    """Value of the highest."""

    def __call__(self, scores: Scores) -> Scores:
        """The values of scores; those beyond the limits go on along the line."""
        share = (scores - self.low) / (self.high - self.low)  # divided first, as A-FINE's scripts do: the last digits
        return self.at_low + (self.at_high - self.at_low) * share


def stretch(scores: Scores, *, worst: float, best: float, better: Better = "higher") -> Stretch:
    """A line that gives the worst and the best of some scores the values asked for.

    Args:
        scores: Scores to take the limits from, such as those of the training list.
        better: Which direction of the scores means better quality.
    """
    require_spread(scores)
    ends = (worst, best) if better == "higher" else (best, worst)
    return Stretch(float(scores.min()), float(scores.max()), *ends)


def afine_naturalness_targets(scores: Scores, *, better: Better = "higher") -> Stretch:
    """A-FINE's targets of raw naturalness: -(4 (MOS - min) / (max - min) - 2), from -2, the best, to 2.

    The limits are those of all images that the calibrator is fitted on, PIPAL's training part for A-FINE.
    """
    return stretch(scores, worst=NATURALNESS[1], best=NATURALNESS[0], better=better)


def ahiq_targets(scores: Scores, *, better: Better = "higher") -> Stretch:
    """AHIQ's targets: 0, the worst of a list, to 1, the best.

    AHIQ stretches each list by limits of its own; here those of the training list are kept and serve validation
    and test too, whose values may leave 0 to 1.
    """
    return stretch(scores, worst=0.0, best=1.0, better=better)


def direction_of(table: OpinionTable) -> Better:
    """Better direction of a table's scores."""
    found = {row.better for row in table}
    if len(found) != 1:
        got = "both" if found else "no rows"
        raise DatasetError(f"Expected one direction of scores in the table of {table.name}, got {got}. Split it up.")
    return found.pop()


def require_spread(scores: Scores) -> None:
    """Raise unless scores are finite, not all equal, and no farther apart than float64 can say."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(scores.std()) if len(scores) and np.isfinite(scores).all() else 0.0
    if not np.isfinite(spread) or spread == 0 or np.ptp(scores) == 0:
        got = "none" if not len(scores) else f"{scores.min():g} to {scores.max():g}"
        raise DatasetError(f"Expected finite scores that differ, got {got}. Take more images with a score.")


@dataclass(frozen=True)
class Logistic:
    """An increasing logistic between two fixed ends."""

    centre: float
    """Where it is half-way: A-FINE's third parameter."""
    scale: float
    """How wide it is, above 0: the magnitude of A-FINE's fourth parameter."""
    low: float
    high: float

    def __call__(self, values: Scores) -> Scores:
        """Low + (high - low) / (1 + exp(-(x - centre) / scale))."""
        return np.asarray(self.low + (self.high - self.low) * expit((values - self.centre) / self.scale))


def fit_logistic(values: Scores, targets: Scores, *, low: float, high: float) -> Logistic:
    """Fit centre and scale of a logistic with fixed ends by least squares (Levenberg-Marquardt).

    The start is A-FINE's: the mean of the values, and a quarter of their population standard deviation.

    Args:
        values: What a model says of images, the lower the better.
        targets: What it should be, from ``low``, the best, to ``high``.
        low: Value far to the left.
        high: Value far to the right.
    """
    if values.shape != targets.shape:
        raise DatasetError(f"Expected a target for each value, got {len(targets)} for {len(values)}. Pair them.")
    require_spread(values)
    require_spread(targets)
    if np.corrcoef(values, targets)[0, 1] <= 0:
        raise DatasetError(
            f"Expected values that rise with their targets, got {len(values)} that do not. Turn one of them."
        )
    start = (float(values.mean()), float(values.std()) / 4)

    def curve(x: Scores, centre: float, scale: float) -> Scores:
        return Logistic(float(centre), abs(float(scale)) + 1e-10, low, high)(x)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)  # of parameters that these points do not determine
            found, _ = curve_fit(curve, values, targets, p0=start, method="lm", maxfev=EVALUATIONS)
    except (RuntimeError, OptimizeWarning) as error:
        raise DatasetError(
            f"Expected a logistic through {len(values)} values, got none in at most {EVALUATIONS} tries: {error}. "
            "Look at the values beside their targets."
        ) from error
    return Logistic(float(found[0]), abs(float(found[1])), low, high)


def fit_naturalness_calibrator(naturalness: Scores, targets: Scores) -> Logistic:
    """A-FINE's first values of its calibrator of naturalness: 4.9592 and 21.5968 on PIPAL's training part.

    Args:
        naturalness: Raw naturalness of each distorted image after stage 1, lower better.
        targets: ``afine_naturalness_targets`` of their scores.
    """
    return fit_logistic(naturalness, targets, low=NATURALNESS[0], high=NATURALNESS[1])


def normalised(lines: Sequence[RatedLine], *, final: bool, better: Better = "higher") -> list[RatedLine]:
    """The lines with opinions from -2, the best, to 2; or, for A-FINE's last scaling, from 0 to 100.

    Args:
        lines: All that a fit takes (SRIQA-Bench for the last scaling): the limits are theirs.
        final: Whether from 0 to 100.
    """
    opinions = np.array([line.mos for line in lines], dtype=np.float64)
    best, worst = FINAL if final else NATURALNESS
    targets = stretch(opinions, worst=worst, best=best, better=better)(opinions)
    return [replace(line, mos=float(target)) for line, target in zip(lines, targets, strict=True)]


def normalised_lists(folder: Path) -> list[RatedLine]:
    """The opinions of a folder of lists: SRIQA-Bench's, of two columns, from 0 to 100, all others from -2 to 2."""
    lines = read_rated_lines(folder)
    seen: dict[tuple[str, str], float] = {}
    for line in lines:
        key = (line.image, line.reference)
        if key in seen:
            raise DatasetError(
                f"Expected one opinion of {line.image} in the lists of {folder}, got {seen[key]:g} and {line.mos:g}. "
                "Remove a line, or a list that is none of the dataset's."
            )
        seen[key] = line.mos
    return normalised(lines, final=is_of_contents(folder))


def write_normalised(path: Path, lines: Iterable[RatedLine]) -> None:
    """Write ``image,reference,opinion`` with all digits, as A-FINE's scripts do."""
    write_text(path, "".join(f"{line.image},{line.reference},{line.mos}\n" for line in lines))


@dataclass(frozen=True)
class Targets:
    """A list of normalised opinions."""

    lines: list[RatedLine]
    low: float
    """Its best."""
    high: float
    """Its worst."""

    @property
    def term(self) -> str:
        """Term of A-FINE that is fitted to it."""
        return FITTED[self.low, self.high]

    def fit(self, scores: Mapping[str, float]) -> Logistic:
        """The logistic from a model's scores to the opinions.

        For A-FINE's last scaling these are -1.9701 and 2.3734 on SRIQA-Bench, references included.

        Args:
            scores: By the file name of the image, in lower case.
        """
        names = [file_name(line.image) for line in self.lines]
        missing = [line.image for line, name in zip(self.lines, names, strict=True) if name not in scores]
        if missing:
            raise DatasetError(
                f"Expected a score of each of {len(self.lines)} images of the list, got none of {len(missing)}, such "
                f"as {missing[0]}. Score them too."
            )
        if len(set(names)) < len(names):
            twice = next(name for place, name in enumerate(names) if name in names[:place])
            raise DatasetError(
                f"Expected every image once in the list, got {twice} twice, so that its score is not known. Remove a "
                "line."
            )
        given = np.array([scores[name] for name in names], dtype=np.float64)
        targets = np.array([line.mos for line in self.lines], dtype=np.float64)
        return fit_logistic(given, targets, low=self.low, high=self.high)


def read_targets(path: Path) -> Targets:
    """A list that ``write_normalised`` or A-FINE's scripts wrote."""
    lines = list(read_lines(path))
    opinions = [line.mos for line in lines]
    ends = (round(min(opinions), 6), round(max(opinions), 6)) if opinions else ()
    if ends not in FITTED:
        got = " to ".join(f"{end:g}" for end in ends) or "nothing"
        raise DatasetError(
            f"Expected opinions from -2 to 2, or from 0 to 100, in {path}, got {got}. Make the list with: acutance "
            "data normalize"
        )
    return Targets(lines, *ends)


def file_name(path: str) -> str:
    """By which images of a list and scores of them meet."""
    return PurePosixPath(path.replace("\\", "/")).name.casefold()


@dataclass(frozen=True)
class QualityTargets:
    """A fitted curve that turns scores into targets."""

    low: float
    """Lowest of the scores it was fitted on."""
    high: float
    """Highest of them."""
    curve: Parameters | None
    """The five parameters of the curve; ``None`` if no fit was found and the stretched scores stay."""
    curve_low: float
    """Lowest value on the scores it was fitted on, after the curve."""
    curve_high: float
    """Highest value after the curve."""
    turns: bool
    """Whether higher scores are better, so that targets fall with them."""
    version: Version

    def __call__(self, scores: Scores) -> Scores:
        """The targets of scores: 0 is the best, 1 the worst of those it was fitted on; others may lie beyond."""
        values = (scores - self.low) / (self.high - self.low)
        if self.turns and self.version == "2021":
            values = 1 - values
        if self.curve is not None:
            values = (curve_values(values, self.curve) - self.curve_low) / (self.curve_high - self.curve_low)
        return 1 - values if self.turns and self.version == "2024" else values


def curve_values(values: Scores, parameters: Parameters) -> Scores:
    """The curve p0 (1/2 - 1 / (1 + exp(p1 (x - p2) + 1e-6))) + abs(p3) x + p4 of five parameters."""
    height, slope, centre, tilt, base = parameters
    bend = height * (0.5 - expit(-(slope * (values - centre) + OFFSET)))
    return np.asarray(bend + abs(tilt) * values + base)


def fit_quality_targets(
    scores: Scores, *, better: Better = "higher", linearise: bool = True, version: Version = "2024"
) -> QualityTargets:
    """Fit VTAMIQ's processing of scores.

    Args:
        scores: Scores to fit on: the training images; VTAMIQ itself takes all, its test among them.
        linearise: Fit the curve that makes targets close to uniform; without it they are stretched and turned.
    """
    require_spread(scores)
    low, high = float(scores.min()), float(scores.max())
    turns = better == "higher"
    values = (scores - low) / (high - low)
    if turns and version == "2021":
        values = 1 - values
    curve = _fitted(np.sort(values), power=2 if version == "2024" else 1) if linearise else None
    after = curve_values(values, curve) if curve else values
    if np.ptp(after) == 0:
        curve, after = None, values
    return QualityTargets(low, high, curve, float(after.min()), float(after.max()), turns, version)


def _fitted(ordered: Scores, *, power: int) -> Parameters | None:
    """The curve from scores in order to k / n, k from 0; ``None`` where the fit fails."""
    uniform = np.arange(len(ordered)) / len(ordered)

    def residuals(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((uniform - curve_values(ordered, tuple(parameters))) ** power)

    start = np.array([1.0, 1.0, np.median(ordered), 1.0, np.median(uniform)])
    if len(ordered) < len(start):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a fit that stops early, which the authors keep
        found = leastsq(residuals, start)[0]
    return tuple(map(float, found)) if np.isfinite(found).all() else None
