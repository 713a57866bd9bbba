"""Lists in A-FINE's layout, in a dataset's own folder or anywhere, and the images that they name."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from acutance.datasets.annotations import place_records
from acutance.datasets.comparisons import Comparison, Listed, pairs_of, read_pairs, renamed, the_one
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.sriqa import REFERENCE, cells_of, read_scores
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import DatasetError
from acutance.images.formats import IMAGE_ENDINGS
from acutance.tables.match import PathIndex
from acutance.tables.read import csv_lines

LIST_ENDING = ".txt"
"""Of A-FINE's lists."""
AFINE_SPLITS = {"Train": "train", "Validation": "validation", "Test": "test"}
"""Folder to split, 7:1:2 by reference; each holds ``MOS/<reference>.txt``."""
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
COMMON = {
    *("train", "validation", "val", "test", "images", "label", "labels", "trainlabel"),
    *("triplet", "tripleteachtype", "mos"),
}
"""Folders and files that every dataset may have."""


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line of a list of opinions."""

    image: str
    reference: str
    mos: float
    mos_std: float | None = None


class PairTable(OpinionTable):
    """Images of a list of pairs, and the pairs."""

    def __init__(self, rows: Iterable[RatedImage], root: Path, name: str, pairs: Sequence[Comparison]) -> None:
        super().__init__(rows, root, name)
        self.pairs = list(pairs)


class ImageFolder:
    """The images below a folder, found by the names that lists give them.

    Args:
        root: The folder; images may lie in folders of it, as DiffIQA's versions and SRIQA-Bench's methods do.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            got = "a file" if root.exists() else "no such folder"
            raise DatasetError(f"Expected the folder of the images of a list at {root}, got {got}. Check the path.")
        self._index = PathIndex(_images_below(root))

    def find(self, name: str, where: Path) -> str:
        """Path of an image below the folder, without regard to case; with another ending if there is none of its own.

        Folders in its name count as far as the folder has any: ``B/a.png`` is not ``A/a.png``, but may be ``a.png``.

        Args:
            name: As a list has it.
        """
        folders = PurePosixPath(name).parent
        found = [path for path in self._index.by_name(name) if _same_folders(folders, PurePosixPath(path).parent)]
        return the_one(found, name, f"{self.root} (list {where})")

    def located(self, pairs: Iterable[Listed], where: Path) -> list[Listed]:
        """Pairs whose names are paths below the folder, as ``find`` gives them."""
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


def read_afine_lists(
    folder: DatasetFolder, parse_name: Callable[[str], tuple[str, int | None] | None]
) -> list[RatedImage]:
    """The rows of ``{Train,Validation,Test}/MOS/*.txt``, images in ``images``; none if there are no lists.

    So A-FINE's authors hand out the scores of KADID-10k, PIPAL and TID2013. References are found by name without
    ending, which the lists do not always have right.

    Args:
        folder: The root.
        parse_name: Kind and level by the name of a distorted image, or ``None``.
    """
    rows = []
    for place, split in AFINE_SPLITS.items():
        for name in folder.names(f"{place}/MOS"):
            if name.lower().endswith(LIST_ENDING):
                for line in read_lines(folder.need(f"{place}/MOS/{name}")):
                    reference = _reference(folder, line.reference)
                    distortion, level = parse_name(line.image) or (None, None)
                    rows.append(
                        RatedImage(
                            image=folder.image_below("images", line.image),
                            reference=reference,
                            mos=line.mos,
                            mos_std=line.mos_std,
                            distortion=distortion,
                            level=level,
                            split=split,
                        )
                    )
    return rows


def read_listed(path: Path, images: Path) -> OpinionTable:
    """The images of a list, or of a folder of lists.

    Args:
        path: Pairs in four or six columns, as in ``Triplet.txt`` and ``PSY.txt``: a ``PairTable`` comes back. Or a
            folder of opinions, ``<content>.txt``: in two columns (SRIQA-Bench's ``MOS``) with every two images of a
            content as pairs, in three or four (``image,reference,score``) without pairs.
    """
    folder = ImageFolder(images)
    if not path.is_dir():
        pairs = folder.located(read_pairs(path), path)
        keys = dict.fromkeys((name, pair.reference) for pair in pairs for name in (pair.first, pair.second))
        rows = [RatedImage(image=image, reference=reference, scene=reference) for image, reference in keys]
        return PairTable(rows, images, list_name(path), pairs)
    splits = set(AFINE_SPLITS.values())
    split = next((part for part in map(str.casefold, reversed(path.parts)) if part in splits), None)
    rows = []
    for line in read_rated_lines(path):
        reference = folder.find(line.reference, path)
        image = folder.find(line.image, path)
        rows.append(
            RatedImage(
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
    """The lines ``image,reference,score`` of one list, with the spread (KADID-10k) as fourth column or without."""
    for record in place_records(path, ("image", "reference", "score", "spread"), least=3):
        spread = record.number_or_none("spread")
        yield RatedLine(record.text("image"), record.text("reference"), record.number("score"), spread)


def is_of_contents(folder: Path) -> bool:
    """Whether the lists of a folder are SRIQA-Bench's: the first line of the first one has two columns."""
    for path in sorted(folder.glob(f"*{LIST_ENDING}"))[:1]:
        for _, cells in csv_lines(path):
            if any(cells):
                return len(cells_of(",".join(cells))) == 2
    return False


def _reference(folder: DatasetFolder, name: str) -> str:
    there = folder.gather("images")
    stem = Path(name).stem.lower()
    found = next((there[one] for one in (name.lower(), f"{stem}.bmp", f"{stem}.png") if one in there), None)
    return found or folder.image(f"images/{name}")


def _images_below(root: Path) -> Iterator[str]:
    for place, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if PurePosixPath(name).suffix.lower() in IMAGE_ENDINGS and not name.startswith("."):
                yield (Path(place) / name).relative_to(root).as_posix()


def _same_folders(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether two folders have the same names from their ends on, as far as both go."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return all(first.casefold() == second.casefold() for first, second in pairs)


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
