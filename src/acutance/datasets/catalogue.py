"""The catalogue of datasets: name to facts and reader, written by hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from acutance.datasets import facts
from acutance.datasets.counts import demand_published
from acutance.datasets.csiq import read_csiq
from acutance.datasets.diffiqa import read_diffiqa, read_sriqa_bench
from acutance.datasets.facts import DatasetFacts
from acutance.datasets.folder import DatasetFolder, name_order
from acutance.datasets.kadid import read_kadid10k, read_kadis700k
from acutance.datasets.live import read_live, read_livec
from acutance.datasets.official_splits import read_biq2021, read_koniq10k
from acutance.datasets.pieapp import read_pieapp
from acutance.datasets.pipal import read_pipal
from acutance.datasets.single_list import read_agiqa3k, read_bid, read_spaq
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.datasets.tid import read_tid
from acutance.errors import DatasetError, UnknownNameError


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is known of a dataset, and how its folder is read."""

    facts: DatasetFacts
    read: Callable[[DatasetFolder], list[RatedPicture]]
    """Rows in any order, without the scale, which the facts tell; missing pictures are noted in the folder."""


DATASETS: dict[str, Dataset] = {
    "tid2008": Dataset(facts.TID2008, read_tid),
    "tid2013": Dataset(facts.TID2013, read_tid),
    "kadid10k": Dataset(facts.KADID10K, read_kadid10k),
    "kadis700k": Dataset(facts.KADIS700K, read_kadis700k),
    "csiq": Dataset(facts.CSIQ, read_csiq),
    "live": Dataset(facts.LIVE, read_live),
    "livec": Dataset(facts.LIVEC, read_livec),
    "bid": Dataset(facts.BID, read_bid),
    "koniq10k": Dataset(facts.KONIQ10K, read_koniq10k),
    "spaq": Dataset(facts.SPAQ, read_spaq),
    "agiqa3k": Dataset(facts.AGIQA3K, read_agiqa3k),
    "pipal": Dataset(facts.PIPAL, read_pipal),
    "pieapp": Dataset(facts.PIEAPP, read_pieapp),
    "diffiqa": Dataset(facts.DIFFIQA, read_diffiqa),
    "sriqa_bench": Dataset(facts.SRIQA_BENCH, read_sriqa_bench),
    "biq2021": Dataset(facts.BIQ2021, read_biq2021),
}


def list_datasets() -> list[DatasetFacts]:
    """What is known of every dataset that can be read, in the order of the catalogue.

    Example:
        >>> [known.title for known in list_datasets()][:2]
        ['TID2008', 'TID2013']
    """
    return [dataset.facts for dataset in DATASETS.values()]


def find_dataset(name: str) -> Dataset:
    """The facts and the reader of one dataset.

    Args:
        name: As in the catalogue, such as ``"kadid10k"``.

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
    of the paths of their pictures, whatever the file system says.

    Args:
        name: As in the catalogue.
        root: The folder that the published layout starts from.
        allow_missing: Leave rows out whose picture or reference is not there, instead of refusing the dataset.
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
    dataset = find_dataset(name)
    folder = DatasetFolder(Path(root), dataset.facts)
    table = read_folder(dataset, folder)
    if not table.rows:
        raise DatasetError(
            f"Expected {dataset.facts.pictures} pictures of {dataset.facts.title} in {root}, got none. "
            f"Get it again from {dataset.facts.where}."
        )
    if not allow_missing:
        folder.demand_whole(_named(table))
    table.rows = [row for row in table if not (folder.is_missing(row.image) or folder.is_missing(row.reference))]
    if as_published:
        demand_published(dataset.facts, table)
    if len(table) < dataset.facts.pictures:
        table.notes = (f"{len(table):,} of {dataset.facts.pictures:,} pictures of {dataset.facts.title} are here",)
    return table


def read_published(name: str, root: str | Path, *, allow_missing: bool = False) -> OpinionTable:
    """The table of a dataset for work whose numbers are told: whole as published, unless told to take what is there.

    Args:
        name: As in the catalogue.
        root: The folder that the published layout starts from.
        allow_missing: Take what is there; the table's ``notes`` say how much that is.

    Raises:
        UnknownNameError: A name that is not in the catalogue.
        DatasetError: As ``read_dataset``, and other counts than those that were published.
        MissingExtraError: Scores in an Excel file, and openpyxl is not installed.
    """
    return read_dataset(name, root, allow_missing=allow_missing, as_published=not allow_missing)


def read_folder(dataset: Dataset, folder: DatasetFolder) -> OpinionTable:
    """The table of a dataset, rows without their picture included; ``folder.missing`` tells which.

    Raises:
        DatasetError: A damaged list of scores, or none; the error names the dataset and where to get it.
    """
    known = dataset.facts
    try:
        rows = [replace(row, better=known.better, low=known.low, high=known.high) for row in dataset.read(folder)]
    except DatasetError as error:
        if known.where in str(error):
            raise
        raise DatasetError(f"{error} It is part of {known.title}, from {known.where}.") from error
    rows.sort(key=lambda row: name_order(row.image))
    return OpinionTable(rows, folder.root, known.name)


def _named(table: OpinionTable) -> int:
    """How many pictures the rows name, references included."""
    return len({row.image for row in table} | {row.reference for row in table if row.reference is not None})
