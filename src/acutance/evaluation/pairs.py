"""How often a model picks the picture of a pair that people prefer: 3AFC with ties, 2AFC by shares of people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from acutance.datasets.afine_lists import PairTable
from acutance.datasets.comparisons import (
    LOSES,
    TIES,
    WINS,
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
from acutance.evaluation.measure import Numbers, PictureKey, ProtocolSettings, Scores
from acutance.evaluation.results import Interval
from acutance.stats.bootstrap import bootstrap_mean
from acutance.stats.preferences import three_alternative_credit, two_alternative_credit
from acutance.types import Better, OnProgress

Kind = Literal["3afc", "2afc"]
LEAST_REFERENCES = 2
"""One reference drawn again and again gives an interval of no width, which would say the wrong thing."""


@dataclass(frozen=True, kw_only=True)
class PairAccuracy:
    """How often a model is right about pairs."""

    kind: Kind
    """``3afc``: first, second or a tie. ``2afc``: shares of people, whose agreement with the model is averaged."""
    count: int
    """How many pairs."""
    missing: int
    """Pairs of which a picture has no score: they count, and they count as wrong."""
    accuracy: float | None
    """Mean credit of all pairs, 0 to 1; ``None`` without pairs."""
    interval: Interval | None
    """By bootstrap over references; ``None`` with fewer than two of them, or none asked for."""
    credits: tuple[float, ...] = ()
    """Credit of each pair, 0 to 1."""

    @property
    def of_scored(self) -> float | None:
        """Mean credit of the pairs whose pictures both have scores."""
        scored = self.count - self.missing
        return sum(self.credits) / scored if scored else None


def pair_accuracy(
    pairs: Sequence[Comparison],
    scores: Scores,
    *,
    better: Better,
    margin: float = 0.0,
    kind: Kind | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> PairAccuracy:
    """How often the picture with the better score is the one people prefer.

    Args:
        pairs: By paths; both pictures are looked up beside the pair's reference.
        scores: Score of each picture beside its reference; missing, ``None`` and NaN mean that it failed.
        better: Which direction of the scores means better quality.
        margin: Two scores that differ by no more are a tie, at least 0, in units of the scores.
        kind: ``"2afc"`` if ``first_wins`` is a share of people; by default that is seen by its values.
        draws: Bootstrap draws of the interval; 0 for none.
        seed: Seed of the draws.
        level: Share of draws inside the interval.

    Returns:
        The accuracy, 0 to 1, higher is better. 3AFC by A-FINE's rule: a pair is right if the model prefers the
        winner by more than the margin, and a tie if it stays within.

    Example:
        >>> pairs = [Comparison("a", "b", "r", 1.0), Comparison("a", "c", "r", 0.5), Comparison("b", "d", "r", 0.0)]
        >>> scores = {("a", "r"): 1.0, ("b", "r"): 2.0, ("c", "r"): 1.0}
        >>> found = pair_accuracy(pairs, scores, better="lower", draws=0)
        >>> found.count, found.missing, round(found.accuracy, 3), found.of_scored
        (3, 1, 0.667, 1.0)
    """
    chosen = kind or ("3afc" if all(pair.first_wins in (WINS, TIES, LOSES) for pair in pairs) else "2afc")
    first = _scores(((pair.first, pair.reference) for pair in pairs), scores, len(pairs))
    second = _scores(((pair.second, pair.reference) for pair in pairs), scores, len(pairs))
    wins = np.array([pair.first_wins for pair in pairs], dtype=np.float64)
    scored = ~(np.isnan(first) | np.isnan(second))
    credit = np.zeros(len(pairs))
    if scored.any():
        judge = three_alternative_credit if chosen == "3afc" else two_alternative_credit
        credit[scored] = judge(first[scored], second[scored], wins[scored], margin=margin, better=better)
    return PairAccuracy(
        kind=chosen,
        count=len(pairs),
        missing=int((~scored).sum()),
        accuracy=float(credit.mean()) if len(pairs) else None,
        interval=_interval(credit, [pair.reference for pair in pairs], draws=draws, seed=seed, level=level),
        credits=tuple(credit.tolist()),
    )


def pictures_of(pairs: Sequence[Comparison]) -> list[PictureKey]:
    """Every picture of some pairs beside its reference, each once, sorted by reference.

    A picture that is the reference itself comes beside itself. Sorted, pictures of one reference stand together,
    so that a model that keeps references computes each once.
    """
    found = {(name, pair.reference) for pair in pairs for name in (pair.first, pair.second)}
    return sorted(found, key=lambda key: (key[1], key[0]))


def _scores(keys: Iterable[PictureKey], scores: Scores, count: int) -> Numbers:
    found = (scores.get(key) for key in keys)
    return np.fromiter((np.nan if score is None else score for score in found), np.float64, count)


def _interval(credit: Numbers, references: Sequence[str], *, draws: int, seed: int, level: float) -> Interval | None:
    if draws == 0 or len(set(references)) < LEAST_REFERENCES:
        return None
    low, high = bootstrap_mean(credit, references, draws=draws, seed=seed, level=level)
    return Interval(low=low, high=high, level=level)


SRIQA_LISTS = {"regression": "MOS_Reg", "generative": "MOS_Gen"}
"""SRIQA-Bench's lists beside the whole one: by regression, and by generative methods."""
DIFFIQA_AVERAGES = {"ref_below_test": ("PSY", "PNY", "PYY"), "ref_above_test": ("SNY", "NYY")}
"""Ref < Test and Ref > Test of A-FINE's tables."""
PUBLISHED_PAIRS = "{part}/Triplet/Triplet.txt"
PUBLISHED_TYPES = "{part}/TripletEachType/{type}.txt"
"""Where A-FINE's authors keep their lists, below the root of a data set."""


@dataclass(frozen=True, kw_only=True)
class PairLists:
    """Pairs to test with."""

    lists: dict[str, Sequence[Comparison]]
    """Pairs by the name of their list; ``all`` is the one that counts where there are several."""
    averages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of lists whose accuracies are averaged, each list counting the same."""
    shares: bool = False
    """Whether ``first_wins`` is a share of people (2AFC) and not who wins or a tie (3AFC)."""
    notes: tuple[str, ...] = ()
    """Where they come from, where that is not plain."""


def pair_lists(table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None) -> PairLists:
    """The lists of a data set.

    A list of one's own: its pairs. SRIQA-Bench: ``all``, ``regression`` and ``generative``. DiffIQA: the five types
    that A-FINE tests with, and all of them together. PieAPP: shares of people. Where the list of a part of A-FINE's
    split lies below the root it is taken; otherwise pairs come from labels, or are drawn by its rule with the seed.

    Args:
        table: Table of the data set, or of a part of it, whose pairs alone come.
        settings: Seed of pairs that are drawn.
        on_progress: Told how many files of labels are read, of how many.

    Raises:
        DatasetError: Labels, lists or scores that are not there or damaged.
        EvaluationError: No pair at all.
    """
    if isinstance(table, PairTable):
        found = PairLists(lists={"all": table.pairs})
    elif table.name == "sriqa_bench":
        found = _sriqa_lists(table)
    elif table.name == "diffiqa":
        found = _diffiqa_lists(table, settings, on_progress)
    else:
        found = _plain_list(table, settings, on_progress)
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


def _diffiqa_lists(table: OpinionTable, settings: ProtocolSettings, on_progress: OnProgress | None) -> PairLists:
    lists = _published_types(table, _published_part(table))
    notes = ("types as A-FINE's authors listed them",) if lists else ()
    if not lists:
        types = by_type(training_pairs(table, _rules(table, settings), on_progress=on_progress))
        lists = {name: types[name] for name in TEST_TYPES}
    everything = [pair for pairs in lists.values() for pair in pairs]
    return PairLists(lists={"all": everything, **lists}, averages=DIFFIQA_AVERAGES, notes=notes)


def _published_types(table: OpinionTable, part: Part | None) -> dict[str, Sequence[Comparison]]:
    """The lists of the part by type; none unless all five are there."""
    if part is None:
        return {}
    paths = {name: table.root / PUBLISHED_TYPES.format(part=DIFFIQA_PARTS[part], type=name) for name in TEST_TYPES}
    if not all(path.is_file() for path in paths.values()):
        return {}
    return {name: located(belonging(read_comparisons(path), table), table) for name, path in paths.items()}


def _plain_list(table: OpinionTable, settings: ProtocolSettings, on_progress: OnProgress | None) -> PairLists:
    published = _published_list(table, _published_part(table))
    if published is not None:
        pairs = located(belonging(read_triplets(published), table), table)
        return PairLists(lists={"all": pairs}, notes=(f"pairs of A-FINE's list {published}",))
    drawn = training_pairs(table, _rules(table, settings), on_progress=on_progress)
    if table.name == "pieapp":
        return PairLists(lists={"all": drawn}, shares=True)
    return PairLists(lists={"all": drawn}, notes=(f"pairs drawn by A-FINE's rule with seed {settings.seed}",))


def _published_list(table: OpinionTable, part: Part | None) -> Path | None:
    path = table.root / PUBLISHED_PAIRS.format(part=DIFFIQA_PARTS[part]) if part is not None else None
    return path if path is not None and path.is_file() else None


def _rules(table: OpinionTable, settings: ProtocolSettings) -> PairRules:
    return PairRules(part=_published_part(table), seed=settings.seed)


def _published_part(table: OpinionTable) -> Part | None:
    """The part of the published split that all rows are in; ``None`` for the whole, or a split of one's own."""
    found = {row.split for row in table}
    return next((part for part in PARTS if found == {part}), None)
