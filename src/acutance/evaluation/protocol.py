"""What a named protocol is: which pictures it needs scored, by which term, and what it makes of the scores."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from acutance.catalog import find_model
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError
from acutance.evaluation.results import Evaluation, Group
from acutance.types import Better, CurveKind, OnProgress

EvaluationPart = Literal["all", "train", "validation", "test"]
"""Which rows of a table: all of them, or those of one part of a split."""
PictureKey = tuple[str, str | None]
"""A picture and its reference, by their paths in the table; a reference beside itself is such a pair too."""
Scores = Mapping[PictureKey, float | None]
"""What a model said; a picture that failed is not there, or ``None``."""


@dataclass(frozen=True, kw_only=True)
class ProtocolSettings:
    """How a protocol runs, where it leaves a choice."""

    part: EvaluationPart = "all"
    """Which part of the data set the table holds."""
    seed: int = 0
    """Seed of random splits, drawn pairs and bootstrap draws, from 0 to 2**32 - 1."""
    draws: int = 1000
    """Bootstrap draws of each interval; 0 for none."""
    level: float = 0.95
    """Share of draws inside an interval."""
    margin: float = 0.0
    """Two scores that differ by no more than this are a tie, in units of the scores."""


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
