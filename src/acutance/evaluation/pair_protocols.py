"""Protocols of pairs: A-FINE's three stages (Chen et al., CVPR 2025), and the same for any model."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from acutance.datasets.table import OpinionTable
from acutance.evaluation.pair_accuracy import PairAccuracy, pair_accuracy, pictures_of
from acutance.evaluation.pair_lists import PairLists, pair_lists
from acutance.evaluation.protocol import (
    EvaluationPart,
    PreparedProtocol,
    Protocol,
    ProtocolOutcome,
    ProtocolSettings,
    Scores,
)
from acutance.types import Better, OnProgress

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
