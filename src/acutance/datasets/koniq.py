"""KonIQ-10k: pictures without references, with an official split."""

from acutance.datasets.annotations import csv_records
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedPicture

KONIQ10K = DatasetFacts(
    name="koniq10k",
    title="KonIQ-10k",
    rated=10_073,
    splits={"train": 7058, "validation": 1000, "test": 2015},
    low=0.0,
    high=100.0,
    layout="1024x768/ or 512x384/, koniq10k_distributions_sets.csv or koniq10k_scores_and_distributions.csv",
    licence="Labels: MIT. Pictures: Creative Commons, each with the licence of its author in YFCC100M.",
    where="https://database.mmsp-kn.de/koniq-10k-database.html",
    paper="Hosu, Lin, Sziranyi, Saupe, KonIQ-10k, IEEE TIP 29, 2020",
    note="z-scores rescaled to 0..100. Its column SD is on the raw scale 1..5 and is left out.",
)

KONIQ_SPLITS = {"training": "train", "validation": "validation", "test": "test"}
"""The words of ``koniq10k_distributions_sets.csv``."""


def read_koniq10k(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of KonIQ-10k; without ``koniq10k_distributions_sets.csv`` they have no split.

    Args:
        folder: The root, with ``1024x768`` or ``512x384``, and ``koniq10k_distributions_sets.csv``
            (``MOS`` from 0 to 100 and ``set``) or ``koniq10k_scores_and_distributions.csv`` (``MOS_zscore``).

    Raises:
        DatasetError: Scores that are not there or damaged.
    """
    place = folder.need("1024x768", "512x384").name
    path = folder.need("koniq10k_distributions_sets.csv", "koniq10k_scores_and_distributions.csv")
    score = "MOS" if path.name.lower().endswith("sets.csv") else "MOS_zscore"
    columns = ("image_name", score, "c_total", *(["set"] if score == "MOS" else []))
    rows = []
    for record in csv_records(path, columns):
        image = folder.picture(f"{place}/{record.text('image_name')}")
        split = None
        if score == "MOS":
            split = KONIQ_SPLITS.get(record.text("set"))
            if split is None:
                raise record.fault("set", "training, validation or test", repr(record.text("set")))
        votes = record.number_or_none("c_total")
        rows.append(
            RatedPicture(
                image=image,
                mos=record.number(score),
                num_votes=None if votes is None else int(votes),
                scene=image,
                split=split,
            )
        )
    return rows
