"""PieAPP: error scores for the test pictures, preferences of pairs for the others (Prashnani et al. 2018)."""

import re
from pathlib import Path, PurePosixPath

from acutance.datasets.annotations import Record
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError
from acutance.tables.read import csv_lines

PIEAPP_SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Folder to split."""

_NAME = re.compile(r"distort_\d+_(.+)_(?:inter|intra)_?.*\.\w+", re.IGNORECASE)
_REFERENCE = re.compile(r"ref_\d+\.\w+", re.IGNORECASE)


def read_pieapp(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of PieAPP: every distorted picture, with an error score in the test part only.

    Args:
        folder: The root, with ``reference_images``, ``distorted_images/<part>/<reference>/`` and
            ``labels/test/<reference>_per_image_score.csv``; parts are ``train``, ``val`` and ``test``.

    Raises:
        DatasetError: Folders or labels that are not there, or damaged labels.
    """
    folder.need("labels/test")
    rows = []
    for part, split in PIEAPP_SPLITS.items():
        for name in folder.names(f"reference_images/{part}"):
            if _REFERENCE.fullmatch(name):
                reference = folder.picture(f"reference_images/{part}/{name}")
                rows += _scored(folder, reference) if part == "test" else _unscored(folder, reference, part, split)
    return rows


def parse_pieapp_name(name: str) -> str | None:
    """The kind of distortion in a name; ``None`` if it is named otherwise.

    Example:
        >>> parse_pieapp_name("distort_12_gaussian_blur_inter_3.png")
        'gaussian_blur'
    """
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def _scored(folder: DatasetFolder, reference: str) -> list[RatedPicture]:
    stem = PurePosixPath(reference).stem
    path = folder.need(f"labels/test/{stem}_per_image_score.csv")
    rows = []
    for record in _records(path):
        name = record.text("distorted image")
        if not _REFERENCE.fullmatch(name):  # the reference itself may be listed, with the score 0
            row = _row(folder, reference, f"distorted_images/test/{stem}/{name}", "test", record.number("score"))
            rows.append(row)
    return rows


def _unscored(folder: DatasetFolder, reference: str, part: str, split: str) -> list[RatedPicture]:
    place = f"distorted_images/{part}/{PurePosixPath(reference).stem}"
    return [_row(folder, reference, f"{place}/{name}", split, None) for name in folder.names(place)]


def _row(folder: DatasetFolder, reference: str, image: str, split: str, score: float | None) -> RatedPicture:
    return RatedPicture(
        image=folder.picture(image),
        reference=reference,
        mos=score,
        distortion=parse_pieapp_name(PurePosixPath(image).name),
        scene=reference,
        split=split,
    )


def _records(path: Path) -> list[Record]:
    """The lines below the header, by place: reference, distorted image, score."""
    records = []
    for line, cells in list(csv_lines(path))[1:]:
        if any(cells):
            if len(cells) < 3:
                raise DatasetError(f"Expected 3 columns in {path}, line {line}, got {len(cells)}. Get the file again.")
            records.append(
                Record(path, line, dict(zip(("reference", "distorted image", "score"), cells, strict=False)))
            )
    return records
