"""One data set of a run: which of its pictures are scored, and what was said of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from acutance.datasets.own_lists import PairTable
from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import EvaluationError
from acutance.evaluation.data import WHOLE, read_part
from acutance.evaluation.inputs import EvaluationInputs, StatisticsSettings
from acutance.evaluation.protocol import (
    EvaluationPart,
    PictureKey,
    PreparedProtocol,
    Protocol,
    ProtocolSettings,
    Scores,
)
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.sources import Picture
from acutance.tables.text import readable, some
from acutance.types import Better, OnProgress


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of one picture."""

    score: float | None
    error: str | None = None
    """Why there is no score."""


NOTHING = Said(None, "not scored")


@dataclass(eq=False)
class PlannedData:
    """The pictures of a data set that a protocol needs, and what models say of them.

    Args:
        whole: The whole data set.
        table: The rows that are evaluated; pictures that only the protocol needs stand at the end, without opinion.
        part: Which part of the data set they are.
        prepared: The protocol on this data set.
    """

    whole: OpinionTable
    table: OpinionTable
    part: EvaluationPart
    prepared: PreparedProtocol
    said: dict[str, dict[PictureKey, Said]] = field(default_factory=dict)
    """By model, then picture."""
    better: dict[str, Better] = field(default_factory=dict)
    """Which direction is better, by model."""
    described: dict[str, object] = field(default_factory=dict)
    """What the scores that were made now depend on."""
    files: list[dict[str, object]] = field(default_factory=list)
    """Files that scores were taken from."""

    @property
    def name(self) -> str:
        """Name of the data set."""
        return self.whole.name

    @property
    def root(self) -> Path:
        """Its folder, absolute."""
        return self.whole.root.absolute()

    @property
    def provenance(self) -> dict[str, object]:
        """What all the scores depend on."""
        notes = {"notes": list(self.whole.notes)} if self.whole.notes else {}
        return self.described | notes | ({"files": self.files} if self.files else {})

    @property
    def has_references(self) -> bool:
        """Whether any picture that is needed has a reference."""
        return any(reference is not None for _, reference in self.prepared.needed)

    def pairing(self) -> Pairing:
        """The pictures to score, named by their paths below the root."""
        references = {key[1]: self._picture(key[1]) for key in self.prepared.needed if key[1] is not None}
        return Pairing(
            [
                Pair(self._picture(image), None if reference is None else references[reference])
                for image, reference in self.prepared.needed
            ]
        )

    def scores(self, model: str) -> Scores:
        """What a protocol takes: the score of every picture, ``None`` where it failed."""
        return {key: said.score for key, said in self.said[model].items()}

    def inputs(self, model: str, settings: StatisticsSettings) -> EvaluationInputs:
        """What statistics take: one value a row."""
        said = [self.said[model].get((row.image, row.reference), NOTHING) for row in self.table]
        scores = np.array([np.nan if one.score is None else one.score for one in said], dtype=np.float64)
        errors = [one.error for one in said]
        return EvaluationInputs(model, self.better[model], self.table, scores, errors, settings, self.part)

    def _picture(self, relative: str) -> Picture:
        return Picture(self.root / relative, readable(relative), relative)


def plan_data(
    whole: OpinionTable,
    protocol: Protocol,
    settings: ProtocolSettings,
    part: EvaluationPart | None,
    splits: Mapping[str, Path],
    *,
    on_progress: OnProgress | None = None,
) -> PlannedData:
    """The plan of one data set.

    Args:
        whole: The data set.
        protocol: What to evaluate by.
        settings: Its choices; the part is filled in.
        part: Which part; ``None`` for the protocol's usual one.
        splits: File of the split of each data set that has one.
        on_progress: Called with files of labels read and files in all.

    Raises:
        EvaluationError: A part that is empty or cannot be told, or a picture with two opinions.
        ConfigError: What the protocol cannot do.
        DatasetError: Labels or splits that are missing or damaged.
    """
    if isinstance(whole, PairTable) and not protocol.counts_pairs and all(row.mos is None for row in whole):
        raise EvaluationError(
            f"Expected a protocol that counts pairs beside the list of pairs {whole.name}, got {protocol.name}. Take "
            "--protocol pairs, or afine-stage1, afine-stage2 or afine-stage3."
        )
    split = splits.get(whole.name)
    usual = WHOLE if isinstance(whole, PairTable) else protocol.usual_part(whole.name)
    chosen: EvaluationPart = part or (usual if split is None else "test")
    rows = read_part(whole, chosen, split if chosen != WHOLE else None)
    _demand_rated_once(rows)
    prepared = protocol.prepare(rows, replace(settings, part=chosen), on_progress=on_progress)
    return PlannedData(whole, _needed_rows(rows, prepared), chosen, prepared)


def _demand_rated_once(table: OpinionTable) -> None:
    """Raise if a picture has two opinions beside one reference: it would count twice."""
    counts = Counter((row.image, row.reference) for row in table if row.mos is not None)
    twice = [image for (image, _), count in counts.items() if count > 1]
    if twice:
        raise EvaluationError(
            f"Expected one opinion of each picture of {table.name} beside its reference, got several of {len(twice)}: "
            f"{some(twice)}. Remove rows from its table."
        )


def _needed_rows(table: OpinionTable, prepared: PreparedProtocol) -> OpinionTable:
    """The rows of a table that a protocol needs, then a row for each picture that has none."""
    needed = set(prepared.needed)
    rows = [row for row in table if (row.image, row.reference) in needed]
    there = {(row.image, row.reference) for row in rows}
    better = table.rows[0].better
    rows += [
        RatedPicture(image=image, reference=reference, better=better)
        for image, reference in prepared.needed
        if (image, reference) not in there
    ]
    return OpinionTable(rows, table.root, table.name)
