"""KADID-10k, and KADIS-700k with the same 25 kinds of distortion at 5 levels (Lin, Hosu, Saupe 2019, 2020)."""

import re
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

import numpy as np

from acutance.datasets.afine_lists import read_afine_lists
from acutance.datasets.annotations import Record, csv_records, place_records
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import DatasetError
from acutance.types import Better

KADID10K = DatasetFacts(
    name="kadid10k",
    title="KADID-10k",
    rated=10_125,
    references=81,
    distortions=25,
    low=1.0,
    high=5.0,
    layout="images/, dmos.csv",
    licence="Images from Pixabay; terms of the labels not stated with the data.",
    where="https://database.mmsp-kn.de/kadid-10k-database.html",
    paper="Lin, Hosu, Saupe, KADID-10k, QoMEX 2019",
    note="Its column dmos is better when higher; its column var is the standard deviation of 30 votes.",
)
KADIS700K = DatasetFacts(
    name="kadis700k",
    title="KADIS-700k",
    rated=0,
    unrated=700_000,
    references=140_000,
    distortions=25,
    layout="ref_imgs/, dist_imgs/, kadis700k_ref_imgs.csv",
    licence="Images from Pixabay; terms of the lists not stated with the data.",
    where="https://database.mmsp-kn.de/kadid-10k-database.html",
    paper="Lin, Hosu, Saupe, DeepFL-IQA: weak supervision for deep IQA feature learning, 2020",
    note="Published as pristine images and MATLAB code that makes dist_imgs; nobody was asked for opinions.",
)

KADID_DISTORTIONS = (
    "Gaussian blur",
    "Lens blur",
    "Motion blur",
    "Color diffusion",
    "Color shift",
    "Color quantization",
    "Color saturation 1",
    "Color saturation 2",
    "JPEG2000",
    "JPEG",
    "White noise",
    "White noise in color component",
    "Impulse noise",
    "Multiplicative noise",
    "Denoise",
    "Brighten",
    "Darken",
    "Mean shift",
    "Jitter",
    "Non-eccentricity patch",
    "Pixelate",
    "Quantization",
    "Color block",
    "High sharpen",
    "Contrast change",
)
"""In the order of the numbers in the file names."""
KADID_LEVELS = 5
KADID_VOTES = 30
"""Votes on each image (Lin, Hosu, Saupe 2019)."""
Metric = Literal["ssim", "ms-ssim", "iw-ssim", "mdsi", "vsi", "fsimc", "gmsd", "sff", "scqi", "add-gsim", "sr-sim"]
METRICS: tuple[Metric, ...] = get_args(Metric)
"""Whose scores of KADIS-700k are published beside it, in the order of their columns."""
LOWER_IS_BETTER = frozenset({"mdsi", "gmsd"})
"""Metrics of differences; the others are of likeness, but for ``add-gsim``, of which the file itself is asked."""
SCORED_WORDS = (
    *("gblur", "lblur", "mblur", "colordiffuse", "colorshift", "colorquantize", "colorsaturate", "", "jp2k", "jpeg"),
    *("noisegauss", "noisecolorcomp", "noiseimpulse", "noisemultiplicative", "denoise", "brighten", "darken"),
    *("meanshift", "jitter", "noneccentricity", "pixelate", "noisequantize", "colorblock", "sharpenhi"),
    "contrastchange",
)
"""The distortions in the file of scores, in the order of their numbers; ``saturate`` is the seventh too."""

_NAME = re.compile(r".+_(\d\d)_(\d\d)\.\w+")
_SCORED_NAME = re.compile(r"(.+)_([A-Za-z0-9]+)_(\d+)(?:\.\w+)?")


def read_kadid10k(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``dmos.csv``, or of A-FINE's lists in its place; images lie in ``images``.

    The column ``var`` holds standard deviations: with ``(4.57, 0.496)`` and ``(4.33, 0.869)`` of its first two
    images, the squares of 30 whole votes add up to whole numbers only if it does.
    """
    path = folder.find("dmos.csv")
    if path is None and (rows := read_afine_lists(folder, parse_kadid_name)):
        return rows
    records = csv_records(path or folder.need("dmos.csv"), ("dist_img", "ref_img", "dmos"))
    return [_row(folder, record) for record in records]


def read_kadis700k(folder: DatasetFolder) -> list[RatedImage]:
    """Five levels of one distortion for each pristine image, without scores.

    The first two columns of ``kadis700k_ref_imgs.csv`` are a pristine image of ``ref_imgs`` and a kind; ``dist_imgs``
    is made by the authors' MATLAB code.
    """
    folder.need("dist_imgs")
    rows = []
    for record in csv_records(folder.need("kadis700k_ref_imgs.csv"), ("ref_im",)):
        kind_column = next((name for name in record.cells if name != "ref_im"), "dist_type")
        kind = record.number(kind_column)
        if not (kind.is_integer() and 1 <= kind <= len(KADID_DISTORTIONS)):
            raise record.fault(kind_column, f"a kind from 1 to {len(KADID_DISTORTIONS)}", f"{kind:g}")
        reference = folder.image(f"ref_imgs/{record.text('ref_im')}")
        stem = PurePosixPath(record.text("ref_im")).stem
        rows += [
            RatedImage(
                image=folder.image(f"dist_imgs/{stem}_{int(kind):02d}_{level:02d}.bmp"),
                reference=reference,
                distortion=KADID_DISTORTIONS[int(kind) - 1],
                level=level,
            )
            for level in range(1, KADID_LEVELS + 1)
        ]
    return rows


def read_kadis_scores(root: str | Path, scores: str | Path, metric: Metric = "vsi") -> OpinionTable:
    """KADIS-700k with the scores of one metric in the place of opinions, as pseudo-MOS.

    Args:
        root: Folder with ``ref_imgs`` and ``dist_imgs``.
        scores: The file of scores: CSV with a header; the columns are an image such as ``abc_gblur_3.png`` (or
            ``abc_01_03.bmp``, as it is named on the disk), its reference, and the eleven metrics in the order of
            ``METRICS``.
        metric: Which of them; its direction stands in ``better``.
    """
    folder, path = DatasetFolder(Path(root), KADIS700K), Path(scores)
    folder.need("dist_imgs")
    if not path.is_file():
        raise DatasetError(f"Expected the scores of KADIS-700k at {path}, got no such file. Check the path.")
    records = list(place_records(path, ("image", "reference", *METRICS), has_more=True, has_header=True))
    better = _direction(records, metric)
    rows = [_scored_row(folder, record, metric, better) for record in records]
    if not rows:
        raise DatasetError(f"Expected scores of KADIS-700k in {path}, got none. Get the file again.")
    folder.require_whole(len({row.image for row in rows} | {row.reference for row in rows}))
    return OpinionTable(rows, folder.root, KADIS700K.name)


def parse_kadid_name(name: str) -> tuple[str, int] | None:
    """Kind and level of a distorted image by its name; ``None`` if it is named otherwise.

    Example:
        >>> parse_kadid_name("I81_25_05.png")
        ('Contrast change', 5)
    """
    found = _NAME.fullmatch(name)
    if found is None or not 1 <= int(found[1]) <= len(KADID_DISTORTIONS):
        return None
    return KADID_DISTORTIONS[int(found[1]) - 1], int(found[2])


def _row(folder: DatasetFolder, record: Record) -> RatedImage:
    name = record.text("dist_img")
    parsed = parse_kadid_name(name)
    if parsed is None:
        raise record.fault("dist_img", "a name such as I01_01_01.png", repr(name))
    reference = folder.image(f"images/{record.text('ref_img')}")
    return RatedImage(
        image=folder.image(f"images/{name}"),
        reference=reference,
        mos=record.number("dmos"),
        mos_std=record.number_or_none("var"),
        num_votes=KADID_VOTES,
        distortion=parsed[0],
        level=parsed[1],
    )


def _direction(records: list[Record], metric: Metric) -> Better:
    """Which way is better; that of ``add-gsim`` is not documented and follows from its sign beside VSI."""
    if metric != "add-gsim":
        return "lower" if metric in LOWER_IS_BETTER else "higher"
    pairs = [(record.number("add-gsim"), record.number("vsi")) for record in records]
    return "lower" if len(pairs) > 1 and np.corrcoef(np.array(pairs).T)[0, 1] < 0 else "higher"


def _scored_row(folder: DatasetFolder, record: Record, metric: Metric, better: Better) -> RatedImage:
    text = record.text("image")
    found = _SCORED_NAME.fullmatch(PurePosixPath(text).name)
    kind = _kind(found[2]) if found else 0
    if found is None or not 1 <= kind <= len(KADID_DISTORTIONS) or not 1 <= int(found[3]) <= KADID_LEVELS:
        raise record.fault("image", "a name such as abc_gblur_3.png", repr(text))
    level = int(found[3])
    reference = folder.image(f"ref_imgs/{record.text('reference')}")
    return RatedImage(
        image=folder.image(f"dist_imgs/{found[1]}_{kind:02d}_{level:02d}.bmp"),
        reference=reference,
        mos=record.number(metric),
        better=better,
        distortion=KADID_DISTORTIONS[kind - 1],
        level=level,
        scene=reference,
    )


def _kind(word: str) -> int:
    if word.isdecimal():
        return int(word)
    word = "colorsaturate" if word.lower() == "saturate" else word.lower()
    return SCORED_WORDS.index(word) + 1 if word in SCORED_WORDS else 0
