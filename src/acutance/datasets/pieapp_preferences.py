"""PieAPP's labels of pairs: two pictures of a reference, and the share of people who prefer the first."""

from pathlib import Path, PurePosixPath
from typing import Literal

from acutance.datasets.comparisons import Comparison
from acutance.datasets.facts import PIEAPP
from acutance.errors import DatasetError
from acutance.tables.read import csv_lines
from acutance.types import OnProgress

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
