"""Datasets without references whose scores stand in one list: BID, SPAQ, AGIQA-3K."""

from acutance.datasets.annotations import Record, csv_records, sheet_records, sheet_rows
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError

AGIQA_VOTES = 21
"""People who rated each picture (Li et al. 2023)."""
SPAQ_SCORES = "Annotations/MOS and Image attribute scores"


def read_bid(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of BID.

    Args:
        folder: The root, with ``DatabaseImage0001.JPG`` and so on, and ``DatabaseGrades.xlsx``, whose first
            sheet has a header and then number and grade in its first two columns.

    Raises:
        DatasetError: Scores that are not there or damaged.
        MissingExtraError: If openpyxl is not installed.
    """
    path = folder.need("DatabaseGrades.xlsx")
    sheets = sheet_rows(path)
    if not sheets or len(sheets[0]) < 2:
        raise DatasetError(f"Expected a header and grades in the first sheet of {path}, got none. Get the file again.")
    rows = []
    for line, cells in sheets[0][1:]:
        record = Record(path, line, dict(zip(("number", "grade"), cells, strict=False)))
        if cells[0] is not None:
            number = record.number("number")
            if not number.is_integer():
                raise record.fault("number", "the number of a picture", f"{number:g}")
            image = folder.picture(f"DatabaseImage{int(number):04d}.JPG")
            rows.append(RatedPicture(image=image, mos=record.number("grade"), scene=image))
    return rows


def read_spaq(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of SPAQ.

    Args:
        folder: The root, with ``TestImage`` and ``Annotations/MOS and Image attribute scores.xlsx``, or the same
            as ``.csv``.

    Raises:
        DatasetError: Scores that are not there or damaged.
        MissingExtraError: Only the Excel file is there, and openpyxl is not installed.
    """
    path = folder.need(f"{SPAQ_SCORES}.xlsx", f"{SPAQ_SCORES}.csv")
    records = sheet_records if path.suffix.lower() == ".xlsx" else csv_records
    rows = []
    for record in records(path, ("Image name", "MOS")):
        image = folder.picture(f"TestImage/{record.text('Image name')}")
        rows.append(RatedPicture(image=image, mos=record.number("MOS"), scene=image))
    return rows


def read_agiqa3k(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of AGIQA-3K, by perceptual quality; ``distortion`` tells the generator and its setting.

    Args:
        folder: The root, with ``data.csv`` and the pictures beside it or in any folder below.

    Raises:
        DatasetError: Scores that are not there or damaged.
    """
    rows = []
    for record in csv_records(folder.need("data.csv"), ("name", "mos_quality", "std_quality")):
        name = record.text("name")
        image = folder.picture_below("", name)
        rows.append(
            RatedPicture(
                image=image,
                mos=record.number("mos_quality"),
                mos_std=record.number_or_none("std_quality"),
                num_votes=AGIQA_VOTES,
                distortion=name.rpartition("_")[0] or None,
                scene=image,
            )
        )
    return rows
