"""PieAPP: error scores for the test images, preferences of pairs for the others (Prashnani et al. 2018)."""

import re
from pathlib import Path, PurePosixPath
from typing import Literal

from acutance.datasets.annotations import Record, place_records
from acutance.datasets.comparisons import Comparison
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError
from acutance.types import OnProgress

PIEAPP = DatasetFacts(
    name="pieapp",
    title="PieAPP",
    rated=600,
    unrated=19_680,
    references=200,
    distortions=75,
    better="lower",
    layout="reference_images/, distorted_images/, labels/, each with train/, val/ and test/",
    licence="Education only, commercial use: no.",
    where="https://github.com/prashnani/PerceptualImageError",
    paper="Prashnani, Cai, Mostofi, Sen, PieAPP: perceptual image-error assessment, CVPR 2018",
    note="Errors, 0 for the reference: lower is better. Only the 600 test images have them; pairs have preferences.",
)

PIEAPP_SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""Folder to split."""
COLUMNS = ("ref. image", "distorted image A", "distorted image B", "raw preference for A", "processed preference for A")
"""The header of its files of labels, where a blank stands before all but the first; those of the test lack the last
one (its dataset_README.md)."""
CURE = f"Get {PIEAPP.title} whole from {PIEAPP.where}."
Preference = Literal["processed", "raw"]
"""Estimated by its authors from all labels, for every pair; or the share of 40 people, where they were asked."""
Part = Literal["train", "val", "test"]

_NAME = re.compile(r"distort_\d+_(.+)_(?:inter|intra)_?.*\.\w+", re.IGNORECASE)
_REFERENCE = re.compile(r"ref_\d+\.\w+", re.IGNORECASE)


def read_pieapp(folder: DatasetFolder) -> list[RatedImage]:
    """Every distorted image; those of the test with the scores of ``labels/test/<reference>_per_image_score.csv``."""
    folder.need("labels/test")
    rows = []
    for part, split in PIEAPP_SPLITS.items():
        for name in folder.names(f"reference_images/{part}"):
            if _REFERENCE.fullmatch(name):
                reference = folder.image(f"reference_images/{part}/{name}")
                place = f"distorted_images/{part}/{PurePosixPath(reference).stem}"
                if part == "test":
                    rows += _scored(folder, reference, place)
                else:
                    rows += [_row(folder, reference, f"{place}/{image}", split) for image in folder.names(place)]
    return rows


def read_preferences(
    root: Path, *, part: Part = "train", preference: Preference = "processed", on_progress: OnProgress | None = None
) -> list[Comparison]:
    """All pairs of a part; ``first_wins`` is the probability that people prefer image A.

    Args:
        root: Folder of the dataset, with ``labels/train/*_pairwise_labels.csv``.
        preference: Which column; a pair whose raw one is blank was not shown to people and is left out. The test
            has the raw one alone.
        on_progress: Called with how many files are done, of how many.
    """
    folder = root / "labels" / part
    paths = sorted(folder.glob("*_pairwise_labels.csv"))
    if not paths:
        raise DatasetError(
            f"Expected labels such as ref_1_pairwise_labels.csv of {PIEAPP.title} in {folder}, got none. {CURE}"
        )
    columns = COLUMNS[:4] if part == "test" else COLUMNS
    share = columns[-1] if preference == "processed" else COLUMNS[3]
    pairs: list[Comparison] = []
    for done, path in enumerate(paths, start=1):
        pairs += [
            _pair(record, share, part)
            for record in place_records(path, columns, has_header=True, cure=CURE)
            if record.cells[share] or preference == "processed"
        ]
        if on_progress:
            on_progress(done, len(paths))
    return pairs


def parse_pieapp_name(name: str) -> str | None:
    """The kind of distortion in a name; ``None`` if it is named otherwise.

    Example:
        >>> parse_pieapp_name("distort_12_gaussian_blur_inter_3.png")
        'gaussian_blur'
    """
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def _scored(folder: DatasetFolder, reference: str, place: str) -> list[RatedImage]:
    path = folder.need(f"labels/test/{PurePosixPath(reference).stem}_per_image_score.csv")
    columns = ("reference", "distorted image", "score")
    return [
        _row(folder, reference, f"{place}/{record.text('distorted image')}", "test", record.number("score"))
        for record in place_records(path, columns, has_header=True, has_more=True)
        if not _REFERENCE.fullmatch(record.text("distorted image"))  # the reference itself, with the score 0
    ]


def _row(folder: DatasetFolder, reference: str, image: str, split: str, score: float | None = None) -> RatedImage:
    return RatedImage(
        image=folder.image(image),
        reference=reference,
        mos=score,
        distortion=parse_pieapp_name(PurePosixPath(image).name),
        split=split,
    )


def _pair(record: Record, share: str, part: Part) -> Comparison:
    reference, *two = (record.text(column) for column in COLUMNS[:3])
    place = f"reference_images/{part}/{reference}"
    first, second = (  # in the test, the reference itself is shown among the others
        place if name == reference else f"distorted_images/{part}/{PurePosixPath(reference).stem}/{name}"
        for name in two
    )
    return Comparison(first, second, place, record.number(share, (0, 1)))
