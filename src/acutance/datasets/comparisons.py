"""Two pictures of one reference, and which of them is better."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError
from acutance.tables.match import PathIndex

WINS, TIES, LOSES = 1.0, 0.5, 0.0
"""The first is better, none is, the second is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pictures and who wins."""

    first: str
    second: str
    reference: str
    first_wins: float
    """Whether the first is better than the second: 1 yes, 0.5 equal, 0 no; in between a share of people."""


@dataclass(frozen=True, slots=True)
class Triplet(Comparison):
    """Two pictures and their reference, and who wins of each two."""

    first_beats_reference: float
    """Whether the first is better than the reference: 1, 0.5 or 0."""
    second_beats_reference: float
    """Whether the second is better than the reference: 1, 0.5 or 0."""


Listed = TypeVar("Listed", bound=Comparison)


def outcome(first: float, second: float) -> float:
    """Who wins by two scores of which the higher is better: 1, 0.5 or 0."""
    if first == second:
        return TIES
    return WINS if first > second else LOSES


def quality_of(row: RatedPicture, dataset: str) -> float:
    """The opinion of a picture, turned so that higher is better.

    Raises:
        DatasetError: A picture without opinion.
    """
    if row.mos is None or row.mos != row.mos:
        raise DatasetError(
            f"Expected a score of {row.image} in the table of {dataset}, column mos, got none. "
            "Leave out pictures nobody rated."
        )
    return row.mos if row.better == "higher" else -row.mos


def by_reference(table: OpinionTable) -> dict[str, list[RatedPicture]]:
    """The rated pictures of each reference, in the order of the table; references come sorted.

    Rows that are the reference itself are among them.

    Raises:
        DatasetError: A picture without reference.
    """
    found: dict[str, list[RatedPicture]] = {}
    for row in table:
        if not row.reference:
            raise DatasetError(
                f"Expected a reference of {row.image} in the table of {table.name}, column reference, got none. "
                "Take a dataset with references."
            )
        found.setdefault(row.reference, []).append(row)
    return dict(sorted(found.items()))


def all_pairs(table: OpinionTable) -> list[Comparison]:
    """Every two pictures of each reference, compared by their scores, in the order of the table.

    For SRIQA-Bench, with 11 pictures a content, these are its 55 test pairs a content.

    Raises:
        DatasetError: A picture without reference or score.
    """
    pairs: list[Comparison] = []
    for reference, rows in by_reference(table).items():
        pairs += pairs_of(reference, ((row.image, quality_of(row, table.name)) for row in rows))
    return pairs


def pairs_of(reference: str, scored: Iterable[tuple[str, float]]) -> list[Comparison]:
    """Every two of some scored pictures, higher being better, in their order."""
    return [
        Comparison(first, second, reference, outcome(one, other))
        for (first, one), (second, other) in combinations(scored, 2)
    ]


def renamed(comparisons: Iterable[Listed], find: Callable[[str], str]) -> list[Listed]:
    """Comparisons whose names are replaced by what is found for each."""
    return [
        replace(row, first=find(row.first), second=find(row.second), reference=find(row.reference))
        for row in comparisons
    ]


def located(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """Comparisons whose names are the paths of a table, found as ``PathIndex.by_name`` does.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset.

    Raises:
        DatasetError: A name that no picture has, or several.
    """
    index = PathIndex(sorted({path for row in table for path in (row.image, row.reference) if path}))

    def find(name: str) -> str:
        found = index.by_name(name)
        if len(found) != 1:
            got = f"several: {', '.join(found[:3])}" if found else "none"
            raise DatasetError(
                f"Expected one picture of {table.name} for {name!r} of the list, got {got}. "
                "Take the table of the dataset that the list is for."
            )
        return found[0]

    return renamed(comparisons, find)


def belonging(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """The comparisons whose reference is one of the table's, found without folder, case and ending.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset, or of a part of it.
    """
    references = PathIndex(row.reference for row in table if row.reference)
    return [row for row in comparisons if references.by_stem(row.reference)]
