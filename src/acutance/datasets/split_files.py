"""Splits as JSON files: written whole, checked when they are read."""

import json
from dataclasses import asdict
from pathlib import Path

from acutance.datasets.split_rules import PARTS
from acutance.datasets.splits import Split, check_split, checksum
from acutance.datasets.table import OpinionTable
from acutance.datasets.text_files import read_json_object, write_whole
from acutance.errors import DatasetError

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
    write_whole(path, json.dumps(asdict(split), indent=1, ensure_ascii=False) + "\n")


def read_split(path: Path, table: OpinionTable | None = None) -> Split:
    """Read a split and check it.

    Args:
        path: A file of ``write_split``.
        table: The table it is for: every scene of it must be in one part, and no file in two.

    Raises:
        DatasetError: A file of something else, changed by hand, of another table, or with a leak.
    """
    fields = read_json_object(path, "a split", CURE)
    split = Split(
        dataset=_text(path, fields, "dataset"),
        train=_scenes(path, fields, "train"),
        validation=_scenes(path, fields, "validation"),
        test=_scenes(path, fields, "test"),
        ratios=_ratios(path, fields),
        rule=_text(path, fields, "rule"),
        seed=_seed(path, fields),
        scenes_sha256=_text(path, fields, "scenes_sha256"),
    )
    found = checksum(split.parts())
    if found != split.scenes_sha256:
        raise DatasetError(
            f"Expected scenes with the sha256 {split.scenes_sha256} in {path}, got {found}: it was changed. {CURE}"
        )
    if table is not None:
        check_split(split, table)
    return split


def _text(path: Path, fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise _wrong(path, name, "a text", value)
    return value


def _scenes(path: Path, fields: dict[str, object], part: str) -> tuple[str, ...]:
    value = fields.get(part)
    if not isinstance(value, list) or not all(isinstance(scene, str) for scene in value):
        raise _wrong(path, part, "a list of scenes", value)
    return tuple(value)


def _ratios(path: Path, fields: dict[str, object]) -> tuple[int, int, int] | None:
    value = fields.get("ratios")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != len(PARTS) or not all(type(ratio) is int for ratio in value):
        raise _wrong(path, "ratios", "three whole numbers or null", value)
    return value[0], value[1], value[2]


def _seed(path: Path, fields: dict[str, object]) -> int | None:
    value = fields.get("seed")
    if value is not None and type(value) is not int:
        raise _wrong(path, "seed", "a whole number or null", value)
    return value


def _wrong(path: Path, name: str, expected: str, value: object) -> DatasetError:
    shown = "nothing" if value is None else repr(value)[:40]
    return DatasetError(f"Expected {expected} as {name!r} of the split {path}, got {shown}. {CURE}")
