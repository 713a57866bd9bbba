"""KonIQ-10k: photographs without references, with an official split (Hosu et al. 2020)."""

from acutance.datasets.annotations import csv_records
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage

KONIQ10K = DatasetFacts(
    name="koniq10k",
    title="KonIQ-10k",
    rated=10_073,
    splits={"train": 7058, "validation": 1000, "test": 2015},
    low=0.0,
    high=100.0,
    layout="1024x768/ or 512x384/, koniq10k_distributions_sets.csv or koniq10k_scores_and_distributions.csv",
    licence="Labels: MIT. Images: Creative Commons, each with the licence of its author in YFCC100M.",
    where="https://database.mmsp-kn.de/koniq-10k-database.html",
    paper="Hosu, Lin, Sziranyi, Saupe, KonIQ-10k, IEEE TIP 29, 2020",
    note="z-scores rescaled to 0..100. Its column SD is on the raw scale 1..5 and is left out.",
)

KONIQ_SPLITS = {"training": "train", "validation": "validation", "test": "test"}
"""The words of ``koniq10k_distributions_sets.csv``."""


def read_koniq10k(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of the list with splits (``MOS`` from 0 to 100 and ``set``), or of the one without (``MOS_zscore``)."""
    place = folder.need("1024x768", "512x384").name
    path = folder.need("koniq10k_distributions_sets.csv", "koniq10k_scores_and_distributions.csv")
    has_sets = path.name.lower().endswith("sets.csv")
    score = "MOS" if has_sets else "MOS_zscore"
    rows = []
    for record in csv_records(path, ("image_name", score, "c_total", *(["set"] if has_sets else []))):
        if has_sets and record.text("set") not in KONIQ_SPLITS:
            raise record.fault("set", "training, validation or test", repr(record.text("set")))
        image = folder.image(f"{place}/{record.text('image_name')}")
        votes = record.number_or_none("c_total")
        rows.append(
            RatedImage(
                image=image,
                mos=record.number(score),
                num_votes=None if votes is None else int(votes),
                split=KONIQ_SPLITS[record.text("set")] if has_sets else None,
            )
        )
    return rows
