"""PIPAL: Elo ratings of restored and distorted patches; validation and test images come without them."""

from pathlib import PurePosixPath

from acutance.datasets.afine_lists import read_afine_lists
from acutance.datasets.annotations import Record, line_records
from acutance.datasets.folder import NOT_STATED, DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError

PIPAL = DatasetFacts(
    name="pipal",
    title="PIPAL",
    rated=23_200,
    references=200,
    distortions=40,
    layout="Train_Ref/, Train_Dist/, Train_Label/*.txt; Val_Ref/, Val_Dist/ and so on if there",
    licence=NOT_STATED,
    where="https://github.com/HaomingCai/PIPAL-dataset",
    paper="Gu et al., PIPAL: a large-scale IQA dataset for perceptual image restoration, ECCV 2020",
    note="Elo ratings without ends. Distortions are told as the code in the file name, not as the 40 kinds.",
)

TRAIN_FOLDERS = ("Train_Dist", "Train_Dis", "Dist_Imgs", "Distortion_1", "Distortion_2", "Distortion_3", "Distortion_4")
"""Where people keep the distorted images, which are handed out in four archives."""
UNRATED = {"Val": "validation", "Test": "test", "NTIRE2022_FR_Valid": "validation", "NTIRE2022_FR_Testing": "test"}
"""Prefix of ``_Ref`` and ``_Dist`` to split: the images of the challenges of 2021 and 2022."""
SCENE_LETTERS = 5
"""The name of the reference in that of a distorted image: ``A0001_00_00.bmp`` has ``A0001.bmp``."""


def read_pipal(folder: DatasetFolder) -> list[RatedImage]:
    """The training part by ``Train_Label/*.txt`` (``name,elo``) or A-FINE's lists, the others without scores."""
    lists = [name for name in folder.names("Train_Label") if name.lower().endswith(".txt")]
    if not lists and (rows := read_afine_lists(folder, parse_pipal_name)):
        return rows
    if not lists:
        raise DatasetError(
            f"Expected lists of scores of PIPAL in {folder.need('Train_Label')}, got none. "
            f"Get them again from {folder.facts.where}."
        )
    rows = []
    for name in lists:
        path = folder.need(f"Train_Label/{name}")
        rows += [_rated(folder, record) for record in line_records(path, ("name", "elo"))]
    return rows + _unrated(folder)


def parse_pipal_name(name: str) -> tuple[str, int | None] | None:
    """The code of the kind of distortion in a name; the number after it is no strength.

    Example:
        >>> parse_pipal_name("A0001_03_11.bmp")
        ('03', None)
    """
    parts = PurePosixPath(name).stem.split("_")
    return (parts[1], None) if len(parts) == 3 else None


def _rated(folder: DatasetFolder, record: Record) -> RatedImage:
    name = record.text("name")
    parsed = parse_pipal_name(name)
    if parsed is None:
        raise record.fault("name", "a name such as A0001_00_00.bmp", repr(name))
    there = next((place for place in TRAIN_FOLDERS if name.lower() in folder.gather(place)), TRAIN_FOLDERS[0])
    reference = folder.image(f"Train_Ref/{name[:SCENE_LETTERS]}.bmp")
    return RatedImage(
        image=folder.image_below(there, name),
        reference=reference,
        mos=record.number("elo"),
        distortion=parsed[0],
        split="train",
    )


def _unrated(folder: DatasetFolder) -> list[RatedImage]:
    rows = []
    for prefix, split in UNRATED.items():
        for name in folder.names(f"{prefix}_Dist"):
            reference = folder.image(f"{prefix}_Ref/{name[:SCENE_LETTERS]}.bmp")
            image = folder.image(f"{prefix}_Dist/{name}")
            kind, _ = parse_pipal_name(name) or (None, None)
            rows.append(RatedImage(image=image, reference=reference, distortion=kind, split=split))
    return rows
