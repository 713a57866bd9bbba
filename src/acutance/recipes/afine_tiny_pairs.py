"""The made pictures that afine-tiny learns fidelity from, and those that it is measured on.

    python -m acutance.recipes.afine_tiny_pairs BIQ2021 pairs

Pristine pictures are the best rated photographs of BIQ2021: 200 of the part that trains, and 20 of the 1,000 that
validate and that no stage learns from. ``pairs/train`` has 30 random distortions of each, a fifth of them mixtures;
``pairs/held_out`` has each of the 25 kinds at each of the 5 levels. Weak labels are those of ``acutance data
synthesize``. A run that was broken off goes on.
"""

import sys
from pathlib import Path

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.table import OpinionTable
from acutance.recipes.afine_tiny_pretrain import DATA
from acutance.synthesis import MadeSet, synthesize
from acutance.training.data import training_tables

REFERENCES, DISTORTED, MIXTURES = 200, 30, 0.2
"""Pristine pictures to train with, distorted ones of each, and the share of mixtures."""
HELD_OUT = 20
"""Pristine pictures to measure with."""


def make_pairs(root: Path, output: Path) -> tuple[MadeSet, MadeSet]:
    """Make both sets.

    Args:
        root: Folder of BIQ2021.
        output: Folder to write.

    Raises:
        DatasetError: BIQ2021 is not there.
        ConfigError: A folder that holds something else.
    """
    tables = training_tables(DATA, read_dataset("biq2021", root))
    train, held_out = output / "train", output / "held_out"
    return (
        synthesize(
            best_rated(tables.train, REFERENCES),
            train,
            count=REFERENCES * DISTORTED,
            mixture_share=MIXTURES,
            resume=train.exists(),
        ),
        synthesize(
            best_rated(tables.validation, HELD_OUT),
            held_out,
            count=None,
            resume=held_out.exists(),
        ),
    )


def best_rated(table: OpinionTable, count: int) -> list[Path]:
    """The photographs with the highest opinions.

    Args:
        table: Rated pictures.
        count: How many.
    """
    rows = sorted(table.rows, key=lambda row: (-(row.mos or 0.0), row.image))
    return sorted(table.path(row.image) for row in rows[:count])


if __name__ == "__main__":
    made = make_pairs(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.writelines(f"{one.count} pictures in {one.table}\n" for one in made)
