"""LIVE in its full size and a small LIVE Challenge, with MATLAB files."""

from pathlib import Path

import numpy as np

from tests.fakes.datasets.files import cell_array, write_images, write_mat

LIVE_BLOCKS = (("jp2k", 227), ("jpeg", 233), ("wn", 174), ("gblur", 174), ("fastfading", 174))
LIVE_SCENES = 29
LIVE_ORIGINALS = 203
LIVEC_RATED = 5


def live_names() -> list[str]:
    """The images of the 982 entries, in their order."""
    return [f"{kind}/img{number}.bmp" for kind, count in LIVE_BLOCKS for number in range(1, count + 1)]


def write_live(root: Path) -> None:
    """982 entries, 203 of them references among the distorted; the DMOS of entry k is k / 10."""
    names = live_names()
    is_original = np.zeros(len(names))
    is_original[np.linspace(0, len(names) - 1, LIVE_ORIGINALS).astype(int)] = 1
    references = [f"scene{index % LIVE_SCENES:02d}.bmp" for index in range(len(names))]
    write_images(root, names)
    write_images(root / "refimgs", sorted(set(references)))
    scores = np.arange(1, len(names) + 1) / 10
    write_mat(root / "dmos_realigned.mat", {"dmos_new": scores[None], "orgs": is_original[None]})
    write_mat(root / "refnames_all.mat", {"refnames_all": cell_array(references, is_column=False)})


def write_livec(root: Path) -> None:
    """Seven images of the training session, then five."""
    training = [f"t{number}.bmp" for number in range(1, 8)]
    names = [*training, "10.bmp", "3.bmp", "1024.JPG", "7.bmp", "88.jpg"]
    assert len(names) == 7 + LIVEC_RATED
    write_images(root / "Images", names[7:])
    write_images(root / "Images" / "trainingImages", training)
    scores = np.arange(len(names), dtype=float) * 5 + 20
    write_mat(root / "Data/AllImages_release.mat", {"AllImages_release": cell_array(names, is_column=True)})
    write_mat(root / "Data/AllMOS_release.mat", {"AllMOS_release": scores[None]})
    write_mat(root / "Data/AllStdDev_release.mat", {"AllStdDev_release": scores[None] / 4})
