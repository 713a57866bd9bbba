"""Triplets whose reference is a distorted picture itself, so that a picture may be better than its reference."""

import numpy as np

from acutance.datasets.comparisons import Triplet, by_reference, outcome, quality_of
from acutance.datasets.table import OpinionTable
from acutance.datasets.triplets import REFERENCE_QUALITY


def degraded_reference_triplets(table: OpinionTable, *, count: int, worst: float = 0.5, seed: int = 0) -> list[Triplet]:
    """Draw triplets in which one of the distorted pictures of a scene stands for its reference.

    It is drawn from the worst of the scene's pictures. The first picture of a triplet is the pristine one or, as
    often, any other; the second is the degraded reference itself or, as often, any other.

    Args:
        table: Rated pictures with pristine references, in either direction of scores; all of one size.
        count: Triplets of each scene; scenes with fewer than 3 distorted pictures give none.
        worst: Share of the pictures of a scene that references are drawn from; above 0, at most 1.
        seed: Seed of the draws, from 0 to 2**32 - 1.

    Raises:
        DatasetError: A picture without reference or score.
    """
    draws = np.random.RandomState(seed)  # whose numbers no later numpy changes (NEP 19)
    triplets: list[Triplet] = []
    for pristine, rows in by_reference(table).items():
        qualities = {row.image: quality_of(row, table.name) for row in rows if row.image != pristine}
        if len(qualities) < 3:
            continue
        worse = sorted(qualities, key=lambda image: (qualities[image], image))[: max(1, int(worst * len(qualities)))]
        known = qualities | {pristine: REFERENCE_QUALITY}
        for _ in range(count):
            reference = worse[draws.randint(len(worse))]
            others = [image for image in qualities if image != reference]
            drawn = [others[place] for place in draws.permutation(len(others))[:2]]
            first = pristine if draws.random_sample() < 0.5 else drawn[0]
            second = reference if draws.random_sample() < 0.5 else drawn[1]
            triplets.append(
                Triplet(
                    first,
                    second,
                    reference,
                    first_wins=outcome(known[first], known[second]),
                    first_beats_reference=outcome(known[first], known[reference]),
                    second_beats_reference=outcome(known[second], known[reference]),
                )
            )
    return triplets
