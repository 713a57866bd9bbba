"""Pairs of images: the lists that a dataset is tested with, and how often a model picks the one that people prefer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from acutance.datasets.afine_lists import PairTable
from acutance.datasets.comparisons import (
    Comparison,
    belonging,
    located,
    read_comparisons,
    read_triplets,
)
from acutance.datasets.diffiqa import TEST_TYPES, by_type
from acutance.datasets.splits import PARTS, Part
from acutance.datasets.sriqa import sriqa_pairs
from acutance.datasets.table import OpinionTable
from acutance.datasets.triplets import DIFFIQA_PARTS, PairRules, training_pairs
from acutance.errors import EvaluationError
from acutance.evaluation.measure import ImageKey, Scores
from acutance.evaluation.results import Interval
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.preferences import three_alternative_credit, two_alternative_credit
from acutance.stats.samples import Numbers
from acutance.types import Better, OnProgress

Kind = Literal["3afc", "2afc"]
LEAST_REFERENCES = 2
"""One reference drawn again and again gives an interval of no width, which would say the wrong thing."""
SRIQA_LISTS = {"regression": "MOS_Reg", "generative": "MOS_Gen"}
"""SRIQA-Bench's lists beside the whole one: by regression, and by generative methods."""
DIFFIQA_AVERAGES = {"ref_below_test": ("PSY", "PNY", "PYY"), "ref_above_test": ("SNY", "NYY")}
"""Ref < Test and Ref > Test of A-FINE's tables."""
PUBLISHED_PAIRS = "{part}/Triplet/Triplet.txt"
PUBLISHED_TYPES = "{part}/TripletEachType/{type}.txt"
"""Where A-FINE's authors keep their lists, below the root of a dataset."""


@dataclass(frozen=True, kw_only=True)
class PairLists:
    """Pairs to test with."""

    lists: dict[str, Sequence[Comparison]]
    """Pairs by the name of their list; ``all`` is the one that counts where there are several."""
    averages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of lists whose accuracies are averaged, each list counting the same."""
    kind: Kind = "3afc"
    """What ``first_wins`` of a pair is: who wins or a tie (3AFC), or a share of people (2AFC)."""
    notes: tuple[str, ...] = ()
    """Where they come from, where that is not plain."""


def pair_lists(table: OpinionTable, *, seed: int = 0, on_progress: OnProgress | None = None) -> PairLists:
    """The lists of a dataset, or of the part of it that ``table`` is.

    A list of one's own: its pairs. SRIQA-Bench: ``all``, ``regression`` and ``generative``. DiffIQA: the five types
    that A-FINE tests with, and all of them together. PieAPP: shares of people. Where the list of a part of A-FINE's
    split lies below the root it is taken; otherwise pairs come from labels, or are drawn by its rule with the seed.
    ``on_progress`` counts files of labels.
    """
    if isinstance(table, PairTable):
        found = PairLists(lists={"all": table.pairs})
    elif table.name == "sriqa_bench":
        found = _sriqa_lists(table)
    else:
        part = _published_part(table)
        found = _published_lists(table, part) or _drawn_lists(table, PairRules(part=part, seed=seed), on_progress)
    if not any(found.lists.values()):
        raise EvaluationError(f"Expected pairs of the rows of {table.name}, got none. Take another part or split.")
    return found


def _sriqa_lists(table: OpinionTable) -> PairLists:
    lists: dict[str, Sequence[Comparison]] = {"all": training_pairs(table)}
    notes = []
    for name, place in SRIQA_LISTS.items():
        folder = table.root / place
        if folder.is_dir():
            lists[name] = located(belonging(sriqa_pairs(folder), table), table)
        else:
            notes.append(f"no list {name} of {table.name}: there is no folder {folder}")
    return PairLists(lists=lists, notes=tuple(notes))


def _published_lists(table: OpinionTable, part: Part | None) -> PairLists | None:
    """The lists of A-FINE's authors of this part; for DiffIQA those of the five types, if all of them are there."""
    if part is None:
        return None
    folder = DIFFIQA_PARTS[part]
    if table.name == "diffiqa":
        paths = {name: table.root / PUBLISHED_TYPES.format(part=folder, type=name) for name in TEST_TYPES}
        if not all(path.is_file() for path in paths.values()):
            return None
        types = {name: located(belonging(read_comparisons(path), table), table) for name, path in paths.items()}
        return _typed_lists(types, "types as A-FINE's authors listed them")
    path = table.root / PUBLISHED_PAIRS.format(part=folder)
    if not path.is_file():
        return None
    pairs = located(belonging(read_triplets(path), table), table)
    return PairLists(lists={"all": pairs}, notes=(f"pairs of A-FINE's list {path}",))


def _drawn_lists(table: OpinionTable, rules: PairRules, on_progress: OnProgress | None) -> PairLists:
    drawn = training_pairs(table, rules, on_progress=on_progress)
    if table.name == "diffiqa":
        types = by_type(drawn)
        return _typed_lists({name: types[name] for name in TEST_TYPES})
    if table.name == "pieapp":
        return PairLists(lists={"all": drawn}, kind="2afc")
    return PairLists(lists={"all": drawn}, notes=(f"pairs drawn by A-FINE's rule with seed {rules.seed}",))


def _typed_lists(types: Mapping[str, Sequence[Comparison]], *notes: str) -> PairLists:
    everything = [pair for pairs in types.values() for pair in pairs]
    return PairLists(lists={"all": everything, **types}, averages=DIFFIQA_AVERAGES, notes=notes)


def _published_part(table: OpinionTable) -> Part | None:
    """The part of the published split that all rows are in; ``None`` for the whole, or a split of one's own."""
    found = {row.split for row in table}
    return next((part for part in PARTS if found == {part}), None)


@dataclass(frozen=True, kw_only=True)
class PairAccuracy:
    """Accuracy of a model on pairs."""

    count: int
    """How many pairs."""
    missing: int
    """Pairs of which an image has no score: they count, and they count as wrong."""
    accuracy: float | None
    """Mean credit of all pairs, 0 to 1; ``None`` without pairs."""
    interval: Interval | None
    """By bootstrap over references; ``None`` with fewer than two of them, or none asked for."""
    credits: Numbers
    """Credit of each pair, 0 to 1, (N,)."""


def pair_accuracy(
    pairs: Sequence[Comparison],
    scores: Scores,
    *,
    better: Better,
    kind: Kind = "3afc",
    margin: float = 0.0,
    draws: int = 1000,
    seed: int = 0,
) -> PairAccuracy:
    """Share of pairs in which the image with the better score is the one people prefer, 0 to 1, higher is better.

    3AFC by A-FINE's rule: a pair is right if the model prefers the winner by more than the margin, and a tie if it
    stays within. 2AFC, where ``first_wins`` is a share of people: their agreement with the model. Both images are
    looked up beside the pair's reference; a score that is missing, ``None`` or NaN is a failure.

    Example:
        >>> pairs = [Comparison("a", "b", "r", 1.0), Comparison("a", "c", "r", 0.5), Comparison("b", "d", "r", 0.0)]
        >>> scores = {("a", "r"): 1.0, ("b", "r"): 2.0, ("c", "r"): 1.0}
        >>> found = pair_accuracy(pairs, scores, better="lower", draws=0)
        >>> found.count, found.missing, round(found.accuracy, 3)
        (3, 1, 0.667)
    """
    first = _scores(((pair.first, pair.reference) for pair in pairs), scores, len(pairs))
    second = _scores(((pair.second, pair.reference) for pair in pairs), scores, len(pairs))
    wins = np.array([pair.first_wins for pair in pairs], dtype=np.float64)
    scored = ~(np.isnan(first) | np.isnan(second))
    credit = np.zeros(len(pairs))
    if scored.any():
        judge = three_alternative_credit if kind == "3afc" else two_alternative_credit
        credit[scored] = judge(first[scored], second[scored], wins[scored], margin=margin, better=better)
    references = [pair.reference for pair in pairs]
    interval = None
    if draws and len(set(references)) >= LEAST_REFERENCES:
        low, high = bootstrap_mean(credit, references, draws=draws, seed=seed)
        interval = Interval(low=low, high=high)
    return PairAccuracy(
        count=len(pairs),
        missing=int((~scored).sum()),
        accuracy=float(credit.mean()) if len(pairs) else None,
        interval=interval,
        credits=credit,
    )


def images_of(pairs: Iterable[Comparison]) -> list[ImageKey]:
    """Every image of some pairs beside its reference, each once, sorted by reference.

    An image that is the reference itself comes beside itself. Sorted, images of one reference stand together,
    so that a model that keeps references computes each once.
    """
    found = {(name, pair.reference) for pair in pairs for name in (pair.first, pair.second)}
    return sorted(found, key=lambda key: (key[1], key[0]))


def _scores(keys: Iterable[ImageKey], scores: Scores, count: int) -> Numbers:
    found = (scores.get(key) for key in keys)
    return np.fromiter((np.nan if score is None else score for score in found), np.float64, count)
