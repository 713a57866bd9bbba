"""How many there are of everything in a table, beside what was published."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from acutance.datasets.facts import DatasetFacts
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError

TAKE_WHAT_IS_THERE = (
    "take what is there (--allow-missing, allow_missing=True, in a training --set task.data.allow_missing=true)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many there are of everything."""

    rated: int
    """Pictures with a score."""
    unrated: int
    """Pictures without."""
    references: int
    distortions: int
    splits: Mapping[str, int]
    """Pictures by split."""


def count_rows(table: OpinionTable) -> Counts:
    """How many there are of everything in a table."""
    return Counts(
        rated=sum(row.mos is not None for row in table),
        unrated=sum(row.mos is None for row in table),
        references=len({row.reference for row in table} - {None}),
        distortions=len({row.distortion for row in table} - {None}),
        splits=dict(Counter(row.split for row in table if row.split is not None)),
    )


def count_differences(known: DatasetFacts, found: Counts) -> list[str]:
    """Counts that are not as published, one line each.

    More pictures without scores, and their references, are no difference: the parts of PIPAL that came later
    have none. Nor is a list that tells no splits at all, such as one of the two of KonIQ-10k.

    Args:
        known: What was published.
        found: What is there.
    """
    pairs = [("pictures with a score", found.rated, known.rated)]
    if found.unrated < known.unrated:
        pairs.append(("pictures without a score", found.unrated, known.unrated))
    if known.references is not None and found.references < known.references:
        pairs.append(("references", found.references, known.references))
    if found.splits:
        pairs += [(f"pictures to {split}", found.splits.get(split, 0), count) for split, count in known.splits.items()]
    return [f"{count} {what}, published are {published}" for what, count, published in pairs if count != published]


def demand_published(known: DatasetFacts, table: OpinionTable) -> None:
    """Raise one line unless the counts of a table are as published.

    Args:
        known: What was published.
        table: What is there.

    Raises:
        DatasetError: Naming the dataset, the counts and where to get it.
    """
    if differences := count_differences(known, count_rows(table)):
        raise DatasetError(
            f"Expected {known.title} as published in {table.root}, got {len(table):,} of {known.pictures:,} pictures: "
            f"{'; '.join(differences)}. "
            f"Get the rest from {known.where}, or {TAKE_WHAT_IS_THERE}."
        )
