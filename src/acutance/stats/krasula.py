"""Krasula's analysis (QoMEX 2016): can a model tell different pictures from similar ones, and better from worse?

L. Krasula, K. Fliegel, P. Le Callet, M. Klima, "On the accuracy of objective image and video quality models: New
methodology for performance evaluation", QoMEX 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acutance.stats.delong import Areas, delong, delong_mirrored, delong_test
from acutance.stats.faults import StatisticsError
from acutance.stats.krasula_figures import KrasulaFigures, SplitPairs, figures, split_pairs
from acutance.stats.opinion_pairs import MOST_PAIRS, SIGNIFICANT, Better, Labels, opinion_pairs, pairs_of_scores
from acutance.stats.samples import Numbers
from acutance.stats.significance import Outcome


@dataclass(frozen=True, kw_only=True)
class KrasulaComparison:
    """Two models on the same pairs. Pairs share pictures, so p-values are smaller than they should be."""

    first: KrasulaFigures
    second: KrasulaFigures
    different_similar: Outcome | None
    """DeLong's test of the two areas; ``None`` with fewer than two similar pairs or where both models are alike."""
    better_worse: Outcome | None
    """DeLong's test of the two areas; ``None`` where both models are alike."""


def krasula(
    scores: Numbers,
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers | float,
    *,
    better: Better,
    mos_better: Better = "higher",
    scenes: Sequence[str] | None = None,
    level: float = SIGNIFICANT,
    most_pairs: int = MOST_PAIRS,
    seed: int = 0,
) -> KrasulaFigures:
    """How well a model tells pairs of rated pictures apart.

    Args:
        scores: One score a picture (pictures,); may be infinite.
        mos: Opinion of each picture (pictures,).
        mos_std: Standard deviation of the opinions of each picture (pictures,), in their unit.
        num_votes: How many people rated each picture (pictures,), or one number for all.
        better: Which direction of the scores means better quality.
        mos_better: Which direction of the opinions does.
        scenes: What each picture shows; if given, only pictures of one scene make pairs.
        level: Two opinions differ where the normal distribution function at |z| is above this, 0.5 to 1.
        most_pairs: With more pairs than this, so many of them are drawn at random.
        seed: Of that draw.

    Returns:
        The figures; 1 is best for all areas and shares.

    Raises:
        StatisticsError: Columns of unequal length, NaN, no pairs, or none that differs significantly.

    Example:
        >>> mos = np.array([1.0, 2.0, 3.0, 3.1])
        >>> found = krasula(mos**2, mos, np.full(4, 0.5), 20, better="higher")
        >>> found.different, found.similar, found.auc_different_similar, found.correct
        (5, 1, 1.0, 1.0)
    """
    pairs = opinion_pairs(
        [(scores, better)],
        mos,
        mos_std,
        num_votes,
        mos_better=mos_better,
        scenes=scenes,
        level=level,
        most_pairs=most_pairs,
        seed=seed,
    )
    return figures(split_pairs(pairs), 0)


def krasula_of_pairs(
    first_scores: Numbers, second_scores: Numbers, labels: Labels, *, better: Better
) -> KrasulaFigures:
    """How well a model tells pairs apart of which people said which picture is better.

    Args:
        first_scores: Scores of the first pictures (pairs,); may be infinite.
        second_scores: Scores of the second pictures (pairs,).
        labels: 1 where the first is significantly better, -1 where it is worse, 0 where neither (pairs,).
        better: Which direction of the scores means better quality.

    Returns:
        The figures; 1 is best for all areas and shares.

    Raises:
        StatisticsError: Columns of unequal length, NaN, other labels, or no pair that differs significantly.

    Example:
        >>> first, second = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.5, 1.0])
        >>> krasula_of_pairs(first, second, np.array([-1, 0, 1]), better="higher").auc_better_worse
        1.0
    """
    return figures(split_pairs(pairs_of_scores([(first_scores, second_scores, better)], labels)), 0)


def compare_krasula(
    first_scores: Numbers,
    second_scores: Numbers,
    mos: Numbers,
    mos_std: Numbers,
    num_votes: Numbers | float,
    *,
    first_better: Better,
    second_better: Better,
    mos_better: Better = "higher",
    scenes: Sequence[str] | None = None,
    level: float = SIGNIFICANT,
    most_pairs: int = MOST_PAIRS,
    seed: int = 0,
) -> KrasulaComparison:
    """Which of two models tells the same pairs of rated pictures apart better, by DeLong's test.

    Args:
        first_scores: One score of the first model a picture (pictures,); may be infinite.
        second_scores: The same of the second model.
        mos: As in ``krasula``.
        mos_std: As there.
        num_votes: As there.
        first_better: Which direction of the first scores means better quality.
        second_better: Which direction of the second scores does.
        mos_better: As in ``krasula``.
        scenes: As there.
        level: As there.
        most_pairs: As there.
        seed: As there.

    Returns:
        The figures of both and two tests.

    Raises:
        StatisticsError: As in ``krasula``.

    Example:
        >>> mos = np.array([1.0, 2.0, 3.0, 3.1, 5.0])
        >>> found = compare_krasula(
        ...     mos, -mos[::-1], mos, np.full(5, 0.5), 20, first_better="higher", second_better="higher"
        ... )
        >>> found.first.correct, round(found.second.correct, 4)
        (1.0, 1.0)
    """
    pairs = opinion_pairs(
        [(first_scores, first_better), (second_scores, second_better)],
        mos,
        mos_std,
        num_votes,
        mos_better=mos_better,
        scenes=scenes,
        level=level,
        most_pairs=most_pairs,
        seed=seed,
    )
    return _compared(split_pairs(pairs))


def compare_krasula_of_pairs(
    first_model: tuple[Numbers, Numbers, Better], second_model: tuple[Numbers, Numbers, Better], labels: Labels
) -> KrasulaComparison:
    """Which of two models tells pairs apart better of which people said which picture is better.

    Args:
        first_model: Its scores of the first pictures (pairs,), of the second pictures, and which direction is better.
        second_model: The same of the second model.
        labels: As in ``krasula_of_pairs``.

    Returns:
        The figures of both and two tests.

    Raises:
        StatisticsError: As in ``krasula_of_pairs``.

    Example:
        >>> first, second = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.5, 1.0])
        >>> found = compare_krasula_of_pairs((first, second, "higher"), (first, second, "lower"), np.array([-1, 0, 1]))
        >>> found.first.correct, found.second.correct
        (1.0, 0.0)
    """
    return _compared(split_pairs(pairs_of_scores([first_model, second_model], labels)))


def _compared(split: SplitPairs) -> KrasulaComparison:
    if min(split.leads.shape[1], split.gaps.shape[1]) < 2:  # DeLong's covariance needs two cases on both sides
        has_order = split.leads.shape[1] > 1
        return KrasulaComparison(
            first=figures(split, 0),
            second=figures(split, 1),
            different_similar=None,
            better_worse=_tested(delong_mirrored(split.leads)) if has_order else None,
        )
    apart, order = delong(np.abs(split.leads), split.gaps), delong_mirrored(split.leads)
    both = zip(apart.areas.tolist(), order.areas.tolist(), strict=True)
    first, second = (figures(split, row, apart=one, order=other) for row, (one, other) in enumerate(both))
    return KrasulaComparison(first=first, second=second, different_similar=_tested(apart), better_worse=_tested(order))


def _tested(areas: Areas) -> Outcome | None:
    try:
        return delong_test(areas)
    except StatisticsError:  # nothing varies between the models
        return None
