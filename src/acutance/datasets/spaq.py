"""SPAQ: photographs of smartphones, without references (Fang et al. 2020)."""

from acutance.datasets.annotations import csv_records, sheet_records
from acutance.datasets.folder import RESEARCH_ONLY, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage

SPAQ = DatasetFacts(
    name="spaq",
    title="SPAQ",
    rated=11_125,
    low=0.0,
    high=100.0,
    layout="TestImage/, Annotations/MOS and Image attribute scores.xlsx",
    licence=RESEARCH_ONLY,
    where="https://github.com/h4nwei/SPAQ",
    paper="Fang, Zhu, Zeng, Ma, Wang, Perceptual quality assessment of smartphone photography, CVPR 2020",
)

SPAQ_SCORES = "Annotations/MOS and Image attribute scores"


def read_spaq(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of the authors' Excel file, or of the same as CSV."""
    path = folder.need(f"{SPAQ_SCORES}.xlsx", f"{SPAQ_SCORES}.csv")
    records = sheet_records if path.suffix.lower() == ".xlsx" else csv_records
    rows = []
    for record in records(path, ("Image name", "MOS")):
        image = folder.image(f"TestImage/{record.text('Image name')}")
        rows.append(RatedImage(image=image, mos=record.number("MOS")))
    return rows
