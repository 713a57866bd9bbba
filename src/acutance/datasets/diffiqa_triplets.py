"""A-FINE's triplets of DiffIQA, from what most people said of each enhanced picture against its reference."""

from collections.abc import Iterable, Mapping
from itertools import combinations

from acutance.datasets.comparisons import LOSES, TIES, WINS, Comparison, Triplet, outcome
from acutance.datasets.labels import Label
from acutance.errors import DatasetError

OUTCOMES: dict[Label, float] = {"Positive": WINS, "Similar": TIES, "Negative": LOSES}
"""Whether the enhanced picture beats its reference."""
ENDING = ".png"
"""Of every picture of DiffIQA."""
TYPES = ("PSY", "PNY", "SNY", "SSY", "PYY", "SYY", "NYY")
"""A letter for the first, for the second, and Y for the reference: P better, S similar, N worse than it."""
TEST_TYPES = ("PSY", "PNY", "PYY", "SNY", "NYY")
"""Those that A-FINE validates and tests with: the pairs of equals are left out."""


def diffiqa_triplets(labels: Mapping[str, Label]) -> list[Triplet]:
    """The triplets of DiffIQA.

    For each reference: every two of its pictures whose order is known, which are those with different labels or
    both ``Similar``; then each picture alone against the reference. The order in a pair is that of the names, so
    either may be the better one.

    Args:
        labels: Label of each enhanced picture, by its name without ending: ``<reference>_<index>``.

    Raises:
        DatasetError: A name without an index.
    """
    triplets: list[Triplet] = []
    for name, members in _groups(labels).items():
        reference = name + ENDING
        triplets += [
            Triplet(first + ENDING, second + ENDING, reference, outcome(one, other), one, other)
            for (first, one), (second, other) in combinations(members, 2)
            if one != other or one == TIES
        ]
        triplets += [Triplet(first + ENDING, reference, reference, one, one, TIES) for first, one in members]
    return triplets


def triplet_type(triplet: Triplet) -> str:
    """The type of a triplet of DiffIQA, one of ``TYPES``.

    Raises:
        DatasetError: Two pictures that both beat the reference, or both lose, of which no order is known.
    """
    letters = {WINS: "P", TIES: "S", LOSES: "N"}
    first = letters[triplet.first_beats_reference]
    if triplet.second == triplet.reference:
        return first + "YY"
    found = "".join(sorted(first + letters[triplet.second_beats_reference], key="PSN".index)) + "Y"
    if found not in TYPES:
        raise DatasetError(
            f"Expected a triplet of the types {', '.join(TYPES)}, got {found} of {triplet.first} and {triplet.second}. "
            "Take triplets of DiffIQA."
        )
    return found


def by_type(pairs: Iterable[Comparison]) -> dict[str, list[Triplet]]:
    """The triplets of each type, in their order; types that do not occur are there and empty.

    Args:
        pairs: Triplets of DiffIQA.

    Raises:
        DatasetError: A triplet of no type, or a pair that is no triplet.
    """
    found: dict[str, list[Triplet]] = {name: [] for name in TYPES}
    for pair in pairs:
        if not isinstance(pair, Triplet):
            raise DatasetError(f"Expected triplets of DiffIQA, got a pair of {pair.first}. Only DiffIQA has types.")
        found[triplet_type(pair)].append(pair)
    return found


def _groups(labels: Mapping[str, Label]) -> dict[str, list[tuple[str, float]]]:
    """The pictures of each reference and their outcomes, all sorted by name."""
    groups: dict[str, list[tuple[str, float]]] = {}
    for name in sorted(labels):
        reference, separator, index = name.rpartition("_")
        if not (separator and reference and index):
            raise DatasetError(
                f"Expected a name such as 000006x0y770_01 of DiffIQA, got {name!r}. Take its own labels."
            )
        groups.setdefault(reference, []).append((name, OUTCOMES[labels[name]]))
    return dict(sorted(groups.items()))
