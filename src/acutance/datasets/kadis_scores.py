"""What eleven metrics say of KADIS-700k's pictures, published beside it: weak labels (Lin, Hosu, Saupe 2020)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

import numpy as np

from acutance.datasets.annotations import Record
from acutance.datasets.facts import KADIS700K
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.kadid import KADID_DISTORTIONS, KADID_LEVELS
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError
from acutance.tables.read import csv_lines
from acutance.types import Better

Metric = Literal["ssim", "ms-ssim", "iw-ssim", "mdsi", "vsi", "fsimc", "gmsd", "sff", "scqi", "add-gsim", "sr-sim"]
METRICS: tuple[Metric, ...] = get_args(Metric)
"""In the order of the columns."""
LOWER_IS_BETTER = frozenset({"mdsi", "gmsd"})
"""Metrics of differences; the others are of likeness, but for ``add-gsim``, of which the file itself is asked."""
COLUMNS = ("image", "reference", *METRICS)
"""Of the file."""
KINDS = {
    "gblur": 1,
    "lblur": 2,
    "mblur": 3,
    "colordiffuse": 4,
    "colorshift": 5,
    "colorquantize": 6,
    "colorsaturate": 7,
    "saturate": 7,
    "jp2k": 9,
    "jpeg": 10,
    "noisegauss": 11,
    "noisecolorcomp": 12,
    "noiseimpulse": 13,
    "noisemultiplicative": 14,
    "denoise": 15,
    "brighten": 16,
    "darken": 17,
    "meanshift": 18,
    "jitter": 19,
    "noneccentricity": 20,
    "pixelate": 21,
    "noisequantize": 22,
    "colorblock": 23,
    "sharpenhi": 24,
    "contrastchange": 25,
}
"""Numbers of the distortions in file names by the words for them in the file of scores, in small letters."""
NAME = re.compile(r"(.+)_([A-Za-z0-9]+)_(\d+)(?:\.\w+)?")


@dataclass(frozen=True)
class _Name:
    """A distorted picture by its name."""

    image: str
    kind: int
    level: int


def read_kadis_scores(root: str | Path, scores: str | Path, metric: Metric = "vsi") -> OpinionTable:
    """KADIS-700k with the scores of one metric in the place of opinions; pictures without score are left out.

    Args:
        root: Folder with ``ref_imgs`` and ``dist_imgs``.
        scores: The file of scores: CSV with a header; the columns are a picture such as ``abc_gblur_3.png`` (or
            ``abc_01_03.bmp``, as it is named on the disk), its reference, and the eleven metrics in the order of
            ``METRICS``.
        metric: Which of them; its direction stands in ``better``.

    Raises:
        DatasetError: A folder or file that is not there, a damaged line, or pictures that are missing.
    """
    folder, path = DatasetFolder(Path(root), KADIS700K), Path(scores)
    folder.need("dist_imgs")
    if not path.is_file():
        raise DatasetError(f"Expected the scores of KADIS-700k at {path}, got no such file. Check the path.")
    better = _direction(path, metric)
    rows = [_row(folder, record, metric, better) for record in _records(path)]
    if not rows:
        raise DatasetError(f"Expected scores of KADIS-700k in {path}, got none. Get the file again.")
    folder.demand_whole(len({row.image for row in rows} | {row.reference for row in rows}))
    return OpinionTable(rows, folder.root, KADIS700K.name)


def _records(path: Path) -> Iterator[Record]:
    lines = csv_lines(path)
    next(lines, None)
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(COLUMNS):
            raise DatasetError(
                f"Expected {len(COLUMNS)} columns in {path}, line {line}, got {len(cells)}. Get the file again."
            )
        yield Record(path, line, dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=False)))


def _direction(path: Path, metric: Metric) -> Better:
    """Which way is better; that of ``add-gsim`` is not written down anywhere and is told by its sign beside VSI."""
    if metric != "add-gsim":
        return "lower" if metric in LOWER_IS_BETTER else "higher"
    pairs = [(record.number("add-gsim"), record.number("vsi")) for record in _records(path)]
    return "lower" if len(pairs) > 1 and np.corrcoef(np.array(pairs).T)[0, 1] < 0 else "higher"


def _row(folder: DatasetFolder, record: Record, metric: Metric, better: Better) -> RatedPicture:
    name = _parsed(record)
    reference = folder.picture(f"ref_imgs/{record.text('reference')}")
    return RatedPicture(
        image=folder.picture(f"dist_imgs/{name.image}"),
        reference=reference,
        mos=record.number(metric),
        better=better,
        distortion=KADID_DISTORTIONS[name.kind - 1],
        level=name.level,
        scene=reference,
    )


def _parsed(record: Record) -> _Name:
    text = record.text("image")
    found = NAME.fullmatch(PurePosixPath(text).name)
    kind = _kind(found[2]) if found else None
    if found is None or kind is None or not 1 <= int(found[3]) <= KADID_LEVELS:
        raise record.fault("image", "a name such as abc_gblur_3.png", repr(text))
    level = int(found[3])
    return _Name(f"{found[1]}_{kind:02d}_{level:02d}.bmp", kind, level)


def _kind(word: str) -> int | None:
    if word.isdecimal():
        return int(word) if 1 <= int(word) <= len(KADID_DISTORTIONS) else None
    return KINDS.get(word.lower())
