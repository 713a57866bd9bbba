"""Agreement of scores with opinions: rank and linear correlation, errors after a curve, outliers (ITU-T P.1401)."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import kendalltau, rankdata
from scipy.stats import t as student

from acutance.errors import StatisticsError
from acutance.stats.curves import Curve, fit_curve
from acutance.stats.samples import Numbers, check_varies, column, paired
from acutance.types import Better, CurveKind

OutlierRule = Literal["p1401", "vqeg"]

LEAST = 3
"""Images that a correlation needs: two always lie on a line."""
CONFIDENCE = 0.95
"""Level of the interval round an opinion beyond which a score is an outlier (ITU-T P.1401, outlier ratio)."""
VQEG_SPREADS = 2.0
"""Standard deviations of the opinions beyond which it is one (VQEG FR-TV phase II, 2003, metric 6)."""


@dataclass(frozen=True, kw_only=True)
class AgreementFigures:
    """Agreement of the scores of some images with opinions of them.

    Correlations are signed so that a model that agrees is positive, whichever way its scores and the opinions go.
    """

    count: int
    """How many images."""
    srcc: float | None = None
    """Spearman's rank correlation, -1 to 1; ``None`` where it cannot be computed, see ``problem``."""
    krcc: float | None = None
    """Kendall's tau-b, -1 to 1."""
    plcc: float | None = None
    """Pearson's correlation after the curve, -1 to 1; negative if the fitted curve reverses the order of quality."""
    plcc_unfitted: float | None = None
    """Pearson's correlation without a curve, -1 to 1."""
    rmse: float | None = None
    """Root of the mean squared error after the curve, in units of the opinions."""
    mae: float | None = None
    """Mean absolute error after the curve, in units of the opinions."""
    outlier_ratio: float | None = None
    """Share of images off by more than the uncertainty of their opinion; ``None`` without spreads."""
    outlier_rule: OutlierRule | None = None
    """By which rule, see ``outlier_ratio``."""
    curve: Curve | None = None
    """The curve from raw scores to opinions."""
    clipped: int = 0
    """How many infinite scores took the nearest finite score for the curve, its errors and both PLCC."""
    problem: str = ""
    """Why a number is missing, in one line; empty if none is."""


def agreement(
    scores: Numbers,
    mos: Numbers,
    *,
    better: Better,
    mos_better: Better,
    mos_std: Numbers | None = None,
    num_votes: Numbers | None = None,
    curve: CurveKind = "logistic4",
    min_images: int = 0,
) -> AgreementFigures:
    """Agreement of scores with opinions; what cannot be computed is ``None``, and ``problem`` says why.

    Args:
        scores: Scores of a model, one an image; infinite ones are allowed.
        mos: Opinions of the same images, finite.
        better: Which direction of the scores means better quality.
        mos_better: Which direction of the opinions does.
        mos_std: Standard deviations of the single opinions; NaN where unknown.
        num_votes: How many opinions each image has; NaN where unknown.
        curve: Which curve is fitted from scores to opinions.
        min_images: On fewer images a line takes the place of a logistic, see ``fit_curve``.

    Example:
        >>> scores, mos = np.array([9.0, 7.0, 4.0, 1.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0, 4.5])
        >>> figures = agreement(scores, mos, better="lower", mos_better="higher", curve="linear")
        >>> round(figures.srcc, 3), round(figures.plcc, 3), round(figures.rmse, 3)
        (0.9, 0.935, 0.455)
    """
    count = len(scores)
    try:
        scores, mos = check_scores(scores, mos)
        finite, clipped = clipped_scores(scores)
        sign = 1.0 if better == mos_better else -1.0
        ordered = np.unique(scores, return_inverse=True)[1].astype(np.float64)  # infinite scores have ranks too
        figures = AgreementFigures(
            count=count, clipped=clipped, srcc=sign * srcc(ordered, mos), krcc=sign * krcc(ordered, mos)
        )
    except StatisticsError as error:
        return AgreementFigures(count=count, problem=str(error))
    try:
        fitted = fit_curve(finite, mos, kind=curve, min_images=min_images)
    except StatisticsError as error:
        return replace(figures, problem=str(error))
    figures = _with_errors(figures, finite, mos, sign, fitted)
    return figures if mos_std is None else _with_outliers(figures, fitted(finite), mos, mos_std, num_votes)


def clipped_scores(scores: Numbers) -> tuple[Numbers, int]:
    """Scores in which an infinite one takes the nearest finite score, and how many did.

    PSNR of identical images is infinite: it keeps the best rank, and for a curve it is as good as the best other.

    Args:
        scores: One an image, without NaN.

    Raises:
        StatisticsError: No score is finite.

    Example:
        >>> clipped_scores(np.array([30.0, np.inf, 40.0]))
        (array([30., 40., 40.]), 1)
    """
    finite = np.isfinite(scores)
    if not finite.any():
        raise StatisticsError(f"Expected finite scores, got {len(scores)} infinite ones. Add distorted images.")
    return np.clip(scores, scores[finite].min(), scores[finite].max()), int((~finite).sum())


def check_scores(scores: Numbers, mos: Numbers) -> tuple[Numbers, Numbers]:
    """Scores and opinions of the same images as float64, if they can be ranked.

    Args:
        scores: Scores of a model; infinite ones are allowed.
        mos: Opinions, finite.

    Raises:
        StatisticsError: Fewer than 3 images, unequal lengths, NaN, or numbers all equal.

    Example:
        >>> len(check_scores(np.array([30.0, np.inf, 25.0]), np.array([3.0, 5.0, 1.0]))[0])
        3
    """
    scores, mos = column(scores, infinite=True), column(mos)
    if len(scores) != len(mos):
        raise StatisticsError(
            f"Expected an opinion for each score, got {len(scores)} scores and {len(mos)} opinions. Pair them."
        )
    if len(scores) < LEAST:
        raise StatisticsError(f"Expected at least {LEAST} images with score and opinion, got {len(scores)}. Add some.")
    check_varies(scores, "scores")
    check_varies(mos, "opinions")
    return scores, mos


def srcc(first: Numbers, second: Numbers) -> float:
    """Spearman's rank correlation, -1 to 1; equal numbers share the mean of their ranks.

    Raises:
        StatisticsError: Fewer than 3 pairs, numbers all equal, or not finite; so do ``krcc`` and ``plcc``.

    Example:
        >>> srcc(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0]))
        1.0
    """
    first, second = _comparable(first, second)
    return _pearson(rankdata(first), rankdata(second))


def krcc(first: Numbers, second: Numbers) -> float:
    """Kendall's tau-b, -1 to 1; pairs equal on one side are taken off as tau-b does.

    Example:
        >>> round(krcc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0])), 4)
        0.6667
    """
    return float(kendalltau(*_comparable(first, second), method="asymptotic").statistic)


def plcc(first: Numbers, second: Numbers) -> float:
    """Pearson's linear correlation, -1 to 1.

    Example:
        >>> plcc(np.array([1.0, 2.0, 3.0]), np.array([5.0, 3.0, 1.0]))
        -1.0
    """
    return _pearson(*_comparable(first, second))


def rmse(predicted: Numbers, mos: Numbers) -> float:
    """Root of the mean squared error, in units of the opinions.

    The mean is over all images; ITU-T P.1401 divides by their number less the parameters of the curve instead.

    Args:
        predicted: Scores on the scale of the opinions: what a curve gave.

    Raises:
        StatisticsError: Nothing to compare, or numbers that are not finite; so does ``mae``.

    Example:
        >>> rmse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.4142135623730951
    """
    predicted, mos = paired(predicted, mos, least=1)
    return float(np.sqrt(np.mean((predicted - mos) ** 2)))


def mae(predicted: Numbers, mos: Numbers) -> float:
    """Mean absolute error, in units of the opinions.

    Example:
        >>> mae(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        1.0
    """
    predicted, mos = paired(predicted, mos, least=1)
    return float(np.mean(np.abs(predicted - mos)))


def outlier_ratio(predicted: Numbers, mos: Numbers, mos_std: Numbers, num_votes: Numbers | None = None) -> float:
    """Share of images whose error is larger than the uncertainty of their opinion, 0 to 1.

    With votes that is half the 95 % interval of the mean opinion, t(0.975, votes - 1) std / sqrt(votes) ("p1401");
    without, two standard deviations of the single opinions ("vqeg").

    Args:
        predicted: Scores on the scale of the opinions: what a curve gave.
        mos_std: Standard deviation of the single opinions of each image, in units of the opinions; at least 0.
        num_votes: How many opinions each image has, at least 2.

    Raises:
        StatisticsError: Columns that do not fit, negative spreads, or fewer than 2 votes.

    Example:
        >>> outlier_ratio(np.array([1.0, 2.0]), np.array([1.1, 4.0]), np.array([0.5, 0.5]), np.array([16.0, 16.0]))
        0.5
    """
    predicted, mos = paired(predicted, mos, least=1)
    _, mos_std = paired(mos, mos_std, least=1)
    if mos_std.min() < 0:
        raise StatisticsError(f"Expected spreads of at least 0, got {mos_std.min():g}. Give standard deviations.")
    limit = VQEG_SPREADS * mos_std
    if num_votes is not None:
        _, votes = paired(mos_std, num_votes, least=1)
        if votes.min() < 2:
            raise StatisticsError(f"Expected at least 2 votes an image, got {votes.min():g}. Leave those images out.")
        limit = student.ppf(0.5 + CONFIDENCE / 2, votes - 1) * mos_std / np.sqrt(votes)
    return float(np.mean(np.abs(predicted - mos) > limit))


def _comparable(first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
    first, second = paired(first, second)
    check_varies(first, "numbers on the first side")
    check_varies(second, "numbers on the second side")
    return first, second


def _pearson(first: Numbers, second: Numbers) -> float:
    """Pearson's correlation of numbers scaled to their largest deviation, so that no square over- or underflows."""
    first, second = first - first.mean(), second - second.mean()
    first, second = first / np.abs(first).max(), second / np.abs(second).max()
    value = first @ second / np.sqrt((first @ first) * (second @ second))
    return float(np.clip(value, -1.0, 1.0))


def _with_errors(
    figures: AgreementFigures, scores: Numbers, mos: Numbers, sign: float, curve: Curve
) -> AgreementFigures:
    """The figures and what the curve gives; the sign of PLCC is that of the curve, turned to where better is."""
    predicted = curve(scores)
    figures = replace(
        figures,
        plcc_unfitted=sign * plcc(scores, mos),
        rmse=rmse(predicted, mos),
        mae=mae(predicted, mos),
        curve=curve,
    )
    try:
        fitted = plcc(predicted, mos)
    except StatisticsError:
        return replace(
            figures, problem="No PLCC: the fitted curve is flat, so that scores tell nothing of the opinions."
        )
    if curve.kind != "none":
        fitted = -abs(fitted) if curve.is_decreasing else abs(fitted)
    return replace(figures, plcc=sign * fitted)


def _with_outliers(
    figures: AgreementFigures, predicted: Numbers, mos: Numbers, mos_std: Numbers, num_votes: Numbers | None
) -> AgreementFigures:
    """The figures and the outlier ratio, or why it is missing."""
    try:
        ratio = outlier_ratio(predicted, mos, mos_std, num_votes)
    except StatisticsError as error:
        return replace(figures, problem=f"{figures.problem} No outlier ratio: {error}".strip())
    return replace(figures, outlier_ratio=ratio, outlier_rule="vqeg" if num_votes is None else "p1401")
