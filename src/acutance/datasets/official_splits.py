"""Datasets without references that come with their split: KonIQ-10k and BIQ2021."""

from acutance.datasets.annotations import csv_records
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture

KONIQ_SPLITS = {"training": "train", "validation": "validation", "test": "test"}
"""The words of ``koniq10k_distributions_sets.csv``."""
BIQ2021_LISTS = {"train": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}
BIQ2021_VOTES = 30
"""Observers of each picture (readme of BIQ2021)."""


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


def read_biq2021(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of BIQ2021.

    Args:
        folder: The root, with ``Images`` and the two lists, one of which has empty columns.

    Raises:
        DatasetError: A list that is not there or damaged.
    """
    rows = []
    for split, name in BIQ2021_LISTS.items():
        for record in csv_records(folder.need(name), ("Image Name", "MOS")):
            image = folder.picture(f"Images/{record.text('Image Name')}")
            rows.append(
                RatedPicture(image=image, mos=record.number("MOS"), num_votes=BIQ2021_VOTES, scene=image, split=split)
            )
    return rows
