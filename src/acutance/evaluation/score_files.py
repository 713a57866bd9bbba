"""Scores that files bring: by ``acutance score``, or any file with an image and a column for each model.

Each line meets its image by name, never by order, and every model gets its direction.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from acutance.catalog import CATALOG, catalogue_name
from acutance.errors import EvaluationError
from acutance.evaluation.data import EvaluationData
from acutance.evaluation.measure import ImageKey
from acutance.evaluation.protocols import Protocol, rows_needed
from acutance.scoring.provenance import provenance_path
from acutance.scoring.rows import OUTPUT_ENDINGS, ROW_FIELDS, TEXT_FIELDS, ScoreRow
from acutance.tables.match import PathIndex
from acutance.tables.read import Cells, check_ending, read_cells, row_place
from acutance.tables.strict_json import NOTE
from acutance.tables.text import some
from acutance.types import Better
from acutance.weights.download import sha256_of

LONG = ("model", "score")
"""Columns of a file with a row for each image and model."""
NOT_MODELS = TEXT_FIELDS - {"model"} | {NOTE}
"""Columns of a file with a column for each model that are no model."""
NO_NUMBERS = NOT_MODELS - {"image", "reference"}
"""Those of them that hold text which is no number; names of images may be numbers."""
NO_SCORE = "no score in the file"


def read_sheet(path: str | Path, term: str = "score") -> dict[str, list[ScoreRow]]:
    r"""The lines of a file of scores, by model; ``reference`` and names are as the file has them.

    Args:
        path: CSV, JSON lines or Parquet. With the columns ``model`` and ``score`` it has a row for each image and
            model, as ``acutance score`` writes it; otherwise every column but those of text
            (``image``, ``reference``, ``error`` and so on) is a model, and a lone column ``score`` is a model with the
            name of the file.
        term: Which number of a model to take: ``score``, or a component that ``acutance score --terms`` wrote.

    Raises:
        UnknownNameError: Another ending.
        EvaluationError: A file that cannot be read, lacks a column, or holds a cell that is no number.
        MissingExtraError: Parquet without pyarrow.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "theirs.csv"
        >>> _ = path.write_text("image,ours,niqe\na.png,0.5,\n")
        >>> (line,) = read_sheet(path)["ours"]
        >>> line.image, line.reference, line.score, read_sheet(path)["niqe"][0].error
        ('a.png', None, 0.5, 'no score in the file')
    """
    path = Path(path)
    ending = check_ending(path, OUTPUT_ENDINGS)
    if not path.is_file():
        raise EvaluationError(f"Expected scores at {path}, got no such file. Check the path.")
    rows = list(read_cells(path, EvaluationError, is_exact=True))
    if not rows:
        raise EvaluationError(f"Expected scores at {path}, got none. Score the images again.")
    columns = list(dict.fromkeys(name for _, row in (rows if ending == ".jsonl" else rows[:1]) for name in row))
    if "image" not in columns:
        raise EvaluationError(f"Expected the column image in {path}, got {', '.join(columns)}. Name the images.")
    if all(name in columns for name in LONG):
        return _long(path, rows, columns, term)
    return _wide(path, rows, columns, term)


def asked_direction(path: Path, model: str, lines: Sequence[ScoreRow], better: Mapping[str, Better]) -> Better | None:
    """Better direction of a model's scores by its file or by the caller; ``None`` if neither says."""
    own = {line.better for line in lines if line.better is not None}
    asked = better.get(model)
    if len(own) > 1:
        raise EvaluationError(
            f"Expected one direction of the scores of {model} in {path}, got higher and lower in the column better. "
            "Correct it."
        )
    if asked is not None and own - {asked}:
        raise EvaluationError(
            f"Expected the direction of {model} that {path} says, better={own.pop()}, got --better {model}={asked}. "
            "Leave --better out."
        )
    return own.pop() if own else asked


def direction_of(model: str, protocol: Protocol, asked: Better | None) -> Better:
    """Better direction of a model's scores: the one that was given, or that of the catalogue.

    Example:
        >>> from acutance.evaluation.protocols import find_protocol
        >>> direction_of("gmsd", find_protocol("plain"), None)
        'lower'
    """
    if asked is not None:
        return asked
    if catalogue_name(model) in CATALOG:
        return protocol.direction(model)
    raise EvaluationError(
        f"Expected the direction of the scores of {model}, which neither the file nor the catalogue has, got none. "
        f"Say --better {model}=higher or --better {model}=lower, or leave the column out if it is no model."
    )


def check_directions(better: Mapping[str, Better], in_files: Sequence[str]) -> None:
    """Raise unless directions are ``"higher"`` or ``"lower"``, and of models whose scores files bring."""
    for name, direction in better.items():
        if name not in in_files:
            raise EvaluationError(
                f"Expected directions of models in files of scores ({', '.join(in_files) or 'none'}), got one of "
                f"{name}. Leave it out: a model that is run has its own."
            )
        if direction not in ("higher", "lower"):
            raise EvaluationError(f"Expected higher or lower for the scores of {name}, got {direction}. Choose one.")


def take_scores(
    files: Sequence[str | Path], data: Sequence[EvaluationData], protocol: Protocol, better: Mapping[str, Better]
) -> list[str]:
    """Give the datasets the scores that files have of their images; the models, in the order of the files.

    Args:
        files: CSV, JSON lines or Parquet; ``NAME=FILE`` for the dataset of that name alone.
        protocol: Which number of a model counts.
        better: Directions by model, for those of which neither the file nor the catalogue has one, and before what the
            catalogue says.
    """
    models: dict[str, None] = {}
    for file in files:
        name, equals, place = str(file).partition("=")
        named = [one for one in data if equals and one.name == name]
        path, chosen = (Path(place), named) if named else (Path(file), list(data))
        taken: list[EvaluationData] = []
        for model, lines in read_sheet(path, protocol.term).items():
            models[model] = None
            direction = direction_of(model, protocol, asked_direction(path, model, lines, better))
            for one in _give(path, model, lines, chosen):
                one.better[model] = direction
                taken.append(one)
        described = _described(path)
        for one in chosen:
            if one in taken:
                one.files.append(described)
    return list(models)


def join(
    lines: Sequence[ScoreRow], keys: Iterable[ImageKey], what: str
) -> tuple[dict[ImageKey, ScoreRow], list[ScoreRow]]:
    """The lines of one model by the image that each belongs to, and those that belong to none.

    ``keys`` are images with their references; ``what`` names the lines in errors.
    """
    by_image: dict[str, list[ImageKey]] = {}
    for key in keys:
        by_image.setdefault(key[0], []).append(key)
    images = PathIndex(by_image)
    references = PathIndex({reference for listed in by_image.values() for _, reference in listed if reference})
    joined: dict[ImageKey, ScoreRow] = {}
    strays = []
    for line in lines:
        image = images.by_end(line.image)
        found = [] if image is None else _meant(by_image[image], line, references)
        if not found:
            strays.append(line)
        for key in found:
            before = joined.setdefault(key, line)
            if (before.score, before.error) != (line.score, line.error):
                raise EvaluationError(
                    f"Expected one score of {key[0]} in {what}, got one for {before.image} and another for "
                    f"{line.image}. Leave one out, or name images by their paths below the root."
                )
    return joined, strays


def _meant(keys: Sequence[ImageKey], line: ScoreRow, references: PathIndex) -> list[ImageKey]:
    """Which of the places of an image a line means: all of them if it names no reference and none stands alone.

    An image of one place is meant beside any reference but that of another image.
    """
    if line.reference is None:
        return [key for key in keys if key[1] is None] or list(keys)
    reference = references.by_end(line.reference)
    if len(keys) == 1 and (reference is None or keys[0][1] is None):
        return list(keys)
    return [key for key in keys if reference is not None and key[1] == reference]


def _give(path: Path, model: str, lines: Sequence[ScoreRow], data: Sequence[EvaluationData]) -> list[EvaluationData]:
    """Put the lines of one model where they belong; the datasets that they are of."""
    what = f"{path} by {model}"
    # every image of a dataset, whichever part is evaluated, so that a file may hold them all
    keys = {one.name: dict.fromkeys([*rows_needed(one.whole), *one.prepared.needed]) for one in data}
    joined = {name: join(lines, found, what) for name, found in keys.items()}
    _check_homes(what, lines, {name: {id(line) for line in strays} for name, (_, strays) in joined.items()})
    taken = [one for one in data if joined[one.name][0]]
    for one in taken:
        found, _ = joined[one.name]
        missing = [key[0] for key in one.prepared.needed if key not in found]
        if missing:
            raise EvaluationError(
                f"Expected a score of every image of {one.name} in {what}, got none of {len(missing)}: "
                f"{some(missing)}. Score them too, or evaluate the part that was scored."
            )
        if model in one.rows:
            raise EvaluationError(
                f"Expected scores of {one.name} by {model} once, got them again in {path}. Leave one out."
            )
        one.rows[model] = {key: found[key] for key in one.prepared.needed}
    return taken


def _check_homes(what: str, lines: Sequence[ScoreRow], strays: Mapping[str, set[int]]) -> None:
    """Raise if a line has an image in no dataset, or in two."""
    lost = [line.image for line in lines if all(id(line) in ids for ids in strays.values())]
    if lost:
        raise EvaluationError(
            f"Expected images of {', '.join(strays)} in {what}, got {len(lost)} that are none: {some(lost)}. "
            "Name them and their own references by paths below the root, or by file names of which there is one."
        )
    for line in lines if len(strays) > 1 else ():
        homes = [name for name, ids in strays.items() if id(line) not in ids]
        if len(homes) > 1:
            raise EvaluationError(
                f"Expected each image of {what} in one dataset, got {line.image} in {' and '.join(homes)}. "
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


def _long(path: Path, rows: Sequence[tuple[int, Cells]], columns: list[str], term: str) -> dict[str, list[ScoreRow]]:
    if term not in columns:
        raise EvaluationError(
            f"Expected the column {term} in {path}, got {', '.join(columns)}. Score again with: acutance score --terms."
        )
    found: dict[str, list[ScoreRow]] = {}
    for number, row in rows:
        model = _text(row, "model")
        if model is None:
            raise EvaluationError(
                f"Expected the name of a model in {row_place(path, number)}, got nothing. Fill it in."
            )
        found.setdefault(model, []).append(_line(path, number, row, model, term))
    return found


def _wide(path: Path, rows: Sequence[tuple[int, Cells]], columns: list[str], term: str) -> dict[str, list[ScoreRow]]:
    for name in NO_NUMBERS.intersection(columns):
        _check_text(path, rows, name)
    models = {name: name for name in columns if name not in NOT_MODELS}
    if not models:
        raise EvaluationError(f"Expected a column of scores in {path}, got {', '.join(columns)}. Add one a model.")
    if term != "score":
        raise EvaluationError(
            f"Expected the term {term} in {path}, got a column for each model, which holds no terms. "
            "Take a file of: acutance score --terms."
        )
    if list(models) == ["score"]:
        models = {path.stem: "score"}
    return {
        model: [_line(path, number, row, model, column) for number, row in rows] for model, column in models.items()
    }


def _check_text(path: Path, rows: Sequence[tuple[int, Cells]], column: str) -> None:
    """Raise if a column that is passed over holds numbers alone: it is a model, or looks like one."""
    filled = [(number, cell) for number, row in rows if (cell := _text(row, column)) is not None]
    if filled and all(_float(cell) is not None for _, cell in filled):
        number, cell = filled[0]
        raise EvaluationError(
            f"Expected text in {row_place(path, number)}, column {column}, got the number {cell[:40]}. Rename it "
            "if it is a model, or leave it out."
        )


def _line(path: Path, number: int, row: Cells, model: str, column: str) -> ScoreRow:
    image = _text(row, "image")
    if image is None:
        raise EvaluationError(f"Expected the path of an image in {row_place(path, number)}, got nothing. Fill it in.")
    better = _text(row, "better") if column == "score" else None
    if better not in (None, "higher", "lower"):
        raise EvaluationError(
            f"Expected higher or lower in {row_place(path, number)}, column better, got {better[:40]!r}. Correct it."
        )
    score = _number(path, number, row, column)
    return ScoreRow(
        image=image,
        reference=_text(row, "reference"),
        model=model,
        score=score,
        better=cast("Better | None", better),
        error=None if score is not None else _text(row, "error") or NO_SCORE,
    )


def _text(row: Cells, name: str) -> str | None:
    value = row.get(name)
    return None if value is None or value == "" else str(value)


def _number(path: Path, number: int, row: Cells, column: str) -> float | None:
    """The number in a cell; none if it is empty or NaN."""
    value = row.get(column)
    if value is None or value == "":
        return None
    score = _float(value)
    if score is None:
        where = f"{row_place(path, number)}, column {column}"
        cure = "Correct it." if column in ROW_FIELDS else "Correct it, or leave the column out if it is no model."
        raise EvaluationError(f"Expected a score in {where}, got {str(value)[:40]!r}. {cure}")
    return None if math.isnan(score) else score


def _float(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):  # a whole number of JSON may be larger than any float
        return None
