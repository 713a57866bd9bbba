"""The lists of pairs that a data set is tested with, by name, and which of them are averaged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acutance.datasets.comparison_files import read_comparisons, read_triplets
from acutance.datasets.comparisons import Comparison, belonging, located
from acutance.datasets.diffiqa_triplets import TEST_TYPES, by_type
from acutance.datasets.own_lists import PairTable
from acutance.datasets.split_rules import PARTS, Part
from acutance.datasets.sriqa_pairs import sriqa_pairs
from acutance.datasets.table import OpinionTable
from acutance.datasets.training_pairs import DIFFIQA_PARTS, PairRules, training_pairs
from acutance.errors import EvaluationError
from acutance.evaluation.protocol import ProtocolSettings
from acutance.types import OnProgress

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
