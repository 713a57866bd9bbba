"""The catalogue of protocols, written by hand."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, pstdev
from typing import Any

import numpy as np

from acutance.catalog import CATALOG, catalogue_name, find_model
from acutance.datasets.splits import Split, repeated_splits, rows_of
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, UnknownNameError
from acutance.evaluation.measure import (
    EvaluationInputs,
    EvaluationPart,
    PictureKey,
    ProtocolSettings,
    Scores,
    StatisticsSettings,
    agreement_of,
)
from acutance.evaluation.pairs import PairAccuracy, PairLists, pair_accuracy, pair_lists, pictures_of
from acutance.evaluation.results import Evaluation, Group
from acutance.types import Better, CurveKind, OnProgress
from acutance.weights.record import CheckpointRecord


@dataclass(frozen=True)
class ScoredTerm:
    """Which number of a model a protocol looks at."""

    name: str
    """``score``, or the name of a part of it."""
    better: Better
    """Which direction means better quality."""


@dataclass(frozen=True, kw_only=True)
class ProtocolOutcome:
    """What a protocol makes of the scores of one model on one data set."""

    results: dict[str, float | int | None] = field(default_factory=dict)
    """Named numbers."""
    groups: dict[str, list[Group]] = field(default_factory=dict)
    """Agreement within pictures that the protocol puts together, such as ``split``: one group a random split."""


class PreparedProtocol(ABC):
    """A protocol on one data set: splits are drawn and lists are read; scores of any number of models may come.

    Args:
        needed: Every picture to score, each once.
        notes: What a user should know of it, one line each.
    """

    def __init__(self, needed: Sequence[PictureKey], notes: Sequence[str] = ()) -> None:
        self.needed = list(needed)
        self.notes = list(notes)

    @abstractmethod
    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """What comes out for one model.

        Args:
            scores: Of ``needed``.
            better: Which direction of the scores means better quality.
        """


class Protocol(ABC):
    """A way to evaluate a model that has a name.

    Attributes:
        counts_pairs: Whether it counts pairs of pictures, so that a margin has a use.

    Args:
        name: What it is called on the command line.
        summary: What it does, in one line.
        term: The part of a score that it looks at; ``score`` for the score itself.
        curve: The curve it was published with; ``None`` if it has none and users choose.
    """

    counts_pairs = False

    def __init__(self, name: str, summary: str, *, term: str = "score", curve: CurveKind | None = None) -> None:
        self.name = name
        self.summary = summary
        self.term = term
        self.curve = curve

    @abstractmethod
    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> PreparedProtocol:
        """The protocol on one data set, before any picture is scored.

        Args:
            table: Table of the data set, or of ``settings.part`` of it.
            settings: Choices.
            on_progress: Told how many files of labels are read, of how many.

        Raises:
            ConfigError: Too few scenes or rated pictures.
            DatasetError: Labels or lists that are not there or damaged.
        """

    def usual_part(self, dataset: str) -> EvaluationPart:
        """Which part of a data set it takes if nobody says otherwise."""
        return "all"

    def term_for(self, model: str) -> ScoredTerm:
        """Which number of a model of the catalogue it looks at.

        Raises:
            UnknownNameError: No model of that name.
            ConfigError: A model without that term.
        """
        entry = find_model(model)
        if self.term == "score":
            return ScoredTerm("score", entry.info.better)
        if self.term not in entry.term_names:
            raise ConfigError(
                f"Expected a model with the term {self.term} for the protocol {self.name}, got {model}. "
                "Take afine, or the protocol pairs."
            )
        return ScoredTerm(self.term, "lower")  # A-FINE's terms are all better when lower

    def conclude(
        self, evaluations: Sequence[Evaluation], weights: Mapping[str, Mapping[str, Any]] | None = None
    ) -> list[Evaluation]:
        """All evaluations of a run, with what takes several data sets to know.

        Args:
            evaluations: Every model on every data set.
            weights: By model, the fields of ``ModelProvenance``: which weights it was loaded with; a model
                that is not there has unknown ones.
        """
        return list(evaluations)


def rows_needed(table: OpinionTable, *, rated: bool = False) -> list[PictureKey]:
    """The pictures of a table beside their references, each once, in the order of the table."""
    return list(dict.fromkeys((row.image, row.reference) for row in table if not rated or row.mos is not None))


class Plain(Protocol):
    """Every picture of a table, nothing else."""

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> "PlainPrepared":
        """All pictures of the table."""
        return PlainPrepared(rows_needed(table))


class PlainPrepared(PreparedProtocol):
    """All pictures of a table."""

    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """Nothing beyond the agreement."""
        return ProtocolOutcome()


TRAINING_SETS: dict[str, tuple[str, ...]] = {
    "afine": ("diffiqa", "kadid10k", "pipal", "tid2013"),  # its option files of stages 1 and 3; 70 % of each
    "ahiq": ("pipal",),  # its repository: trained for NTIRE 2022
    "hyperiqa": ("koniq10k",),  # its repository: koniq_pretrained.pkl
    "hyperiqa.pyiqa": ("koniq10k",),  # PyIQA's options/train/HyperNet
    "vtamiq.kadis700k": ("kadis700k",),  # its repository's README
}
"""Data sets by the name of a record of weights; records that are not here were never published."""


def training_sets(model: str, weights: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The data sets that a model was trained with, by their names in the catalogue.

    Args:
        model: Name of the model.
        weights: The fields of its ``ModelProvenance``; ``None`` if nobody knows which weights it had.

    Returns:
        An empty tuple for a model without weights, whoever computed its scores; ``None`` where it is not known: a model
        that is not in the catalogue, or weights that are not the published ones, by checksum where the record has
        one and else by the name of the file.

    Example:
        >>> training_sets("psnr", None), training_sets("afine", {"weights": "afine.pth"})
        ((), ('diffiqa', 'kadid10k', 'pipal', 'tid2013'))
    """
    entry = CATALOG.get(catalogue_name(model))
    if entry is None:
        return None
    if entry.weights is None:
        return ()
    record = entry.weights.record
    return TRAINING_SETS.get(record.name) if weights is not None and _is_published(record, weights) else None


def _is_published(record: CheckpointRecord, weights: Mapping[str, Any]) -> bool:
    if record.sha256 is not None:
        return record.sha256 in (weights.get("weights_sha256"), weights.get("published_sha256"))
    return weights.get("weights") == record.local_filename


MEANS = ("srcc", "krcc", "plcc")
"""Statistics that do not depend on the scale of the opinions, so that a mean over data sets says something."""


class CrossDataset(Protocol):
    """Every rated picture of every data set, each set counting the same in the mean."""

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> PlainPrepared:
        """All rated pictures of the table."""
        needed = rows_needed(table, rated=True)
        if not needed:
            raise ConfigError(
                f"Expected opinions in the table of {table.name} for {self.name}, got none. Take another data set."
            )
        return PlainPrepared(needed)

    def conclude(
        self, evaluations: Sequence[Evaluation], weights: Mapping[str, Mapping[str, Any]] | None = None
    ) -> list[Evaluation]:
        """The evaluations with ``trained_on``, ``mean_srcc``, ``mean_krcc``, ``mean_plcc`` and ``mean_sets``.

        ``trained_on`` is 1 where the model was trained with the data set, 0 where it was not, ``None`` where that is
        not known. The means are over the ``mean_sets`` data sets without a 1; one that lacks a number makes the mean
        of it ``None``.
        """
        known = {model: training_sets(model, (weights or {}).get(model)) for model in {e.model for e in evaluations}}
        marks = [_mark(evaluation, known[evaluation.model]) for evaluation in evaluations]
        means = {
            model: _means([e for e, mark in zip(evaluations, marks, strict=True) if e.model == model and mark != 1])
            for model in known
        }
        return [
            evaluation.model_copy(
                update={
                    "protocol_results": {**evaluation.protocol_results, "trained_on": mark, **means[evaluation.model]}
                }
            )
            for evaluation, mark in zip(evaluations, marks, strict=True)
        ]


def _mark(evaluation: Evaluation, trained: tuple[str, ...] | None) -> int | None:
    return None if trained is None else int(evaluation.dataset in trained)


def _means(evaluations: Sequence[Evaluation]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"mean_sets": len(evaluations)}
    for name in MEANS:
        values = [getattr(evaluation.agreement, name) for evaluation in evaluations]
        found[f"mean_{name}"] = fmean(values) if values and None not in values else None
    return found


class RepeatedSplits(Protocol):
    """The test parts of random splits by scene, and the median and spread over them.

    Args:
        name: What it is called.
        summary: What it does.
        split: The published protocol that draws the splits, of ``datasets.split_rules``.
        count: How many splits.
        curve: The curve it was published with, fitted on each test part.
        statistics: Which fields of ``Agreement`` are summed up.
    """

    def __init__(
        self, name: str, summary: str, *, split: str, count: int, curve: CurveKind, statistics: Sequence[str]
    ) -> None:
        super().__init__(name, summary, curve=curve)
        self._split = split
        self._count = count
        self._curve: CurveKind = curve
        self._statistics = tuple(statistics)

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> "PreparedSplits":
        """The splits of the rated pictures, each with a seed of its own that comes from the seed given.

        Raises:
            ConfigError: Too few scenes.
            DatasetError: No rated picture, or two scenes that share a file.
        """
        rated = OpinionTable([row for row in table if row.mos is not None], table.root, table.name)
        splits = repeated_splits(rated, self._split, count=self._count, seed=settings.seed)
        return PreparedSplits(rated, splits, settings.seed, self._curve, self._statistics)


class PreparedSplits(PreparedProtocol):
    """Random splits of one data set.

    Args:
        table: Its rated pictures.
        splits: Their splits.
        seed: What their seeds come from.
        curve: Fitted on each test part.
        statistics: Fields of ``Agreement``.
    """

    def __init__(
        self, table: OpinionTable, splits: Sequence[Split], seed: int, curve: CurveKind, statistics: Sequence[str]
    ) -> None:
        tested = len(splits[0].test)
        notes = [f"{len(splits)} random splits with seed {seed}, {tested} scenes of {table.name} in each test part"]
        super().__init__(rows_needed(table), notes)
        self._table = table
        self._splits = splits
        self._seed = seed
        self._curve = curve
        self._statistics = statistics

    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """Mean, median, population standard deviation, least and most of each statistic over the test parts.

        A statistic that some test part lacks has none of them: a median of the others would not be the protocol's. The
        groups ``split`` tell every test part, by the seed of its split.
        """
        groups = list(self._groups(scores, better))
        results: dict[str, float | int | None] = {"splits": len(groups), "seed": self._seed}
        for name in self._statistics:
            results |= _spread(name, [getattr(group.agreement, name) for group in groups])
        return ProtocolOutcome(results=results, groups={"split": groups})

    def _groups(self, scores: Scores, better: Better) -> Iterator[Group]:
        for split in self._splits:
            part = rows_of(self._table, split, "test")
            found = [scores.get((row.image, row.reference)) for row in part]
            said = np.array([np.nan if score is None else score for score in found], dtype=np.float64)
            settings = StatisticsSettings(curve=self._curve, draws=0)
            inputs = EvaluationInputs("", better, part, said, [None] * len(part), settings, "test")
            yield Group(name=f"seed {split.seed}", agreement=agreement_of(inputs))


def _spread(name: str, values: Sequence[float | None]) -> dict[str, float | int | None]:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return dict.fromkeys((f"{name}_{figure}" for figure in ("mean", "median", "std", "min", "max")), None)
    return {
        f"{name}_mean": fmean(known),
        f"{name}_median": median(known),
        f"{name}_std": pstdev(known),
        f"{name}_min": min(known),
        f"{name}_max": max(known),
    }


HEADLINE = "all"
"""The list whose numbers carry no name."""
LABELLED_IN_PARTS = ("diffiqa", "pieapp")
"""Data sets whose pairs are published part by part, the test apart from what models train with."""


class Pairs(Protocol):
    """Accuracy on the pairs of a data set, by its own rule."""

    counts_pairs = True

    def usual_part(self, dataset: str) -> EvaluationPart:
        """The test of a data set whose pairs are published in parts, else all."""
        return "test" if dataset in LABELLED_IN_PARTS else "all"

    def prepare(
        self, table: OpinionTable, settings: ProtocolSettings, *, on_progress: OnProgress | None = None
    ) -> "PreparedPairs":
        """The pairs of the table; references among them are scored beside themselves."""
        return PreparedPairs(pair_lists(table, settings, on_progress=on_progress), settings)


class AFineStage(Pairs):
    """A stage of A-FINE's training, tested by the term that it learns."""

    def usual_part(self, dataset: str) -> EvaluationPart:
        """The test of a data set; SRIQA-Bench is one as a whole."""
        return "all" if dataset == "sriqa_bench" else "test"


class PreparedPairs(PreparedProtocol):
    """Lists of pairs, and the pictures in them.

    Args:
        found: The lists.
        settings: Margin and draws.
    """

    def __init__(self, found: PairLists, settings: ProtocolSettings) -> None:
        super().__init__(pictures_of([pair for pairs in found.lists.values() for pair in pairs]), found.notes)
        self.found = found
        self._settings = settings

    def outcome(self, scores: Scores, better: Better) -> ProtocolOutcome:
        """``accuracy`` with its interval, ``pairs`` and ``missing``; the same with the name of each further list.

        Averages are means of the accuracies of their lists; one that lacks pairs makes its average ``None``.
        """
        accuracies = self.accuracies(scores, better)
        results: dict[str, float | int | None] = {}
        for name, accuracy in accuracies.items():
            results |= _numbers(accuracy, "" if name == HEADLINE else f"_{name}")
        for name, members in self.found.averages.items():
            results[f"accuracy_{name}"] = _average(accuracies, members)
        return ProtocolOutcome(results=results)

    def accuracies(self, scores: Scores, better: Better) -> dict[str, PairAccuracy]:
        """The accuracy on each list, by its name."""
        chosen = self._settings
        return {
            name: pair_accuracy(
                pairs,
                scores,
                better=better,
                margin=chosen.margin,
                kind="2afc" if self.found.shares else "3afc",
                draws=chosen.draws,
                seed=chosen.seed,
                level=chosen.level,
            )
            for name, pairs in self.found.lists.items()
        }


def _numbers(accuracy: PairAccuracy, ending: str) -> dict[str, float | int | None]:
    interval = accuracy.interval
    return {
        f"accuracy{ending}": accuracy.accuracy,
        f"accuracy{ending}_low": interval.low if interval else None,
        f"accuracy{ending}_high": interval.high if interval else None,
        f"pairs{ending}": accuracy.count,
        f"missing{ending}": accuracy.missing,
    }


def _average(accuracies: Mapping[str, PairAccuracy], members: Sequence[str]) -> float | None:
    values = [accuracies[name].accuracy for name in members]
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Plain("plain", "Agreement of scores with opinions over all pictures."),
        Pairs("pairs", "Pairs by the score of any model: how often it picks the one that people prefer."),
        AFineStage(
            "afine-stage1", "Pairs by A-FINE's raw naturalness, seen without reference.", term="raw_naturalness"
        ),
        AFineStage("afine-stage2", "Pairs by A-FINE's raw fidelity to the reference.", term="raw_fidelity"),
        AFineStage("afine-stage3", "Pairs by A-FINE's combined score before it is scaled.", term="adaptive"),
        RepeatedSplits(
            "hyperiqa",
            "Ten random 8:2 splits by scene: SRCC, and PLCC without a curve, on the test parts.",
            split="hyperiqa",
            count=10,
            curve="none",
            statistics=("srcc", "plcc"),
        ),
        RepeatedSplits(
            "vtamiq",
            "Twenty random 6:2:2 splits by reference: SRCC, KRCC, PLCC and RMSE on the test parts.",
            split="vtamiq",
            count=20,
            curve="logistic5",
            statistics=("srcc", "krcc", "plcc", "rmse"),
        ),
        CrossDataset("cross-dataset", "Whole data sets, and the mean over those that a model was not trained with."),
    )
}
"""Every protocol by name."""


def list_protocols() -> list[Protocol]:
    """Every protocol, in the order of the catalogue.

    Example:
        >>> [protocol.name for protocol in list_protocols()][:2]
        ['plain', 'pairs']
    """
    return list(PROTOCOLS.values())


def find_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        UnknownNameError: There is none; the message offers the nearest.
    """
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
