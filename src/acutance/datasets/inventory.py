"""What is there of a dataset, beside what was published."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acutance.datasets.catalogue import find_dataset, read_folder
from acutance.datasets.checking import Problem, check_table
from acutance.datasets.facts import DatasetFacts
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import OpinionTable
from acutance.errors import ImageReadError


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


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetReport:
    """What was found and what was expected."""

    facts: DatasetFacts
    """What was published."""
    root: Path
    found: Counts
    """What is there; rows whose picture is missing are not counted."""
    mos_range: tuple[float, float] | None
    """Least and largest score."""
    missing: list[str]
    """Pictures that the lists name and the disk does not hold."""
    problems: list[Problem]
    """What else is wrong with the table."""
    unreadable: list[str]
    """Pictures that cannot be decoded, with the reason, where they were looked into."""

    @property
    def differences(self) -> list[str]:
        """Counts that are not as published, one line each.

        More pictures without scores, and their references, are no difference: the parts of PIPAL that came later
        have none.
        """
        known, found = self.facts, self.found
        pairs = [("pictures with a score", found.rated, known.rated)]
        if found.unrated < known.unrated:
            pairs.append(("pictures without a score", found.unrated, known.unrated))
        if known.references is not None and found.references < known.references:
            pairs.append(("references", found.references, known.references))
        pairs += [(f"pictures to {split}", found.splits.get(split, 0), count) for split, count in known.splits.items()]
        return [f"{count} {what}, published are {published}" for what, count, published in pairs if count != published]

    @property
    def is_complete(self) -> bool:
        """Whether all is there as published and nothing is wrong."""
        return not (self.differences or self.missing or self.problems or self.unreadable)


def check_dataset(
    name: str,
    root: str | Path,
    *,
    decode: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> DatasetReport:
    """What is there of a dataset, beside what was published.

    Args:
        name: As in the catalogue.
        root: The folder that the published layout starts from.
        decode: Open every picture too.
        on_progress: Called with how many pictures have been opened, and how many there are.

    Raises:
        UnknownNameError: A name that is not in the catalogue.
        DatasetError: No such folder, or a list of scores that is not there or damaged.
        MissingExtraError: Scores in an Excel file, and openpyxl is not installed.
    """
    dataset = find_dataset(name)
    folder = DatasetFolder(Path(root), dataset.facts)
    table = read_folder(dataset, folder)
    problems = check_table(table, look_for_files=False)
    table.rows = [row for row in table if not (folder.is_missing(row.image) or folder.is_missing(row.reference))]
    scores = [row.mos for row in table if row.mos is not None]
    return DatasetReport(
        facts=dataset.facts,
        root=Path(root),
        found=_counts(table),
        mos_range=(min(scores), max(scores)) if scores else None,
        missing=list(folder.missing),
        problems=problems,
        unreadable=_unreadable(table, on_progress) if decode else [],
    )


def _counts(table: OpinionTable) -> Counts:
    return Counts(
        rated=sum(row.mos is not None for row in table),
        unrated=sum(row.mos is None for row in table),
        references=len({row.reference for row in table} - {None}),
        distortions=len({row.distortion for row in table} - {None}),
        splits=dict(Counter(row.split for row in table if row.split is not None)),
    )


def _unreadable(table: OpinionTable, on_progress: Callable[[int, int], None] | None) -> list[str]:
    from acutance.images import read_image

    names = sorted({row.image for row in table} | {row.reference for row in table if row.reference is not None})
    faults = []
    for done, name in enumerate(names, start=1):
        try:
            read_image(table.path(name))
        except ImageReadError as error:
            faults.append(str(error))
        if on_progress is not None:
            on_progress(done, len(names))
    return faults
