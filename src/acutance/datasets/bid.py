"""BID: pictures without references, blurred as cameras do."""

from acutance.datasets.annotations import Record, sheet_rows
from acutance.datasets.folder import NOT_STATED, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedPicture
from acutance.errors import DatasetError

BID = DatasetFacts(
    name="bid",
    title="BID",
    rated=586,
    low=0.0,
    high=5.0,
    layout="DatabaseImage0001.JPG and so on, DatabaseGrades.xlsx",
    licence=NOT_STATED,
    where="http://www02.smt.ufrj.br/~eduardo/ImageDatabase.htm",
    paper="Ciancio et al., No-reference blur assessment of digital pictures, IEEE TIP 20(1), 2011",
)


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
