"""The datasets that can be read by name: what was published of each, its table, and what is there of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from acutance.datasets.agiqa import AGIQA3K, read_agiqa3k
from acutance.datasets.bid import BID, read_bid
from acutance.datasets.biq import BIQ2021, read_biq2021
from acutance.datasets.csiq import CSIQ, read_csiq
from acutance.datasets.diffiqa import DIFFIQA, read_diffiqa
from acutance.datasets.folder import TAKE_WHAT_IS_THERE, Dataset, DatasetFacts, DatasetFolder, name_order
from acutance.datasets.kadid import KADID10K, KADIS700K, read_kadid10k, read_kadis700k
from acutance.datasets.koniq import KONIQ10K, read_koniq10k
from acutance.datasets.live import LIVE, LIVEC, read_live, read_livec
from acutance.datasets.pieapp import PIEAPP, read_pieapp
from acutance.datasets.pipal import PIPAL, read_pipal
from acutance.datasets.spaq import SPAQ, read_spaq
from acutance.datasets.splits import scene_of
from acutance.datasets.sriqa import SRIQA_BENCH, read_sriqa_bench
from acutance.datasets.table import OpinionTable, Problem, RatedImage, check_table
from acutance.datasets.tid import TID2008, TID2013, read_tid
from acutance.errors import DatasetError, ImageReadError, UnknownNameError
from acutance.types import OnProgress

DATASETS: dict[str, Dataset] = {
    facts.name: Dataset(facts, read)
    for facts, read in (
        (TID2008, read_tid),
        (TID2013, read_tid),
        (KADID10K, read_kadid10k),
        (KADIS700K, read_kadis700k),
        (CSIQ, read_csiq),
        (LIVE, read_live),
        (LIVEC, read_livec),
        (BID, read_bid),
        (KONIQ10K, read_koniq10k),
        (SPAQ, read_spaq),
        (AGIQA3K, read_agiqa3k),
        (PIPAL, read_pipal),
        (PIEAPP, read_pieapp),
        (DIFFIQA, read_diffiqa),
        (SRIQA_BENCH, read_sriqa_bench),
        (BIQ2021, read_biq2021),
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Counts of a table."""

    rated: int
    """Images with a score."""
    unrated: int
    """Images without."""
    references: int
    distortions: int
    splits: Mapping[str, int]
    """Images by split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetReport:
    """Check of a dataset's folder against what was published."""

    facts: DatasetFacts
    """What was published."""
    root: Path
    found: Counts
    """What is there; rows whose image is missing are not counted."""
    mos_range: tuple[float, float] | None
    """Least and largest score."""
    missing: list[str]
    """Images that the lists name and the disk does not hold."""
    problems: list[Problem]
    """What else is wrong with the table."""
    unreadable: list[str]
    """Images that cannot be decoded, with the reason, where they were looked into."""

    @property
    def differences(self) -> list[str]:
        """Counts that are not as published, one line each; see ``count_differences``."""
        return count_differences(self.facts, self.found)

    @property
    def is_complete(self) -> bool:
        """Whether all is there as published and nothing is wrong."""
        return not (self.differences or self.missing or self.problems or self.unreadable)


def list_datasets() -> list[DatasetFacts]:
    """Facts of every dataset that can be read, in the order of the catalogue.

    Example:
        >>> [known.title for known in list_datasets()][:2]
        ['TID2008', 'TID2013']
    """
    return [dataset.facts for dataset in DATASETS.values()]


def find_dataset(name: str) -> Dataset:
    """The facts and the reader of a dataset of the catalogue, such as ``"kadid10k"``.

    Raises:
        UnknownNameError: A name that is not there; the message offers the nearest.
    """
    if name not in DATASETS:
        raise UnknownNameError("dataset", name, DATASETS)
    return DATASETS[name]


def read_dataset(
    name: str, root: str | Path, *, allow_missing: bool = False, as_published: bool = False
) -> OpinionTable:
    """The table of a dataset in its published layout on disk.

    Scores are as published: their direction stands in ``better`` and is never turned round. Rows are in order
    of the paths of their images, whatever the file system says.

    Args:
        name: As in the catalogue.
        root: The folder that the published layout starts from.
        allow_missing: Leave rows out whose image or reference is not there, instead of refusing the dataset.
        as_published: Refuse a table whose counts are not those that were published, such as one of a list that
            was cut short. Without it, what the lists name is the table.

    Raises:
        UnknownNameError: A name that is not in the catalogue.
        DatasetError: A folder that is not there or half copied, a damaged list of scores, or other counts with
            ``as_published``.
        MissingExtraError: Scores in an Excel file, and openpyxl is not installed.

    Example:
        >>> read_dataset("tid2031", "/data/tid2013")
        Traceback (most recent call last):
        acutance.errors.UnknownNameError: Expected the name of a dataset, got 'tid2031'. Did you mean 'tid2013'?
    """
    table, folder, facts = _read(name, root)
    if not table.rows:
        raise DatasetError(
            f"Expected {facts.pictures} images of {facts.title} in {root}, got none. Get it again from {facts.where}."
        )
    if not allow_missing:
        folder.require_whole(len({name for row in table for name in (row.image, row.reference)} - {None}))
    table.rows = _there(table, folder)
    if as_published and (differences := count_differences(facts, count_rows(table))):
        raise DatasetError(
            f"Expected {facts.title} as published in {table.root}, got {len(table):,} of {facts.pictures:,} images: "
            f"{'; '.join(differences)}. Get the rest from {facts.where}, or {TAKE_WHAT_IS_THERE}."
        )
    if len(table) < facts.pictures:
        table.notes = (f"{len(table):,} of {facts.pictures:,} images of {facts.title} are here",)
    return table


def read_published(name: str, root: str | Path, *, allow_missing: bool = False) -> OpinionTable:
    """The table of a dataset for work whose numbers are told: whole as published, unless told to take what is there.

    With ``allow_missing`` the table's ``notes`` say how much is there. Errors are those of ``read_dataset``.
    """
    return read_dataset(name, root, allow_missing=allow_missing, as_published=not allow_missing)


def check_dataset(
    name: str, root: str | Path, *, decode: bool = False, on_progress: OnProgress | None = None
) -> DatasetReport:
    """Check of a dataset's folder against what was published.

    Args:
        name: As in the catalogue.
        root: The folder that the published layout starts from.
        decode: Open every image too.
        on_progress: Called with how many images have been opened, and how many there are.

    Raises:
        UnknownNameError: A name that is not in the catalogue.
        DatasetError: No such folder, or a list of scores that is not there or damaged.
        MissingExtraError: Scores in an Excel file, and openpyxl is not installed.
    """
    table, folder, facts = _read(name, root)
    problems = check_table(table, look_for_files=False)
    table.rows = _there(table, folder)
    scores = [row.mos for row in table if row.mos is not None]
    return DatasetReport(
        facts=facts,
        root=Path(root),
        found=count_rows(table),
        mos_range=(min(scores), max(scores)) if scores else None,
        missing=list(folder.missing),
        problems=problems,
        unreadable=unreadable_images(table, on_progress) if decode else [],
    )


def unreadable_images(table: OpinionTable, on_progress: OnProgress | None = None) -> list[str]:
    """Images and references of a table that cannot be decoded, with the reason."""
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


def count_rows(table: OpinionTable) -> Counts:
    """Counts of a table."""
    return Counts(
        rated=sum(row.mos is not None for row in table),
        unrated=sum(row.mos is None for row in table),
        references=len({row.reference for row in table} - {None}),
        distortions=len({row.distortion for row in table} - {None}),
        splits=dict(Counter(row.split for row in table if row.split is not None)),
    )


def count_differences(known: DatasetFacts, found: Counts) -> list[str]:
    """Counts that are not as published, one line each.

    More images without scores, and their references, are no difference: the parts of PIPAL that came later
    have none. Nor is a list that tells no splits at all, such as one of the two of KonIQ-10k.
    """
    pairs = [("images with a score", found.rated, known.rated)]
    if found.unrated < known.unrated:
        pairs.append(("images without a score", found.unrated, known.unrated))
    if known.references is not None and found.references < known.references:
        pairs.append(("references", found.references, known.references))
    if found.splits:
        pairs += [(f"images to {split}", found.splits.get(split, 0), count) for split, count in known.splits.items()]
    return [f"{count} {what}, published are {published}" for what, count, published in pairs if count != published]


def _read(name: str, root: str | Path) -> tuple[OpinionTable, DatasetFolder, DatasetFacts]:
    """The table of a dataset with the rows whose image is missing, and the folder, which tells which these are."""
    dataset = find_dataset(name)
    known, folder = dataset.facts, DatasetFolder(Path(root), dataset.facts)
    try:
        rows = [
            replace(row, better=known.better, low=known.low, high=known.high, scene=scene_of(row))
            for row in dataset.read(folder)
        ]
    except DatasetError as error:
        if known.where in str(error):
            raise
        raise DatasetError(f"{error} It is part of {known.title}, from {known.where}.") from error
    rows.sort(key=lambda row: name_order(row.image))
    return OpinionTable(rows, folder.root, known.name), folder, known


def _there(table: OpinionTable, folder: DatasetFolder) -> list[RatedImage]:
    return [row for row in table if row.image not in folder.missing and row.reference not in folder.missing]
