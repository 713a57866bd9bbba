"""One panel of opinions over scores: the cloud, the fitted curve with its band, and the numbers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from scipy.optimize import least_squares

from acutance.evaluation.results import Evaluation, FittedCurve
from acutance.reports.plots.canvas import COLOURS, FAINT, INK, Axes, FuncFormatter, label_panel
from acutance.reports.plots.labels import dataset_name, direction, prose, with_interval, wrapped
from acutance.stats.correlation import clipped_scores
from acutance.stats.curves import Curve
from acutance.stats.samples import Numbers

DRAWS = 200
"""Curves of a band: enough for its 2.5 % ends, quick enough for many panels."""
SEED = 0
DENSE = 3000
"""Points above which a cloud is drawn as counts in hexagons."""
HEXAGONS = 45
"""Across a panel."""
STEPS = 160
"""Scores at which a curve is drawn."""
MARGIN = 0.04
"""Of the range of the data, beside it."""
BOX = (0.5, 0.34)
"""Share of a panel, across and up, that the box of numbers covers at most."""
LEAST_SCENES = 5
"""Below this, draws of scenes say nothing of other scenes."""
BINS = 400
"""Images of about one score count as one place of their mean opinion: by least squares the curve is the same."""
LEVEL = 0.95
"""Share of the curves inside the band, at each score."""
EVALUATIONS = 60
"""Of the curve in one fit, which begins at the curve of all images."""


Places = Int64[np.ndarray, "_"]


@dataclass(frozen=True)
class Cloud:
    """Images that have a score and an opinion."""

    scores: Numbers
    """Finite or infinite."""
    mos: Numbers
    scenes: list[str]
    """What each image shows: its scene, else its reference, else itself."""

    def finite(self) -> "Cloud":
        """The images with a finite score."""
        kept = np.isfinite(self.scores)
        scenes = [scene for scene, keep in zip(self.scenes, kept, strict=True) if keep]
        return Cloud(self.scores[kept], self.mos[kept], scenes)


def cloud_of(evaluation: Evaluation) -> Cloud:
    """The images of an evaluation that have a score and a finite opinion."""
    kept = [
        one
        for one in evaluation.predictions
        if one.predicted is not None
        and one.ground_truth is not None
        and not np.isnan(one.predicted)
        and np.isfinite(one.ground_truth)
    ]
    return Cloud(
        np.array([one.predicted for one in kept], dtype=np.float64),
        np.array([one.ground_truth for one in kept], dtype=np.float64),
        [one.scene or one.reference or one.image for one in kept],
    )


def draw_scatter(axes: Axes, evaluation: Evaluation, *, draws: int = DRAWS, seed: int = SEED) -> None:
    """Draw one model on one dataset, with a band of the curve from some draws."""
    cloud = cloud_of(evaluation)
    finite = cloud.finite()
    problem = prose(evaluation.agreement.problem)
    label_panel(
        axes,
        f"{wrapped(evaluation.model, 38, 2)}\non {wrapped(dataset_name(evaluation), 36, 2)}",
        f"score, {direction(evaluation.better)}" + (f"\n{problem}" if problem else ""),
        f"opinion, {direction(evaluation.mos_better)}",
    )
    if not len(finite.scores):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.35, "no image has a finite score\nand an opinion", transform=axes.transAxes, ha="center",
                  color=FAINT)  # fmt: skip
    else:
        _limit(axes, finite, cloud.mos)
        _draw_cloud(axes, finite)
        _draw_infinite(axes, cloud)
        _draw_curve(axes, evaluation, cloud, draws, seed)
    _write_box(axes, evaluation, finite)


def _limit(axes: Axes, finite: Cloud, mos: Numbers) -> None:
    """Let axes end a little beyond the data, also where all of it is one value."""
    for values, limit in ((finite.scores, axes.set_xlim), (mos, axes.set_ylim)):
        low, high = float(values.min()), float(values.max())
        beside = MARGIN * (high - low) or max(abs(low) * 0.05, 0.05)
        limit(low - beside, high + beside)


def _draw_cloud(axes: Axes, finite: Cloud) -> None:
    count = len(finite.scores)
    if count <= DENSE:
        size, alpha = (16, 0.75) if count <= 200 else (10, 0.45) if count <= 1000 else (6, 0.3)
        axes.scatter(finite.scores, finite.mos, s=size, alpha=alpha, color=COLOURS[0], linewidths=0, zorder=2)
        return
    cells = axes.hexbin(
        finite.scores, finite.mos, gridsize=HEXAGONS, mincnt=1, bins="log", cmap="Blues", linewidths=0.1, zorder=2,
        extent=(*axes.get_xlim(), *axes.get_ylim()),
    )  # fmt: skip
    most = float(np.max(np.asarray(cells.get_array())))
    cells.set_clim(0.3, max(most, 2.0))
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000) if tick <= most]
    bar = axes.figure.colorbar(cells, ax=axes, ticks=ticks, format=FuncFormatter(lambda tick, _: f"{tick:,.0f}"))
    bar.set_label("images", fontsize=8)
    bar.ax.minorticks_off()
    bar.ax.set_ylim(1, max(most, 2.0))
    bar.outline.set_visible(False)


def _draw_infinite(axes: Axes, cloud: Cloud) -> None:
    """Mark infinite scores at the side where they would be."""
    for sign, side, marker in ((1, 1.0, ">"), (-1, 0.0, "<")):
        there = np.isinf(cloud.scores) & (np.sign(cloud.scores) == sign)
        if there.any():
            axes.scatter(
                np.full(int(there.sum()), side), cloud.mos[there], s=22, marker=marker, color=COLOURS[1], alpha=0.7,
                linewidths=0, transform=axes.get_yaxis_transform(), clip_on=False, zorder=4,
            )  # fmt: skip


def _draw_curve(axes: Axes, evaluation: Evaluation, cloud: Cloud, draws: int, seed: int) -> None:
    """Draw the curve over the finite scores; infinite ones counted as the nearest of them in its fit."""
    curve = evaluation.agreement.curve
    if curve is None:
        return
    scores = clipped_scores(cloud.scores)[0]
    at = np.linspace(scores.min(), scores.max(), STEPS)
    band = curve_band(curve, scores, cloud.mos, cloud.scenes, at, draws=draws, seed=seed)
    if band is not None:
        axes.fill_between(band.scores, band.low, band.high, color=COLOURS[1], alpha=0.25, linewidth=0, zorder=2.5)
    axes.plot(at, curve_of(curve)(at), color=COLOURS[1], linewidth=1.8, zorder=3,
              linestyle="--" if curve.kind == "none" else "-")  # fmt: skip


def _write_box(axes: Axes, evaluation: Evaluation, finite: Cloud) -> None:
    """The numbers, in the corner that covers fewest images."""
    agreement = evaluation.agreement
    lines = [
        f"{name.upper()} {with_interval(getattr(agreement, name), agreement.intervals.get(name))}"
        for name in ("srcc", "plcc", "rmse")
    ]
    curve = agreement.curve
    if curve is not None:
        wanted = f" (not {curve.wanted})" if curve.wanted != curve.kind else ""
        lines.append(f"curve: {curve.kind}{wanted}")
    lines.append(f"N {agreement.count:,}, failed {evaluation.failed:,}")
    infinite = len(cloud_of(evaluation).scores) - len(finite.scores)
    if evaluation.unrated or infinite:
        more = [f"unrated {evaluation.unrated:,}"] if evaluation.unrated else []
        lines.append(", ".join([*more, *([f"infinite {infinite:,}"] if infinite else [])]))
    across, up = _emptiest_corner(axes, finite)
    axes.text(
        0.02 + 0.96 * across, 0.02 + 0.96 * up, "\n".join(lines), transform=axes.transAxes, fontsize=7.5,
        ha="right" if across else "left", va="top" if up else "bottom", color=INK, zorder=5, linespacing=1.35,
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "#D0D0D0", "linewidth": 0.6,
              "boxstyle": "round,pad=0.35"},
    )  # fmt: skip


def _emptiest_corner(axes: Axes, finite: Cloud) -> tuple[int, int]:
    """Where fewest images lie: (1, 0) is the right lower corner; the left upper one of equals."""
    if not len(finite.scores):
        return 0, 1
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    across, up = (finite.scores - left) / (right - left), (finite.mos - bottom) / (top - bottom)
    counts = {
        (at, height): int(
            ((across > 1 - BOX[0] if at else across < BOX[0]) & (up > 1 - BOX[1] if height else up < BOX[1])).sum()
        )
        for at, height in ((0, 1), (1, 0), (1, 1), (0, 0))
    }
    return min(counts, key=lambda corner: counts[corner])


@dataclass(frozen=True)
class Band:
    """Bounds of a curve at some scores, in units of the opinions."""

    scores: Numbers
    low: Numbers
    high: Numbers


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
        scores: One per image, finite.
        scenes: What each shows; scenes are drawn whole.
        at: Scores at which the ends are wanted, ascending.
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
        values = curve_of(curve, tuple((start + scale * steps).tolist()))(scores)
        return np.asarray(np.nan_to_num(roots * (values - mos), nan=far, posinf=far, neginf=-far))

    if len(scores) < len(start):
        return curve_of(curve)
    with np.errstate(all="ignore"):  # a step may lead beyond what floats hold, and is then taken back
        found = least_squares(residuals, np.zeros(len(start)), method="lm", max_nfev=EVALUATIONS)
    return curve_of(curve, tuple((start + scale * found.x).tolist()))


def _binned(scores: Numbers) -> tuple[Places, Numbers]:
    """The place of each image, and the mean score of each place."""
    distinct, place_of = np.unique(scores, return_inverse=True)
    if len(distinct) > BINS:
        ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
        place_of = ranks * BINS // len(scores)
        distinct = np.bincount(place_of, scores) / np.bincount(place_of)
    return np.asarray(place_of, dtype=np.int64), distinct


def curve_of(curve: FittedCurve, parameters: tuple[float, ...] | None = None) -> Curve:
    """Values of a curve at scores, in units of the opinions; with other parameters if given.

    Example:
        >>> line = FittedCurve(kind="linear", wanted="linear", parameters=(2.0, 1.0))
        >>> curve_of(line)(np.array([0.0, 1.0])).tolist()
        [1.0, 3.0]
    """
    chosen = curve.parameters if parameters is None else parameters
    return Curve(kind=curve.kind, wanted=curve.wanted, parameters=chosen, is_decreasing=False)
