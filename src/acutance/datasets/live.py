"""LIVE release 2 (DMOS, better when lower) and LIVE In the Wild Challenge (MOS), both with MATLAB files."""

from pathlib import Path

import numpy as np

from acutance.datasets.annotations import Record, mat_arrays
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError

LIVE = DatasetFacts(
    name="live",
    title="LIVE (release 2)",
    rated=779,
    references=29,
    distortions=5,
    better="lower",
    layout="refimgs/, jp2k/, jpeg/, wn/, gblur/, fastfading/, dmos_realigned.mat, refnames_all.mat",
    licence="Any use with its copyright notice.",
    where="https://live.ece.utexas.edu/research/quality/subjective.htm",
    paper="Sheikh, Sabir, Bovik, A statistical evaluation of recent FR IQA algorithms, IEEE TIP 15(11), 2006",
    note="DMOS: lower is better; realigned values have no stated ends. The 203 references among the 982 are left out.",
)
LIVEC = DatasetFacts(
    name="livec",
    title="LIVE In the Wild Challenge",
    rated=1162,
    low=0.0,
    high=100.0,
    layout="Images/, Data/AllImages_release.mat, Data/AllMOS_release.mat, Data/AllStdDev_release.mat",
    licence="Any use with its copyright notice.",
    where="https://live.ece.utexas.edu/research/ChallengeDB/index.html",
    paper="Ghadiyaram, Bovik, Massive online crowdsourced study, IEEE TIP 25(1), 2016",
    note="The first 7 of its 1169 entries are images of the training session and are left out.",
)

LIVE_BLOCKS = {"jp2k": 227, "jpeg": 233, "wn": 174, "gblur": 174, "fastfading": 174}
"""Images in each folder, references among them, in the order of the MATLAB arrays (readme of release 2)."""
TRAINING_IMAGES = 7
"""First entries of LIVE Challenge, shown in the training session (its readme)."""


def read_live(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``dmos_realigned.mat`` (``dmos_new``, ``orgs``); entries that are references are left out."""
    path, names_path = folder.need("dmos_realigned.mat"), folder.need("refnames_all.mat")
    arrays = mat_arrays(path, ("dmos_new", "orgs"))
    scores, originals = arrays["dmos_new"].ravel(), arrays["orgs"].ravel()
    references = _texts(names_path, "refnames_all")
    blocks = [(kind, number) for kind, count in LIVE_BLOCKS.items() for number in range(1, count + 1)]
    if not len(scores) == len(originals) == len(references) == len(blocks):
        raise DatasetError(
            f"Expected {len(blocks)} entries in {path} and {names_path}, got {len(scores)} of dmos_new, "
            f"{len(originals)} of orgs and {len(references)} of refnames_all. Get the files again."
        )
    rows = []
    for index, (kind, number) in enumerate(blocks):
        if not originals[index]:
            record = Record(path, index + 1, {"dmos_new": scores[index].item(), "refnames_all": references[index]})
            reference = folder.image(f"refimgs/{record.text('refnames_all')}")
            rows.append(
                RatedImage(
                    image=folder.image(f"{kind}/img{number}.bmp"),
                    reference=reference,
                    mos=record.number("dmos_new"),
                    distortion=kind,
                )
            )
    return rows


def read_livec(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``Data/All{Images,MOS,StdDev}_release.mat``, without the images of the training session."""
    path = folder.need("Data/AllMOS_release.mat")
    names = _texts(folder.need("Data/AllImages_release.mat"), "AllImages_release")
    scores = mat_arrays(path, ("AllMOS_release",))["AllMOS_release"].ravel()
    spreads_path = folder.need("Data/AllStdDev_release.mat")
    spreads = mat_arrays(spreads_path, ("AllStdDev_release",))["AllStdDev_release"].ravel()
    if not len(names) == len(scores) == len(spreads):
        raise DatasetError(
            f"Expected one score and one deviation for each of {len(names)} names in {path.parent}, got "
            f"{len(scores)} and {len(spreads)}. Get the files again."
        )
    rows = []
    for index in range(TRAINING_IMAGES, len(names)):
        cells = {"AllImages_release": names[index], "mos": scores[index].item(), "std": spreads[index].item()}
        record = Record(path, index + 1, cells)
        image = folder.image(f"Images/{record.text('AllImages_release')}")
        rows.append(RatedImage(image=image, mos=record.number("mos"), mos_std=record.number("std")))
    return rows


def _texts(path: Path, name: str) -> list[str]:
    """A MATLAB cell array of texts."""
    cells = mat_arrays(path, (name,))[name].ravel()
    for place, cell in enumerate(cells, start=1):
        if np.asarray(cell).dtype.kind != "U" or np.size(cell) != 1:
            raise DatasetError(f"Expected a text as entry {place} of {name} in {path}, got none. Get the file again.")
    return [str(np.squeeze(cell)) for cell in cells]
