"""The synthetic images that afine-tiny learns fidelity from, and those that it is measured on.

    python -m projects.afine_tiny.pairs BIQ2021 pairs

Pristine images are the best rated photographs of BIQ2021. Of those of the part that trains, the best 200 give
``pairs/train`` for naturalness, 30 random distortions of each, the best 1,600 ``pairs/copies`` for fidelity and damage,
8 of each, and the next 60 ``pairs/sums`` for what makes one score of both, 30 of each; a fifth of all are mixtures.
BIQ2021 is of JPEGs: ``copies_small`` and ``sums_small`` are made of half of the same photographs, resized to so few
pixels that no trace of compression is left, since originals may be without any. The best 20 of the 1,000 photographs
that validate, which no stage learns from, give ``pairs/held_out``: each of the 25 kinds at each of the 5 levels. Weak
labels are those of ``acutance data synthesize``. A run that was broken off goes on.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.table import OpinionTable
from acutance.synthesis import SyntheticSet, synthesize
from acutance.tables.atomic import atomic_write
from acutance.training.data import DataConfig, told, training_tables
from projects.afine_tiny.recipes import DATA

TRAIN, COPIES, SUMS = 200, 1600, 60
"""Pristine images to train with: of naturalness, of stage 2, and those after them of stage 3, which no stage before
has learned to tell from their copies."""
DISTORTED, MIXTURES = 30, 0.2
"""Distorted images of each, and the share of mixtures."""
FEW_DISTORTED = 8
"""Of each that gives copies: twice as many originals teach more than twice as many copies of each."""
SMALL = (0.35, 0.55)
"""Least and largest share of its sides that a resized photograph has. JPEG keeps colours at half the size, so with much
more than half something of that is left, too."""
FILTERS = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
"""In turn, since each leaves edges of its own."""
GRAIN = 5.0
"""Largest deviation, in steps of 8 bits, of the noise in resized photographs, in which none is left: grain that an
original has is no damage, and a copy without it no better."""
HELD_OUT = 20
"""Pristine images to measure with."""


def make_pairs(root: Path, output: Path) -> tuple[SyntheticSet, ...]:
    """Make all sets.

    Args:
        root: Folder of BIQ2021.
        output: Folder to write.

    Raises:
        DatasetError: BIQ2021 is not there.
        ConfigError: A folder that holds something else.
    """
    tables = training_tables(DataConfig.model_validate(DATA), told(read_dataset("biq2021", root)))
    copies, sums = best_rated(tables.train, COPIES), best_rated(tables.train, SUMS, after=COPIES)
    pristine = {
        "train": (best_rated(tables.train, TRAIN), DISTORTED),
        "copies": (copies, FEW_DISTORTED),
        "copies_small": (resized(copies[::2], output / "resized"), FEW_DISTORTED),
        "sums": (sums, DISTORTED),
        "sums_small": (resized(sums[::2], output / "resized"), DISTORTED),
    }
    made = [
        synthesize(
            references,
            output / name,
            count=len(references) * each,
            mixture_share=MIXTURES,
            resume=(output / name).exists(),
        )
        for name, (references, each) in pristine.items()
    ]
    held_out = output / "held_out"
    every = synthesize(best_rated(tables.validation, HELD_OUT), held_out, count=None, resume=held_out.exists())
    return (*made, every)


def resized(photographs: Sequence[Path], folder: Path) -> list[Path]:
    """Smaller photographs, written as PNG unless they are there.

    Args:
        photographs: How small each becomes depends on its place among them.
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for place, photograph in enumerate(photographs):
        made.append(folder / f"{photograph.stem}.png")
        if not made[-1].exists():
            draws = np.random.default_rng(place)
            with Image.open(photograph) as image:
                share = draws.uniform(*SMALL)
                size = [max(1, round(share * side)) for side in image.size]
                pixels = np.asarray(image.convert("RGB").resize(size, FILTERS[place % len(FILTERS)]), np.float64)
            grain = draws.normal(0, GRAIN * draws.uniform(), pixels.shape)
            with atomic_write(made[-1]) as temporary:
                Image.fromarray(np.rint(pixels + grain).clip(0, 255).astype(np.uint8)).save(temporary, "PNG")
    return made


def best_rated(table: OpinionTable, count: int, *, after: int = 0) -> list[Path]:
    """The photographs with the highest opinions, by name.

    Args:
        table: Rated images.
        count: How many.
        after: Leave out so many that are rated higher still.
    """
    rows = sorted(table.rows, key=lambda row: (-(row.mos or 0.0), row.image))
    return sorted(table.path(row.image) for row in rows[after : after + count])


if __name__ == "__main__":
    made = make_pairs(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.writelines(f"{one.count} images in {one.table}\n" for one in made)
