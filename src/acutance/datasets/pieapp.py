"""PieAPP: error scores for the test pictures, preferences of pairs for the others (Prashnani et al. 2018)."""

import re
from pathlib import Path, PurePosixPath
from typing import Literal

from acutance.datasets.annotations import Record
from acutance.datasets.comparisons import Comparison
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError
from acutance.tables.read import csv_lines
from acutance.types import OnProgress

PIEAPP = DatasetFacts(
    name="pieapp",
    title="PieAPP",
    rated=600,
    unrated=19_680,
    references=200,
    distortions=75,
    better="lower",
    layout="reference_images/, distorted_images/, labels/, each with train/, val/ and test/",
    licence="Education only, commercial use: no.",
    where="https://github.com/prashnani/PerceptualImageError",
    paper="Prashnani, Cai, Mostofi, Sen, PieAPP: perceptual image-error assessment, CVPR 2018",
    note="Errors, 0 for the reference: lower is better. Only the 600 test pictures have them; pairs have preferences.",
)

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


DATASET = PIEAPP.title
CURE = f"Get {DATASET} whole from {PIEAPP.where}."
COLUMNS = ("ref. image", "distorted image A", "distorted image B", "raw preference for A", "processed preference for A")
"""The header of its files of labels, where a blank stands before all but the first; those of the test lack the last
one (its dataset_README.md)."""
Preference = Literal["processed", "raw"]
"""Estimated by its authors from all labels, for every pair; or the share of 40 people, where they were asked."""
Part = Literal["train", "val", "test"]


def read_preferences(
    root: Path,
    *,
    part: Part = "train",
    preference: Preference = "processed",
    on_progress: OnProgress | None = None,
) -> list[Comparison]:
    """All pairs of a part; ``first_wins`` is the probability that people prefer picture A.

    Args:
        root: Folder of the dataset, with ``labels/train/*_pairwise_labels.csv``.
        part: Which part.
        preference: Which column; a pair whose raw one is blank was not shown to people and is left out. The test
            has the raw one alone.
        on_progress: Told how many files are done, of how many.

    Raises:
        DatasetError: No labels, or a file of another layout, naming line and column.
    """
    folder = root / "labels" / part
    paths = sorted(folder.glob("*_pairwise_labels.csv"))
    if not paths:
        raise DatasetError(
            f"Expected labels such as ref_1_pairwise_labels.csv of {DATASET} in {folder}, got none. {CURE}"
        )
    pairs: list[Comparison] = []
    for done, path in enumerate(paths, start=1):
        pairs += _read(path, part, preference)
        if on_progress:
            on_progress(done, len(paths))
    return pairs


def _read(path: Path, part: Part, preference: Preference) -> list[Comparison]:
    columns = COLUMNS[:4] if part == "test" else COLUMNS
    column = 3 if part == "test" or preference == "raw" else 4
    lines = csv_lines(path, what=f"labels of {DATASET}", cure=CURE)
    _, header = next(lines, (1, []))
    if len(header) != len(columns):
        raise DatasetError(
            f"Expected the columns {', '.join(columns)} of {DATASET} in {path}, got {', '.join(header) or 'nothing'}. "
            f"{CURE}"
        )
    pairs = []
    for line, cells in lines:
        if not "".join(cells).strip():
            continue
        where = f"of {DATASET} in {path}, line {line}"
        if len(cells) != len(columns):
            raise DatasetError(f"Expected {len(columns)} columns {where}, got {len(cells)}. {CURE}")
        stripped = [cell.strip() for cell in cells]
        if stripped[column] or preference == "processed":
            pairs.append(_pair(stripped, column, where, part))
    return pairs


def _pair(cells: list[str], column: int, where: str, part: Part) -> Comparison:
    try:
        share = float(cells[column])
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise DatasetError(
            f"Expected a share from 0 to 1 {where}, column {COLUMNS[column]}, got {cells[column]!r}. {CURE}"
        )
    for name, heading in zip(cells[:3], COLUMNS, strict=False):
        if not name:
            raise DatasetError(f"Expected a file name {where}, column {heading}, got none. {CURE}")
    reference, first, second = cells[:3]
    return Comparison(
        _path(first, reference, part), _path(second, reference, part), _path(reference, reference, part), share
    )


def _path(name: str, reference: str, part: Part) -> str:
    """Where a picture is; in the test, the reference itself is shown among the others."""
    if name == reference:
        return f"reference_images/{part}/{name}"
    return f"distorted_images/{part}/{PurePosixPath(reference).stem}/{name}"
