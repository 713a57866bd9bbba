"""What scoring gives: a score with its meaning, or a row of a table."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acutance.errors import InputError
from acutance.scoring.pairing import Pair
from acutance.tables.text import readable
from acutance.types import Better, ScoreInfo

ROW_FIELDS = ("image", "reference", "model", "score", "better", "depth", "error")
"""Fields of every row, in this order; terms follow where they are asked for. JSON has ``note`` behind the score."""
EARLIER_ROW_FIELDS = (("image", "reference", "model", "score", "error"),)
"""Those of files that earlier versions began, which go on as they are: that of 0.1."""
TEXT_FIELDS = frozenset(ROW_FIELDS) - {"score"}
"""Fields that hold text; all others are numbers."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of one picture, with all that is needed to cite it."""

    value: float
    """The score; ``info`` says how to read it."""
    info: ScoreInfo
    """Direction, bounds and unit."""
    terms: Mapping[str, float]
    """What the score is made of, by name."""
    provenance: Mapping[str, Any]
    """Model, checksum of its weights, preprocessing, precision, device and package versions."""

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        unit = f" {self.info.unit}" if self.info.unit else ""
        return f"{self.provenance['models'][0]['model']}: {self.value:.4f}{unit} ({self.info.better} is better)"


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One picture scored by one model, or the reason why not."""

    image: str
    """Name of the picture: its path as found."""
    reference: str | None
    """Name of the reference; ``None`` for a no-reference model."""
    model: str
    """Name of the model."""
    score: float | None = None
    """The score, perhaps infinite; ``None`` if there is an error."""
    better: Better | None = None
    """Which direction of the score means better quality."""
    depth: str | None = None
    """Bits that were kept of the bits that the file holds, such as ``8 of 16``; ``None`` where all were."""
    error: str | None = None
    """One line that says what went wrong; ``None`` if nothing did."""
    terms: Mapping[str, float] = field(default_factory=dict)
    """What the score is made of, by name."""
    exception: Exception | None = field(default=None, repr=False, compare=False)
    """What was raised, for callers who want its type."""

    def as_dict(self, term_names: tuple[str, ...] = ()) -> dict[str, str | float | None]:
        """The row as flat fields: those of ``ROW_FIELDS``, then the terms asked for."""
        fixed: dict[str, str | float | None] = {name: getattr(self, name) for name in ROW_FIELDS}
        return fixed | {name: self.terms.get(name) for name in term_names}


def scored_row(
    pair: Pair, model: str, terms: Mapping[str, float], *, compares: bool, better: Better, depth: str | None = None
) -> ScoreRow:
    """The row of a pair that was scored; a score that is no number makes it a failed one."""
    if math.isnan(terms["score"]):
        error = InputError("Expected a number, got NaN: the model gives none for this picture.")
        return failed_row(pair, model, error, compares=compares, better=better, depth=depth)
    parts = {name: value for name, value in terms.items() if name != "score"}
    return ScoreRow(
        image=pair.image.name,
        reference=_reference_name(pair, compares=compares),
        model=model,
        score=terms["score"],
        better=better,
        depth=depth,
        terms=parts,
    )


def failed_row(
    pair: Pair, model: str, error: Exception, *, compares: bool, better: Better, depth: str | None = None
) -> ScoreRow:
    """The row of a pair that could not be scored."""
    _let_go(error)
    return ScoreRow(
        image=pair.image.name,
        reference=_reference_name(pair, compares=compares),
        model=model,
        better=better,
        depth=depth,
        error=readable(" ".join(str(error).split())) or type(error).__name__,
        exception=error,
    )


def _reference_name(pair: Pair, *, compares: bool) -> str | None:
    return pair.reference.name if compares and pair.reference else None


def _let_go(error: BaseException | None) -> None:
    """Forget where an error and its causes were raised: those places hold on to the pictures' pixels."""
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        _let_go(error.__context__)
        error = error.__cause__
