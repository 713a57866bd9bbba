"""BID: photographs with the blur of real cameras, without references (Ciancio et al. 2011)."""

from acutance.datasets.annotations import Record, sheet_rows
from acutance.datasets.folder import NOT_STATED, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
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


def read_bid(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``DatabaseGrades.xlsx``: below a header, number and grade in the first two columns."""
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
                raise record.fault("number", "the number of an image", f"{number:g}")
            image = folder.image(f"DatabaseImage{int(number):04d}.JPG")
            rows.append(RatedImage(image=image, mos=record.number("grade")))
    return rows
