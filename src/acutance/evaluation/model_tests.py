"""Tests of which of two models agrees better with people, for every pair, corrected for multiple comparisons."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.results import Agreement, Evaluation, ModelTest, Prediction
from acutance.stats.correlation import clipped_scores, plcc, srcc
from acutance.stats.curves import PARAMETERS, fit_curve
from acutance.stats.krasula import compare_krasula
from acutance.stats.samples import Numbers
from acutance.stats.tests import Outcome, f_test, holm, meng_rosenthal_rubin, wilcoxon_signed_rank, williams
from acutance.types import Better, CurveKind, OnProgress

SIGNIFICANCE = 0.05
"""The level at which a difference counts, after correction (ITU-T P.1401: 95 %)."""
USUAL_CURVE: CurveKind = "logistic4"
"""For an evaluation that has no curve (VQEG)."""
MOST_PAIRS = 1_000_000
"""Pairs of images that Krasula's analysis draws where there are more: every pair of 1,414 images."""
SHARED = "pairs share images, so p is smaller than it should be"
OVERLAP = "splits overlap, so p is smaller than it should be"
SPLITS = "split"
"""Groups of repeated random splits, see ``protocols``."""

Test = Callable[[], tuple[Outcome, bool]]
"""A test, and whether the first model is ahead, by however little."""


def compare_models(evaluations: Sequence[Evaluation], *, on_progress: OnProgress | None = None) -> list[ModelTest]:
    """Every two models on the same images of each dataset, dataset by dataset and test by test.

    Evaluations are compared if dataset, part and protocol are the same. Only images that both models scored and
    people rated are used; ``count`` and ``note`` say how many. Tests: ``meng_rosenthal_rubin`` of SRCC, ``williams``
    of PLCC after the curve, ``f_test`` of the residuals after the curve (ITU-T P.1401); with spread and number of
    votes of every image ``krasula_different_similar`` and ``krasula_better_worse``; with repeated splits
    ``wilcoxon_splits`` of SRCC. Holm's correction is over the pairs of models of one dataset and one test.
    ``on_progress`` counts pairs of models.
    """
    groups = _groups(evaluations)
    total = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    found: list[ModelTest] = []
    done = 0
    for group in groups:
        table = _ScoreTable(group)
        by_test: dict[str, list[ModelTest]] = {}
        for first, second in combinations(range(len(group)), 2):
            for test in _tests_of_two(table, first, second) if table.is_rated else ():
                by_test.setdefault(test.test, []).append(test)
            done += 1
            if on_progress:
                on_progress(done, total)
        for same_test in by_test.values():
            found += _corrected(same_test)
    return found


def _groups(evaluations: Sequence[Evaluation]) -> list[list[Evaluation]]:
    groups: dict[tuple[str, ...], list[Evaluation]] = {}
    for evaluation in evaluations:
        group = groups.setdefault((evaluation.dataset, evaluation.part, evaluation.protocol), [])
        if evaluation.model in {other.model for other in group}:
            raise EvaluationError(
                f"Expected each model once on {evaluation.dataset}, got {evaluation.model} twice. Rename one of them."
            )
        group.append(evaluation)
    return list(groups.values())


def _corrected(same_test: Sequence[ModelTest]) -> list[ModelTest]:
    """The same test of every two models, corrected for as many as could be computed; only then there is a winner."""
    p_values = {place: test.p_value for place, test in enumerate(same_test) if test.p_value is not None}
    corrected = dict(zip(p_values, holm(np.array([*p_values.values()])).tolist(), strict=True))
    return [
        test.model_copy(
            update={
                "p_corrected": corrected.get(place),
                "winner": test.winner if corrected.get(place, 1.0) < SIGNIFICANCE else "",
            }
        )
        for place, test in enumerate(same_test)
    ]


@dataclass(frozen=True)
class _Fitted:
    """A model's scores after a curve, turned so that higher is better."""

    scores: Numbers
    """On the scale of the opinions; negated where the curve says that better scores look worse."""
    residuals: Numbers
    parameters: int
    """How many parameters the curve has."""
    is_reverse: bool
    """Whether the curve says that better scores look worse."""


class _ScoreTable:
    """Several models on one dataset, (models, images): scores and opinions, higher is better in all of them.

    An image is known by its path and that of its reference.
    """

    def __init__(self, evaluations: Sequence[Evaluation]) -> None:
        self.evaluations = evaluations
        places: dict[tuple[str, str | None], int] = {}
        for evaluation in evaluations:
            for prediction in evaluation.predictions:
                places.setdefault((prediction.image, prediction.reference), len(places))
        self.scores = np.full((len(evaluations), len(places)), np.nan)
        self.mos, self.std, self.votes = (np.full_like(self.scores, np.nan) for _ in range(3))
        for row, evaluation in enumerate(evaluations):
            columns = [places[prediction.image, prediction.reference] for prediction in evaluation.predictions]
            self.scores[row, columns] = _sign(evaluation.better) * _column(evaluation.predictions, "predicted")
            self.mos[row, columns] = _sign(evaluation.mos_better) * _column(evaluation.predictions, "ground_truth")
            self.std[row, columns] = _column(evaluation.predictions, "mos_std")
            self.votes[row, columns] = _column(evaluation.predictions, "num_votes")
        self._fits: dict[tuple[int, bytes], _Fitted] = {}

    @property
    def is_rated(self) -> bool:
        return bool((~np.isnan(self.mos)).any())

    def common(self, first: int, second: int) -> NDArray[np.bool_]:
        """Images that both scored and that both have an opinion of."""
        places = [first, second]
        mask: NDArray[np.bool_] = ~(np.isnan(self.scores[places]) | np.isnan(self.mos[places])).any(axis=0)
        return mask

    def fitted(self, model: int, mask: NDArray[np.bool_]) -> _Fitted:
        """The scores of a model after the curve that was asked for, fitted on these images."""
        key = (model, mask.tobytes())
        if key not in self._fits:
            asked = self.evaluations[model].agreement.curve
            finite, _ = clipped_scores(self.scores[model, mask])
            mos = self.mos[model, mask]
            curve = fit_curve(finite, mos, kind=asked.wanted if asked else USUAL_CURVE, needs_errors=True)
            predicted = curve(finite)
            is_reverse = curve.is_decreasing == (plcc(predicted, mos) > 0)
            scores = -predicted if is_reverse else predicted
            self._fits[key] = _Fitted(scores, predicted - mos, PARAMETERS[curve.kind], is_reverse)
        return self._fits[key]

    def note(self, first: int, second: int, common: int) -> str:
        """Count of rated images that are not common, and the models without their scores; empty if none."""
        rated = ~np.isnan(self.mos[[first, second]]).all(axis=0)
        total = int(rated.sum())
        if common == total:
            return ""
        missing = {place: int(np.isnan(self.scores[place, rated]).sum()) for place in (first, second)}
        without = " and ".join(
            f"{self.evaluations[place].model} has no score of {count}" for place, count in missing.items() if count
        )
        return f"tested on {common} of {total} rated images" + (f": {without}" if without else "")


def _tests_of_two(table: _ScoreTable, first: int, second: int) -> Iterator[ModelTest]:
    """Every test that two models have the numbers for, uncorrected; ``winner`` is who is ahead, by however little."""
    one, other = table.evaluations[first], table.evaluations[second]
    mask = table.common(first, second)
    (ours, theirs), mos = table.scores[[first, second]][:, mask], table.mos[first, mask]
    spread, votes = table.std[first, mask], table.votes[first, mask]
    count, note = len(mos), table.note(first, second, len(mos))
    differing = int((mos != table.mos[second, mask]).sum())
    fault = f"Expected the same opinions of both, got other ones of {differing} images." if differing else ""

    @cache
    def fits() -> tuple[_Fitted, _Fitted]:
        return table.fitted(first, mask), table.fitted(second, mask)

    yield _tested("meng_rosenthal_rubin", one, other, lambda: _rank_test(ours, theirs, mos), count, note, fault)
    yield _tested("williams", one, other, lambda: _correlation_test(*fits(), mos), count, note, fault)
    yield _tested("f_test", one, other, lambda: _error_test(*fits(), (one.model, other.model)), count, note, fault)
    if count and not np.isnan(spread + votes).any():
        areas = cache(lambda: compare_krasula(ours, theirs, mos, spread, votes, most_pairs=MOST_PAIRS))
        total = count * (count - 1) // 2
        note = _joined(SHARED, f"{MOST_PAIRS} of {total} pairs drawn" if total > MOST_PAIRS else "", note)
        for name, test in (
            ("krasula_different_similar", lambda: _area_test(areas().different_similar)),
            ("krasula_better_worse", lambda: _area_test(areas().better_worse)),
        ):
            yield _tested(name, one, other, test, count, note, fault)
    if SPLITS in one.groups and SPLITS in other.groups:
        yield _splits_test(one, other)


def _tested(
    name: str, one: Evaluation, other: Evaluation, test: Test, count: int, note: str, fault: str = ""
) -> ModelTest:
    statistic = p_value = None
    ahead = ""
    try:
        if fault:
            raise StatisticsError(fault)
        outcome, is_first_ahead = test()
        statistic, p_value, ahead = outcome.statistic, outcome.p_value, (one if is_first_ahead else other).model
    except StatisticsError as error:
        note = _joined(str(error), note)
    return ModelTest(
        dataset=one.dataset,
        first=one.model,
        second=other.model,
        test=name,
        statistic=statistic,
        p_value=p_value,
        p_corrected=None,
        winner=ahead,
        count=count,
        note=note,
    )


def _rank_test(first: Numbers, second: Numbers, mos: Numbers) -> tuple[Outcome, bool]:
    first, second = (np.unique(one, return_inverse=True)[1].astype(np.float64) for one in (first, second))
    ours, theirs = srcc(first, mos), srcc(second, mos)  # of ranks, so that infinite scores keep their places
    return meng_rosenthal_rubin(ours, theirs, srcc(first, second), len(mos)), ours > theirs


def _correlation_test(first: _Fitted, second: _Fitted, mos: Numbers) -> tuple[Outcome, bool]:
    ours, theirs = plcc(first.scores, mos), plcc(second.scores, mos)
    return williams(ours, theirs, plcc(first.scores, second.scores), len(mos)), ours > theirs


def _error_test(first: _Fitted, second: _Fitted, models: tuple[str, str]) -> tuple[Outcome, bool]:
    reversed_models = [name for name, one in zip(models, (first, second), strict=True) if one.is_reverse]
    if reversed_models:  # small errors after a curve that turns scores round are no merit
        raise StatisticsError(
            f"Expected curves by which better scores look better, got one that turns the scores of "
            f"{' and of '.join(reversed_models)} round. Check the direction."
        )
    outcome = f_test(
        first.residuals, second.residuals, parameters_first=first.parameters, parameters_second=second.parameters
    )
    return outcome, outcome.statistic < 1


def _area_test(outcome: Outcome | None) -> tuple[Outcome, bool]:
    if outcome is None:
        raise StatisticsError("Expected two areas that can differ, got models alike or no such pairs of images.")
    return outcome, outcome.statistic > 0


def _splits_test(one: Evaluation, other: Evaluation) -> ModelTest:
    """Wilcoxon's test of SRCC on the splits that both have, by their names."""
    ours, theirs = ({group.name: group.agreement for group in run.groups[SPLITS]} for run in (one, other))
    both = [
        (ours[name], theirs[name])
        for name in ours
        if name in theirs and ours[name].srcc is not None and theirs[name].srcc is not None
    ]
    most = max(len(ours), len(theirs))
    uneven = sum(first.count != second.count for first, second in both)
    notes = [f"not all images are common in {uneven} of {len(both)} splits"] if uneven else []
    notes += [f"left out {most - len(both)} of {most} splits, without SRCC of both"] if len(both) < most else []
    return _tested("wilcoxon_splits", one, other, lambda: _wilcoxon(both), len(both), _joined(OVERLAP, *notes))


def _wilcoxon(both: Sequence[tuple[Agreement, Agreement]]) -> tuple[Outcome, bool]:
    """Wilcoxon's test; ahead is whose positive differences have the larger sum of ranks."""
    ours, theirs = (np.array([pair[side].srcc for pair in both], dtype=np.float64) for side in (0, 1))
    outcome = wilcoxon_signed_rank(ours, theirs)
    differing = int((ours != theirs).sum())
    return outcome, outcome.statistic > differing * (differing + 1) / 4


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _sign(better: Better) -> float:
    return 1.0 if better == "higher" else -1.0


def _column(predictions: Sequence[Prediction], name: str) -> Numbers:
    found = (getattr(prediction, name) for prediction in predictions)
    return np.fromiter((np.nan if value is None else value for value in found), np.float64, len(predictions))
