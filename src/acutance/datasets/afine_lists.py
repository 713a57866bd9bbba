"""The lists in which A-FINE's authors hand out the scores of KADID-10k, PIPAL and TID2013, split 7:1:2 by reference."""

from collections.abc import Callable
from pathlib import Path

from acutance.datasets.annotations import Record
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError
from acutance.tables.read import csv_lines

AFINE_SPLITS = {"Train": "train", "Validation": "validation", "Test": "test"}
"""Folder to split; each holds ``MOS/<reference>.txt``."""


def read_afine_lists(
    folder: DatasetFolder, parse_name: Callable[[str], tuple[str, int | None] | None]
) -> list[RatedPicture]:
    """The rows of ``{Train,Validation,Test}/MOS/*.txt``, pictures in ``images``; none if there are no lists.

    A line is ``distorted,reference,score``, in KADID-10k with the spread as fourth column. References are
    found by name without ending, which the lists do not always have right.

    Args:
        folder: The root.
        parse_name: Kind and level by the name of a distorted picture, or ``None``.

    Raises:
        DatasetError: A damaged list.
    """
    rows = []
    for place, split in AFINE_SPLITS.items():
        for name in folder.names(f"{place}/MOS"):
            if name.lower().endswith(".txt"):
                path = folder.need(f"{place}/MOS/{name}")
                rows += [_row(folder, record, split, parse_name) for record in _records(path)]
    return rows


def _records(path: Path) -> list[Record]:
    columns = ("distorted", "reference", "score", "spread")
    records = []
    for line, cells in csv_lines(path):
        if not any(cells):
            continue
        if len(cells) not in (3, 4):
            raise DatasetError(f"Expected 3 or 4 columns in {path}, line {line}, got {len(cells)}. Get the file again.")
        records.append(Record(path, line, dict(zip(columns, (cell.strip() for cell in cells), strict=False))))
    return records


def _row(
    folder: DatasetFolder,
    record: Record,
    split: str,
    parse_name: Callable[[str], tuple[str, int | None] | None],
) -> RatedPicture:
    name = record.text("distorted")
    reference = _reference(folder, record.text("reference"))
    distortion, level = parse_name(name) or (None, None)
    return RatedPicture(
        image=folder.picture_below("images", name),
        reference=reference,
        mos=record.number("score"),
        mos_std=record.number_or_none("spread"),
        distortion=distortion,
        level=level,
        scene=reference,
        split=split,
    )


def _reference(folder: DatasetFolder, name: str) -> str:
    there = folder.gather("images")
    stem = Path(name).stem.lower()
    for candidate in (name.lower(), f"{stem}.bmp", f"{stem}.png"):
        if candidate in there:
            return there[candidate]
    return folder.picture(f"images/{name}")
