"""TID2008 and TID2013: one layout, 17 and 24 kinds of distortion (readme files of both)."""

import re
from pathlib import Path

from acutance.datasets.afine_lists import read_afine_lists
from acutance.datasets.annotations import Record, line_records
from acutance.datasets.folder import RESEARCH_ONLY, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError

TID2008 = DatasetFacts(
    name="tid2008",
    title="TID2008",
    rated=1700,
    references=25,
    distortions=17,
    low=0.0,
    high=9.0,
    layout="distorted_images/, reference_images/, mos_with_names.txt, mos_std.txt",
    licence=RESEARCH_ONLY,
    where="https://www.ponomarenko.info/tid2008.htm",
    paper="Ponomarenko et al., TID2008 - a database for evaluation of full-reference metrics, 2009",
    note="File names differ in case from those in the list.",
)
TID2013 = DatasetFacts(
    name="tid2013",
    title="TID2013",
    rated=3000,
    references=25,
    distortions=24,
    low=0.0,
    high=9.0,
    layout=TID2008.layout,
    licence="See its readme; that of TID2008 allows education and research only.",
    where="https://www.ponomarenko.info/tid2013.htm",
    paper="Ponomarenko et al., Image database TID2013, Signal Processing: Image Communication 30, 2015",
    note="References I01.BMP to I24.BMP and i25.bmp; file names differ in case from those in the list.",
)

TID_DISTORTIONS = (
    "Additive Gaussian noise",
    "Additive noise in color components",
    "Spatially correlated noise",
    "Masked noise",
    "High frequency noise",
    "Impulse noise",
    "Quantization noise",
    "Gaussian blur",
    "Image denoising",
    "JPEG compression",
    "JPEG2000 compression",
    "JPEG transmission errors",
    "JPEG2000 transmission errors",
    "Non eccentricity pattern noise",
    "Local block-wise distortions of different intensity",
    "Mean shift",
    "Contrast change",
    "Change of color saturation",
    "Multiplicative Gaussian noise",
    "Comfort noise",
    "Lossy compression of noisy images",
    "Image color quantization with dither",
    "Chromatic aberrations",
    "Sparse sampling and reconstruction",
)
"""In the order of the numbers in the file names; TID2008 has the first 17."""

_NAME = re.compile(r"i(\d\d)_(\d\d)_(\d)\.bmp", re.IGNORECASE)


def read_tid(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``mos_with_names.txt``, ``mos name``, or of A-FINE's lists in its place."""
    path = folder.find("mos_with_names.txt")
    if path is None and (rows := read_afine_lists(folder, parse_tid_name)):
        return rows
    records = list(line_records(path or folder.need("mos_with_names.txt"), ("mos", "name")))
    spreads = _spreads(folder.find("mos_std.txt"), len(records))
    return [_row(folder, record, spread) for record, spread in zip(records, spreads, strict=True)]


def parse_tid_name(name: str) -> tuple[str, int] | None:
    """Kind and level of a distorted image by its name; ``None`` if it is named otherwise.

    Example:
        >>> parse_tid_name("I01_08_5.bmp")
        ('Gaussian blur', 5)
    """
    found = _NAME.fullmatch(name)
    if found is None or not 1 <= int(found[2]) <= len(TID_DISTORTIONS):
        return None
    return TID_DISTORTIONS[int(found[2]) - 1], int(found[3])


def _row(folder: DatasetFolder, record: Record, spread: float | None) -> RatedImage:
    name = record.text("name")
    parsed = parse_tid_name(name)
    if parsed is None:
        raise record.fault("name", "a name such as I01_01_1.bmp", repr(name))
    reference = folder.image(f"reference_images/I{name[1:3]}.BMP")
    return RatedImage(
        image=folder.image(f"distorted_images/{name}"),
        reference=reference,
        mos=record.number("mos"),
        mos_std=spread,
        distortion=parsed[0],
        level=parsed[1],
    )


def _spreads(path: Path | None, count: int) -> list[float | None]:
    """The standard deviations, line by line as the list."""
    if path is None:
        return [None] * count
    spreads: list[float | None] = [record.number("std") for record in line_records(path, ("std",))]
    if len(spreads) != count:
        raise DatasetError(
            f"Expected {count} lines in {path}, as in mos_with_names.txt, got {len(spreads)}. Get the file again."
        )
    return spreads
