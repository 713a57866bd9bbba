"""Protocols: which images each needs scored, by which number of a model, and what it makes of the scores.

A protocol is a function of a table and the options. It draws splits or reads lists, and gives what is to be scored and
a function of the scores of one model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, pstdev
from typing import Any, NamedTuple

import numpy as np

from acutance.catalog import CATALOG, catalogue_name, find_model
from acutance.datasets.splits import Split, repeated_splits, rows_of
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, UnknownNameError
from acutance.evaluation.measure import (
    EvaluationOptions,
    EvaluationPart,
    ImageKey,
    ScoredTable,
    Scores,
    agreement_of,
)
from acutance.evaluation.pairs import PairAccuracy, images_of, pair_accuracy, pair_lists
from acutance.evaluation.results import Evaluation, Group
from acutance.types import Better, CurveKind, OnProgress
from acutance.weights.record import CheckpointRecord

Numbers = dict[str, float | int | None]

HEADLINE = "all"
"""The list of pairs whose numbers carry no name."""
LABELLED_IN_PARTS = ("diffiqa", "pieapp")
"""Datasets whose pairs are published part by part, the test apart from what models train with."""
MEANS = ("srcc", "krcc", "plcc")
"""Statistics that do not depend on the scale of the opinions, so that a mean over datasets says something."""


class Outcome(NamedTuple):
    """Results of a protocol for one model on one dataset."""

    results: Numbers = {}  # noqa: RUF012 (never changed)
    """Named numbers."""
    groups: dict[str, list[Group]] = {}  # noqa: RUF012
    """Agreement within images that the protocol puts together, such as ``split``: one group a random split."""


@dataclass(frozen=True)
class Prepared:
    """A protocol on one dataset: splits are drawn and lists are read; scores of any number of models may come."""

    needed: list[ImageKey]
    """Every image to score, each once."""
    outcome: Callable[[Scores, Better], Outcome] = lambda _scores, _better: Outcome()
    """What comes out for one model, of its scores of ``needed`` and their direction."""
    notes: Sequence[str] = ()
    """What a user should know of it, one line each."""


Prepare = Callable[[OpinionTable, EvaluationOptions, OnProgress | None], Prepared]
"""Called with the table of a dataset or of a part of it; progress counts files of labels read and files in all."""
Conclude = Callable[[Sequence[Evaluation], Mapping[str, Mapping[str, Any]]], list[Evaluation]]
"""All evaluations of a run, with what takes several datasets to know; beside them the fields of ``ModelProvenance`` by
model: which weights it was loaded with. A model that is not there has unknown ones."""


def _whole_part(_dataset: str) -> EvaluationPart:
    return "all"


@dataclass(frozen=True)
class Protocol:
    """A way to evaluate a model that has a name."""

    name: str
    summary: str
    """What it does, in one line."""
    prepare: Prepare
    term: str = "score"
    """The component of a score that it looks at; ``score`` for the score itself."""
    curve: CurveKind | None = None
    """The curve it was published with; ``None`` if it has none and users choose."""
    counts_pairs: bool = False
    """Whether it counts pairs of images, so that a margin has a use."""
    usual_part: Callable[[str], EvaluationPart] = _whole_part
    """Which part of a dataset it takes if nobody says otherwise."""
    conclude: Conclude = field(default=lambda evaluations, _weights: list(evaluations))

    def direction(self, model: str) -> Better:
        """Better direction of the number that the protocol evaluates, for a model of the catalogue."""
        entry = find_model(model)
        if self.term == "score":
            return entry.info.better
        if self.term not in entry.term_names or entry.terms_better is None:
            raise ConfigError(
                f"Expected a model with the term {self.term} for the protocol {self.name}, got {model}. "
                "Take afine, or the protocol pairs."
            )
        return entry.terms_better


def rows_needed(table: OpinionTable, *, rated: bool = False) -> list[ImageKey]:
    """The images of a table beside their references, each once, in the order of the table."""
    return list(dict.fromkeys((row.image, row.reference) for row in table if not rated or row.mos is not None))


def _plain(table: OpinionTable, _options: EvaluationOptions, _progress: OnProgress | None = None) -> Prepared:
    return Prepared(rows_needed(table))


def _cross_dataset(table: OpinionTable, _options: EvaluationOptions, _progress: OnProgress | None = None) -> Prepared:
    needed = rows_needed(table, rated=True)
    if not needed:
        raise ConfigError(
            f"Expected opinions in the table of {table.name} for cross-dataset, got none. Take another dataset."
        )
    return Prepared(needed)


def _mean_over_datasets(
    evaluations: Sequence[Evaluation], weights: Mapping[str, Mapping[str, Any]]
) -> list[Evaluation]:
    """The evaluations with ``trained_on``, ``mean_srcc``, ``mean_krcc``, ``mean_plcc`` and ``mean_sets``.

    ``trained_on`` is 1 where the model was trained with the dataset, 0 where it was not, ``None`` where that is
    not known. The means are over the ``mean_sets`` datasets without a 1; one that lacks a number makes the mean
    of it ``None``.
    """
    found = []
    for one in evaluations:
        trained = training_sets(one.model, weights.get(one.model))
        unseen = [e for e in evaluations if e.model == one.model and e.dataset not in (trained or ())]
        results = {**one.protocol_results, "trained_on": None if trained is None else int(one.dataset in trained)}
        results["mean_sets"] = len(unseen)
        for name in MEANS:
            values = [getattr(other.agreement, name) for other in unseen]
            results[f"mean_{name}"] = fmean(values) if values and None not in values else None
        found.append(one.model_copy(update={"protocol_results": results}))
    return found


def _repeated_splits(name: str, count: int, curve: CurveKind, statistics: Sequence[str]) -> Prepare:
    """The test parts of random splits by scene: mean, median, population standard deviation, least and most over them.

    HyperIQA (Su et al., CVPR 2020) and VTAMIQ train on one part of each split and test on another. Here the model is
    fixed, so only the test parts are looked at: the spread is that of the images, and not that of trainings. The seed
    of each split comes from the seed given. A statistic that some test part lacks has no numbers: a median of the
    others would not be the protocol's.
    """

    def prepare(table: OpinionTable, options: EvaluationOptions, _progress: OnProgress | None = None) -> Prepared:
        rated = OpinionTable([row for row in table if row.mos is not None], table.root, table.name)
        splits = repeated_splits(rated, name, count=count, seed=options.seed)

        def outcome(scores: Scores, better: Better) -> Outcome:
            groups = [_test_part(rated, split, scores, better, curve) for split in splits]
            results: Numbers = {"splits": count, "seed": options.seed}
            for statistic in statistics:
                results |= _spread(statistic, [getattr(group.agreement, statistic) for group in groups])
            return Outcome(results, {"split": groups})

        tested = len(splits[0].test)
        note = f"{count} random splits with seed {options.seed}, {tested} scenes of {table.name} in each test part"
        return Prepared(rows_needed(rated), outcome, [note])

    return prepare


def _test_part(table: OpinionTable, split: Split, scores: Scores, better: Better, curve: CurveKind) -> Group:
    part = rows_of(table, split, "test")
    found = [scores.get((row.image, row.reference)) for row in part]
    numbers = np.array([np.nan if score is None else score for score in found], dtype=np.float64)
    scored = ScoredTable("", better, part, numbers, [None] * len(part), EvaluationOptions(curve=curve, draws=0))
    return Group(name=f"seed {split.seed}", agreement=agreement_of(scored))


SPREAD: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "std": pstdev,
    "min": min,
    "max": max,
}


def _spread(name: str, values: Sequence[float | None]) -> Numbers:
    known = [value for value in values if value is not None]
    is_whole = len(known) == len(values)
    return {f"{name}_{figure}": compute(known) if is_whole else None for figure, compute in SPREAD.items()}


def _pairs(table: OpinionTable, options: EvaluationOptions, on_progress: OnProgress | None = None) -> Prepared:
    """``accuracy`` with its interval, ``pairs`` and ``missing``; the same with the name of each further list.

    Averages are means of the accuracies of their lists; one that lacks pairs makes its average ``None``. References
    among the pairs are scored beside themselves.
    """
    found = pair_lists(table, seed=options.seed, on_progress=on_progress)

    def outcome(scores: Scores, better: Better) -> Outcome:
        accuracies = {
            name: pair_accuracy(
                pairs,
                scores,
                better=better,
                kind=found.kind,
                margin=options.margin,
                draws=options.draws,
                seed=options.seed,
            )
            for name, pairs in found.lists.items()
        }
        results: Numbers = {}
        for name, accuracy in accuracies.items():
            results |= _accuracy_numbers(accuracy, "" if name == HEADLINE else f"_{name}")
        for name, members in found.averages.items():
            values = [accuracies[member].accuracy for member in members]
            known = [value for value in values if value is not None]
            results[f"accuracy_{name}"] = fmean(known) if len(known) == len(values) else None
        return Outcome(results)

    return Prepared(images_of(pair for pairs in found.lists.values() for pair in pairs), outcome, found.notes)


def _accuracy_numbers(found: PairAccuracy, ending: str) -> Numbers:
    return {
        f"accuracy{ending}": found.accuracy,
        f"accuracy{ending}_low": found.interval.low if found.interval else None,
        f"accuracy{ending}_high": found.interval.high if found.interval else None,
        f"pairs{ending}": found.count,
        f"missing{ending}": found.missing,
    }


def _part_with_pairs(dataset: str) -> EvaluationPart:
    """The test of a dataset whose pairs are published in parts, else all."""
    return "test" if dataset in LABELLED_IN_PARTS else "all"


def _stage(name: str, summary: str, term: str) -> Protocol:
    """A stage of A-FINE's training (Chen et al., CVPR 2025), tested by the component that it learns.

    It takes the test of a dataset; SRIQA-Bench is one as a whole.
    """
    return Protocol(
        name,
        summary,
        _pairs,
        term=term,
        counts_pairs=True,
        usual_part=lambda dataset: "all" if dataset == "sriqa_bench" else "test",
    )


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("plain", "Agreement of scores with opinions over all images.", _plain),
        Protocol(
            "pairs",
            "Pairs by the score of any model: how often it picks the one that people prefer.",
            _pairs,
            counts_pairs=True,
            usual_part=_part_with_pairs,
        ),
        _stage("afine-stage1", "Pairs by A-FINE's raw naturalness, seen without reference.", "raw_naturalness"),
        _stage("afine-stage2", "Pairs by A-FINE's raw fidelity to the reference.", "raw_fidelity"),
        _stage("afine-stage3", "Pairs by A-FINE's combined score before it is scaled.", "adaptive"),
        Protocol(
            "hyperiqa",
            "Ten random 8:2 splits by scene: SRCC, and PLCC without a curve, on the test parts.",
            _repeated_splits("hyperiqa", 10, "none", ("srcc", "plcc")),
            curve="none",
        ),
        Protocol(
            "vtamiq",
            "Twenty random 6:2:2 splits by reference: SRCC, KRCC, PLCC and RMSE on the test parts.",
            _repeated_splits("vtamiq", 20, "logistic5", ("srcc", "krcc", "plcc", "rmse")),
            curve="logistic5",
        ),
        Protocol(
            "cross-dataset",
            "Whole datasets, and the mean over those that a model was not trained with.",
            _cross_dataset,
            conclude=_mean_over_datasets,
        ),
    )
}
"""Every protocol by name."""
OTHER_NAMES = {"default": "plain"}
"""Further names that are understood, and what results call them."""


def find_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Example:
        >>> find_protocol("vtamiq").curve, find_protocol("default").name
        ('logistic5', 'plain')
    """
    name = OTHER_NAMES.get(name, name)
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def training_sets(model: str, weights: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The datasets that a model was trained with, none for a model without weights, whoever computed its scores.

    ``None`` where it is not known: a model that is not in the catalogue, or weights that are not the published ones,
    by checksum where the record has one and else by the name of the file. ``weights`` are fields of its
    ``ModelProvenance``, or ``None`` if nobody knows which it had.

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
    return record.trained_on if weights is not None and _is_published(record, weights) else None


def _is_published(record: CheckpointRecord, weights: Mapping[str, Any]) -> bool:
    if record.sha256 is not None:
        return record.sha256 in (weights.get("weights_sha256"), weights.get("published_sha256"))
    return weights.get("weights") == record.local_filename
