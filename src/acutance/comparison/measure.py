"""Statistics of methods: means with intervals, wins, tests of differences, disagreements of models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from acutance.comparison.results import Disagreement, ImageScores, MethodScores, MethodTest
from acutance.errors import ConfigError, StatisticsError
from acutance.evaluation.results import Interval
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.samples import Numbers, mean_of
from acutance.stats.tests import holm, wilcoxon_signed_rank
from acutance.types import Better

Scores = NDArray[np.float64]
"""(images, methods)"""

DISAGREEMENTS_KEPT = 20
"""Images kept of each two models."""
WORST_KEPT = 10
"""Images listed on which a method does worst."""
SIGNIFICANCE = 0.05
"""Level of the tests, the convention of ITU-T P.1401, after correction."""


@dataclass(frozen=True)
class Draws:
    """Settings of bootstrap intervals."""

    count: int = 1000
    """How many; 0 for no intervals."""
    seed: int = 0
    level: float = 0.95
    """Share of draws inside an interval."""

    def __post_init__(self) -> None:
        if self.count < 0 or self.count == 1:
            raise ConfigError(f"Expected 0 draws for no intervals, or 2 and more, got {self.count}. Change draws.")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"Expected a seed from 0 to 2**32 - 1, got {self.seed}. Choose another.")
        if not 0 < self.level < 1:
            raise ConfigError(f"Expected a level between 0 and 1, got {self.level}. Use 0.95 for 95 %.")


@dataclass(frozen=True)
class CompleteScores:
    """The scores of one model on the images that every method has a score for.

    Infinite scores, as PSNR has them for identical images, stay infinite in means, and ahead of every finite score
    where only the order counts. Where the sizes of differences choose images to look at, they take the best finite
    score of the model over all methods (the worst, if they are infinitely bad).
    """

    model: str
    better: Better
    methods: tuple[str, ...]
    images: tuple[str, ...]
    values: Scores
    """As the model gave them."""

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.better == "higher" else -1

    @cached_property
    def quality(self) -> Scores:
        """The scores turned so that higher is better."""
        return self.sign * self.values

    @cached_property
    def infinite(self) -> int:
        """Number of infinite scores."""
        return int(np.isinf(self.values).sum())

    @cached_property
    def finite(self) -> Scores:
        """The scores with a size: infinite ones take the highest or lowest finite one.

        Where none is finite there is no such score; 1 and -1 then stand for the two infinities.
        """
        if not self.infinite:
            return self.values
        finite = self.values[np.isfinite(self.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
        return np.nan_to_num(self.values, posinf=high, neginf=low)

    @cached_property
    def wins(self) -> NDArray[np.bool_]:
        """On which images no method is better than this one, and not all are equal (images, methods)."""
        best, worst = self.quality.max(axis=1, keepdims=True), self.quality.min(axis=1, keepdims=True)
        return np.asarray((self.quality == best) & (best > worst))


def complete_scores(
    images: Sequence[ImageScores], methods: Sequence[str], model: str, better: Better
) -> CompleteScores:
    """The scores of one model on the images that every method has a score for, in their order."""
    names, rows = [], []
    for image in images:
        scores = [image.scores.get(model, {}).get(method) for method in methods]
        known = [score for score in scores if score is not None]
        if len(known) == len(methods):
            names.append(image.picture)
            rows.append(known)
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(methods))
    return CompleteScores(model, better, tuple(methods), tuple(names), values)


def method_results(scores: CompleteScores, failed: Mapping[str, int], draws: Draws) -> list[MethodScores]:
    """Every method by one model: mean with interval, median, wins, and the images on which it is worst.

    Args:
        scores: Without gaps.
        failed: How many images of each method have no score.
    """
    found = []
    for column, method in enumerate(scores.methods):
        values = scores.values[:, column]
        mean = mean_of(values)
        found.append(
            MethodScores(
                method=method,
                model=scores.model,
                count=len(scores.images),
                failed=failed[method],
                mean=mean.value,
                interval=interval_of(values[np.isfinite(values)], draws),
                median=_median(values),
                wins=int(scores.wins[:, column].sum()),
                worst=worst_images(scores, column),
                finite_mean=mean.finite,
                finite_count=mean.finite_count,
            )
        )
    return found


def method_tests(scores: CompleteScores, draws: Draws) -> list[MethodTest]:
    """Every two methods by one model, by Wilcoxon's signed-rank test over images; p-values are corrected (Holm).

    Where the test has nothing to go on (no image, or all equal) the p-value is 1. The winner is the method that the
    signed ranks favour.
    """
    pairs = list(combinations(range(len(scores.methods)), 2))
    if not pairs or not scores.images:
        return []
    signed = [_signed_rank(scores.quality[:, first], scores.quality[:, second]) for first, second in pairs]
    corrected = holm(np.array([p_value for p_value, _ in signed]))
    return [
        _test(scores, pair, p_value, float(p_corrected), is_first=is_first, draws=draws)
        for pair, (p_value, is_first), p_corrected in zip(pairs, signed, corrected, strict=True)
    ]


def worst_images(scores: CompleteScores, column: int, *, kept: int = WORST_KEPT) -> list[str]:
    """The images on which a method falls farthest below the mean of the others, the worst first.

    Those where it does not fall below the others are never listed.
    """
    if len(scores.methods) < 2:
        return []
    others = np.delete(scores.finite, column, axis=1).mean(axis=1)
    behind = scores.sign * (others - scores.finite[:, column])
    order = np.argsort(-behind, kind="stable")[:kept]
    return [scores.images[index] for index in order if behind[index] > 0]


def interval_of(values: Numbers, draws: Draws) -> Interval | None:
    """The interval of the mean by bootstrap over images; ``None`` for fewer than two images or without draws."""
    if len(values) < 2 or not draws.count:
        return None
    low, high = bootstrap_mean(values, draws=draws.count, seed=draws.seed, level=draws.level)
    return Interval(low=low, high=high, level=draws.level)


def disagreements(by_model: Mapping[str, CompleteScores], *, kept: int = DISAGREEMENTS_KEPT) -> list[Disagreement]:
    """The images on which two models disagree most about the order of the methods, the worst first.

    The measure is Kendall's tau-b of the two orders, better methods first by both models. Among equal ones
    come first those where the scores that are ordered differently lie farther apart, each model's scores in units
    of their standard deviation. Images whose methods are all equal by one model are left out, and so are those on
    which the models agree (1).
    """
    found: list[tuple[float, float, Disagreement]] = []
    for first, second in combinations(by_model.values(), 2):
        found += _disagreements_of_two(first, second)[:kept]
    found.sort(key=lambda one: (one[0], -one[1]))
    return [one for _, _, one in found]


def order_agreement(first: Scores, second: Scores) -> Scores:
    """Kendall's tau-b of two orders in every row, from -1, the reverse order, to 1 (images,).

    Args:
        first: Quality by one model (images, methods), the higher the better; may be infinite.
        second: Quality by the other, of the same shape.

    Returns:
        NaN where all methods are equal by one model.

    Example:
        >>> order_agreement(np.array([[1.0, 2.0, 3.0]]), np.array([[9.0, 8.0, 7.0]]))
        array([-1.])
    """
    one, other = np.triu_indices(first.shape[1], k=1)
    signs, opposed = [
        (quality[:, one] > quality[:, other]).astype(np.float64) - (quality[:, one] < quality[:, other])
        for quality in (first, second)
    ]
    scale = np.sqrt((signs**2).sum(axis=1) * (opposed**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((signs * opposed).sum(axis=1) / scale)


def notes_of(by_model: Mapping[str, CompleteScores], methods: Sequence[str], images: int) -> list[str]:
    """Everything unusual about the scores, in one line each.

    Args:
        images: How many images there are, with those that failed.
    """
    notes = []
    if len(methods) == 1:
        notes.append(f"only one method, {methods[0]}: nothing to compare it with, so there are no wins and no tests")
    if images == 1:
        notes.append("only one picture: a mean of one has no interval, and no test can tell methods apart")
    for scores in by_model.values():
        notes += _notes_of_one(scores, images)
    for first, second in combinations(by_model.values(), 2):
        notes += _notes_of_two(first, second)
    return notes


def _notes_of_one(scores: CompleteScores, images: int) -> Iterator[str]:
    count = len(scores.images)
    if count == 0:
        yield f"{scores.model}: no picture has a score for every method, so there are no numbers"
    elif count < images:
        yield f"{scores.model}: {count} of {images} pictures have a score by every method; all numbers are over them"
    if scores.infinite and scores.infinite < scores.values.size:
        many = "1 infinite score" if scores.infinite == 1 else f"{scores.infinite} infinite scores"
        yield (
            f"{scores.model}: {many}, as identical pictures have: means with one are infinite, and beside them stand "
            "those of the finite scores with their number; wins, medians and tests are of all scores"
        )
    elif scores.infinite:
        yield f"{scores.model}: every score is infinite"
    if count and len(scores.methods) > 1 and not scores.wins.any():
        yield f"{scores.model}: all methods have equal scores on every picture"


def _notes_of_two(first: CompleteScores, second: CompleteScores) -> Iterator[str]:
    """Whether two models order all methods oppositely by their means."""
    if len(first.methods) < 2 or not (first.images and second.images):
        return
    with np.errstate(invalid="ignore"):  # infinite scores of both signs have no mean
        means, others = first.quality.mean(axis=0), second.quality.mean(axis=0)
    if order_agreement(means[None], others[None])[0] == -1:
        order = " > ".join(first.methods[index] for index in np.argsort(-means, kind="stable"))
        yield f"{first.model} and {second.model} order the methods oppositely: {order} by {first.model}"


def _disagreements_of_two(first: CompleteScores, second: CompleteScores) -> list[tuple[float, float, Disagreement]]:
    """Tau-b, size of the disagreement and record of each image, the worst first."""
    indices = {name: index for index, name in enumerate(second.images)}
    shared = [(row, indices[name]) for row, name in enumerate(first.images) if name in indices]
    if not shared or len(first.methods) < 2:
        return []
    rows, others = np.array(shared, dtype=np.intp).T
    tau = order_agreement(first.quality[rows], second.quality[others])
    steps, opposed = _steps(first)[rows], _steps(second)[others]
    size = np.where(steps * opposed < 0, np.abs(steps) + np.abs(opposed), 0.0).sum(axis=1)
    return [
        (
            float(tau[index]),
            float(size[index]),
            Disagreement(
                picture=first.images[rows[index]],
                first_model=first.model,
                second_model=second.model,
                agreement=float(tau[index]),
            ),
        )
        for index in np.lexsort((-size, tau))
        if tau[index] < 1  # not true of NaN
    ]


def _steps(scores: CompleteScores) -> Scores:
    """Differences between methods in standard deviations of the model's scores (images, pairs of methods)."""
    one, other = np.triu_indices(len(scores.methods), k=1)
    quality = scores.sign * scores.finite
    return np.asarray((quality[:, one] - quality[:, other]) / (float(scores.finite.std()) or 1.0))


def _median(values: Numbers) -> float | None:
    """Infinite where the scores in the middle are; ``None`` of nothing, and between both infinities."""
    if not len(values):
        return None
    with np.errstate(invalid="ignore"):
        median = float(np.median(values))
    return None if np.isnan(median) else median


def _signed_rank(first: Numbers, second: Numbers) -> tuple[float, bool]:
    """The p-value, 1 where all images are equal, and whether the signed ranks favour the first."""
    try:
        found = wilcoxon_signed_rank(first, second)
    except StatisticsError:  # no two that differ
        return 1.0, False
    unequal = int((first != second).sum())
    return found.p_value, found.statistic > unequal * (unequal + 1) / 4


def _test(
    scores: CompleteScores, pair: tuple[int, int], p_value: float, p_corrected: float, *, is_first: bool, draws: Draws
) -> MethodTest:
    first, second = pair
    values, others, quality = scores.values[:, first], scores.values[:, second], scores.quality
    differences = np.subtract(values, others, out=np.zeros_like(values), where=values != others)
    mean = mean_of(differences)
    return MethodTest(
        model=scores.model,
        first=scores.methods[first],
        second=scores.methods[second],
        difference=mean.value,
        interval=interval_of(differences[np.isfinite(differences)], draws),
        first_wins=int((quality[:, first] > quality[:, second]).sum()),
        ties=int((quality[:, first] == quality[:, second]).sum()),
        second_wins=int((quality[:, first] < quality[:, second]).sum()),
        p_value=p_value,
        p_corrected=p_corrected,
        winner=scores.methods[first if is_first else second] if p_corrected < SIGNIFICANCE else "",
        finite_difference=mean.finite,
        finite_count=mean.finite_count,
    )
