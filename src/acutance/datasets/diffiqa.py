"""DiffIQA and SRIQA-Bench, the data of A-FINE (Chen et al. 2025): pictures that may surpass their reference."""

from pathlib import PurePosixPath

from acutance.datasets.annotations import Record, line_records
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import RatedPicture

DIFFIQA_VERSIONS = ("01", "02", "03", "04", "05", "06")
"""Folders of enhanced versions beside ``Original``."""
DIFFIQA_SPLITS = {"Train": "train", "Validation": "validation", "Test": "test"}
SRIQA_PEOPLE = 10
"""People who compared each pair (readme of SRIQA-Bench)."""


def read_diffiqa(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of DiffIQA, without scores; ``distortion`` tells the version, ``01`` to ``06``.

    Args:
        folder: The root, with ``{Train,Validation,Test}/images`` or ``images``; in it ``Original/<name>.png``
            and ``<version>/<name>_<version>.png``.

    Raises:
        DatasetError: None of these folders is there.
    """
    parts: dict[str, str | None] = {
        f"{place}/images": split for place, split in DIFFIQA_SPLITS.items() if folder.find(f"{place}/images/Original")
    }
    if not parts:
        folder.need("Train/images/Original", "images/Original")
        parts = {"images": None}
    return [
        row
        for place, split in parts.items()
        for name in folder.names(f"{place}/Original")
        for row in _versions(folder, place, name, split)
    ]


def read_sriqa_bench(folder: DatasetFolder) -> list[RatedPicture]:
    """The rows of SRIQA-Bench, the rated references included; ``distortion`` tells the method.

    Args:
        folder: The root, with ``MOS/<scene>.txt`` (``file,score``) and ``images/<method>/<scene>_<method>.png``;
            the folder of a method may carry its ``x4`` or not.

    Raises:
        DatasetError: Scores that are not there or damaged.
    """
    folder.need("MOS")
    return [
        _scored(folder, record)
        for name in folder.names("MOS")
        if name.lower().endswith(".txt")
        for record in line_records(folder.need(f"MOS/{name}"), ("file", "score"))
    ]


def _versions(folder: DatasetFolder, place: str, name: str, split: str | None) -> list[RatedPicture]:
    reference = folder.picture(f"{place}/Original/{name}")
    stem = PurePosixPath(name).stem
    return [
        RatedPicture(
            image=folder.picture(f"{place}/{version}/{stem}_{version}.png"),
            reference=reference,
            distortion=version,
            scene=reference,
            split=split,
        )
        for version in DIFFIQA_VERSIONS
    ]


def _scored(folder: DatasetFolder, record: Record) -> RatedPicture:
    name = record.text("file")
    scene, _, method = PurePosixPath(name).stem.partition("_")
    if not method:
        raise record.fault("file", "a name such as online15_SwinIRx4.png", repr(name))
    reference = folder.picture_below("images", f"{scene}_Original.png")
    return RatedPicture(
        image=folder.picture_below("images", name),
        reference=reference,
        mos=record.number("score"),
        num_votes=SRIQA_PEOPLE,
        distortion=method,
        scene=reference,
    )
