"""CSIQ: six kinds of distortion at four or five levels; its DMOS is better when lower (Larson, Chandler 2010)."""

from acutance.datasets.annotations import Record, csv_records, line_records, sheet_records
from acutance.datasets.folder import NOT_STATED, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage

CSIQ = DatasetFacts(
    name="csiq",
    title="CSIQ",
    rated=866,
    references=30,
    distortions=6,
    better="lower",
    low=0.0,
    high=1.0,
    layout="src_imgs/, dst_imgs/ or dst_imgs_all/, and csiq.DMOS.xlsx, DMOS.csv or csiq_label.txt",
    licence=NOT_STATED,
    where="https://s2.smu.edu/~eclarson/csiq.html",
    paper="Larson, Chandler, Most apparent distortion, Journal of Electronic Imaging 19(1), 2010",
    note="DMOS: lower is better. File names carry AWGN, BLUR and JPEG in capitals.",
)

CSIQ_DISTORTIONS = ("AWGN", "JPEG", "jpeg2000", "fnoise", "BLUR", "contrast")
"""As in the file names, in the order of ``dst_idx``."""
_SHEET_COLUMNS = ("image", "dst_idx", "dst_lev", "dmos")


def read_csiq(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``csiq_label.txt``, or of the authors' sheet as CSV or Excel file."""
    path = folder.need("csiq_label.txt", "DMOS.csv", "csiq.DMOS.xlsx")
    place = "dst_imgs_all" if folder.find("dst_imgs_all") else "dst_imgs"
    if path.suffix.lower() == ".txt":
        return [_labelled(folder, place, record) for record in line_records(path, ("name", "dmos"))]
    records = sheet_records if path.suffix.lower() == ".xlsx" else csv_records
    return [_listed(folder, place, record) for record in records(path, _SHEET_COLUMNS)]


def _labelled(folder: DatasetFolder, place: str, record: Record) -> RatedImage:
    """A row of ``csiq_label.txt``, such as ``1600.AWGN.1.png 0.061989``."""
    parts = record.text("name").split(".")
    kinds = {kind.lower(): kind for kind in CSIQ_DISTORTIONS}
    if len(parts) != 4 or parts[1].lower() not in kinds or not parts[2].isdecimal():
        raise record.fault("name", "a name such as 1600.AWGN.1.png", repr(record.text("name")))
    return _row(folder, place, record, (parts[0], kinds[parts[1].lower()], int(parts[2])))


def _listed(folder: DatasetFolder, place: str, record: Record) -> RatedImage:
    """A row of the sheet, which tells the kind as a number."""
    kind, level = record.number("dst_idx"), record.number("dst_lev")
    if kind not in range(1, len(CSIQ_DISTORTIONS) + 1):
        raise record.fault("dst_idx", f"a kind from 1 to {len(CSIQ_DISTORTIONS)}", f"{kind:g}")
    return _row(folder, place, record, (record.text("image"), CSIQ_DISTORTIONS[int(kind) - 1], int(level)))


def _row(folder: DatasetFolder, place: str, record: Record, what: tuple[str, str, int]) -> RatedImage:
    scene, kind, level = what
    reference = folder.image(f"src_imgs/{scene}.png")
    return RatedImage(
        image=folder.image_below(place, f"{scene}.{kind}.{level}.png"),
        reference=reference,
        mos=record.number("dmos"),
        mos_std=record.number_or_none("dmos_std"),
        distortion=kind,
        level=level,
    )
