"""Splits as JSON files: written whole, checked when they are read."""

import json
from dataclasses import asdict
from pathlib import Path

from acutance.datasets.splits import Split, check_split, checksum
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError
from acutance.tables.atomic import write_text
from acutance.tables.read import parser, read_json_object

CURE = "Make it again with: acutance data split."


def write_split(path: Path, split: Split) -> None:
    """Write a split as JSON, whole or not at all.

    Args:
        path: Where to write.
        split: The split.

    Raises:
        DatasetError: A scene in two parts.
        ConfigError: A place that cannot be written to.
    """
    split.parts()
    write_text(path, json.dumps(asdict(split), indent=1, ensure_ascii=False) + "\n")


def read_split(path: Path, table: OpinionTable | None = None) -> Split:
    """Read a split and check it.

    Args:
        path: A file of ``write_split``.
        table: The table it is for: every scene of it must be in one part, and no file in two.

    Raises:
        DatasetError: A file of something else, changed by hand, of another table, or with a leak.
    """
    split = parser(Split, cure=CURE)(read_json_object(path, "a split", CURE), f"the split {path}")
    found = checksum(split.parts())
    if found != split.scenes_sha256:
        raise DatasetError(
            f"Expected scenes with the sha256 {split.scenes_sha256} in {path}, got {found}: it was changed. {CURE}"
        )
    if table is not None:
        check_split(split, table)
    return split
