"""Lists in A-FINE's layout, in a dataset's own folder or anywhere, and the pictures that they name."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from acutance.datasets.annotations import Record
from acutance.datasets.comparisons import Comparison, Listed, pairs_of, read_pairs, renamed
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.sriqa import REFERENCE, cells_of, read_scores
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError
from acutance.images.formats import PICTURE_ENDINGS
from acutance.tables.match import PathIndex
from acutance.tables.read import csv_lines

AFINE_SPLITS = {"Train": "train", "Validation": "validation", "Test": "test"}
"""Folder to split; each holds ``MOS/<reference>.txt``."""


def read_afine_lists(
    folder: DatasetFolder, parse_name: Callable[[str], tuple[str, int | None] | None]
) -> list[RatedPicture]:
    """The rows of ``{Train,Validation,Test}/MOS/*.txt``, pictures in ``images``; none if there are no lists.

    A line is ``distorted,reference,score``, in KADID-10k with the spread as fourth column. References are
    found by name without ending, which the lists do not always have right.

    Args:
        folder: The root.
        parse_name: Kind and level by the name of a distorted picture, or ``None``.

    Raises:
        DatasetError: A damaged list.
    """
    rows = []
    for place, split in AFINE_SPLITS.items():
        for name in folder.names(f"{place}/MOS"):
            if name.lower().endswith(".txt"):
                path = folder.need(f"{place}/MOS/{name}")
                rows += [_row(folder, record, split, parse_name) for record in _records(path)]
    return rows


def _records(path: Path) -> list[Record]:
    columns = ("distorted", "reference", "score", "spread")
    records = []
    for line, cells in csv_lines(path):
        if not any(cells):
            continue
        if len(cells) not in (3, 4):
            raise DatasetError(f"Expected 3 or 4 columns in {path}, line {line}, got {len(cells)}. Get the file again.")
        records.append(Record(path, line, dict(zip(columns, (cell.strip() for cell in cells), strict=False))))
    return records


def _row(
    folder: DatasetFolder,
    record: Record,
    split: str,
    parse_name: Callable[[str], tuple[str, int | None] | None],
) -> RatedPicture:
    name = record.text("distorted")
    reference = _reference(folder, record.text("reference"))
    distortion, level = parse_name(name) or (None, None)
    return RatedPicture(
        image=folder.picture_below("images", name),
        reference=reference,
        mos=record.number("score"),
        mos_std=record.number_or_none("spread"),
        distortion=distortion,
        level=level,
        scene=reference,
        split=split,
    )


def _reference(folder: DatasetFolder, name: str) -> str:
    there = folder.gather("images")
    stem = Path(name).stem.lower()
    for candidate in (name.lower(), f"{stem}.bmp", f"{stem}.png"):
        if candidate in there:
            return there[candidate]
    return folder.picture(f"images/{name}")


LIST_ENDING = ".txt"
"""Of A-FINE's lists."""
KNOWN = {
    "diffiqa": "diffiqa",
    "sdiqa": "diffiqa",
    "csiq": "csiq",
    "kadid10k": "kadid10k",
    "pipal": "pipal",
    "tid2013": "tid2013",
    "sriqa": "sriqa_bench",
}
"""Name of a dataset by what the folders of its lists are called; A-FINE's code knows them by their paths too."""
PARTS = {"train": "train", "validation": "validation", "test": "test"}
COMMON = {*PARTS, "val", "images", "label", "labels", "trainlabel", "triplet", "tripleteachtype", "mos"}
"""Folders and files that every dataset may have."""
COLUMNS = ("distorted", "reference", "score", "spread")


class PairTable(OpinionTable):
    """Pictures of a list of pairs, and the pairs.

    Args:
        rows: The pictures.
        root: Folder that their paths start from.
        name: What the list is called.
        pairs: Named by the paths of the rows.
    """

    def __init__(self, rows: Iterable[RatedPicture], root: Path, name: str, pairs: Sequence[Comparison]) -> None:
        super().__init__(rows, root, name)
        self.pairs = list(pairs)


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line of a list of opinions."""

    image: str
    reference: str
    mos: float
    mos_std: float | None = None


class ImageFolder:
    """The pictures below a folder, found by the names that lists give them.

    Args:
        root: The folder; pictures may lie in folders of it, as DiffIQA's versions and SRIQA-Bench's methods do.

    Raises:
        DatasetError: No such folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            got = "a file" if root.exists() else "no such folder"
            raise DatasetError(f"Expected the folder of the pictures of a list at {root}, got {got}. Check the path.")
        self._index = PathIndex(_pictures_below(root))

    def find(self, name: str, where: Path) -> str:
        """Path of a picture below the folder, without regard to case; with another ending if there is none of its own.

        Folders in its name count as far as the folder has any: ``B/a.png`` is not ``A/a.png``, but may be ``a.png``.

        Args:
            name: As a list has it.
            where: The list, for errors.

        Raises:
            DatasetError: No such picture, or several.
        """
        folders = PurePosixPath(name).parent
        found = [path for path in self._index.by_name(name) if _same_folders(folders, PurePosixPath(path).parent)]
        if len(found) != 1:
            got = f"several: {', '.join(found[:3])}" if found else "none"
            raise DatasetError(
                f"Expected one picture {name} of the list {where} in {self.root}, got {got}. Name the folder of the "
                "pictures of this list."
            )
        return found[0]

    def located(self, pairs: Iterable[Listed], where: Path) -> list[Listed]:
        """Pairs whose names are paths below the folder.

        Raises:
            DatasetError: A picture that is not there, or there several times.
        """
        return renamed(pairs, lambda name: self.find(name, where))


def dataset_name(path: Path) -> str:
    """The dataset that a list or a folder is of, by its path.

    Example:
        >>> [dataset_name(Path(p)) for p in ("IQA/KADID10K/Train/Triplet/Triplet.txt", "mine/Triplet.txt", "a/b.txt")]
        ['kadid10k', 'mine', 'b']
    """
    return _named(path)[0]


def list_name(path: Path) -> str:
    """The dataset of a list, and which list of it this is if it is no common name.

    Example:
        >>> [list_name(Path(p)) for p in ("DiffIQA/Test/TripletEachType/PSY.txt", "SRIQA-Bench/MOS_Reg", "PIPAL/MOS")]
        ['diffiqa-PSY', 'sriqa_bench-MOS_Reg', 'pipal']
    """
    dataset, others = _named(path)
    return "-".join((dataset, *others))


def is_list(choice: str | Path) -> bool:
    """Whether a path is a list of pairs, or a folder of lists of opinions."""
    path = Path(choice)
    return path.suffix.lower() == LIST_ENDING or (path.is_dir() and any(path.glob(f"*{LIST_ENDING}")))


def read_listed(path: Path, images: Path) -> OpinionTable:
    """The pictures of a list, or of a folder of lists.

    Args:
        path: Pairs in four or six columns, as in ``Triplet.txt`` and ``PSY.txt``: a ``PairTable`` comes back. Or a
            folder of opinions, ``<content>.txt``: in two columns (SRIQA-Bench's ``MOS``) with every two pictures of a
            content as pairs, in three or four (``image,reference,score``) without pairs.
        images: The folder of their pictures.

    Raises:
        DatasetError: A damaged list, or a picture that is not there.
    """
    folder = ImageFolder(images)
    if not path.is_dir():
        pairs = folder.located(read_pairs(path), path)
        return PairTable(_pictures_of(pairs), images, list_name(path), pairs)
    lines = read_rated_lines(path)
    split = next((PARTS[part] for part in map(str.casefold, reversed(path.parts)) if part in PARTS), None)
    rows = []
    for line in lines:
        reference = folder.find(line.reference, path)
        image = folder.find(line.image, path)
        rows.append(
            RatedPicture(
                image=image, reference=reference, mos=line.mos, mos_std=line.mos_std, scene=reference, split=split
            )
        )
    if not is_of_contents(path):
        return OpinionTable(rows, images, list_name(path))
    scored: dict[str, list[tuple[str, float]]] = {}
    for row in rows:
        scored.setdefault(str(row.reference), []).append((row.image, float(row.mos or 0)))
    pairs = [pair for reference, each in scored.items() for pair in pairs_of(reference, each)]
    return PairTable([replace(row, split=None) for row in rows], images, list_name(path), pairs)


def read_rated_lines(folder: Path) -> list[RatedLine]:
    """The opinions in the lists of a folder, list by list in the order of their names.

    Args:
        folder: With ``<reference>.txt``: lines ``image,reference,score``, with the spread as fourth column or without;
            or ``image,score`` as in SRIQA-Bench, whose references are called ``<content>_Original.png``.

    Raises:
        DatasetError: No lists, or a damaged one.
    """
    paths = sorted(folder.glob(f"*{LIST_ENDING}"))
    if not paths:
        got = "no list" if folder.is_dir() else "a file" if folder.exists() else "no such folder"
        raise DatasetError(
            f"Expected lists of opinions such as A0002{LIST_ENDING} in {folder}, got {got}. Name their folder."
        )
    if is_of_contents(folder):
        return [
            RatedLine(name, REFERENCE.format(content=path.stem), score)
            for path in paths
            for name, score in read_scores(path)
        ]
    return [line for path in paths for line in read_lines(path)]


def read_lines(path: Path) -> Iterator[RatedLine]:
    """The lines ``image,reference,score`` of one list, with a fourth column or without.

    Raises:
        DatasetError: A damaged list.
    """
    for number, cells in csv_lines(path):
        if not any(cells):
            continue
        if len(cells) not in (3, 4):
            raise DatasetError(
                f"Expected image,reference,score in {path}, line {number}, got {len(cells)} columns. Mend the line."
            )
        stripped = (cell.strip() for cell in cells)
        record = Record(path, number, dict(zip(COLUMNS, stripped, strict=False)))
        yield RatedLine(
            record.text("distorted"),
            record.text("reference"),
            record.number("score"),
            record.number_or_none("spread"),
        )


def is_of_contents(folder: Path) -> bool:
    """Whether the lists of a folder are SRIQA-Bench's: the first line of the first one has two columns."""
    for path in sorted(folder.glob(f"*{LIST_ENDING}"))[:1]:
        for _, cells in csv_lines(path):
            if any(cells):
                return len(cells_of(",".join(cells))) == 2
    return False


def _pictures_below(root: Path) -> Iterator[str]:
    for place, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if PurePosixPath(name).suffix.lower() in PICTURE_ENDINGS and not name.startswith("."):
                yield (Path(place) / name).relative_to(root).as_posix()


def _same_folders(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether two folders have the same names from their ends on, as far as both go."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return all(first.casefold() == second.casefold() for first, second in pairs)


def _pictures_of(pairs: Sequence[Comparison]) -> list[RatedPicture]:
    keys = dict.fromkeys((name, pair.reference) for pair in pairs for name in (pair.first, pair.second))
    return [RatedPicture(image=image, reference=reference, scene=reference) for image, reference in keys]


def _named(path: Path) -> tuple[str, list[str]]:
    """The dataset, and what comes after it in a path but common names."""
    names = path.parts if path.suffix.lower() != LIST_ENDING else path.with_suffix("").parts
    for place in range(len(names) - 1, -1, -1):
        letters = names[place].casefold().replace("-", "")
        known = next((name for part, name in KNOWN.items() if part in letters), None)
        if known is not None:
            return known, [name for name in names[place + 1 :] if name.casefold() not in COMMON]
    own = [name for name in names if name.casefold() not in COMMON]
    return (own[-1] if own else names[-1]), []
