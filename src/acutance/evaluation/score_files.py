"""Files of scores that were made before: by ``acutance score``, or any with an image and a column for each model."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from acutance.catalog import CATALOG, catalogue_name
from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.data import PlannedData, Said
from acutance.evaluation.measure import PictureKey
from acutance.evaluation.protocols import Protocol, rows_needed
from acutance.scoring.provenance import provenance_path
from acutance.scoring.rows import ROW_FIELDS, TEXT_FIELDS
from acutance.scoring.score_file import OUTPUT_ENDINGS
from acutance.tables.match import PathIndex
from acutance.tables.read import Cells, read_cells, row_place
from acutance.tables.strict_json import NOTE
from acutance.tables.text import some
from acutance.types import Better
from acutance.weights.digest import sha256_of

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


@dataclass
class JoinedScores:
    """What a file says of the pictures of one table."""

    scores: dict[PictureKey, ScoredLine]
    """By picture."""
    strays: list[ScoredLine]
    """Lines that meet no picture."""


def join(lines: Sequence[ScoredLine], keys: Iterable[PictureKey], what: str) -> JoinedScores:
    """The lines of one model, each at the picture it belongs to.

    Args:
        lines: What a file says of one model.
        keys: Pictures with their references.
        what: What the lines are, for errors.

    Raises:
        EvaluationError: Two lines for one picture that do not say the same.
    """
    by_image: dict[str, list[PictureKey]] = {}
    for picture in keys:
        by_image.setdefault(picture[0], []).append(picture)
    images = PathIndex(by_image)
    references = PathIndex({reference for listed in by_image.values() for _, reference in listed if reference})
    joined = JoinedScores({}, [])
    for line in lines:
        image = images.by_end(line.image)
        found = [] if image is None else _meant(by_image[image], line, references)
        if not found:
            joined.strays.append(line)
        for key in found:
            before = joined.scores.setdefault(key, line)
            if (before.score, before.error) != (line.score, line.error):
                raise EvaluationError(
                    f"Expected one score of {key[0]} in {what}, got one for {before.image} and another for "
                    f"{line.image}. Leave one out, or name pictures by their paths below the root."
                )
    return joined


def take_scores(
    files: Sequence[str | Path], data: Sequence[PlannedData], protocol: Protocol, better: Mapping[str, Better]
) -> list[str]:
    """Give the data sets what files say of their pictures.

    Args:
        files: CSV, JSON lines or Parquet; ``NAME=FILE`` for the data set of that name alone.
        data: The data sets; they are filled.
        protocol: Which number of a model counts.
        better: Directions by model, for those of which neither the file nor the catalogue has one, and before what the
            catalogue says.

    Returns:
        The models, each once, in the order of the files.

    Raises:
        EvaluationError: Lines without a picture, pictures without a line, or a model whose direction nobody told, or
            of which ``better`` says another one than the file.
        UnknownNameError: Another ending of a file.
    """
    models: dict[str, None] = {}
    for file in files:
        path, chosen = _bound(file, data)
        taken: list[PlannedData] = []
        for model, lines in read_sheet(path, protocol.term).items():
            models[model] = None
            direction = direction_of(model, protocol, asked_direction(path, model, lines, better))
            for one in _place(path, model, lines, chosen):
                one.better[model] = direction
                taken.append(one)
        described = _described(path)
        for one in chosen:
            if one in taken:
                one.files.append(described)
    return list(models)


def asked_direction(path: Path, model: str, lines: Sequence[ScoredLine], better: Mapping[str, Better]) -> Better | None:
    """Which direction of a model's scores is better by the file or by who asks; ``None`` if neither says.

    Args:
        path: The file.
        model: The model.
        lines: What the file says of it.
        better: Directions that were asked for.

    Raises:
        EvaluationError: Two directions.
    """
    told, asked = told_direction(path, model, lines), better.get(model)
    if told is not None and asked not in (None, told):
        raise EvaluationError(
            f"Expected the direction of {model} that {path} says, better={told}, got --better {model}={asked}. "
            "Leave --better out."
        )
    return told or asked


def direction_of(model: str, protocol: Protocol, asked: Better | None) -> Better:
    """Which direction of a model's scores means better quality.

    Args:
        model: Its name.
        protocol: Which number counts.
        asked: The direction that was given, if one was.

    Raises:
        EvaluationError: Neither given nor in the catalogue.

    Example:
        >>> from acutance.evaluation.protocols import find_protocol
        >>> direction_of("gmsd", find_protocol("plain"), None)
        'lower'
    """
    if asked is not None:
        return asked
    if catalogue_name(model) in CATALOG:
        return protocol.term_for(model).better
    raise EvaluationError(
        f"Expected the direction of the scores of {model}, which neither the file nor the catalogue tells, got none. "
        f"Say --better {model}=higher or --better {model}=lower, or leave the column out if it is no model."
    )


def demand_directions(better: Mapping[str, Better], taken: Sequence[str]) -> None:
    """Raise unless directions are ``"higher"`` or ``"lower"``, and of models whose scores files bring.

    Args:
        better: Directions that were given.
        taken: The models in files.

    Raises:
        EvaluationError: Another direction, or one of another model.
    """
    for name, direction in better.items():
        if name not in taken:
            raise EvaluationError(
                f"Expected directions of models in files of scores ({', '.join(taken) or 'none'}), got one of {name}. "
                "Leave it out: a model that is run has its own."
            )
        if direction not in ("higher", "lower"):
            raise EvaluationError(f"Expected higher or lower for the scores of {name}, got {direction}. Choose one.")


def _meant(keys: Sequence[PictureKey], line: ScoredLine, references: PathIndex) -> list[PictureKey]:
    """Which of the places of a picture a line means: all of them if it names no reference and none stands alone.

    A picture of one place is meant beside any reference but that of another picture.
    """
    if line.reference is None:
        return [key for key in keys if key[1] is None] or list(keys)
    reference = references.by_end(line.reference)
    if len(keys) == 1 and (reference is None or keys[0][1] is None):
        return list(keys)
    return [key for key in keys if reference is not None and key[1] == reference]


def _bound(file: str | Path, data: Sequence[PlannedData]) -> tuple[Path, list[PlannedData]]:
    """The file, and the data sets that it may be of."""
    name, equals, path = str(file).partition("=")
    for one in data:
        if equals and one.name == name:
            return Path(path), [one]
    return Path(file), list(data)


def _place(path: Path, model: str, lines: Sequence[ScoredLine], data: Sequence[PlannedData]) -> list[PlannedData]:
    """Put the lines of one model where they belong; the data sets that they are of."""
    what = f"{path} by {model}"
    joined = {one.name: join(lines, _keys(one), what) for one in data}
    _demand_homes(what, lines, {name: {id(line) for line in found.strays} for name, found in joined.items()})
    taken = [one for one in data if joined[one.name].scores]
    for one in taken:
        found = joined[one.name].scores
        missing = [image for image, reference in one.prepared.needed if (image, reference) not in found]
        if missing:
            raise EvaluationError(
                f"Expected a score of every picture of {one.name} in {what}, got none of {len(missing)}: "
                f"{some(missing)}. Score them too, or evaluate the part that was scored."
            )
        if model in one.said:
            raise EvaluationError(
                f"Expected scores of {one.name} by {model} once, got them again in {path}. Leave one out."
            )
        one.said[model] = {key: Said(found[key].score, found[key].error) for key in one.prepared.needed}
    return taken


def _keys(one: PlannedData) -> dict[PictureKey, None]:
    """Every picture of the data set, whichever part is evaluated, so that a file may hold them all."""
    return dict.fromkeys([*rows_needed(one.whole), *one.prepared.needed])


def _demand_homes(what: str, lines: Sequence[ScoredLine], strays: Mapping[str, set[int]]) -> None:
    """Raise if a line has a picture in no data set, or in two."""
    lost = [line.image for line in lines if all(id(line) in ids for ids in strays.values())]
    if lost:
        raise EvaluationError(
            f"Expected pictures of {', '.join(strays)} in {what}, got {len(lost)} that are none: {some(lost)}. "
            "Name them and their own references by paths below the root, or by file names of which there is one."
        )
    for line in lines if len(strays) > 1 else ():
        homes = [name for name, ids in strays.items() if id(line) not in ids]
        if len(homes) > 1:
            raise EvaluationError(
                f"Expected each picture of {what} in one data set, got {line.image} in {' and '.join(homes)}. "
                f"Say which one the file is of: --scores {homes[0]}=FILE."
            )


def _described(path: Path) -> dict[str, object]:
    """The file, its checksum, and what its scores depend on where that is written beside it."""
    described: dict[str, object] = {"file": str(path), "sha256": sha256_of(path)}
    beside = provenance_path(path)
    if beside.is_file():
        try:
            described["provenance"] = json.loads(beside.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EvaluationError(
                f"Expected the provenance of {path} at {beside}, got a file that cannot be read: "
                f"{' '.join(str(error).split())}. Remove it if it is of something else."
            ) from error
    return described
