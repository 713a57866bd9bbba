"""What is there of a dataset, beside what was published."""

from dataclasses import dataclass
from pathlib import Path

from acutance.datasets.catalogue import find_dataset, read_folder
from acutance.datasets.checking import Problem, check_table
from acutance.datasets.counts import Counts, count_differences, count_rows
from acutance.datasets.facts import DatasetFacts
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import OpinionTable
from acutance.errors import ImageReadError
from acutance.types import OnProgress


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
        """Counts that are not as published, one line each; see :func:`~acutance.datasets.counts.count_differences`."""
        return count_differences(self.facts, self.found)

    @property
    def is_complete(self) -> bool:
        """Whether all is there as published and nothing is wrong."""
        return not (self.differences or self.missing or self.problems or self.unreadable)


def check_dataset(
    name: str,
    root: str | Path,
    *,
    decode: bool = False,
    on_progress: OnProgress | None = None,
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
        found=count_rows(table),
        mos_range=(min(scores), max(scores)) if scores else None,
        missing=list(folder.missing),
        problems=problems,
        unreadable=unreadable_pictures(table, on_progress) if decode else [],
    )


def unreadable_pictures(table: OpinionTable, on_progress: OnProgress | None = None) -> list[str]:
    """Pictures and references of a table that cannot be decoded, with the reason.

    Args:
        table: The table.
        on_progress: Called with how many pictures have been opened, and how many there are.
    """
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
