"""Datasets to evaluate on: names of the catalogue or files of tables, their folders, and the part that is wanted."""

import glob
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from acutance.datasets.afine_lists import PairTable, is_list, list_name, read_listed
from acutance.datasets.catalogue import DATASETS, find_dataset, read_published
from acutance.datasets.lists import OPINION_ENDINGS, read_opinions, telling_column
from acutance.datasets.splits import PARTS, part_of_table, read_split
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.measure import EvaluationOptions, EvaluationPart, ImageKey, ScoredTable, Scores
from acutance.evaluation.protocols import Prepared, Protocol
from acutance.scoring.pairing import NamedImage, Pair, Pairing
from acutance.scoring.rows import ScoreRow
from acutance.tables.text import readable, some
from acutance.types import Better, OnProgress

DataChoice = str | Path | OpinionTable
"""Name of a dataset, file of a table or another list, or a table."""
Roots = str | Path | Sequence[str | Path] | Mapping[str, str | Path] | None
WHOLE: EvaluationPart = "all"


class _Chosen(NamedTuple):
    given: DataChoice
    kind: Literal["table", "file", "list", "name"]
    """A table, a file of a table or of opinions, a list in A-FINE's layout, or a name of the catalogue."""
    name: str


def read_data(
    data: DataChoice | Sequence[DataChoice],
    root: Roots = None,
    *,
    reference: str | Path | None = None,
    opinion_better: Better | None = None,
    allow_missing: bool = False,
) -> list[OpinionTable]:
    """The tables of the datasets, in their order.

    Args:
        data: Names of the catalogue, files of tables (``.csv``, ``.parquet``) or other lists (``.csv``, ``.json``),
            patterns of such files (``metas/*_test.json``), A-FINE's lists of pairs (``.txt``) or folders of its lists
            of opinions, or tables.
        root: Folder of each dataset, in their order; one of them may be written ``NAME=DIR``, or all be given by
            name. One folder alone is that of all, where all are files or lists of A-FINE's, which need the folder of
            their images. Another file without one has its own folder; a table brings its root.
        reference: The undistorted image of every row of a file that names none.
        opinion_better: Which direction of the opinions is better, in lists that do not say. Beside one of these, a
            list with a column mos, or a table, keeps its own direction, and its notes say so.
        allow_missing: Take what is there of datasets of the catalogue that are not whole as published.
    """
    chosen = _chosen([data] if isinstance(data, str | Path | OpinionTable) else data)
    roots = _roots(chosen, root)
    _check_use(chosen, reference, opinion_better, allow_missing=allow_missing)
    keeping = _keeping_direction(chosen) if opinion_better else {}
    tables = []
    for one in chosen:
        better = None if one.name in keeping else opinion_better
        table = _read(one, roots.get(one.name), better, allow_missing=allow_missing)
        if one.name in keeping:
            table = _with_direction_noted(table, keeping[one.name])
        if reference is not None and one.kind == "file":
            table = _beside(table, Path(reference))
        if not len(table):
            raise EvaluationError(f"Expected images in the dataset {table.name}, got none. Check its table.")
        tables.append(table)
    return tables


def read_part(table: OpinionTable, part: str, split: str | Path | None = None) -> OpinionTable:
    """The rows of one part of a dataset.

    Args:
        part: ``all``, ``train``, ``validation`` or ``test``.
        split: A file of ``acutance data split``; without it the column ``split`` of the table decides.
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
        raise EvaluationError(f"Expected images in the part {part} of {table.name}, got none. Choose another part.")
    return rows


def match_splits(splits: Sequence[str | Path], tables: Sequence[OpinionTable]) -> dict[str, Path]:
    """The file of the split of each dataset that has one, by the name of the dataset.

    A split alone may belong to a dataset of another name.
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


def _chosen(data: Sequence[DataChoice]) -> list[_Chosen]:
    """The datasets with the files of each pattern in its place, in the order of their names."""
    chosen: list[_Chosen] = []
    for choice in data:
        if isinstance(choice, OpinionTable):
            chosen.append(_Chosen(choice, "table", choice.name))
            continue
        found: list[str | Path] = [choice]
        if glob.has_magic(str(choice)) and not Path(choice).exists():
            found = sorted(glob.glob(str(choice), recursive=True))  # noqa: PTH207 (the pattern may be absolute)
            if not found:
                raise EvaluationError(f"Expected files that fit the pattern {choice}, got none. Check the path.")
        chosen += [_named(one) for one in found]
    if not chosen:
        raise EvaluationError("Expected at least one dataset, got none. Name one, or a table of images.")
    names = [one.name for one in chosen]
    for name in names:
        if names.count(name) > 1:
            raise EvaluationError(
                f"Expected datasets of different names, got {name} twice. Rename the file of one table."
            )
    return chosen


def _named(choice: str | Path) -> _Chosen:
    if str(choice) not in DATASETS and is_list(choice):  # a name of the catalogue is no list, whatever lies there
        return _Chosen(choice, "list", list_name(Path(choice)))
    if Path(choice).suffix.lower() in OPINION_ENDINGS:
        return _Chosen(choice, "file", Path(choice).stem)
    return _Chosen(choice, "name", str(choice))


def _check_use(
    chosen: Sequence[_Chosen], reference: str | Path | None, better: Better | None, *, allow_missing: bool
) -> None:
    """Raise if something was asked for that no dataset has use for."""
    kinds = {one.kind for one in chosen}
    for option, value, kind, needed in (
        ("reference", reference, "file", "a file of a table or list"),
        ("opinion_better", better, "file", "a file of a list"),
        ("allow_missing", allow_missing, "name", "a dataset by its name"),
    ):
        if value and kind not in kinds:
            raise EvaluationError(f"Expected {needed} beside {option}, got none. Leave it out.")
    if reference is not None and not Path(reference).is_file():
        raise EvaluationError(f"Expected an image as reference at {reference}, got no such file. Check the path.")


def _keeping_direction(chosen: Sequence[_Chosen]) -> dict[str, str]:
    """The column that says the direction, by list; none if all lists say it: then a direction is an error of each."""
    files = [Path(str(one.given)) for one in chosen if one.kind == "file"]
    found = {path.stem: column for path in files if (column := telling_column(path))}
    return found if len(found) < len(files) else {}


def _with_direction_noted(table: OpinionTable, column: str) -> OpinionTable:
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


def _read(one: _Chosen, root: Path | None, opinion_better: Better | None, *, allow_missing: bool) -> OpinionTable:
    if isinstance(one.given, OpinionTable):
        return one.given
    if one.kind == "file":
        if root is not None and not root.is_dir():
            raise EvaluationError(f"Expected the folder of {one.given} at {root}, got no such folder. Check the path.")
        return read_opinions(one.given, root, better=opinion_better)
    if root is None:
        if one.kind == "name":
            find_dataset(one.name)
        what = "images of the list" if one.kind == "list" else "dataset"
        raise EvaluationError(
            f"Expected the folder of the {what} {one.given}, got none. Name it: --root DIR, root=DIR."
        )
    if one.kind == "list":
        return read_listed(Path(one.given), root)
    return read_published(one.name, root, allow_missing=allow_missing)


def _roots(chosen: Sequence[_Chosen], root: Roots) -> dict[str, Path]:
    """Folder by dataset: those that are named first, the others in the order of what is left."""
    names = [one.name for one in chosen]
    ordered: list[Path] = []
    named: dict[str, Path] = {}
    if isinstance(root, Mapping):
        named = {name: Path(path) for name, path in root.items()}
    else:
        for listed in [root] if isinstance(root, str | Path) else root or ():
            name, equals, path = str(listed).partition("=")
            if not equals or name not in names:
                ordered.append(Path(listed))
            elif name in named:
                raise EvaluationError(f"Expected one folder of {name}, got {named[name]} and {path}. Leave one out.")
            else:
                named[name] = Path(path)
    for name in named:
        if name not in names:
            raise UnknownNameError("dataset", name, names)
    rest = [one for one in chosen if one.name not in named and one.kind != "table"]
    if len(ordered) == 1 and all(one.kind in ("list", "file") for one in rest):
        ordered *= len(rest)  # many lists of one folder of images
    if ordered and len(ordered) != len(rest):
        raise EvaluationError(
            f"Expected a folder for each of {', '.join(one.name for one in rest) or 'no dataset'}, got "
            f"{', '.join(map(str, ordered))}. Name them in the order of the datasets, or as NAME=DIR."
        )
    return named | dict(zip((one.name for one in rest), ordered, strict=False))


@dataclass(eq=False)
class EvaluationData:
    """The images of a dataset that a protocol needs, and the scores that models give them."""

    whole: OpinionTable
    """The whole dataset."""
    table: OpinionTable
    """The rows that are evaluated; images that only the protocol needs stand at the end, without opinion."""
    part: EvaluationPart
    prepared: Prepared
    rows: dict[str, dict[ImageKey, ScoreRow]] = field(default_factory=dict)
    """By model, then image."""
    better: dict[str, Better] = field(default_factory=dict)
    """Which direction is better, by model."""
    described: dict[str, object] = field(default_factory=dict)
    """What the scores that were made now depend on."""
    files: list[dict[str, object]] = field(default_factory=list)
    """Files that scores were taken from."""

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.whole.name

    @property
    def root(self) -> Path:
        """Its folder, absolute."""
        return self.whole.root.absolute()

    @property
    def provenance(self) -> dict[str, object]:
        """Models, options and versions behind all scores."""
        notes = {"notes": list(self.whole.notes)} if self.whole.notes else {}
        return self.described | notes | ({"files": self.files} if self.files else {})

    @property
    def has_references(self) -> bool:
        """Whether any image that is needed has a reference."""
        return any(reference is not None for _, reference in self.prepared.needed)

    def pairing(self) -> Pairing:
        """The images to score, named by their paths below the root."""
        references = {key[1]: self._image(key[1]) for key in self.prepared.needed if key[1] is not None}
        return Pairing(
            [
                Pair(self._image(image), None if reference is None else references[reference])
                for image, reference in self.prepared.needed
            ]
        )

    def scores(self, model: str) -> Scores:
        """The score of every image, ``None`` where it failed."""
        return {key: row.score for key, row in self.rows[model].items()}

    def scored(self, model: str, options: EvaluationOptions) -> ScoredTable:
        """The table with one score a row."""
        found = [self.rows[model].get((row.image, row.reference)) for row in self.table]
        scores = np.array([np.nan if one is None or one.score is None else one.score for one in found], np.float64)
        errors = ["not scored" if one is None else one.error for one in found]
        return ScoredTable(model, self.better[model], self.table, scores, errors, options, self.part)

    def _image(self, relative: str) -> NamedImage:
        return NamedImage(self.root / relative, readable(relative), relative)


def plan_data(
    whole: OpinionTable,
    protocol: Protocol,
    options: EvaluationOptions,
    splits: Mapping[str, Path] | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> EvaluationData:
    """Plan which images of one dataset to score; ``splits`` has the split file of each dataset that has one."""
    if isinstance(whole, PairTable) and not protocol.counts_pairs and all(row.mos is None for row in whole):
        raise EvaluationError(
            f"Expected a protocol that counts pairs beside the list of pairs {whole.name}, got {protocol.name}. Take "
            "--protocol pairs, or afine-stage1, afine-stage2 or afine-stage3."
        )
    split = (splits or {}).get(whole.name)
    usual = WHOLE if isinstance(whole, PairTable) else protocol.usual_part(whole.name)
    part: EvaluationPart = options.part or (usual if split is None else "test")
    table = read_part(whole, part, split if part != WHOLE else None)
    counts = Counter((row.image, row.reference) for row in table if row.mos is not None)
    twice = [image for (image, _), count in counts.items() if count > 1]
    if twice:
        raise EvaluationError(
            f"Expected one opinion of each image of {table.name} beside its reference, got several of {len(twice)}: "
            f"{some(twice)}. Remove rows from its table."
        )
    prepared = protocol.prepare(table, options, on_progress)
    return EvaluationData(whole, _needed_rows(table, prepared.needed), part, prepared)


def _needed_rows(table: OpinionTable, needed: Sequence[ImageKey]) -> OpinionTable:
    """The rows of a table that a protocol needs, then a row for each image that has none."""
    wanted = set(needed)
    rows = [row for row in table if (row.image, row.reference) in wanted]
    there = {(row.image, row.reference) for row in rows}
    better = table.rows[0].better
    rows += [
        RatedImage(image=image, reference=reference, better=better)
        for image, reference in needed
        if (image, reference) not in there
    ]
    return OpinionTable(rows, table.root, table.name)
