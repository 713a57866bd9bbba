"""The tests of two models on the pictures they have in common."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from acutance.errors import StatisticsError
from acutance.evaluation.common_pictures import CommonPictures, Fitted, Sheet
from acutance.evaluation.inputs import Numbers
from acutance.evaluation.results import Evaluation
from acutance.stats.correlation import plcc, srcc
from acutance.stats.krasula import KrasulaComparison, compare_krasula
from acutance.stats.tests import Outcome, f_test, meng_rosenthal_rubin, wilcoxon_signed_rank, williams
from acutance.types import CurveKind

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
