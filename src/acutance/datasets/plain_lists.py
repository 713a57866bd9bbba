"""Lists of lines ``name,score`` without header, and references that are found by the names of pictures (AHIQ)."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import ConfigError, DatasetError
from acutance.tables.read import read_text
from acutance.tables.text import shown

PLAIN_ENDING = ".txt"
"""Of such lists."""
FIRST_LETTERS = "^(.{5})"
"""How PIPAL's names meet: ``A0001_00_00.bmp`` and its reference ``A0001.bmp`` begin alike."""


def read_plain_list(path: str | Path, root: str | Path | None = None) -> OpinionTable:
    """The table of a list of lines ``name,score``, in its order; higher is better.

    Args:
        path: A text file without header. A comma may be in a name; blanks around name and score do not count.
        root: The folder of its pictures; by default that of the list.

    Raises:
        DatasetError: No such file, or a line that is none.
    """
    path = Path(path)
    text = read_text(path, "a list of lines name,score", "Check the path.")
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, comma, score = (part.strip() for part in line.rpartition(","))
        if not (comma and name):
            raise DatasetError(f"Expected name,score in {path}, line {number}, got {shown(line)}. Mend the line.")
        try:
            rows.append(RatedPicture(image=name, mos=float(score)))
        except ValueError as error:
            raise DatasetError(
                f"Expected a number after the comma in {path}, line {number}, got {shown(score)}. Mend the line."
            ) from error
    if not rows:
        raise DatasetError(f"Expected at least one line name,score in {path}, got none.")
    return OpinionTable(rows, path.parent if root is None else Path(root), path.stem)


def with_references(table: OpinionTable, references: str | Path, pair_by: str = FIRST_LETTERS) -> OpinionTable:
    """The table with the reference of each picture, which is also its scene.

    Args:
        table: Its pictures must be there.
        references: A folder.
        pair_by: A regular expression with one group, searched for in the names of a picture and of references, whose
            group must agree.

    Returns:
        Its paths start from the folder that holds both pictures and references.

    Raises:
        ConfigError: A regular expression that is none, or has not one group.
        DatasetError: No such folder, or no reference, or several, for a picture.
    """
    rule, folder = _rule(pair_by), Path(references)
    if not folder.is_dir():
        raise DatasetError(f"Expected a folder of references at {folder}, got none. Check the path.")
    by_key: dict[str, list[str]] = {}
    for name in sorted(path.name for path in folder.iterdir() if path.is_file()):
        if found := rule.search(name):
            by_key.setdefault(found[1], []).append(name)
    root = Path(os.path.commonpath([table.root.absolute(), folder.absolute()]))
    rows = []
    for row in table:
        found = rule.search(Path(row.image).name)
        names = by_key.get(found[1], []) if found else []
        if len(names) != 1:
            raise DatasetError(
                f"Expected one reference of {row.image} in {folder} by {pair_by}, got {len(names)}. Change --pair-by."
            )
        reference = _below(folder / names[0], root)
        image = _below(table.path(row.image), root)
        rows.append(replace(row, image=image, reference=reference, scene=reference))
    return OpinionTable(rows, root, table.name, table.notes)


def moved(table: OpinionTable, root: Path) -> OpinionTable:
    """The same table with paths that start from another folder."""
    rows = [
        replace(
            row,
            image=_below(table.path(row.image), root),
            reference=None if row.reference is None else _below(table.path(row.reference), root),
        )
        for row in table
    ]
    return OpinionTable(rows, root, table.name, table.notes)


def joined(tables: Sequence[OpinionTable]) -> OpinionTable:
    """The rows of tables of one root, one after the other."""
    return OpinionTable([row for table in tables for row in table], tables[0].root, tables[0].name)


def _below(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()


def _rule(pair_by: str) -> re.Pattern[str]:
    try:
        rule = re.compile(pair_by)
    except re.error as error:
        raise ConfigError(f"Expected a regular expression as --pair-by, got {pair_by!r}: {error}.") from error
    if rule.groups != 1:
        raise ConfigError(
            f"Expected one group in --pair-by, such as {FIRST_LETTERS}, got {rule.groups} in {pair_by!r}."
        )
    return rule
