"""Scores that files bring: each line meets its picture by name, never by order, and every model gets its direction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acutance.catalog import CATALOG, catalogue_name
from acutance.errors import EvaluationError
from acutance.evaluation.planned import PlannedData, Said
from acutance.evaluation.protocol import PictureKey, Protocol, rows_needed
from acutance.evaluation.score_sheets import ScoredLine, read_sheet, told_direction
from acutance.scoring.provenance import provenance_path
from acutance.tables.match import PathIndex
from acutance.tables.text import some
from acutance.types import Better
from acutance.weights.digest import sha256_of


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
