"""KADID-10k, and KADIS-700k with the same 25 kinds of distortion at 5 levels (Lin, Hosu, Saupe 2019, 2020)."""

import re
from pathlib import PurePosixPath

from acutance.datasets.afine_lists import read_afine_lists
from acutance.datasets.annotations import Record, csv_records
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture

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
"""Votes on each picture (Lin, Hosu, Saupe 2019)."""

_NAME = re.compile(r".+_(\d\d)_(\d\d)\.\w+")


def read_kadid10k(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of KADID-10k, from ``dmos.csv``, or from A-FINE's lists in its place.

    The column ``var`` holds standard deviations: with ``(4.57, 0.496)`` and ``(4.33, 0.869)`` of its first two
    pictures, the squares of 30 whole votes add up to whole numbers only if it does.

    Args:
        folder: The root, with ``images`` and ``dmos.csv``.

    Raises:
        DatasetError: A list that is not there or damaged.
    """
    path = folder.find("dmos.csv")
    if path is None and (rows := read_afine_lists(folder, parse_kadid_name)):
        return rows
    path = path or folder.need("dmos.csv")
    return [_row(folder, record) for record in csv_records(path, ("dist_img", "ref_img", "dmos"))]


def read_kadis700k(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of KADIS-700k, without scores: five levels of one distortion for each pristine picture.

    Args:
        folder: The root, with ``ref_imgs``, ``dist_imgs`` (made by the authors' MATLAB code) and
            ``kadis700k_ref_imgs.csv``, whose first two columns are a pristine picture and a kind.

    Raises:
        DatasetError: A list that is not there or damaged.
    """
    folder.need("dist_imgs")
    path = folder.need("kadis700k_ref_imgs.csv")
    rows = []
    for record in csv_records(path, ("ref_im",)):
        kind_column = next((name for name in record.cells if name != "ref_im"), "dist_type")
        kind = record.number(kind_column)
        if not (kind.is_integer() and 1 <= kind <= len(KADID_DISTORTIONS)):
            raise record.fault(kind_column, f"a kind from 1 to {len(KADID_DISTORTIONS)}", f"{kind:g}")
        rows += _levels(folder, record.text("ref_im"), int(kind))
    return rows


def parse_kadid_name(name: str) -> tuple[str, int] | None:
    """Kind and level of a distorted picture by its name; ``None`` if it is named otherwise.

    Example:
        >>> parse_kadid_name("I81_25_05.png")
        ('Contrast change', 5)
    """
    found = _NAME.fullmatch(name)
    if found is None or not 1 <= int(found[1]) <= len(KADID_DISTORTIONS):
        return None
    return KADID_DISTORTIONS[int(found[1]) - 1], int(found[2])


def _row(folder: DatasetFolder, record: Record) -> RatedPicture:
    name = record.text("dist_img")
    parsed = parse_kadid_name(name)
    if parsed is None:
        raise record.fault("dist_img", "a name such as I01_01_01.png", repr(name))
    reference = folder.picture(f"images/{record.text('ref_img')}")
    return RatedPicture(
        image=folder.picture(f"images/{name}"),
        reference=reference,
        mos=record.number("dmos"),
        mos_std=record.number_or_none("var"),
        num_votes=KADID_VOTES,
        distortion=parsed[0],
        level=parsed[1],
        scene=reference,
    )


def _levels(folder: DatasetFolder, pristine: str, kind: int) -> list[RatedPicture]:
    reference = folder.picture(f"ref_imgs/{pristine}")
    stem = PurePosixPath(pristine).stem
    return [
        RatedPicture(
            image=folder.picture(f"dist_imgs/{stem}_{kind:02d}_{level:02d}.bmp"),
            reference=reference,
            distortion=KADID_DISTORTIONS[kind - 1],
            level=level,
            scene=reference,
        )
        for level in range(1, KADID_LEVELS + 1)
    ]
