"""Files of scores that were made before: by ``acutance score``, or any with an image and a column for each model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from acutance.errors import EvaluationError, UnknownNameError
from acutance.scoring.rows import ROW_FIELDS, TEXT_FIELDS
from acutance.scoring.score_file import OUTPUT_ENDINGS
from acutance.tables.read import Cells, read_cells, row_place
from acutance.tables.strict_json import NOTE
from acutance.types import Better

LONG = ("model", "score")
"""Columns of a file with a row for each picture and model."""
NOT_MODELS = TEXT_FIELDS - {"model"} | {NOTE}
"""Columns of a file with a column for each model that are no model."""
NO_NUMBERS = NOT_MODELS - {"image", "reference"}
"""Those of them that hold text which is no number; names of pictures may be numbers."""
NO_SCORE = "no score in the file"


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """One picture in a file of scores."""

    image: str
    """As the file names it."""
    reference: str | None
    score: float | None
    error: str | None = None
    """Why there is no score."""
    better: Better | None = None
    """Which direction of the score is better, where the file says so."""


def read_sheet(path: str | Path, term: str = "score") -> dict[str, list[ScoredLine]]:
    r"""The lines of a file of scores, by model.

    Args:
        path: CSV, JSON lines or Parquet. With the columns ``model`` and ``score`` it has a row for each picture and
            model, as ``acutance score`` writes it; otherwise every column but those of text
            (``image``, ``reference``, ``error`` and so on) is a model, and a lone column ``score`` is a model with the
            name of the file.
        term: Which number of a model to take: ``score``, or a part of it that ``acutance score --terms`` wrote.

    Raises:
        UnknownNameError: Another ending.
        EvaluationError: A file that cannot be read, lacks a column, or holds a cell that is no number.
        MissingExtraError: Parquet without pyarrow.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "theirs.csv"
        >>> _ = path.write_text("image,ours,niqe\na.png,0.5,\n")
        >>> read_sheet(path)["ours"]
        [ScoredLine(image='a.png', reference=None, score=0.5, error=None, better=None)]
        >>> read_sheet(path)["niqe"][0].error
        'no score in the file'
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in OUTPUT_ENDINGS:
        raise UnknownNameError("file ending", ending or path.name, OUTPUT_ENDINGS)
    if not path.is_file():
        raise EvaluationError(f"Expected scores at {path}, got no such file. Check the path.")
    rows = list(read_cells(path, EvaluationError, is_exact=True))
    if not rows:
        raise EvaluationError(f"Expected scores at {path}, got none. Score the pictures again.")
    columns = list(dict.fromkeys(name for _, row in (rows if ending == ".jsonl" else rows[:1]) for name in row))
    if "image" not in columns:
        raise EvaluationError(f"Expected the column image in {path}, got {', '.join(columns)}. Name the pictures.")
    if all(name in columns for name in LONG):
        return _long(path, rows, columns, term)
    return _wide(path, rows, columns, term)


def told_direction(path: Path, model: str, lines: Sequence[ScoredLine]) -> Better | None:
    """Which direction of a model's scores its file says is better; ``None`` if it does not.

    Args:
        path: The file, for errors.
        model: The model.
        lines: Its lines.

    Raises:
        EvaluationError: Lines that say both.
    """
    told = {line.better for line in lines if line.better is not None}
    if len(told) > 1:
        raise EvaluationError(
            f"Expected one direction of the scores of {model} in {path}, got higher and lower in the column better. "
            "Mend it."
        )
    return told.pop() if told else None


def _long(path: Path, rows: Sequence[tuple[int, Cells]], columns: list[str], term: str) -> dict[str, list[ScoredLine]]:
    if term not in columns:
        raise EvaluationError(
            f"Expected the column {term} in {path}, got {', '.join(columns)}. Score again with: acutance score --terms."
        )
    found: dict[str, list[ScoredLine]] = {}
    for number, row in rows:
        model = _text(row, "model")
        if model is None:
            raise EvaluationError(
                f"Expected the name of a model in {row_place(path, number)}, got nothing. Fill it in."
            )
        found.setdefault(model, []).append(_line(path, number, row, term))
    return found


def _wide(path: Path, rows: Sequence[tuple[int, Cells]], columns: list[str], term: str) -> dict[str, list[ScoredLine]]:
    models = [name for name in columns if name not in NOT_MODELS]
    for name in NO_NUMBERS.intersection(columns):
        _demand_text(path, rows, name)
    if not models:
        raise EvaluationError(f"Expected a column of scores in {path}, got {', '.join(columns)}. Add one a model.")
    if term != "score":
        raise EvaluationError(
            f"Expected the term {term} in {path}, got a column for each model, which tells no terms. "
            "Take a file of: acutance score --terms."
        )
    return {
        path.stem if models == ["score"] else model: [_line(path, number, row, model) for number, row in rows]
        for model in models
    }


def _demand_text(path: Path, rows: Sequence[tuple[int, Cells]], column: str) -> None:
    """Raise if a column that is passed over holds numbers alone: it is a model, or looks like one."""
    filled = [(number, cell) for number, row in rows if (cell := _text(row, column)) is not None]
    if filled and all(_is_number(cell) for _, cell in filled):
        number, cell = filled[0]
        raise EvaluationError(
            f"Expected text in {row_place(path, number)}, column {column}, got the number {cell[:40]}. Rename it "
            "if it is a model, or leave it out."
        )


def _line(path: Path, number: int, row: Cells, column: str) -> ScoredLine:
    image = _text(row, "image")
    if image is None:
        raise EvaluationError(f"Expected the path of an image in {row_place(path, number)}, got nothing. Fill it in.")
    score = _number(path, number, row, column)
    reference = _text(row, "reference")
    better = _better(path, number, row) if column == "score" else None
    if score is None:
        return ScoredLine(image, reference, None, _text(row, "error") or NO_SCORE, better)
    return ScoredLine(image, reference, score, better=better)


def _better(path: Path, number: int, row: Cells) -> Better | None:
    better = _text(row, "better")
    if better not in (None, "higher", "lower"):
        raise EvaluationError(
            f"Expected higher or lower in {row_place(path, number)}, column better, got {better[:40]!r}. Mend it."
        )
    return cast("Better | None", better)


def _text(row: Cells, name: str) -> str | None:
    value = row.get(name)
    return None if value is None or value == "" else str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(path: Path, number: int, row: Cells, column: str) -> float | None:
    """The number in a cell; none if it is empty or NaN."""
    value = row.get(column)
    if value is None or value == "":
        return None
    try:
        score = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):  # a whole number of JSON may be larger than any float
        score = None
    if score is None:
        where = f"{row_place(path, number)}, column {column}"
        cure = "Mend it." if column in ROW_FIELDS else "Mend it, or leave the column out if it is no model."
        raise EvaluationError(f"Expected a score in {where}, got {str(value)[:40]!r}. {cure}")
    return None if math.isnan(score) else score
