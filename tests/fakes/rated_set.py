"""A small rated set with real images: references, two kinds of distortion at several levels, opinions with spread."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from acutance.datasets.table import OpinionTable, RatedImage, write_table

SIZE = 32
KINDS = ("blur", "noise")
TABLE = "table.csv"


def write_rated_set(root: Path, *, references: int = 4, levels: int = 4, name: str = "rated") -> OpinionTable:
    """Images below ``root`` and their table in ``root/table.csv``; opinions fall with the level.

    Args:
        root: Where to write.
        references: How many references.
        levels: How many levels of each kind.
        name: Name of the table in memory.
    """
    random = np.random.default_rng(7)
    rows = []
    for index in range(references):
        reference = gaussian_filter(random.uniform(0, 255, (SIZE, SIZE, 3)), (2, 2, 0)) * 4 - 384
        _write(root / f"refs/r{index}.png", reference)
        for kind in KINDS:
            for level in range(1, levels + 1):
                image = f"images/r{index}_{kind}_{level}.png"
                _write(root / image, _distorted(reference, kind, level, random))
                rows.append(
                    RatedImage(
                        image=image,
                        reference=f"refs/r{index}.png",
                        mos=round(5 - 0.8 * level + 0.1 * index + float(random.normal(0, 0.2)), 3),
                        mos_std=0.5,
                        num_votes=20,
                        low=0.0,
                        high=6.0,
                        distortion=kind,
                        level=level,
                        scene=f"r{index}",
                    )
                )
    table = OpinionTable(rows, root, name)
    write_table(table, root / TABLE)
    return table


def _distorted(
    reference: NDArray[np.float64], kind: str, level: int, random: np.random.Generator
) -> NDArray[np.float64]:
    if kind == "noise":
        return reference + random.normal(0, 5.0 * level, reference.shape)
    return np.asarray(gaussian_filter(reference, (0.6 * level, 0.6 * level, 0)))


def _write(path: Path, pixels: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)).save(path)
