"""Which pictures a page shows: where models are furthest off, where methods differ most, and some of all."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from acutance.comparison.results import Comparison, PictureScores
from acutance.evaluation.results import Evaluation, EvaluationRun, Prediction
from acutance.reports.curve_band import curve_values
from acutance.reports.markup import number
from acutance.stats.samples import Numbers

MOST_CANDIDATES = 1000
"""How many of a list may be looked at for pictures that are not shown yet."""


@dataclass
class Choice:
    """A picture to show."""

    key: tuple[str, ...]
    """Data set, root, name and reference (empty without one); or the name alone."""
    reasons: list[str] = field(default_factory=list)
    """Why it is shown."""
    sides: tuple[str, str] = ("", "")
    """Which two methods are shown first; empty for the usual ones."""


def choose_predictions(run: EvaluationRun, count: int) -> list[Choice]:
    """Pictures of an evaluation: half with the largest residuals, model by model, half over the range of opinions.

    Args:
        run: The evaluations.
        count: How many at most.
    """
    far = _in_turn([_largest_residuals(one) for one in run.evaluations])
    chosen = _merged(far, -(-count // 2))
    over = _in_turn([_over_the_range(one, count) for one in _one_of_each_set(run)])
    return list(_merged(over, count, chosen).values())


def choose_comparisons(comparison: Comparison, count: int) -> list[Choice]:
    """Pictures of a comparison: a third each where models disagree, methods do worst, and methods win by most.

    Args:
        comparison: The comparison.
        count: How many at most.
    """
    pictures = {one.picture: one for one in comparison.pictures}
    ordered = sorted(comparison.disagreements, key=lambda one: one.agreement)
    disagreements = [
        Choice(
            (one.picture,),
            [f"{one.first_model} and {one.second_model} disagree (tau {one.agreement:.2f})"],
            _favourites(pictures[one.picture], comparison, (one.first_model, one.second_model)),
        )
        for one in ordered
        if one.picture in pictures
    ]
    worst = _in_turn(
        [
            [
                Choice((name,), [f"{one.method} at its worst by {one.model}"], (one.method, ""))
                for name in one.worst
                if name in pictures
            ]
            for one in comparison.results
        ]
    )
    wins = _in_turn([_biggest_wins(comparison, model) for model in comparison.models])
    chosen = _merged(disagreements, -(-count // 3))
    chosen = _merged(worst, -(-2 * count // 3), chosen)
    return list(_merged(wins, count, chosen).values())


def fitted_opinions(evaluation: Evaluation) -> list[float | None]:
    """What the fitted curve makes of each score, in units of the opinions.

    Args:
        evaluation: An infinite score takes the best finite one, as for the errors after the curve; the other
            infinity the worst.

    Returns:
        One for each prediction; ``None`` without a score or curve.
    """
    curve = evaluation.agreement.curve
    scores = _numbers(one.predicted for one in evaluation.predictions)
    finite = scores[np.isfinite(scores)]
    if curve is None or not finite.size:
        return [None] * len(scores)
    bounded = np.clip(scores, finite.min(), finite.max())
    known = ~np.isnan(bounded)
    fitted = np.full(len(scores), np.nan)
    fitted[known] = curve_values(curve, bounded[known])
    return [float(value) if math.isfinite(value) else None for value in fitted]


def best_and_next(scores: dict[str, float | None], better: str) -> tuple[str, str, float] | None:
    """The best method, the second best and how far they are apart, 0 or more; ``None`` with fewer than two scores.

    Example:
        >>> best_and_next({"ours": 31.0, "swinir": 30.5, "old": None}, "higher")
        ('ours', 'swinir', 0.5)
    """
    known = [(name, value) for name, value in scores.items() if value is not None and not math.isnan(value)]
    known.sort(key=lambda item: item[1], reverse=better == "higher")
    if len(known) < 2:
        return None
    (first, high), (second, low) = known[:2]
    return first, second, 0.0 if high == low else abs(high - low)


def _largest_residuals(evaluation: Evaluation) -> list[Choice]:
    """All pictures whose residual is known, the largest first."""
    opinions = _numbers(one.ground_truth for one in evaluation.predictions)
    residuals = _numbers(fitted_opinions(evaluation)) - opinions
    order = np.argsort(-np.abs(residuals), kind="stable")
    good = residuals > 0 if evaluation.mos_better == "higher" else residuals < 0
    return [
        Choice(
            key_of(evaluation, evaluation.predictions[place]),
            [f"{evaluation.model} takes it for {abs(residuals[place]):.3g} too {'good' if good[place] else 'bad'}"],
        )
        for place in order[:MOST_CANDIDATES]
        if math.isfinite(residuals[place])
    ]


def _over_the_range(evaluation: Evaluation, count: int) -> list[Choice]:
    """Pictures at even steps from the worst opinion to the best; by scores where there are no opinions."""
    values = _numbers(one.ground_truth for one in evaluation.predictions)
    better, what = evaluation.mos_better, "opinions"
    if np.isnan(values).all():
        values = _numbers(one.predicted for one in evaluation.predictions)
        better, what = evaluation.better, f"scores of {evaluation.model}"
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known] if better == "higher" else -values[known], kind="stable")]
    if not len(order):
        return []
    steps = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    return [
        Choice(
            key_of(evaluation, evaluation.predictions[order[step]]),
            [f"sample of the range of {what}: better than {100 * int(step) // max(1, len(order) - 1)} %"],
        )
        for step in steps
    ]


def _one_of_each_set(run: EvaluationRun) -> list[Evaluation]:
    return list({(one.dataset, one.root): one for one in run.evaluations}.values())


def _biggest_wins(comparison: Comparison, model: str) -> list[Choice]:
    """Pictures by how far the best method is from the next, the furthest first; equal ones are left out."""
    found = []
    for picture in comparison.pictures:
        pair = best_and_next(picture.scores.get(model, {}), comparison.better[model])
        if pair is not None and pair[2] > 0:
            found.append((pair, picture.picture))
    found.sort(key=lambda item: -item[0][2])
    return [
        Choice((name,), [f"{first} wins by {number(gap, '.3g')} in {model}"], (second, first))
        for (first, second, gap), name in found[:MOST_CANDIDATES]
    ]


def _favourites(picture: PictureScores, comparison: Comparison, models: tuple[str, str]) -> tuple[str, str]:
    """The method that each of two models likes best; empty where they are the same or there is none."""
    pairs = [best_and_next(picture.scores.get(model, {}), comparison.better[model]) for model in models]
    first, second = (pair[0] if pair is not None else "" for pair in pairs)
    return ("", "") if first == second else (first, second)


def _in_turn(lists: Sequence[Sequence[Choice]]) -> Iterator[Choice]:
    """The first of each list, then the second of each, and so on."""
    return (one for group in zip_longest(*lists) for one in group if one is not None)


def _merged(
    choices: Iterable[Choice], count: int, chosen: dict[tuple[str, ...], Choice] | None = None
) -> dict[tuple[str, ...], Choice]:
    """Choices added until there are ``count`` pictures; a picture chosen twice has both reasons."""
    chosen = {} if chosen is None else chosen
    for choice in choices:
        if len(chosen) >= count:
            break
        if choice.key in chosen:
            chosen[choice.key].reasons += [text for text in choice.reasons if text not in chosen[choice.key].reasons]
        else:
            chosen[choice.key] = choice
    return chosen


def key_of(evaluation: Evaluation, prediction: Prediction) -> tuple[str, str, str, str]:
    """What tells a picture from all others of a run: a data set may set it beside several references."""
    return evaluation.dataset, evaluation.root, prediction.image, prediction.reference or ""


def _numbers(values: Iterable[float | None]) -> Numbers:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
