"""From the scores of one model to its evaluation: agreement over all images and within groups, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from acutance.datasets.splits import scene_of
from acutance.datasets.table import OpinionTable
from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.results import WITH_INTERVALS, Agreement, Evaluation, Group, Interval, Prediction
from acutance.stats.bootstrap import Statistic, bootstrap_agreement
from acutance.stats.correlation import AgreementFigures, agreement
from acutance.stats.curves import SMALL_GROUP, Curve
from acutance.stats.samples import Numbers
from acutance.tables.text import readable
from acutance.types import Better, CurveKind, OnProgress

EvaluationPart = Literal["all", "train", "validation", "test"]
"""Which rows of a table: all of them, or those of one part of a split."""
ImageKey = tuple[str, str | None]
"""An image and its reference, by their paths in the table; a reference beside itself is such a pair too."""
Scores = Mapping[ImageKey, float | None]
"""Score of each image; one that failed is not there, or ``None``."""
USUAL_CURVE: CurveKind = "logistic4"
"""VQEG's 4-parameter logistic. It is monotone, so it cannot mend a wrong order; the linear term of the 5-parameter
one can, and a fifth parameter flatters the model on small sets."""
GROUPED_BY = ("distortion", "level", "reference")
"""What images of a group may share: fields of a row."""
OF_GROUPS: tuple[Statistic, ...] = ("srcc",)
"""What groups have intervals of: without a curve to fit again, so that hundreds of groups take seconds."""


@dataclass(frozen=True, kw_only=True)
class EvaluationOptions:
    """Options of the statistics; a value out of range is an ``EvaluationError``."""

    protocol: str = "plain"
    """Name of the protocol."""
    part: EvaluationPart | None = None
    """Which part of the datasets; ``None`` for the protocol's usual one, or ``test`` beside a split."""
    curve: CurveKind | None = None
    """The function from scores to opinions by which PLCC and errors are computed; ``None`` for the protocol's own, or
    else the 4-parameter logistic."""
    draws: int = 1000
    """Bootstrap draws of each interval; 0 for none."""
    seed: int = 0
    """Seed of random splits, drawn pairs and bootstrap draws, 0 to 2**32 - 1: the same for every model."""
    margin: float = 0.0
    """Two scores that differ by no more are a tie, where a protocol counts pairs, in units of the scores."""

    def __post_init__(self) -> None:
        if self.curve not in (None, *get_args(CurveKind)):
            curves = ", ".join(get_args(CurveKind))
            raise EvaluationError(f"Expected a curve from {curves}, got {self.curve!r}. Choose one of them.")
        if self.draws < 0 or self.draws == 1:
            raise EvaluationError(f"Expected 0 draws for no intervals, or 2 and more, got {self.draws}. Change draws.")
        if not 0 <= self.seed < 2**32:
            raise EvaluationError(f"Expected a seed from 0 to 2**32 - 1, got {self.seed}. Choose another.")


@dataclass(frozen=True)
class ScoredTable:
    """One model and the images of one dataset or of a part of it, in the order of its rows.

    Example:
        >>> from pathlib import Path
        >>> from acutance.datasets.table import RatedImage
        >>> table = OpinionTable([RatedImage(image="a.png", mos=3.0), RatedImage(image="b.png")], Path(), "mine")
        >>> scored = ScoredTable("ssim", "higher", table, np.array([0.5, np.nan]), [None, "no such file"])
        >>> scored.mos.tolist(), scored.usable.tolist(), scored.failed, scored.unrated
        ([3.0, nan], [True, False], 1, 0)
    """

    model: str
    better: Better
    """Which direction of its scores means better quality."""
    table: OpinionTable
    scores: Numbers
    """Score of each row, (N,); NaN where it failed, infinite where the model says so."""
    errors: Sequence[str | None]
    """Why a row has no score."""
    options: EvaluationOptions = EvaluationOptions()
    part: str = "all"
    """Which part of the dataset the rows are."""

    @cached_property
    def mos(self) -> Numbers:
        """Opinion of each row as published, (N,); NaN where there is none."""
        return self._column("mos")

    @cached_property
    def mos_std(self) -> Numbers:
        """Standard deviation of the opinions of each row, (N,); NaN where it is not known."""
        return self._column("mos_std")

    @cached_property
    def num_votes(self) -> Numbers:
        """Number of votes of each row, (N,); NaN where it is not known."""
        return self._column("num_votes")

    @cached_property
    def mos_better(self) -> Better:
        """Better direction of the opinions; rows of both directions are an ``EvaluationError``."""
        directions = {row.better for row in self.table if row.mos is not None} or {row.better for row in self.table}
        if len(directions) > 1:
            raise EvaluationError(
                f"Expected opinions of one direction in {self.table.name}, got higher and lower. "
                "Evaluate each part as a dataset of its own."
            )
        return directions.pop() if directions else "higher"

    @cached_property
    def scenes(self) -> list[str]:
        """The scene of each row: what a bootstrap draws whole."""
        return [scene_of(row) for row in self.table]

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Mask of the rows with a score and an opinion, (N,)."""
        usable: NDArray[np.bool_] = ~np.isnan(self.scores) & ~np.isnan(self.mos)
        return usable

    @property
    def failed(self) -> int:
        """Number of rows without a score."""
        return int(np.isnan(self.scores).sum())

    @property
    def unrated(self) -> int:
        """Number of rows with a score and no opinion."""
        return int((~np.isnan(self.scores) & np.isnan(self.mos)).sum())

    def _column(self, name: str) -> Numbers:
        values = (getattr(row, name) for row in self.table.rows)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def evaluate_model(scored: ScoredTable, *, on_progress: OnProgress | None = None) -> Evaluation:
    """The evaluation of one model on one dataset, without the numbers of a protocol.

    Rows without a score are counted as failed and listed with their errors; rows without an opinion are counted as
    unrated; statistics are over the others. ``on_progress`` counts bootstrap draws.
    """
    return Evaluation(
        model=scored.model,
        dataset=scored.table.name,
        better=scored.better,
        mos_better=scored.mos_better,
        root=str(scored.table.root.absolute()),
        part=scored.part,
        agreement=_overall(scored, on_progress),
        groups=dict(_groups(scored)),
        failed=scored.failed,
        unrated=scored.unrated,
        predictions=_predictions(scored),
    )


def agreement_of(scored: ScoredTable) -> Agreement:
    """The agreement over the rows that have a score and an opinion, without intervals."""
    return _record(_figures(scored, np.flatnonzero(scored.usable)))


def _figures(scored: ScoredTable, places: NDArray[np.intp], *, min_images: int = 0) -> AgreementFigures:
    """The agreement over some rows, all of them usable."""
    mos_std, num_votes = scored.mos_std[places], scored.num_votes[places]
    return agreement(
        scored.scores[places],
        scored.mos[places],
        better=scored.better,
        mos_better=scored.mos_better,
        mos_std=None if np.isnan(mos_std).all() else mos_std,  # statistics say what they miss where some are unknown
        num_votes=None if not len(places) or np.isnan(num_votes).any() else num_votes,
        curve=scored.options.curve or USUAL_CURVE,
        min_images=min_images,
    )


def _record(figures: AgreementFigures) -> Agreement:
    fields = vars(figures) | {"outlier_rule": figures.outlier_rule or ""}
    return Agreement.model_validate(fields, from_attributes=True)


def _overall(scored: ScoredTable, on_progress: OnProgress | None) -> Agreement:
    """The agreement over all usable rows with intervals by drawing whole scenes, or the reason why there are none."""
    places = np.flatnonzero(scored.usable)
    figures = _figures(scored, places)
    found = _record(figures)
    if not scored.options.draws or figures.srcc is None:
        return found
    try:
        return _with_intervals(found, scored, places, WITH_INTERVALS, figures.curve, on_progress)
    except StatisticsError as error:
        return _with_note(found, f"No intervals: {error}")


def _with_intervals(
    found: Agreement,
    scored: ScoredTable,
    places: NDArray[np.intp],
    statistics: tuple[Statistic, ...],
    curve: Curve | None = None,
    on_progress: OnProgress | None = None,
) -> Agreement:
    drawn = bootstrap_agreement(
        scored.scores[places],
        scored.mos[places],
        [scored.scenes[place] for place in places],
        better=scored.better,
        mos_better=scored.mos_better,
        draws=scored.options.draws,
        seed=scored.options.seed,
        curve=curve or scored.options.curve or USUAL_CURVE,
        statistics=statistics,
        on_progress=on_progress,
    )
    intervals = {name: Interval(low=low, high=high) for name, (low, high) in drawn.items()}
    return _with_note(found.model_copy(update={"intervals": intervals}), drawn.note)


def _with_note(found: Agreement, note: str) -> Agreement:
    return found.model_copy(update={"problem": " ".join(filter(None, (found.problem, note)))})


def _groups(scored: ScoredTable) -> Iterator[tuple[str, list[Group]]]:
    """Agreement within each distortion, level and reference, where the dataset has them."""
    for by in GROUPED_BY:
        places: dict[str | int, list[int]] = {}
        for place, row in enumerate(scored.table):
            if (value := getattr(row, by)) is not None:
                places.setdefault(value, []).append(place)
        if places:
            yield by, [Group(name=str(value), agreement=_within(scored, places[value])) for value in sorted(places)]


def _within(scored: ScoredTable, places: list[int]) -> Agreement:
    """The agreement within a group, with an interval of SRCC where the group has several scenes."""
    usable = np.array([place for place in places if scored.usable[place]], dtype=np.intp)
    found = _record(_figures(scored, usable, min_images=SMALL_GROUP))
    if not scored.options.draws or found.srcc is None or len({scored.scenes[place] for place in usable}) == 1:
        return found
    return _with_intervals(found, scored, usable, OF_GROUPS)


def _predictions(scored: ScoredTable) -> list[Prediction]:
    failed = np.isnan(scored.scores)
    return [
        Prediction(
            image=readable(row.image),
            predicted=None if failed[place] else float(scored.scores[place]),
            ground_truth=row.mos,
            reference=None if row.reference is None else readable(row.reference),
            mos_std=row.mos_std,
            num_votes=row.num_votes,
            distortion=row.distortion,
            level=row.level,
            scene=scored.scenes[place],
            error=(scored.errors[place] or "no score") if failed[place] else None,
        )
        for place, row in enumerate(scored.table)
    ]
