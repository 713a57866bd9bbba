"""AGIQA-3K: generated images, without references (Li et al. 2024)."""

from acutance.datasets.annotations import csv_records
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage

AGIQA3K = DatasetFacts(
    name="agiqa3k",
    title="AGIQA-3K",
    rated=2982,
    distortions=10,
    low=0.0,
    high=5.0,
    layout="AGIQA-3K/ (or the images in the root), data.csv",
    licence="MIT, commercial use: yes.",
    where="https://github.com/lcysyzxdxc/AGIQA-3k-Database",
    paper="Li et al., AGIQA-3K, IEEE TCSVT 34(8), 2024",
    note="mos_quality, from 0.0 to 4.4887. In place of a distortion: the generator and its setting, ten of them.",
)

AGIQA_VOTES = 21
"""People who rated each image (Li et al. 2023)."""


def read_agiqa3k(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``data.csv``, by perceptual quality; images lie beside it or in any folder below."""
    rows = []
    for record in csv_records(folder.need("data.csv"), ("name", "mos_quality", "std_quality")):
        name = record.text("name")
        image = folder.image_below("", name)
        rows.append(
            RatedImage(
                image=image,
                mos=record.number("mos_quality"),
                mos_std=record.number_or_none("std_quality"),
                num_votes=AGIQA_VOTES,
                distortion=name.rpartition("_")[0] or None,
            )
        )
    return rows
