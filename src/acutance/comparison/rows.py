"""Rows of scores sorted into pictures and methods, as they are made or from a file of ``acutance score``."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acutance.comparison.folders import MethodPlan, SharedPicture
from acutance.comparison.results import PictureScores
from acutance.errors import EvaluationError
from acutance.evaluation.score_files import ScoredLine, asked_direction, read_sheet
from acutance.scoring.naming import naming_rule
from acutance.scoring.rows import ScoreRow
from acutance.tables.text import readable
from acutance.types import Better

NO_ROW = "no row in the file of scores"
"""The error of a picture that a file of scores does not have by a model."""


@dataclass
class _Gathered:
    """What is known of one picture so far."""

    reference: str | None = None
    images: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, method: str, model: str, score: float | None, error: str | None) -> None:
        self.scores.setdefault(model, {})[method] = score
        if score is None:
            self.errors.setdefault(model, {})[method] = error or NO_ROW


@dataclass(frozen=True)
class MethodRows:
    """What a file of scores says of methods."""

    models: list[str]
    pictures: list[PictureScores]
    """Those that every method has, sorted by name."""
    plan: MethodPlan
    """The names of these pictures, and what was left over."""
    strays: int
    """How many pictures of the file are in no folder of a method."""
    asked: dict[str, Better | None]
    """Which direction is better by the file or by who asks, by model."""


def gather_rows(
    pictures: Sequence[SharedPicture], models: Sequence[str], rows: Iterable[ScoreRow]
) -> list[PictureScores]:
    """Rows as scoring makes them, sorted into pictures and methods.

    Args:
        pictures: What was scored, in this order, each by its methods in their order.
        models: Names of the models, each giving a row of every picture in this order.
        rows: The rows.
    """
    coming = iter(rows)
    found = []
    for picture in pictures:
        gathered = _Gathered(picture.reference.name if picture.reference else None)
        for method, image in picture.images.items():
            gathered.images[method] = image.name
            for model in models:
                row = next(coming)
                gathered.add(method, model, row.score, row.error)
        found.append(_record(picture.name, gathered))
    next(coming, None)  # lets a file of scores be finished
    return found


def read_method_rows(
    path: Path,
    folders: Mapping[str, Path],
    models: Sequence[str] | None = None,
    *,
    pair_by: str = "path",
    better: Mapping[str, Better] | None = None,
) -> MethodRows:
    """Scores of methods from a file of ``acutance score`` on their folders; no picture is looked for.

    Args:
        path: A file as ``read_sheet`` takes it.
        folders: The folder of each method, by the paths that stand in the file or from the present folder.
        models: The models to take; by default all of the file, in its order.
        pair_by: As in ``match_methods``.
        better: Directions of models that were asked for.

    Raises:
        EvaluationError: A file that cannot be read, a picture that is there twice, a model that is not there,
            references that differ between methods, no picture of a method, or another direction than the file says.
        UnknownNameError: Another ending.
        ConfigError: A regular expression that is none, or without a group.
    """
    sheet = read_sheet(path)
    in_any_case = {name.lower(): name for name in sheet}
    wanted = [
        name if name in sheet else in_any_case.get(name.lower(), name) for name in (sheet if models is None else models)
    ]
    for model in wanted:
        if model not in sheet:
            raise EvaluationError(f"Expected scores by {model} in {path}, got {', '.join(sheet)}. Score with it too.")
    found: dict[str, _Gathered] = {}
    strays: dict[str, None] = {}
    nameless: dict[str, None] = {}
    locate, rule = _Locator(folders), naming_rule(pair_by)
    for model in wanted:
        for line in sheet[model]:
            method, below = locate(line.image)
            name = rule(below) if method else None
            if name is not None:
                _add(found.setdefault(readable(name), _Gathered()), method, model, line, path)
            else:
                (nameless if method else strays)[line.image] = None
    for method, folder in folders.items():
        if not any(method in gathered.images for gathered in found.values()):
            raise EvaluationError(
                f"Expected scores of pictures in {folder} in {path}, got none. Name the folders as they were scored."
            )
    plan = _plan(found, list(folders), list(nameless))
    pictures = [_filled(one.name, found[one.name], list(folders), wanted) for one in plan.pictures]
    asked = {model: asked_direction(path, model, sheet[model], better or {}) for model in wanted}
    return MethodRows(wanted, pictures, plan, len(strays), asked)


class _Locator:
    """The method of a picture, by the innermost of their folders, and its path below."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        places = {os.path.abspath(folder).rstrip(os.sep) + os.sep: name for name, folder in folders.items()}  # noqa: PTH100
        self._places = sorted(places.items(), key=lambda item: -len(item[0]))

    def __call__(self, image: str) -> tuple[str, str]:
        place = os.path.abspath(image)  # noqa: PTH100 (links stay as they are written)
        for folder, name in self._places:
            if place.startswith(folder):
                return name, Path(place[len(folder) :]).as_posix()
        return "", ""


def _add(gathered: _Gathered, method: str, model: str, line: ScoredLine, path: Path) -> None:
    before = gathered.images.setdefault(method, line.image)
    if before != line.image or method in gathered.scores.get(model, {}):
        twice = f"{before} and {line.image}, which pair alike" if before != line.image else f"{before} by {model} twice"
        raise EvaluationError(f"Expected every picture of {method} once in {path}, got {twice}. Remove one of them.")
    if line.reference is not None:
        if gathered.reference not in (None, line.reference):
            raise EvaluationError(
                f"Expected one reference of a picture by all methods in {path}, got {gathered.reference} and "
                f"{line.reference} for {line.image}. Score all methods beside the same references."
            )
        gathered.reference = line.reference
    gathered.add(method, model, line.score, line.error)


def _plan(found: Mapping[str, _Gathered], methods: list[str], nameless: list[str]) -> MethodPlan:
    missing = {
        name: lacking
        for name in sorted(found)
        if (lacking := [method for method in methods if method not in found[name].images])
    }
    cure = "Score all methods on the same pictures, or compare the rest (--allow-unmatched)."
    shared = [SharedPicture(name, {}) for name in sorted(found) if name not in missing]
    return MethodPlan(methods, shared, missing, nameless=nameless, cure=cure)


def _filled(name: str, gathered: _Gathered, methods: Sequence[str], models: Sequence[str]) -> PictureScores:
    """The record of a picture, with an error wherever there is no row; methods and models in their order."""
    filled = _Gathered(gathered.reference, {method: gathered.images[method] for method in methods})
    for model in models:
        scores, errors = gathered.scores.get(model, {}), gathered.errors.get(model, {})
        for method in methods:
            filled.add(method, model, scores.get(method), errors.get(method))
    return _record(name, filled)


def _record(name: str, gathered: _Gathered) -> PictureScores:
    return PictureScores(
        picture=name,
        reference=gathered.reference,
        images=gathered.images,
        scores=gathered.scores,
        errors=gathered.errors,
    )
