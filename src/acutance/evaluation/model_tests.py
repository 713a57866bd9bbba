"""What several models said of the same pictures of one data set, picture by picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acutance.errors import EvaluationError, StatisticsError
from acutance.evaluation.measure import Numbers
from acutance.evaluation.results import Evaluation, ModelTest, Prediction
from acutance.stats.correlation import clipped_scores, plcc, srcc
from acutance.stats.curves import PARAMETERS, fit_curve
from acutance.stats.krasula import KrasulaComparison, compare_krasula
from acutance.stats.tests import Outcome, f_test, holm, meng_rosenthal_rubin, wilcoxon_signed_rank, williams
from acutance.types import Better, CurveKind, OnProgress


@dataclass(frozen=True)
class Fitted:
    """What a model's scores become by a curve, turned so that higher is better."""

    scores: Numbers
    """Scores on the scale of the opinions; negated where the curve says that better scores look worse."""
    residuals: Numbers
    """Error of each, in units of the opinions."""
    parameters: int
    """How many parameters the curve has."""
    is_reverse: bool
    """Whether the curve says that better scores look worse."""


@dataclass(frozen=True, kw_only=True)
class CommonPictures:
    """The pictures that both of two models scored and people rated; higher is better in every column."""

    first: Numbers
    """Scores of the first model; infinite ones as they are."""
    second: Numbers
    """Scores of the second."""
    mos: Numbers
    """Opinions."""
    mos_std: Numbers
    """Standard deviations of the single opinions; NaN where unknown."""
    num_votes: Numbers
    """How many opinions; NaN where unknown."""
    note: str
    """How many pictures only one of them scored, by name; empty if none."""
    fault: str
    """Why the two cannot be compared; empty if they can."""

    @property
    def has_votes(self) -> bool:
        """Whether spread and number of votes are known of every picture."""
        return len(self.mos) > 0 and not bool(np.isnan(self.mos_std + self.num_votes).any())


class Sheet:
    """Several models on one data set, one row a picture.

    Args:
        evaluations: Of one data set; a picture is known by its path and that of its reference.
    """

    def __init__(self, evaluations: Sequence[Evaluation]) -> None:
        self._models = [evaluation.model for evaluation in evaluations]
        places: dict[tuple[str, str | None], int] = {}
        for evaluation in evaluations:
            for prediction in evaluation.predictions:
                places.setdefault((prediction.image, prediction.reference), len(places))
        self._scores = np.full((len(evaluations), len(places)), np.nan)
        self._mos, self._std, self._votes = (np.full_like(self._scores, np.nan) for _ in range(3))
        for row, evaluation in enumerate(evaluations):
            columns = [places[prediction.image, prediction.reference] for prediction in evaluation.predictions]
            self._scores[row, columns] = _sign(evaluation.better) * _column(evaluation.predictions, "predicted")
            self._mos[row, columns] = _sign(evaluation.mos_better) * _column(evaluation.predictions, "ground_truth")
            self._std[row, columns] = _column(evaluation.predictions, "mos_std")
            self._votes[row, columns] = _column(evaluation.predictions, "num_votes")
        self._fits: dict[tuple[int, bytes, CurveKind], Fitted] = {}

    @property
    def is_rated(self) -> bool:
        """Whether there is an opinion of any picture."""
        return bool((~np.isnan(self._mos)).any())

    def common(self, first: int, second: int) -> CommonPictures:
        """What both of two models scored."""
        mask = self._mask(first, second)
        mos = self._mos[first, mask]
        differing = int((mos != self._mos[second, mask]).sum())
        return CommonPictures(
            first=self._scores[first, mask],
            second=self._scores[second, mask],
            mos=mos,
            mos_std=self._std[first, mask],
            num_votes=self._votes[first, mask],
            note=self._note(first, second, int(mask.sum())),
            fault=f"Expected the same opinions of both, got other ones of {differing} pictures." if differing else "",
        )

    def fitted(self, model: int, other: int, kind: CurveKind) -> Fitted:
        """The scores of a model after the curve, on the pictures it has in common with another.

        Args:
            model: Its place among the evaluations.
            other: The place of the other.
            kind: Which curve was asked for.

        Raises:
            StatisticsError: Too few or constant scores.
        """
        mask = self._mask(model, other)
        key = (model, mask.tobytes(), kind)
        if key not in self._fits:
            self._fits[key] = _fit(self._scores[model, mask], self._mos[model, mask], kind)
        return self._fits[key]

    def _mask(self, first: int, second: int) -> NDArray[np.bool_]:
        """Pictures that both scored and that both have an opinion of."""
        places = [first, second]
        mask: NDArray[np.bool_] = ~(np.isnan(self._scores[places]) | np.isnan(self._mos[places])).any(axis=0)
        return mask

    def _note(self, first: int, second: int, common: int) -> str:
        """How many rated pictures are not common, and whose scores are missing."""
        rated = ~np.isnan(self._mos[[first, second]]).all(axis=0)
        total = int(rated.sum())
        if common == total:
            return ""
        missing = [(self._models[place], int(np.isnan(self._scores[place, rated]).sum())) for place in (first, second)]
        without = " and ".join(f"{model} has no score of {count}" for model, count in missing if count)
        return f"tested on {common} of {total} rated pictures" + (f": {without}" if without else "")


def _fit(scores: Numbers, mos: Numbers, kind: CurveKind) -> Fitted:
    finite, _ = clipped_scores(scores)
    curve = fit_curve(finite, mos, kind=kind, needs_errors=True)
    predicted = curve(finite)
    is_reverse = curve.is_decreasing == (plcc(predicted, mos) > 0)
    return Fitted(-predicted if is_reverse else predicted, predicted - mos, PARAMETERS[curve.kind], is_reverse)


def _sign(better: Better) -> float:
    return 1.0 if better == "higher" else -1.0


def _column(predictions: Sequence[Prediction], name: str) -> Numbers:
    found = (getattr(prediction, name) for prediction in predictions)
    return np.fromiter((np.nan if value is None else value for value in found), np.float64, len(predictions))


USUAL_CURVE: CurveKind = "logistic4"
"""For an evaluation that has no curve (VQEG)."""
MOST_PAIRS = 1_000_000
"""Pairs of pictures that Krasula's analysis draws where there are more: every pair of 1,414 pictures."""
SHARED = "pairs share pictures, so p is smaller than it should be"
OVERLAP = "splits overlap, so p is smaller than it should be"
SPLITS = "split"
"""Groups of repeated random splits, see ``split_protocols``."""
_Said = tuple[Outcome, bool]
"""What a test says, and whether the first model is ahead."""


@dataclass(frozen=True, kw_only=True)
class RivalOutcome:
    """What one test says of two models."""

    statistic: float | None
    p_value: float | None
    """Two-sided, uncorrected; ``None`` where the test cannot be computed."""
    first_is_ahead: bool
    """Whether the first is the better one, by however little."""
    count: int
    """Pictures, or splits."""
    note: str


class Rivals:
    """Two models on one data set.

    Args:
        group: Evaluations of the data set.
        sheet: The same, picture by picture.
        first: Place of the first model among them.
        second: Place of the second.
    """

    def __init__(self, group: Sequence[Evaluation], sheet: Sheet, first: int, second: int) -> None:
        self._evaluations = (group[first], group[second])
        self._places = (first, second)
        self._sheet = sheet
        self._common: CommonPictures = sheet.common(first, second)
        self.dataset = group[first].dataset
        self.first, self.second = group[first].model, group[second].model

    def outcomes(self) -> Iterator[tuple[str, RivalOutcome]]:
        """Every test that the two have the numbers for, by name; one that cannot be computed says why."""
        tests: dict[str, Callable[[], _Said]] = {
            "meng_rosenthal_rubin": self._meng_rosenthal_rubin,
            "williams": self._williams,
            "f_test": self._f_test,
        }
        if self._common.has_votes:
            tests["krasula_different_similar"] = self._different_similar
            tests["krasula_better_worse"] = self._better_worse
        common = self._common
        for name, test in tests.items():
            caution = self._krasula_caution() if name.startswith("krasula") else ""
            yield name, _outcome(test, len(common.mos), common.fault, _joined(caution, common.note))
        if all(SPLITS in evaluation.groups for evaluation in self._evaluations):
            first, second, note = self._splits()
            yield "wilcoxon_splits", _outcome(lambda: _wilcoxon(first, second), len(first), "", _joined(OVERLAP, note))

    def _meng_rosenthal_rubin(self) -> _Said:
        first, second = _ranked(self._common.first), _ranked(self._common.second)
        mos = self._common.mos
        return _correlated(meng_rosenthal_rubin, srcc(first, mos), srcc(second, mos), srcc(first, second), len(mos))

    def _williams(self) -> _Said:
        (first, second), mos = (fitted.scores for fitted in self._fitted), self._common.mos
        return _correlated(williams, plcc(first, mos), plcc(second, mos), plcc(first, second), len(mos))

    def _f_test(self) -> _Said:
        first, second = self._fitted
        reversed_models = [name for name, one in ((self.first, first), (self.second, second)) if one.is_reverse]
        if reversed_models:  # small errors after a curve that turns scores round are no merit
            raise StatisticsError(
                f"Expected curves by which better scores look better, got one that turns the scores of "
                f"{' and of '.join(reversed_models)} round. Check the direction."
            )
        outcome = f_test(
            first.residuals,
            second.residuals,
            parameters_first=first.parameters,
            parameters_second=second.parameters,
        )
        return outcome, outcome.statistic < 1

    def _different_similar(self) -> _Said:
        return _area_test(self._krasula.different_similar)

    def _better_worse(self) -> _Said:
        return _area_test(self._krasula.better_worse)

    @cached_property
    def _fitted(self) -> tuple[Fitted, Fitted]:
        first, second = self._places
        one, other = self._evaluations
        return self._sheet.fitted(first, second, _curve(one)), self._sheet.fitted(second, first, _curve(other))

    @cached_property
    def _krasula(self) -> KrasulaComparison:
        common = self._common
        return compare_krasula(
            common.first,
            common.second,
            common.mos,
            common.mos_std,
            common.num_votes,
            most_pairs=MOST_PAIRS,
        )

    def _splits(self) -> tuple[list[float], list[float], str]:
        """SRCC of both on the splits that both have, by their names."""
        ours, theirs = ({group.name: group.agreement for group in one.groups[SPLITS]} for one in self._evaluations)
        both = [
            (one.srcc, other.srcc, one.count == other.count)
            for one, other in ((ours[name], theirs[name]) for name in ours if name in theirs)
            if one.srcc is not None and other.srcc is not None
        ]
        most = max(len(ours), len(theirs))
        uneven = sum(not is_even for *_, is_even in both)
        notes = [f"not all pictures are common in {uneven} of {len(both)} splits"] if uneven else []
        notes += [f"left out {most - len(both)} of {most} splits, without SRCC of both"] if len(both) < most else []
        return [one for one, *_ in both], [other for _, other, _ in both], _joined(*notes)

    def _krasula_caution(self) -> str:
        count = len(self._common.mos)
        total = count * (count - 1) // 2
        return _joined(SHARED, f"{MOST_PAIRS} of {total} pairs drawn" if total > MOST_PAIRS else "")


def _outcome(test: Callable[[], _Said], count: int, fault: str, note: str) -> RivalOutcome:
    try:
        if fault:
            raise StatisticsError(fault)
        said, first_is_ahead = test()
    except StatisticsError as error:
        note = _joined(str(error), note)
        return RivalOutcome(statistic=None, p_value=None, first_is_ahead=False, count=count, note=note)
    return RivalOutcome(
        statistic=said.statistic, p_value=said.p_value, first_is_ahead=first_is_ahead, count=count, note=note
    )


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _correlated(
    test: Callable[[float, float, float, int], Outcome], first: float, second: float, between: float, count: int
) -> _Said:
    return test(first, second, between, count), first > second


def _area_test(outcome: Outcome | None) -> _Said:
    if outcome is None:
        raise StatisticsError("Expected two areas that can differ, got models alike or no such pairs of pictures.")
    return outcome, outcome.statistic > 0


def _wilcoxon(first: Sequence[float], second: Sequence[float]) -> _Said:
    """Wilcoxon's test; ahead is whose positive differences have the larger sum of ranks."""
    ours, theirs = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    outcome = wilcoxon_signed_rank(ours, theirs)
    differing = int((ours != theirs).sum())
    return outcome, outcome.statistic > differing * (differing + 1) / 4


def _ranked(scores: Numbers) -> Numbers:
    """Scores as places in their order, so that infinite ones keep theirs."""
    return np.unique(scores, return_inverse=True)[1].astype(np.float64)


def _curve(evaluation: Evaluation) -> CurveKind:
    """The curve that was asked for."""
    return evaluation.agreement.curve.wanted if evaluation.agreement.curve else USUAL_CURVE


SIGNIFICANCE = 0.05
"""The level at which a difference counts, after correction (ITU-T P.1401: 95 %)."""
_Named = tuple[Rivals, str, RivalOutcome]


def compare_models(evaluations: Sequence[Evaluation], *, on_progress: OnProgress | None = None) -> list[ModelTest]:
    """Every two models on the same pictures of each data set.

    Evaluations are compared if data set, part and protocol are the same. Only pictures that both models scored and
    people rated are used; ``count`` and ``note`` tell how many. Tests: ``meng_rosenthal_rubin`` of SRCC, ``williams``
    of PLCC after the curve, ``f_test`` of the residuals after the curve (ITU-T P.1401); with spread and number of
    votes of every picture ``krasula_different_similar`` and ``krasula_better_worse``; with repeated splits
    ``wilcoxon_splits`` of SRCC. Holm's correction is over the pairs of models of one data set and one test.

    Args:
        evaluations: Any number of models, each once for a data set, part and protocol.
        on_progress: Told how many pairs of models are done, of how many.

    Returns:
        The tests, data set by data set and test by test; none for a data set of one model, or without opinions.

    Raises:
        EvaluationError: A model twice on one data set.
    """
    groups = _groups(evaluations)
    total = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    found: list[ModelTest] = []
    done = 0
    for group in groups:
        outcomes: dict[str, list[_Named]] = {}
        sheet = Sheet(group)
        for first, second in combinations(range(len(group)), 2):
            rivals = Rivals(group, sheet, first, second)
            for name, outcome in rivals.outcomes() if sheet.is_rated else ():
                outcomes.setdefault(name, []).append((rivals, name, outcome))
            done += 1
            if on_progress:
                on_progress(done, total)
        for same_test in outcomes.values():
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


def _corrected(same_test: Sequence[_Named]) -> list[ModelTest]:
    """The same test of every two models, corrected for as many as could be computed."""
    p_values = {place: named[2].p_value for place, named in enumerate(same_test)}
    known = {place: p_value for place, p_value in p_values.items() if p_value is not None}
    corrected = dict(zip(known, holm(np.array([*known.values()])).tolist(), strict=True))
    return [_record(named, corrected.get(place)) for place, named in enumerate(same_test)]


def _record(named: _Named, p_corrected: float | None) -> ModelTest:
    rivals, name, outcome = named
    ahead = rivals.first if outcome.first_is_ahead else rivals.second
    return ModelTest(
        dataset=rivals.dataset,
        first=rivals.first,
        second=rivals.second,
        test=name,
        statistic=outcome.statistic,
        p_value=outcome.p_value,
        p_corrected=p_corrected,
        winner=ahead if p_corrected is not None and p_corrected < SIGNIFICANCE else "",
        count=outcome.count,
        note=outcome.note,
    )
