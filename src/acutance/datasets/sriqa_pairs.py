"""SRIQA-Bench's lists of scores, and every two pictures of a content as its test pairs."""

from pathlib import Path

from acutance.datasets.comparisons import Comparison, pairs_of
from acutance.datasets.facts import SRIQA_BENCH
from acutance.errors import DatasetError
from acutance.tables.read import read_text

DATASET = SRIQA_BENCH.title
SOURCE = SRIQA_BENCH.where
REFERENCE = "{content}_Original.png"
"""Name of the reference of a content."""


def read_scores(path: Path) -> list[tuple[str, float]]:
    """The lines ``file,score`` of a content, in their order; a blank may stand for the comma.

    Args:
        path: A file of the folders ``MOS``, ``MOS_Reg`` or ``MOS_Gen``.

    Raises:
        DatasetError: A line of another layout, naming it.
    """
    cure = f"Get {DATASET} whole from {SOURCE}."
    scored = []
    for number, line in enumerate(read_text(path, f"the scores of {DATASET}", cure).splitlines(), start=1):
        if not line.strip():
            continue
        cells = cells_of(line)
        try:
            name, score = cells[0], float(cells[1])
        except (IndexError, ValueError):
            name, score = "", float("nan")
        if len(cells) != 2 or not name or not 0 <= score <= 100:
            raise DatasetError(
                f"Expected file,score with a score from 0 to 100 of {DATASET} in {path}, line {number}, "
                f"got {line!r}. {cure}"
            )
        scored.append((name, score))
    if len(scored) < 2:
        raise DatasetError(f"Expected at least two scores of {DATASET} in {path}, got {len(scored)}. {cure}")
    return scored


def cells_of(line: str) -> list[str]:
    """What commas part in a line, or blanks where it has none; a comma at its end parts nothing."""
    text = line.strip().rstrip(",")
    return [cell.strip() for cell in text.split(",")] if "," in text else text.split()


def sriqa_pairs(folder: Path) -> list[Comparison]:
    """The test pairs: every two pictures of a content, in the order of its list, 55 where it lists 11.

    Args:
        folder: One of the folders ``MOS``, ``MOS_Reg`` and ``MOS_Gen``, with ``<content>.txt``.

    Raises:
        DatasetError: No lists, or one of another layout.
    """
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise DatasetError(
            f"Expected lists such as online15.txt of {DATASET} in {folder}, got none. Get it whole from {SOURCE}."
        )
    return [pair for path in paths for pair in pairs_of(REFERENCE.format(content=path.stem), read_scores(path))]
