"""All numbers of how well scores agree with opinions, with the direction of both sides stated."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from acutance.errors import StatisticsError
from acutance.stats import correlation
from acutance.stats.logistic import Curve, CurveKind, fit_curve
from acutance.stats.samples import Numbers, column

Better = Literal["higher", "lower"]

LEAST = 3
"""Pictures that a correlation needs: two always lie on a line."""


@dataclass(frozen=True, kw_only=True)
class AgreementFigures:
    """How well the scores of some pictures agree with opinions of them.

    Correlations are signed so that a model that agrees is positive, whichever way its scores and the opinions go.
    """

    count: int
    """How many pictures."""
    srcc: float | None = None
    """Spearman's rank correlation, -1 to 1; ``None`` where it cannot be computed, see ``problem``."""
    krcc: float | None = None
    """Kendall's tau-b, -1 to 1."""
    plcc: float | None = None
    """Pearson's correlation after the curve, -1 to 1; negative if the curve turns better into worse."""
    plcc_unfitted: float | None = None
    """Pearson's correlation without a curve, -1 to 1."""
    rmse: float | None = None
    """Root of the mean squared error after the curve, in units of the opinions."""
    mae: float | None = None
    """Mean absolute error after the curve, in units of the opinions."""
    outlier_ratio: float | None = None
    """Share of pictures off by more than the uncertainty of their opinion; ``None`` without spreads."""
    outlier_rule: correlation.OutlierRule | None = None
    """By which rule, see ``correlation.outlier_ratio``."""
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
) -> AgreementFigures:
    """How well scores agree with opinions; what cannot be computed is ``None``, and ``problem`` says why.

    Args:
        scores: Scores of a model, one a picture; infinite ones are allowed.
        mos: Opinions of the same pictures, finite.
        better: Which direction of the scores means better quality.
        mos_better: Which direction of the opinions does.
        mos_std: Standard deviations of the single opinions; NaN where unknown.
        num_votes: How many opinions each picture has; NaN where unknown.
        curve: Which curve is fitted from scores to opinions.

    Example:
        >>> scores, mos = np.array([9.0, 7.0, 4.0, 1.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0, 4.5])
        >>> figures = agreement(scores, mos, better="lower", mos_better="higher", curve="linear")
        >>> round(figures.srcc, 3), round(figures.plcc, 3), round(figures.rmse, 3)
        (0.9, 0.935, 0.455)
    """
    count = len(scores)
    try:
        scores, mos = checked(scores, mos)
        finite, clipped = clipped_scores(scores)
        figures = AgreementFigures(count=count, clipped=clipped)
        sign = 1.0 if better == mos_better else -1.0
        ordered = np.unique(scores, return_inverse=True)[1].astype(np.float64)
        figures = replace(
            figures, srcc=sign * correlation.srcc(ordered, mos), krcc=sign * correlation.krcc(ordered, mos)
        )
    except StatisticsError as error:
        return AgreementFigures(count=count, problem=str(error))
    try:
        fitted = fit_curve(finite, mos, kind=curve)
    except StatisticsError as error:
        return replace(figures, problem=str(error))
    figures = _with_errors(figures, finite, mos, sign, fitted)
    return figures if mos_std is None else _with_outliers(figures, fitted(finite), mos, mos_std, num_votes)


def clipped_scores(scores: Numbers) -> tuple[Numbers, int]:
    """Scores in which an infinite one takes the nearest finite score, and how many did.

    PSNR of identical pictures is infinite: it keeps the best rank, and for a curve it is as good as the best other.

    Args:
        scores: One a picture, without NaN.

    Raises:
        StatisticsError: No score is finite.

    Example:
        >>> clipped_scores(np.array([30.0, np.inf, 40.0]))
        (array([30., 40., 40.]), 1)
    """
    finite = np.isfinite(scores)
    if not finite.any():
        raise StatisticsError(f"Expected finite scores, got {len(scores)} infinite ones. Add distorted pictures.")
    return np.clip(scores, scores[finite].min(), scores[finite].max()), int((~finite).sum())


def checked(scores: Numbers, mos: Numbers) -> tuple[Numbers, Numbers]:
    """Scores and opinions of the same pictures, if they can be ranked.

    Args:
        scores: Scores of a model; infinite ones are allowed.
        mos: Opinions, finite.

    Raises:
        StatisticsError: Fewer than 3 pictures, unequal lengths, NaN, or numbers all equal.

    Example:
        >>> len(checked(np.array([30.0, np.inf, 25.0]), np.array([3.0, 5.0, 1.0]))[0])
        3
    """
    scores, mos = column(scores, infinite=True), column(mos)
    if len(scores) != len(mos):
        raise StatisticsError(
            f"Expected an opinion for each score, got {len(scores)} scores and {len(mos)} opinions. Pair them."
        )
    if len(scores) < LEAST:
        raise StatisticsError(
            f"Expected at least {LEAST} pictures with score and opinion, got {len(scores)}. Add some."
        )
    for what, values in (("scores", scores), ("opinions", mos)):
        if values.min() == values.max():
            raise StatisticsError(f"Expected {what} that differ, got {len(values)} times {values[0]:g}. Check them.")
    return scores, mos


def _with_errors(
    figures: AgreementFigures, scores: Numbers, mos: Numbers, sign: float, curve: Curve
) -> AgreementFigures:
    """The same with what the curve gives; the sign of PLCC is that of the curve, turned to where better is."""
    predicted = curve(scores)
    figures = replace(
        figures,
        plcc_unfitted=sign * correlation.plcc(scores, mos),
        rmse=correlation.rmse(predicted, mos),
        mae=correlation.mae(predicted, mos),
        curve=curve,
    )
    try:
        fitted = correlation.plcc(predicted, mos)
    except StatisticsError:
        return replace(
            figures, problem="No PLCC: the fitted curve is flat, so that scores tell nothing of the opinions."
        )
    if curve.kind != "none":
        fitted = -abs(fitted) if curve.turns_round else abs(fitted)
    return replace(figures, plcc=sign * fitted)


def _with_outliers(
    figures: AgreementFigures, predicted: Numbers, mos: Numbers, mos_std: Numbers, num_votes: Numbers | None
) -> AgreementFigures:
    """The same with the outlier ratio, or why it is missing."""
    try:
        ratio = correlation.outlier_ratio(predicted, mos, mos_std, num_votes)
    except StatisticsError as error:
        problem = f"{figures.problem} No outlier ratio: {error}".strip()
        return replace(figures, problem=problem)
    return replace(figures, outlier_ratio=ratio, outlier_rule="vqeg" if num_votes is None else "p1401")
