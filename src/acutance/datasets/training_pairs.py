"""The lists of pairs that a dataset trains or tests with, by the dataset's own rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acutance.datasets.comparisons import Comparison, all_pairs
from acutance.datasets.diffiqa_labels import DATASET as DIFFIQA_TITLE
from acutance.datasets.diffiqa_labels import read_majorities
from acutance.datasets.diffiqa_triplets import diffiqa_triplets
from acutance.datasets.faults import DatasetError
from acutance.datasets.labels import SOURCE
from acutance.datasets.locate import belonging, located
from acutance.datasets.pieapp_preferences import Part as PieAPPPart
from acutance.datasets.pieapp_preferences import read_preferences
from acutance.datasets.split_rules import Part
from acutance.datasets.table import OpinionTable
from acutance.datasets.triplets import log_triplets

LABEL_PLACES = ("{part}/trainlabel/labels", "{part}/*/labels", "{part}/labels", "trainlabel/labels", "labels")
"""Where DiffIQA's labels may be, below its root: as published, and before it was split."""
DIFFIQA_PARTS: dict[Part, str] = {"train": "Train", "validation": "Validation", "test": "Test"}
PIEAPP_PARTS: dict[Part, PieAPPPart] = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class PairRules:
    """How pairs are made, where a dataset leaves a choice."""

    part: Part = "train"
    """Which part of a dataset whose labels are published in parts."""
    seed: int = 0
    """Seed of the draws, from 0 to 2**32 - 1."""
    reference_first: bool = False
    """A-FINE's slip: a reference may stand first."""
    reference_as_png: bool = False
    """A-FINE's slip: references are called ``.png`` whatever they are."""


def training_pairs(
    table: OpinionTable, rules: PairRules | None = None, *, on_progress: Callable[[int, int], None] | None = None
) -> Sequence[Comparison]:
    """The pairs of a dataset, named by the paths of its table.

    DiffIQA: triplets from the majority of three labels. SRIQA-Bench: every two pictures of a content. PieAPP: the
    pairs people saw, with the share of them. All others: A-FINE's triplets from scores, without the pictures that
    nobody rated, such as PIPAL's validation.

    Args:
        table: Table of the dataset, by the name it has in the catalogue; or a part of it, whose pairs alone come.
        rules: Where there is a choice.
        on_progress: Told how much is done, of how much, while labels are read.

    Raises:
        DatasetError: Labels or scores that are not there or damaged.
    """
    chosen = rules or PairRules()
    if table.name == "diffiqa":
        found = read_majorities(diffiqa_label_folder(table.root, chosen.part), on_progress=on_progress)
        return located(belonging(diffiqa_triplets(found.labels), table), table)
    if table.name == "sriqa_bench":
        return all_pairs(table)
    if table.name == "pieapp":
        pairs = read_preferences(table.root, part=PIEAPP_PARTS[chosen.part], on_progress=on_progress)
        return located(belonging(pairs, table), table)
    rated = [row for row in table if row.mos is not None]
    if not rated:
        raise DatasetError(f"Expected scores in the table of {table.name}, got none. Take a part that people rated.")
    return log_triplets(
        OpinionTable(rated, table.root, table.name),
        seed=chosen.seed,
        reference_first=chosen.reference_first,
        reference_as_png=chosen.reference_as_png,
    )


def diffiqa_label_folder(root: Path, part: Part) -> Path:
    """Where the labels of a part of DiffIQA are.

    Args:
        root: Root of the dataset.
        part: Which part.

    Raises:
        DatasetError: They are not below the root.
    """
    for place in LABEL_PLACES:
        for folder in sorted(root.glob(place.format(part=DIFFIQA_PARTS[part]))):
            if folder.is_dir():
                return folder
    raise DatasetError(
        f"Expected labels of {DIFFIQA_TITLE} in {root / DIFFIQA_PARTS[part]}/trainlabel/labels or {root / 'labels'}, "
        f"got none. Get them from {SOURCE}."
    )
