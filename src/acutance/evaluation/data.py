"""Data sets to evaluate on: names of the catalogue or files of tables, their folders, and the part that is wanted."""

import glob
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from acutance.datasets.afine_lists import PairTable, is_list, list_name, read_listed
from acutance.datasets.catalogue import DATASETS, find_dataset, read_published
from acutance.datasets.lists import OPINION_ENDINGS, read_opinions, telling_column
from acutance.datasets.splits import PARTS, part_of_table, read_split
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.measure import (
    EvaluationInputs,
    EvaluationPart,
    PictureKey,
    ProtocolSettings,
    Scores,
    StatisticsSettings,
)
from acutance.evaluation.protocols import PreparedProtocol, Protocol
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.sources import Picture
from acutance.tables.text import readable, some
from acutance.types import Better, OnProgress

DataChoice = str | Path | OpinionTable
"""Name of a data set, file of a table or another list, or a table."""
Roots = str | Path | Sequence[str | Path] | Mapping[str, str | Path] | None
WHOLE: EvaluationPart = "all"


def read_data(
    data: DataChoice | Sequence[DataChoice],
    root: Roots = None,
    *,
    reference: str | Path | None = None,
    opinion_better: Better | None = None,
    allow_missing: bool = False,
) -> list[OpinionTable]:
    """The tables of the data sets, in their order.

    Args:
        data: Names of the catalogue, files of tables (``.csv``, ``.parquet``) or other lists (``.csv``, ``.json``),
            patterns of such files (``metas/*_test.json``), A-FINE's lists of pairs (``.txt``) or folders of its lists
            of opinions, or tables.
        root: Folder of each data set, in their order; one of them may be written ``NAME=DIR``, or all be given by
            name. One folder alone is that of all, where all are files or lists of A-FINE's, which need the folder of
            their pictures. Another file without one has its own folder; a table brings its root.
        reference: The undistorted picture of every row of a file that names none.
        opinion_better: Which direction of the opinions is better, in lists that do not tell. Beside one of these, a
            list with a column mos, or a table, keeps its own direction, and its notes say so.
        allow_missing: Take what is there of data sets of the catalogue, instead of refusing those that are not whole
            as published.

    Raises:
        EvaluationError: A pattern of no file, a folder that is missing or left over, two data sets of one name, or a
            direction or a reference that no file has use for.
        DatasetError: A data set that cannot be read.
        UnknownNameError: A name nobody knows.
    """
    chosen = _expanded([data] if isinstance(data, str | Path | OpinionTable) else data)
    if not chosen:
        raise EvaluationError("Expected at least one data set, got none. Name one, or a table of pictures.")
    names = [_name(choice) for choice in chosen]
    for name in names:
        if names.count(name) > 1:
            raise EvaluationError(
                f"Expected data sets of different names, got {name} twice. Rename the file of one table."
            )
    roots = _roots(chosen, names, root)
    _demand_use(chosen, reference, opinion_better, allow_missing=allow_missing)
    telling = _telling(chosen) if opinion_better else {}
    tables = [
        _read(choice, roots.get(name), None if name in telling else opinion_better, allow_missing=allow_missing)
        for choice, name in zip(chosen, names, strict=True)
    ]
    tables = [_keeps_direction(table, telling[table.name]) if table.name in telling else table for table in tables]
    if reference is not None:
        tables = [
            _beside(table, Path(reference)) if _is_file_choice(choice) else table
            for choice, table in zip(chosen, tables, strict=True)
        ]
    for table in tables:
        if not len(table):
            raise EvaluationError(f"Expected pictures in the data set {table.name}, got none. Check its table.")
    return tables


def read_part(table: OpinionTable, part: str, split: str | Path | None = None) -> OpinionTable:
    """The rows of one part of a data set.

    Args:
        table: The whole data set.
        part: ``all``, ``train``, ``validation`` or ``test``.
        split: A file of ``acutance data split``; without it the column ``split`` of the table decides.

    Raises:
        EvaluationError: A part where nothing tells the parts, an empty one, or a split that is not used.
        DatasetError: A split of another table, or one with a leak.
        UnknownNameError: Another part.
    """
    if part not in (WHOLE, *PARTS):
        raise UnknownNameError("part", part, (WHOLE, *PARTS))
    if part == WHOLE:
        if split is not None:
            raise EvaluationError(f"Expected a part beside the split {split}, got none. Choose one, such as test.")
        return table
    if split is None and not any(row.split for row in table):
        raise EvaluationError(
            f"Expected a split beside the part {part}, since the table of {table.name} has no parts of its own, got "
            "none. Name one, or take the whole table."
        )
    chosen = next(name for name in PARTS if name == part)
    rows = part_of_table(table, None if split is None else read_split(Path(split), table), chosen)
    if not len(rows):
        raise EvaluationError(f"Expected pictures in the part {part} of {table.name}, got none. Choose another part.")
    return rows


def match_splits(splits: Sequence[str | Path], tables: Sequence[OpinionTable]) -> dict[str, Path]:
    """The file of the split of each data set that has one, by the name of the data set.

    Args:
        splits: Files of ``acutance data split``; one alone may belong to a data set of another name.
        tables: The data sets.

    Raises:
        EvaluationError: A split of none of these data sets, or two of one.
        DatasetError: A file of something else.
    """
    if len(splits) == 1 and len(tables) == 1:
        return {tables[0].name: Path(splits[0])}
    found: dict[str, Path] = {}
    names = [table.name for table in tables]
    for path in map(Path, splits):
        dataset = read_split(path).dataset
        if dataset not in names:
            raise EvaluationError(f"Expected a split of {', '.join(names)} in {path}, got one of {dataset}.")
        if dataset in found:
            raise EvaluationError(f"Expected one split of {dataset}, got {found[dataset]} and {path}. Leave one out.")
        found[dataset] = path
    return found


def _expanded(data: Sequence[DataChoice]) -> list[DataChoice]:
    """The data sets with the files of each pattern in its place, in the order of their names."""
    chosen: list[DataChoice] = []
    for choice in data:
        if isinstance(choice, OpinionTable) or not glob.has_magic(str(choice)) or Path(choice).exists():
            chosen.append(choice)
            continue
        found = sorted(glob.glob(str(choice), recursive=True))  # noqa: PTH207 (the pattern may be absolute)
        if not found:
            raise EvaluationError(f"Expected files that fit the pattern {choice}, got none. Check the path.")
        chosen += found
    return chosen


def _name(choice: DataChoice) -> str:
    if isinstance(choice, OpinionTable):
        return choice.name
    if _is_list(choice):
        return list_name(Path(choice))
    return Path(choice).stem if _is_file(choice) else str(choice)


def _is_list(choice: str | Path) -> bool:
    """Whether it is a list in A-FINE's layout; a name of the catalogue is none, whatever lies there."""
    return str(choice) not in DATASETS and is_list(choice)


def _is_file(choice: str | Path) -> bool:
    return Path(choice).suffix.lower() in OPINION_ENDINGS


def _is_of_list(choice: DataChoice) -> bool:
    return not isinstance(choice, OpinionTable) and _is_list(choice)


def _is_file_choice(choice: DataChoice) -> bool:
    return not isinstance(choice, OpinionTable) and _is_file(choice)


def _demand_use(
    chosen: Sequence[DataChoice], reference: str | Path | None, better: Better | None, *, allow_missing: bool
) -> None:
    """Raise if something was asked for that no data set has use for."""
    files = [choice for choice in chosen if _is_file_choice(choice)]
    named = [choice for choice in chosen if isinstance(choice, str) and not _is_file(choice) and not _is_list(choice)]
    for option, value, of, of_what in (
        ("reference", reference, files, "a file of a table or list"),
        ("opinion_better", better, files, "a file of a list"),
        ("allow_missing", allow_missing, named, "a data set by its name"),
    ):
        if value and not of:
            raise EvaluationError(f"Expected {of_what} beside {option}, got none. Leave it out.")
    if reference is not None and not Path(reference).is_file():
        raise EvaluationError(f"Expected a picture as reference at {reference}, got no such file. Check the path.")


def _telling(chosen: Sequence[DataChoice]) -> dict[str, str]:
    """The column that tells the direction, by list; none if all lists tell it: then a direction is an error of each."""
    files = [Path(choice) for choice in chosen if not isinstance(choice, OpinionTable) and _is_file(choice)]
    told = {path.stem: column for path in files if (column := telling_column(path))}
    return told if len(told) < len(files) else {}


def _keeps_direction(table: OpinionTable, column: str) -> OpinionTable:
    directions = " or ".join(sorted({row.better for row in table}))
    note = f"{column}, {directions} is better" if column.lower() == "mos" else f"column {column}: {directions}"
    return OpinionTable(table.rows, table.root, table.name, (*table.notes, note))


def _beside(table: OpinionTable, reference: Path) -> OpinionTable:
    """The table with one reference for all rows that have none."""
    below = Path(os.path.relpath(reference.absolute(), table.root.absolute())).as_posix()
    if not any(row.reference is None for row in table):
        raise EvaluationError(
            f"Expected rows without a reference in {table.name} beside reference={reference}, got none. Leave it out."
        )
    rows = [row if row.reference is not None else replace(row, reference=below) for row in table]
    return OpinionTable(rows, table.root, table.name, table.notes)


def _read(choice: DataChoice, root: Path | None, opinion_better: Better | None, *, allow_missing: bool) -> OpinionTable:
    if isinstance(choice, OpinionTable):
        return choice
    if _is_file(choice):
        if root is not None and not root.is_dir():
            raise EvaluationError(f"Expected the folder of {choice} at {root}, got no such folder. Check the path.")
        return read_opinions(choice, root, better=opinion_better)
    if _is_list(choice):
        if root is None:
            raise EvaluationError(
                f"Expected the folder of the pictures of the list {choice}, got none. Name it: --root DIR, root=DIR."
            )
        return read_listed(Path(choice), root)
    if root is None:
        find_dataset(str(choice))
        raise EvaluationError(f"Expected the folder of the data set {choice}, got none. Name it: --root DIR, root=DIR.")
    return read_published(str(choice), root, allow_missing=allow_missing)


def _roots(chosen: Sequence[DataChoice], names: Sequence[str], root: Roots) -> dict[str, Path]:
    """Folder by data set: those that are named first, the others in the order of what is left."""
    ordered: list[Path]
    if isinstance(root, Mapping):
        named, ordered = {name: Path(path) for name, path in root.items()}, []
    else:
        listed = [root] if isinstance(root, str | Path) else list(root or ())
        named, ordered = _split_named(listed, names)
    for name in named:
        if name not in names:
            raise UnknownNameError("data set", name, names)
    rest = [
        name
        for choice, name in zip(chosen, names, strict=True)
        if name not in named and not isinstance(choice, OpinionTable)
    ]
    of_files = [
        name for choice, name in zip(chosen, names, strict=True) if _is_of_list(choice) or _is_file_choice(choice)
    ]
    if len(ordered) == 1 and set(rest) <= set(of_files):
        ordered *= len(rest)  # many lists of one folder of pictures
    if ordered and len(ordered) != len(rest):
        raise EvaluationError(
            f"Expected a folder for each of {', '.join(rest) or 'no data set'}, got {', '.join(map(str, ordered))}. "
            "Name them in the order of the data sets, or as NAME=DIR."
        )
    return named | dict(zip(rest, ordered, strict=False))


def _split_named(listed: Sequence[str | Path], names: Sequence[str]) -> tuple[dict[str, Path], list[Path]]:
    named: dict[str, Path] = {}
    ordered: list[Path] = []
    for one in listed:
        name, equals, path = str(one).partition("=")
        if equals and name in names:
            if name in named:
                raise EvaluationError(f"Expected one folder of {name}, got {named[name]} and {path}. Leave one out.")
            named[name] = Path(path)
        else:
            ordered.append(Path(one))
    return named, ordered


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of one picture."""

    score: float | None
    error: str | None = None
    """Why there is no score."""


NOTHING = Said(None, "not scored")


@dataclass(eq=False)
class PlannedData:
    """The pictures of a data set that a protocol needs, and what models say of them.

    Args:
        whole: The whole data set.
        table: The rows that are evaluated; pictures that only the protocol needs stand at the end, without opinion.
        part: Which part of the data set they are.
        prepared: The protocol on this data set.
    """

    whole: OpinionTable
    table: OpinionTable
    part: EvaluationPart
    prepared: PreparedProtocol
    said: dict[str, dict[PictureKey, Said]] = field(default_factory=dict)
    """By model, then picture."""
    better: dict[str, Better] = field(default_factory=dict)
    """Which direction is better, by model."""
    described: dict[str, object] = field(default_factory=dict)
    """What the scores that were made now depend on."""
    files: list[dict[str, object]] = field(default_factory=list)
    """Files that scores were taken from."""

    @property
    def name(self) -> str:
        """Name of the data set."""
        return self.whole.name

    @property
    def root(self) -> Path:
        """Its folder, absolute."""
        return self.whole.root.absolute()

    @property
    def provenance(self) -> dict[str, object]:
        """What all the scores depend on."""
        notes = {"notes": list(self.whole.notes)} if self.whole.notes else {}
        return self.described | notes | ({"files": self.files} if self.files else {})

    @property
    def has_references(self) -> bool:
        """Whether any picture that is needed has a reference."""
        return any(reference is not None for _, reference in self.prepared.needed)

    def pairing(self) -> Pairing:
        """The pictures to score, named by their paths below the root."""
        references = {key[1]: self._picture(key[1]) for key in self.prepared.needed if key[1] is not None}
        return Pairing(
            [
                Pair(self._picture(image), None if reference is None else references[reference])
                for image, reference in self.prepared.needed
            ]
        )

    def scores(self, model: str) -> Scores:
        """What a protocol takes: the score of every picture, ``None`` where it failed."""
        return {key: said.score for key, said in self.said[model].items()}

    def inputs(self, model: str, settings: StatisticsSettings) -> EvaluationInputs:
        """What statistics take: one value a row."""
        said = [self.said[model].get((row.image, row.reference), NOTHING) for row in self.table]
        scores = np.array([np.nan if one.score is None else one.score for one in said], dtype=np.float64)
        errors = [one.error for one in said]
        return EvaluationInputs(model, self.better[model], self.table, scores, errors, settings, self.part)

    def _picture(self, relative: str) -> Picture:
        return Picture(self.root / relative, readable(relative), relative)


def plan_data(
    whole: OpinionTable,
    protocol: Protocol,
    settings: ProtocolSettings,
    part: EvaluationPart | None,
    splits: Mapping[str, Path],
    *,
    on_progress: OnProgress | None = None,
) -> PlannedData:
    """The plan of one data set.

    Args:
        whole: The data set.
        protocol: What to evaluate by.
        settings: Its choices; the part is filled in.
        part: Which part; ``None`` for the protocol's usual one.
        splits: File of the split of each data set that has one.
        on_progress: Called with files of labels read and files in all.

    Raises:
        EvaluationError: A part that is empty or cannot be told, or a picture with two opinions.
        ConfigError: What the protocol cannot do.
        DatasetError: Labels or splits that are missing or damaged.
    """
    if isinstance(whole, PairTable) and not protocol.counts_pairs and all(row.mos is None for row in whole):
        raise EvaluationError(
            f"Expected a protocol that counts pairs beside the list of pairs {whole.name}, got {protocol.name}. Take "
            "--protocol pairs, or afine-stage1, afine-stage2 or afine-stage3."
        )
    split = splits.get(whole.name)
    usual = WHOLE if isinstance(whole, PairTable) else protocol.usual_part(whole.name)
    chosen: EvaluationPart = part or (usual if split is None else "test")
    rows = read_part(whole, chosen, split if chosen != WHOLE else None)
    _demand_rated_once(rows)
    prepared = protocol.prepare(rows, replace(settings, part=chosen), on_progress=on_progress)
    return PlannedData(whole, _needed_rows(rows, prepared), chosen, prepared)


def _demand_rated_once(table: OpinionTable) -> None:
    """Raise if a picture has two opinions beside one reference: it would count twice."""
    counts = Counter((row.image, row.reference) for row in table if row.mos is not None)
    twice = [image for (image, _), count in counts.items() if count > 1]
    if twice:
        raise EvaluationError(
            f"Expected one opinion of each picture of {table.name} beside its reference, got several of {len(twice)}: "
            f"{some(twice)}. Remove rows from its table."
        )


def _needed_rows(table: OpinionTable, prepared: PreparedProtocol) -> OpinionTable:
    """The rows of a table that a protocol needs, then a row for each picture that has none."""
    needed = set(prepared.needed)
    rows = [row for row in table if (row.image, row.reference) in needed]
    there = {(row.image, row.reference) for row in rows}
    better = table.rows[0].better
    rows += [
        RatedPicture(image=image, reference=reference, better=better)
        for image, reference in prepared.needed
        if (image, reference) not in there
    ]
    return OpinionTable(rows, table.root, table.name)
