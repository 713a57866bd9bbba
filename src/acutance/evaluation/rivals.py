"""Whether one model is better than another on the same pictures, by several tests, corrected for many models."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from acutance.errors import EvaluationError
from acutance.evaluation.common_pictures import Sheet
from acutance.evaluation.results import Evaluation, ModelTest
from acutance.evaluation.rival_tests import RivalOutcome, Rivals
from acutance.stats.tests import holm
from acutance.types import OnProgress

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
