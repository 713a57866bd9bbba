"""What statistics take: the rows of a data set, what people said of them, and what one model said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acutance.datasets.splits import scene_of
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.results import WITH_INTERVALS, Agreement, Evaluation, FittedCurve, Group, Interval, Prediction
from acutance.stats.bootstrap import Intervals, Statistic, bootstrap_agreement
from acutance.stats.correlation import AgreementFigures, agreement
from acutance.stats.curves import SMALL_GROUP, Curve
from acutance.tables.text import readable
from acutance.types import Better, CurveKind, OnProgress

EvaluationPart = Literal["all", "train", "validation", "test"]
"""Which rows of a table: all of them, or those of one part of a split."""
PictureKey = tuple[str, str | None]
"""A picture and its reference, by their paths in the table; a reference beside itself is such a pair too."""
Scores = Mapping[PictureKey, float | None]
"""What a model said; a picture that failed is not there, or ``None``."""


@dataclass(frozen=True, kw_only=True)
class ProtocolSettings:
    """How a protocol runs, where it leaves a choice."""

    part: EvaluationPart = "all"
    """Which part of the data set the table holds."""
    seed: int = 0
    """Seed of random splits, drawn pairs and bootstrap draws, from 0 to 2**32 - 1."""
    draws: int = 1000
    """Bootstrap draws of each interval; 0 for none."""
    level: float = 0.95
    """Share of draws inside an interval."""
    margin: float = 0.0
    """Two scores that differ by no more than this are a tie, in units of the scores."""


Numbers = NDArray[np.float64]
CURVES: tuple[CurveKind, ...] = ("logistic4", "logistic5", "linear", "none")


@dataclass(frozen=True, kw_only=True)
class StatisticsSettings:
    """How statistics are made."""

    curve: CurveKind = "logistic4"
    """The function from scores to opinions by which PLCC and errors are computed."""
    draws: int = 1000
    """Bootstrap draws; 0 for no intervals."""
    seed: int = 0
    """Seed of the draws: the same for every model, so that all see the same draws."""
    level: float = 0.95
    """Share of draws inside an interval."""

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise EvaluationError(f"Expected a curve from {', '.join(CURVES)}, got {self.curve!r}. Choose one of them.")
        if self.draws < 0 or self.draws == 1:
            raise EvaluationError(f"Expected 0 draws for no intervals, or 2 and more, got {self.draws}. Change draws.")
        if not 0 <= self.seed < 2**32:
            raise EvaluationError(f"Expected a seed from 0 to 2**32 - 1, got {self.seed}. Choose another.")


@dataclass(frozen=True)
class EvaluationInputs:
    """One model and the pictures of one data set or of a part of it, in the order of its rows.

    Example:
        >>> from pathlib import Path
        >>> table = OpinionTable([RatedPicture(image="a.png", mos=3.0), RatedPicture(image="b.png")], Path(), "mine")
        >>> inputs = EvaluationInputs("ssim", "higher", table, np.array([0.5, np.nan]), [None, "no such file"])
        >>> inputs.mos.tolist(), inputs.usable.tolist(), inputs.failed, inputs.unrated
        ([3.0, nan], [True, False], 1, 0)
    """

    model: str
    """Name of the model."""
    better: Better
    """Which direction of its scores means better quality."""
    table: OpinionTable
    """The rows, with their root: what a protocol reads beside them lies there."""
    scores: Numbers
    """Score of each row, (N,); NaN where it failed, infinite where the model says so."""
    errors: Sequence[str | None]
    """Why a row has no score."""
    settings: StatisticsSettings = field(default_factory=StatisticsSettings)
    part: str = "all"
    """Which part of the data set the rows are."""

    @cached_property
    def mos(self) -> Numbers:
        """Opinion of each row as published, (N,); NaN where there is none."""
        return _column(self.table.rows, "mos")

    @cached_property
    def mos_better(self) -> Better:
        """Which direction of the opinions means better quality.

        Raises:
            EvaluationError: Rows of both directions.
        """
        directions = {row.better for row in self.table if row.mos is not None} or {row.better for row in self.table}
        if len(directions) > 1:
            raise EvaluationError(
                f"Expected opinions of one direction in {self.table.name}, got higher and lower. "
                "Evaluate each part as a data set of its own."
            )
        return directions.pop() if directions else "higher"

    @cached_property
    def mos_std(self) -> Numbers:
        """Standard deviation of the opinions of each row, (N,); NaN where it is not known."""
        return _column(self.table.rows, "mos_std")

    @cached_property
    def num_votes(self) -> Numbers:
        """How many people were asked about each row, (N,); NaN where it is not known."""
        return _column(self.table.rows, "num_votes")

    @cached_property
    def scenes(self) -> list[str]:
        """The scene of each row: what a bootstrap draws whole."""
        return [scene_of(row) for row in self.table]

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Which rows have a score and an opinion, (N,)."""
        usable: NDArray[np.bool_] = ~np.isnan(self.scores) & ~np.isnan(self.mos)
        return usable

    @property
    def failed(self) -> int:
        """How many rows have no score."""
        return int(np.isnan(self.scores).sum())

    @property
    def unrated(self) -> int:
        """How many rows have a score and no opinion."""
        return int((~np.isnan(self.scores) & np.isnan(self.mos)).sum())


def _column(rows: Sequence[RatedPicture], name: str) -> Numbers:
    return np.array([np.nan if (value := getattr(row, name)) is None else value for row in rows], dtype=np.float64)


Places = NDArray[np.intp]
OF_GROUPS: tuple[Statistic, ...] = ("srcc",)
"""What groups have intervals of: without a curve to fit again, so that hundreds of groups take seconds."""


def evaluate_model(inputs: EvaluationInputs, *, on_progress: OnProgress | None = None) -> Evaluation:
    """The evaluation of one model on one data set, without the numbers of a protocol.

    Rows without a score are counted as failed and told with their errors; rows without an opinion are counted as
    unrated; statistics are over the others.

    Args:
        inputs: Scores and opinions.
        on_progress: Called with bootstrap draws made and draws in all.

    Raises:
        EvaluationError: Opinions of both directions.
    """
    figures = _figures(inputs, np.flatnonzero(inputs.usable))
    return Evaluation(
        model=inputs.model,
        dataset=inputs.table.name,
        better=inputs.better,
        mos_better=inputs.mos_better,
        root=str(inputs.table.root.absolute()),
        part=inputs.part,
        agreement=_with_intervals(inputs, figures, on_progress),
        groups=dict(_groups(inputs)),
        failed=inputs.failed,
        unrated=inputs.unrated,
        predictions=_predictions(inputs),
    )


def agreement_of(inputs: EvaluationInputs) -> Agreement:
    """The agreement over the rows that have a score and an opinion, without intervals.

    Args:
        inputs: Scores and opinions.

    Raises:
        EvaluationError: Opinions of both directions.
    """
    return _as_result(_figures(inputs, np.flatnonzero(inputs.usable)))


def _figures(inputs: EvaluationInputs, places: Places, *, min_images: int = 0) -> AgreementFigures:
    """The agreement over some rows, all of them usable."""
    return agreement(
        inputs.scores[places],
        inputs.mos[places],
        better=inputs.better,
        mos_better=inputs.mos_better,
        mos_std=_known(inputs.mos_std[places]),
        num_votes=_whole(inputs.num_votes[places]),
        curve=inputs.settings.curve,
        min_images=min_images,
    )


def _as_result(figures: AgreementFigures) -> Agreement:
    return Agreement(
        count=figures.count,
        srcc=figures.srcc,
        krcc=figures.krcc,
        plcc=figures.plcc,
        plcc_unfitted=figures.plcc_unfitted,
        rmse=figures.rmse,
        mae=figures.mae,
        outlier_ratio=figures.outlier_ratio,
        outlier_rule=figures.outlier_rule or "",
        curve=None if figures.curve is None else _curve(figures.curve),
        clipped=figures.clipped,
        problem=figures.problem,
    )


def _curve(curve: Curve) -> FittedCurve:
    parameters = tuple(float(value) for value in curve.parameters)
    return FittedCurve(kind=curve.kind, wanted=curve.wanted, parameters=parameters, note=curve.note)


def _with_intervals(inputs: EvaluationInputs, figures: AgreementFigures, on_progress: OnProgress | None) -> Agreement:
    """The agreement over all usable rows with intervals by drawing whole scenes, or the reason why there are none."""
    overall, settings = _as_result(figures), inputs.settings
    if not settings.draws or figures.srcc is None:
        return overall
    try:
        found = _drawn(inputs, np.flatnonzero(inputs.usable), WITH_INTERVALS, figures.curve, on_progress)
    except StatisticsError as error:
        return _with_note(overall, f"No intervals: {error}")
    return _with_note(overall.model_copy(update={"intervals": _as_intervals(found, settings.level)}), found.note)


def _drawn(
    inputs: EvaluationInputs,
    places: Places,
    statistics: tuple[Statistic, ...],
    curve: Curve | None = None,
    on_progress: OnProgress | None = None,
) -> Intervals:
    settings = inputs.settings
    return bootstrap_agreement(
        inputs.scores[places],
        inputs.mos[places],
        [inputs.scenes[place] for place in places],
        better=inputs.better,
        mos_better=inputs.mos_better,
        draws=settings.draws,
        seed=settings.seed,
        level=settings.level,
        curve=curve or settings.curve,
        statistics=statistics,
        on_progress=on_progress,
    )


def _as_intervals(found: Intervals, level: float) -> dict[str, Interval]:
    return {name: Interval(low=low, high=high, level=level) for name, (low, high) in found.items()}


def _with_note(result: Agreement, note: str) -> Agreement:
    return result.model_copy(update={"problem": " ".join(filter(None, (result.problem, note)))})


def _groups(inputs: EvaluationInputs) -> Iterator[tuple[str, list[Group]]]:
    """Agreement within each distortion, level and reference, where the data set tells them."""
    shared: dict[str, Callable[[RatedPicture], str | int | None]] = {
        "distortion": lambda row: row.distortion,
        "level": lambda row: row.level,
        "reference": lambda row: row.reference,
    }
    for by, value_of in shared.items():
        values = [value_of(row) for row in inputs.table]
        places: dict[str | int, list[int]] = {}
        for place, value in enumerate(values):
            if value is not None:
                places.setdefault(value, []).append(place)
        if places:
            yield by, [Group(name=str(value), agreement=_within(inputs, places[value])) for value in sorted(places)]


def _within(inputs: EvaluationInputs, places: list[int]) -> Agreement:
    """The agreement within a group, with an interval of SRCC where the group has several scenes."""
    usable = np.array([place for place in places if inputs.usable[place]], dtype=np.intp)
    found = _as_result(_figures(inputs, usable, min_images=SMALL_GROUP))
    if not inputs.settings.draws or found.srcc is None or len({inputs.scenes[place] for place in usable}) == 1:
        return found
    drawn = _drawn(inputs, usable, OF_GROUPS)
    return _with_note(found.model_copy(update={"intervals": _as_intervals(drawn, inputs.settings.level)}), drawn.note)


def _known(values: Numbers) -> Numbers | None:
    """The values if any is known; statistics say what they miss of the others."""
    return None if bool(np.isnan(values).all()) else values


def _whole(values: Numbers) -> Numbers | None:
    """The values if all are known."""
    return None if not len(values) or bool(np.isnan(values).any()) else values


def _predictions(inputs: EvaluationInputs) -> list[Prediction]:
    failed = np.isnan(inputs.scores)
    return [
        Prediction(
            image=readable(row.image),
            predicted=None if failed[place] else float(inputs.scores[place]),
            ground_truth=row.mos,
            reference=None if row.reference is None else readable(row.reference),
            mos_std=row.mos_std,
            num_votes=row.num_votes,
            distortion=row.distortion,
            level=row.level,
            scene=inputs.scenes[place],
            error=(inputs.errors[place] or "no score") if failed[place] else None,
        )
        for place, row in enumerate(inputs.table)
    ]
