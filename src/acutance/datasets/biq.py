"""BIQ2021: photographs without references, with an official split (Ahmed, Asif 2022)."""

from acutance.datasets.annotations import csv_records
from acutance.datasets.folder import NOT_STATED, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage

BIQ2021 = DatasetFacts(
    name="biq2021",
    title="BIQ2021",
    rated=12_000,
    splits={"train": 10_000, "test": 2000},
    low=0.0,
    high=1.0,
    layout="Images/, Train (Images and MOS).csv, Test (Images and MOS).csv",
    licence=NOT_STATED,
    where="https://github.com/nisarahmedrana/BIQ2021",
    paper="Ahmed, Asif, BIQ2021: a large-scale blind IQA database, Journal of Electronic Imaging 31(5), 2022",
    note="11,989 images are 512x512. The train list has two empty columns; one of its names differs in case.",
)

BIQ2021_LISTS = {"train": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}
BIQ2021_VOTES = 30
"""Observers of each image (readme of BIQ2021)."""


def read_biq2021(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of the two lists, one of which has empty columns."""
    rows = []
    for split, name in BIQ2021_LISTS.items():
        for record in csv_records(folder.need(name), ("Image Name", "MOS")):
            image = folder.image(f"Images/{record.text('Image Name')}")
            rows.append(RatedImage(image=image, mos=record.number("MOS"), num_votes=BIQ2021_VOTES, split=split))
    return rows
