"""What a reader should know of a comparison, in one line each."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from acutance.comparison.disagreement import order_agreement
from acutance.comparison.scores import CompleteScores, Scores


def notes_of(by_model: Mapping[str, CompleteScores], methods: Sequence[str], pictures: int) -> list[str]:
    """Everything unusual about the scores.

    Args:
        by_model: Scores by model, without gaps.
        methods: Names of the methods.
        pictures: How many pictures there are, with those that failed.
    """
    notes = []
    if len(methods) == 1:
        notes.append(f"only one method, {methods[0]}: nothing to compare it with, so there are no wins and no tests")
    if pictures == 1:
        notes.append("only one picture: a mean of one has no interval, and no test can tell methods apart")
    for scores in by_model.values():
        notes += _of_one(scores, pictures)
    for first, second in combinations(by_model.values(), 2):
        notes += _of_two(first, second)
    return notes


def mean_quality(scores: CompleteScores) -> Scores:
    """The mean of each method, higher being better (methods,); NaN where infinite scores of both signs have none.

    Args:
        scores: Of at least one picture.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(scores.sign * scores.values.mean(axis=0))


def _of_one(scores: CompleteScores, pictures: int) -> Iterator[str]:
    count = len(scores.pictures)
    if count == 0:
        yield f"{scores.model}: no picture has a score for every method, so there are no numbers"
    elif count < pictures:
        yield f"{scores.model}: {count} of {pictures} pictures have a score by every method; all numbers are over them"
    if scores.infinite and scores.has_finite:
        many = "1 infinite score" if scores.infinite == 1 else f"{scores.infinite} infinite scores"
        yield (
            f"{scores.model}: {many}, as identical pictures have: means with one are infinite, and beside them stand "
            "those of the finite scores with their number; wins, medians and tests are of all scores"
        )
    elif scores.infinite:
        yield f"{scores.model}: every score is infinite"
    if count and len(scores.methods) > 1 and not scores.wins.any():
        yield f"{scores.model}: all methods have equal scores on every picture"


def _of_two(first: CompleteScores, second: CompleteScores) -> Iterator[str]:
    """Whether two models order all methods oppositely by their means."""
    if len(first.methods) < 2 or not (first.pictures and second.pictures):
        return
    means, others = mean_quality(first), mean_quality(second)
    if order_agreement(means[None], others[None])[0] == -1:
        order = " > ".join(first.methods[place] for place in np.argsort(-means, kind="stable"))
        yield f"{first.model} and {second.model} order the methods oppositely: {order} by {first.model}"
