"""Any list of images with scores: CSV with a header, JSON, or lines ``name,score``."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from acutance.datasets.table import COLUMNS, TABLE_ENDINGS, OpinionTable, RatedImage, read_table
from acutance.errors import ConfigError, DatasetError, OpinionDirectionError, UnknownNameError
from acutance.tables.read import EMPTY, check_ending, csv_lines, parser, read_cells, read_text, row_place
from acutance.tables.text import shown
from acutance.types import Better

LIST_ENDINGS = (".csv", ".json")
OPINION_ENDINGS = (*TABLE_ENDINGS, ".json")
"""Of files with opinions: tables and other lists."""
OTHER_NAMES = {
    "image": ("image_name", "image_path", "filename", "file_name", "file", "dist_img"),
    "reference": ("reference_image", "ref_img", "ref"),
    "mos": ("score", "rating", "gt_score", "dmos"),
}
"""What lists call columns of a table, besides their own names; capitals do not count."""
DIRECTED = "dmos"
"""Lower is better in most datasets, higher in KADID-10k: such a column does not tell."""
SCORES = ("score", "rating")
"""Names that a model's scores have too."""
_DECIMAL_COMMA = re.compile(r"(-?\d+),(\d+)", re.ASCII)
PROVENANCE = ".provenance.json"
"""What stands beside a file of ``acutance score``."""

PLAIN_ENDING = ".txt"
"""Of lists of lines ``name,score``."""
FIRST_LETTERS = "^(.{5})"
"""How PIPAL's names meet: ``A0001_00_00.bmp`` and its reference ``A0001.bmp`` begin alike."""

_Cells = tuple[str, Mapping[str, object]]


def read_list(
    path: str | Path,
    root: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    better: Better | None = None,
    low: float | None = None,
    high: float | None = None,
) -> OpinionTable:
    """The table of a list, in its order.

    Args:
        path: ``.csv`` with a header, or ``.json`` with a list of objects. A score may be a number or a text.
        root: The folder that its paths start from; by default the folder of the list.
        columns: Names in the list by column of the table, such as ``{"image": "thumb", "mos": "opinion"}``. Others are
            found under their own name or one of ``OTHER_NAMES``; what the table does not have is passed over, and
            the table's ``notes`` say so.
        better: Which direction is better quality, in rows that do not say it in such a column; by default
            ``"higher"``, but needed for opinions called dmos.
        low: Lowest value of the scale, where the list has no such column.

    Raises:
        UnknownNameError: Another ending, or a column that a table does not have.
        ConfigError: A scale whose low end is not below its high end.
        DatasetError: No such file, an empty or damaged one, a named column that is missing, a bad cell, a model's
            scores, two columns of opinions, or opinions called dmos without a direction.
    """
    path, columns = Path(path), columns or {}
    for name in columns:
        if name not in COLUMNS:
            raise UnknownNameError("column", name, COLUMNS)
    if low is not None and high is not None and not low < high:
        raise ConfigError(f"Expected low below high, got {low:g} and {high:g}.")
    check_ending(path, LIST_ENDINGS)
    if not path.is_file():
        raise DatasetError(f"Expected a list at {path}, got no such file. Check the path.")
    scale = {"better": better, "low": low, "high": high}
    items = _items(path)
    if not items:
        raise DatasetError(f"Expected at least one image in {path}, got none.")
    there = list(dict.fromkeys(name for _, cells in items for name in cells))
    names = _names(there, columns)
    _require_opinions(path, names, there, is_named="mos" in columns)
    _require_direction(path, names, items, better)
    parse = parser(RatedImage)
    rows = [parse(_renamed(cells, names, columns, scale, where), where) for where, cells in items]
    folder = path.parent if root is None else Path(root)
    return OpinionTable(rows, folder, path.stem, _notes(names, there, rows))


def read_opinions(path: str | Path, root: str | Path | None = None, *, better: Better | None = None) -> OpinionTable:
    """The table of a file that is one of ours (``read_table``), or any other list (``read_list``).

    Args:
        root: The folder that its paths start from; by default the folder of the file.
        better: Which direction of the opinions is better, where the file does not tell.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: A direction beside a table, or a list with a column mos, which tell their own.
        DatasetError: As ``read_table`` and ``read_list``.
    """
    path = Path(path)
    ending = check_ending(path, OPINION_ENDINGS)
    if better is not None and (column := telling_column(path)):
        cure = "change that column" if column.lower() == "better" else "call the column dmos if lower is better in it"
        raise ConfigError(
            f"Expected no direction of opinions beside {path}, whose column {shown(column)} tells it, got {better}. "
            f"Leave --opinion-better out (in Python opinion_better), or {cure}."
        )
    if ending == ".parquet" or (ending == ".csv" and path.is_file() and _is_table(path)):
        return read_table(path, root)
    return read_list(path, root, better=better)


def telling_column(path: Path) -> str | None:
    """The column of a file with opinions that tells their direction in every row: one called mos, or better."""
    if not path.is_file():
        return None
    if path.suffix.lower() == ".parquet" or (path.suffix.lower() == ".csv" and _is_table(path)):
        return "better"
    items = _items(path)
    names = _names(list(dict.fromkeys(name for _, cells in items for name in cells)), {})
    opinions, told = names.get("mos", ""), names.get("better")
    rated = [cells for _, cells in items if cells.get(opinions) not in EMPTY]
    if told and rated and all(cells.get(told) not in EMPTY for cells in rated):
        return told
    return opinions if opinions.lower() == "mos" else None


def _items(path: Path) -> list[_Cells]:
    """The rows, each with its place."""
    if path.suffix.lower() == ".json":
        return [(row_place(path, number), cells) for number, cells in read_cells(path)]
    delimiter = _delimiter(path)
    rows = read_cells(path, delimiter=delimiter, header=lambda names: [name.strip() for name in names])
    return [
        (row_place(path, line), {name: _plain(cell, delimiter) for name, cell in row.items()}) for line, row in rows
    ]


def _plain(cell: str, delimiter: str) -> str:
    """The cell without blanks around it; where commas part no cells, a number with a decimal comma has a point."""
    cell = cell.strip()
    found = _DECIMAL_COMMA.fullmatch(cell) if delimiter != "," else None
    return f"{found[1]}.{found[2]}" if found else cell


def _is_table(path: Path) -> bool:
    _, header = next(csv_lines(path), (1, []))
    return sorted(header) == sorted(COLUMNS)


def _names(there: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """What the list calls each column of a table that it has, or should have by ``columns``."""
    names = dict(columns)
    by_letters = {name.lower(): name for name in reversed(there)}
    for column in COLUMNS:
        for name in (column, *OTHER_NAMES.get(column, ())):
            if column not in names and name in by_letters and by_letters[name] not in names.values():
                names[column] = by_letters[name]
    return names


def _require_opinions(path: Path, names: Mapping[str, str], there: Sequence[str], *, is_named: bool) -> None:
    """Raise if the column of opinions is one of several, or holds a model's scores, unless it was named."""
    if is_named:
        return
    by_name = [[name for name in there if name.lower() == one] for one in ("mos", *OTHER_NAMES["mos"])]
    columns = by_name[0] or [name for found in by_name[1:] for name in found]
    if len(columns) > 1:
        raise DatasetError(
            f"Expected one column of opinions in {path}, got {' and '.join(map(shown, columns))}. Call the one to take "
            f"mos in the file (in Python read_list: columns={{'mos': {columns[-1]!r}}})."
        )
    beside = path.with_name(path.name + PROVENANCE)
    of_models = [f"a column {shown(name)}" for name in there if name.lower() == "model"]
    of_models += [f"{beside.name} beside it"] if beside.is_file() else []
    if names.get("mos", "").lower() in SCORES and of_models:
        raise DatasetError(
            f"Expected opinions of people in {path}, got scores of a model ({of_models[0]}). Give it as a file of "
            "scores (--scores), or call the column mos."
        )


def _require_direction(path: Path, names: Mapping[str, str], items: Sequence[_Cells], better: str | None) -> None:
    """Raise if opinions called dmos have no direction, or two of which not every row tells its own."""
    opinions, told = names.get("mos", ""), names.get("better", "")
    rated = [(place, cells.get(told)) for place, cells in items if cells.get(opinions) not in EMPTY]
    silent = next((place for place, direction in rated if direction in EMPTY), None)
    if opinions.lower() != DIRECTED or silent is None:
        return
    if better is None:
        raise OpinionDirectionError(path, opinions, place=silent if told else "")
    for place, direction in rated:
        if direction not in (*EMPTY, better):
            raise DatasetError(
                f"Expected {better} as in {silent}, which tells no direction, got {shown(repr(direction))} in {place}, "
                f"column {told}. Fill in the column {told} of every row."
            )


def _notes(names: Mapping[str, str], there: Sequence[str], rows: Sequence[RatedImage]) -> list[str]:
    notes = []
    others = [f"{shown(name)} as {column}" for column, name in names.items() if name != column]
    if others:
        directions = " or ".join(sorted({row.better for row in rows}))
        notes.append(f"columns read: {', '.join(others)}" + (f", {directions} is better" if "mos" in names else ""))
    if strays := [name for name in there if name not in names.values()]:
        notes.append(f"columns passed over: {', '.join(map(shown, strays))}")
    return notes


def _renamed(
    cells: Mapping[str, object],
    names: Mapping[str, str],
    required: Mapping[str, str],
    scale: Mapping[str, object],
    place: str,
) -> dict[str, object]:
    renamed: dict[str, object] = {}
    for column in COLUMNS:
        name = names.get(column, column)
        if name in cells:
            renamed[column] = cells[name]
        elif column in required or column == "image":
            got = ", ".join(cells) or "nothing"
            raise DatasetError(f"Expected the column {name} in {place}, got {got}. Name it with columns.")
        if renamed.get(column) in EMPTY and scale.get(column) is not None:
            renamed[column] = scale[column]
    return renamed


def _delimiter(path: Path) -> str:
    """The one of comma, semicolon and tab that the header has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline()
    return max(",;\t", key=header.count)


def read_plain_list(path: str | Path, root: str | Path | None = None) -> OpinionTable:
    """The table of a list of lines ``name,score``, in its order; higher is better.

    Args:
        path: A text file without header. A comma may be in a name; blanks around name and score do not count.
        root: The folder of its images; by default that of the list.
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
            rows.append(RatedImage(image=name, mos=float(score)))
        except ValueError as error:
            raise DatasetError(
                f"Expected a number after the comma in {path}, line {number}, got {shown(score)}. Mend the line."
            ) from error
    if not rows:
        raise DatasetError(f"Expected at least one line name,score in {path}, got none.")
    return OpinionTable(rows, path.parent if root is None else Path(root), path.stem)


def with_references(table: OpinionTable, references: str | Path, pair_by: str = FIRST_LETTERS) -> OpinionTable:
    """The table with the reference of each image, which is also its scene.

    Args:
        table: Its images must be there.
        pair_by: A regular expression with one group, searched for in the names of an image and of references, whose
            group must agree.

    Returns:
        Its paths start from the folder that holds both images and references.
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
