"""A-FINE's triplets of KADID-10k, PIPAL and TID2013: about log2 of the pictures of a reference for each of them."""

import math
from pathlib import PurePosixPath

import numpy as np

from acutance.datasets.comparisons import Triplet, by_reference, outcome, quality_of
from acutance.datasets.table import OpinionTable

REFERENCE_QUALITY = math.inf
"""The reference is better than all (A-FINE's script writes 9999)."""


def triplets_per_reference(count: int) -> int:
    """How many triplets a reference with so many distorted pictures gives.

    Args:
        count: Number n of distorted pictures.

    Returns:
        (n + 1) round(log2(n + 1)).

    Example:
        >>> [triplets_per_reference(count) for count in (116, 125, 120)]  # PIPAL, KADID-10k, TID2013
        [819, 882, 847]
    """
    return (count + 1) * round(math.log2(count + 1))


def log_triplets(
    table: OpinionTable, *, seed: int = 0, reference_first: bool = False, reference_as_png: bool = False
) -> list[Triplet]:
    """Draw the triplets of a dataset whose references are perfect, A-FINE's "nlogn".

    Each of the n distorted pictures of a reference, and the reference itself, meets round(log2(n + 1)) others of
    them, drawn without repetition. A pair that both sides draw comes twice.

    Args:
        table: Rated pictures with references; of one part of a split, if there is one. Either direction of scores.
        seed: Seed of the draws, from 0 to 2**32 - 1.
        reference_first: Let a reference that meets a picture stand first, as A-FINE's script does and its
            documents say it does not. By default the picture stands first.
        reference_as_png: Call every reference ``.png``, as A-FINE's script does with ``.bmp`` files too.

    Raises:
        InputError: A picture without reference or score.
    """
    draws = np.random.RandomState(seed)  # whose numbers no later numpy changes (NEP 19)
    triplets: list[Triplet] = []
    for reference, rows in by_reference(table).items():
        qualities = {row.image: quality_of(row, table.name) for row in rows if row.image != reference}
        name = str(PurePosixPath(reference).with_suffix(".png")) if reference_as_png else reference
        qualities[name] = REFERENCE_QUALITY
        pictures = list(qualities)
        for index, first in enumerate(pictures):
            others = pictures[:index] + pictures[index + 1 :]
            for drawn in draws.permutation(len(others))[: round(math.log2(len(pictures)))]:
                second = others[drawn]
                pair = (second, first) if first == name and not reference_first else (first, second)
                triplets.append(_triplet(pair, name, qualities))
    return triplets


def _triplet(pair: tuple[str, str], reference: str, qualities: dict[str, float]) -> Triplet:
    first, second = pair
    return Triplet(
        first,
        second,
        reference,
        first_wins=outcome(qualities[first], qualities[second]),
        first_beats_reference=outcome(qualities[first], qualities[reference]),
        second_beats_reference=outcome(qualities[second], qualities[reference]),
    )
