"""The pairs and triplets that a dataset trains or tests with."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from acutance.datasets.comparisons import (
    Comparison,
    Triplet,
    all_pairs,
    belonging,
    by_reference,
    located,
    outcome,
    quality_of,
)
from acutance.datasets.diffiqa import DIFFIQA, diffiqa_triplets, read_majorities
from acutance.datasets.pieapp import Part as PieAPPPart
from acutance.datasets.pieapp import read_preferences
from acutance.datasets.splits import Part
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError
from acutance.types import OnProgress

LABEL_PLACES = ("{part}/trainlabel/labels", "{part}/*/labels", "{part}/labels", "trainlabel/labels", "labels")
"""Where DiffIQA's labels may be, below its root: as published, and before it was split."""
DIFFIQA_PARTS: dict[Part, str] = {"train": "Train", "validation": "Validation", "test": "Test"}
PIEAPP_PARTS: dict[Part, PieAPPPart] = {"train": "train", "validation": "val", "test": "test"}
WITH_OWN_PAIRS = ("diffiqa", "sriqa_bench", "pieapp")
"""Datasets whose pairs do not come from scores."""
REFERENCE_QUALITY = math.inf
"""The reference is better than all (A-FINE's script writes 9999)."""
MAIN = "diffiqa"
"""The dataset that A-FINE repeats until it outweighs all others together."""


@dataclass(frozen=True, kw_only=True)
class PairRules:
    """Rules for making pairs, where a dataset leaves a choice."""

    part: Part | None = "train"
    """Which part of a dataset whose labels are published in parts; ``None`` takes the labels of all parts that are
    there, for a table that was split otherwise, and wants some for every scene."""
    seed: int = 0
    """Seed of the draws, from 0 to 2**32 - 1."""
    reference_first: bool = False
    """A-FINE's slip: a reference may stand first."""
    reference_as_png: bool = False
    """A-FINE's slip: references are called ``.png`` whatever they are."""


def training_pairs(
    table: OpinionTable, rules: PairRules | None = None, *, on_progress: OnProgress | None = None
) -> Sequence[Comparison]:
    """The pairs of a dataset by its own rule, named by the paths of its table.

    DiffIQA: triplets from the majority of three labels. SRIQA-Bench: every two images of a content. PieAPP: the
    pairs people saw, with the share of them. All others: A-FINE's triplets from scores, without the images that
    nobody rated, such as PIPAL's validation.

    Args:
        table: Table of the dataset, by the name it has in the catalogue; or a part of it, whose pairs alone come.
        rules: Where there is a choice.
        on_progress: Called with how much is done, of how much, while labels are read.
    """
    rules = rules or PairRules()
    if table.name in WITH_OWN_PAIRS and (rules.reference_first or rules.reference_as_png):
        raise DatasetError(
            f"Expected triplets from scores beside A-FINE's slips (reference first, reference as PNG), got "
            f"{table.name}, whose pairs are its own. Leave them out."
        )
    pairs: Sequence[Comparison]
    if table.name == "diffiqa":
        pairs = _diffiqa_pairs(table, rules.part, on_progress)
    elif table.name == "sriqa_bench":
        pairs = all_pairs(table)
    elif table.name == "pieapp":
        pairs = _pieapp_pairs(table, rules.part, on_progress)
    else:
        pairs = _pairs_from_scores(table, rules)
    if not pairs:
        raise DatasetError(f"Expected pairs of the rows of {table.name}, got none. Take another part or split.")
    return pairs


def diffiqa_label_folder(root: Path, part: Part) -> Path:
    """Folder of the labels of a part of DiffIQA."""
    if found := next(_label_folders(root, part), None):
        return found
    raise DatasetError(
        f"Expected labels of DiffIQA in {root / DIFFIQA_PARTS[part]}/trainlabel/labels or {root / 'labels'}, "
        f"got none. Get them from {DIFFIQA.where}."
    )


def log_triplets(
    table: OpinionTable, *, seed: int = 0, reference_first: bool = False, reference_as_png: bool = False
) -> list[Triplet]:
    """Draw the triplets of a dataset whose references are perfect (KADID-10k, PIPAL, TID2013), A-FINE's "nlogn".

    Each of the n distorted images of a reference, and the reference itself, meets round(log2(n + 1)) others of
    them, drawn without repetition. A pair that both sides draw comes twice.

    Args:
        table: Rated images with references; of one part of a split, if there is one. Either direction of scores.
        seed: Seed of the draws, from 0 to 2**32 - 1.
        reference_first: Let a reference that meets an image stand first, as A-FINE's script does and its
            documents say it does not. By default the image stands first.
        reference_as_png: Call every reference ``.png``, as A-FINE's script does with ``.bmp`` files too.
    """
    draws = np.random.RandomState(seed)  # whose numbers no later numpy changes (NEP 19)
    triplets: list[Triplet] = []
    for reference, rows in by_reference(table).items():
        qualities = {row.image: quality_of(row, table.name) for row in rows if row.image != reference}
        name = str(PurePosixPath(reference).with_suffix(".png")) if reference_as_png else reference
        qualities[name] = REFERENCE_QUALITY
        images = list(qualities)
        for index, first in enumerate(images):
            others = images[:index] + images[index + 1 :]
            for drawn in draws.permutation(len(others))[: round(math.log2(len(images)))]:
                two = (first, others[drawn])
                one, other = two[::-1] if first == name and not reference_first else two
                triplets.append(_triplet(one, other, name, qualities))
    return triplets


def degraded_reference_triplets(table: OpinionTable, *, count: int, worst: float = 0.5, seed: int = 0) -> list[Triplet]:
    """Draw triplets in which one of the distorted images of a scene stands for its reference, so that others beat it.

    It is drawn from the worst of the scene's images. The first image of a triplet is the pristine one or, as
    often, any other; the second is the degraded reference itself or, as often, any other.

    Args:
        table: Rated images with pristine references, in either direction of scores; all of one size.
        count: Triplets of each scene; scenes with fewer than 3 distorted images give none.
        worst: Share of the images of a scene that references are drawn from; above 0, at most 1.
        seed: Seed of the draws, from 0 to 2**32 - 1.
    """
    draws = np.random.RandomState(seed)  # whose numbers no later numpy changes (NEP 19)
    triplets: list[Triplet] = []
    for pristine, rows in by_reference(table).items():
        qualities = {row.image: quality_of(row, table.name) for row in rows if row.image != pristine}
        if len(qualities) < 3:
            continue
        worse = sorted(qualities, key=lambda image: (qualities[image], image))[: max(1, int(worst * len(qualities)))]
        known = qualities | {pristine: REFERENCE_QUALITY}
        for _ in range(count):
            reference = worse[draws.randint(len(worse))]
            others = [image for image in qualities if image != reference]
            drawn = [others[place] for place in draws.permutation(len(others))[:2]]
            first = pristine if draws.random_sample() < 0.5 else drawn[0]
            second = reference if draws.random_sample() < 0.5 else drawn[1]
            triplets.append(_triplet(first, second, reference, known))
    return triplets


def repeats(counts: Mapping[str, int]) -> dict[str, int]:
    """Repetitions of each training list that balance their lengths, by A-FINE's ``balance_dataset``.

    Every list but the main one, ``diffiqa``, is repeated as often as it fits, whole, into the longest of all; the main
    one once more than it fits into all the others after that. An empty list stays empty.

    Example:
        >>> repeats({"diffiqa": 3, "kadid10k": 10, "tid2013": 4})
        {'diffiqa': 7, 'kadid10k': 1, 'tid2013': 2}
    """
    longest = max(counts.values(), default=0)
    times = {name: longest // count if count else 0 for name, count in counts.items()}
    if counts.get(MAIN):
        others = sum(counts[name] * times[name] for name in counts if name != MAIN)
        times[MAIN] = others // counts[MAIN] + 1
    return times


def _triplet(first: str, second: str, reference: str, qualities: Mapping[str, float]) -> Triplet:
    return Triplet(
        first,
        second,
        reference,
        first_wins=outcome(qualities[first], qualities[second]),
        first_beats_reference=outcome(qualities[first], qualities[reference]),
        second_beats_reference=outcome(qualities[second], qualities[reference]),
    )


def _pairs_from_scores(table: OpinionTable, rules: PairRules) -> list[Triplet]:
    rated = [row for row in table if row.mos is not None]
    if not rated:
        raise DatasetError(f"Expected scores in the table of {table.name}, got none. Take a part that people rated.")
    return log_triplets(
        OpinionTable(rated, table.root, table.name),
        seed=rules.seed,
        reference_first=rules.reference_first,
        reference_as_png=rules.reference_as_png,
    )


def _label_folders(root: Path, part: Part) -> Iterator[Path]:
    for place in LABEL_PLACES:
        yield from (folder for folder in sorted(root.glob(place.format(part=DIFFIQA_PARTS[part]))) if folder.is_dir())


def _diffiqa_pairs(table: OpinionTable, part: Part | None, on_progress: OnProgress | None) -> list[Triplet]:
    of_parts = [next(_label_folders(table.root, each), None) for each in DIFFIQA_PARTS] if part is None else []
    folders = list(dict.fromkeys(filter(None, of_parts))) or [diffiqa_label_folder(table.root, part or "train")]
    triplets: list[Triplet] = []
    labelled: list[str] = []
    for folder in folders:
        majorities = read_majorities(folder, on_progress=on_progress)
        triplets += diffiqa_triplets(majorities.labels)
        labelled += (name.rpartition("_")[0] for name in (*majorities.labels, *majorities.left_out))
    if part is None:
        _require_labels(table, labelled)
    return located(belonging(triplets, table), table)


def _pieapp_pairs(table: OpinionTable, part: Part | None, on_progress: OnProgress | None) -> list[Comparison]:
    labels = table.root / "labels"
    parts = [name for name in PIEAPP_PARTS.values() if part is None and any(labels.glob(f"{name}/*_pairwise_*.csv"))]
    pairs = [
        pair
        for name in parts or [PIEAPP_PARTS[part or "train"]]
        for pair in read_preferences(table.root, part=name, on_progress=on_progress)
    ]
    if part is None:
        _require_labels(table, (PurePosixPath(pair.reference).stem for pair in pairs))
    return located(belonging(pairs, table), table)


def _require_labels(table: OpinionTable, labelled: Iterable[str]) -> None:
    """Raise unless every reference of a table is among the labelled ones, which are names without ending."""
    known = {name.casefold() for name in labelled}
    references = {row.reference for row in table if row.reference}
    missing = {reference for reference in references if PurePosixPath(reference).stem.casefold() not in known}
    if missing:
        raise DatasetError(
            f"Expected labels for every reference of {table.name} in {table.root}, got none for {min(missing)} "
            f"({len(missing)} missing). Get the labels of every part, or split without these."
        )
