"""Methods: their folders, the images that all of them have, and the scores of these."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from acutance.comparison.results import PictureScores
from acutance.errors import ConfigError, EvaluationError, InputError, PairingError
from acutance.evaluation.score_files import asked_direction, read_sheet
from acutance.images.formats import kinds_of
from acutance.scoring.naming import Proposal, naming_rule, propose_rule
from acutance.scoring.pairing import Collection, NamedImage, collect
from acutance.scoring.rows import ScoreRow
from acutance.tables.text import readable, some
from acutance.types import Better

Place = str | os.PathLike[str]
Methods = Mapping[str, Place] | Sequence[Place]
"""Folders by the name of their method, or folders that give their names, or ``NAME=DIR``."""

SHOWN_NAMES = 5
"""How many pictures an error names before it only counts."""


@dataclass(frozen=True)
class SharedPicture:
    """One picture as several methods made it."""

    name: str
    """What the paths of all of them share."""
    images: dict[str, NamedImage]
    """The picture of each method."""
    reference: NamedImage | None = None


@dataclass(frozen=True)
class MethodPlan:
    """Which pictures methods are compared on, and what was left over."""

    methods: list[str]
    pictures: list[SharedPicture]
    """Those that every method has, and the references too where there are some; sorted by name."""
    missing: dict[str, list[str]] = field(default_factory=dict)
    """Methods that lack a picture, by its name."""
    without_reference: list[str] = field(default_factory=list)
    """Pictures whose reference is missing, by name."""
    unused_references: list[str] = field(default_factory=list)
    """References of which no method has a picture."""
    nameless: list[str] = field(default_factory=list)
    """Files in whose path the regular expression finds nothing."""
    ignored: list[str] = field(default_factory=list)
    """Files that are no pictures by their ending."""
    unread: list[str] = field(default_factory=list)
    """Pictures of kinds that are not read, and folders that may not be looked into."""
    proposal: Proposal | None = None
    """The rule by which more would be shared, if there is one."""
    cure: str = "Mend the names, pair by a regular expression (--pair-by), or compare the rest (--allow-unmatched)."
    """What to try when something was left over and there is no such rule."""

    def demand_complete(self) -> None:
        """Raise ``PairingError`` if anything was left over."""
        if left_over := self.left_over():
            raise self._error("Expected every picture from every method", left_over)

    def demand_usable(self, *, allow_unmatched: bool) -> None:
        """Raise ``PairingError`` if anything was left over that may not be, or everything was."""
        if not allow_unmatched:
            self.demand_complete()
        if not self.pictures:
            raise self._error("Expected at least one picture from every method", self.left_over() or "none")

    def left_over(self) -> str:
        """One line that names what was left over; empty if nothing was."""
        lacking = [f"{name} not in {', '.join(methods)}" for name, methods in self.missing.items()]
        parts = [
            f"{len(names)} {kind}{'s' if len(names) > 1 else ''} {what} ({some(names, SHOWN_NAMES)})"
            for names, kind, what in (
                (lacking, "picture", "missing from a method"),
                (self.without_reference, "picture", "without a reference"),
                (self.unused_references, "reference", "without pictures"),
                (self.nameless, "file", "without a name by the regular expression"),
            )
            if names
        ]
        return " and ".join(parts)

    def left_out(self) -> list[str]:
        """Names of all pictures that are not compared, sorted."""
        return sorted({*self.missing, *self.without_reference, *self.unused_references, *self.nameless})

    def _error(self, expected: str, got: str) -> PairingError:
        rule = None if self.proposal is None else self.proposal.pair_by
        unread = f" Not read here: {kinds_of(self.unread)}; convert them to PNG." if self.unread else ""
        return PairingError(f"{expected}, got {got}. {self.proposal or self.cure}{unread}", pair_by=rule)


def named_folders(methods: Methods) -> dict[str, Path]:
    """The folder of each method by its name.

    Args:
        methods: Folders by name; or folders, which give their own names, as ``NAME=DIR`` if another is wanted.

    Raises:
        ConfigError: Two methods of one name, one folder twice, or a name without folder.

    Example:
        >>> named_folders(["out/swinir", "ours=out/v7"])
        {'swinir': PosixPath('out/swinir'), 'ours': PosixPath('out/v7')}
    """
    items = list(methods.items()) if isinstance(methods, Mapping) else [_named(place) for place in methods]
    folders: dict[str, Path] = {}
    for name, place in items:
        folder = Path(place)
        if name in folders:
            raise ConfigError(
                f"Expected methods of different names, got {name} twice: {folders[name]} and {folder}. "
                "Choose names with NAME=DIR."
            )
        if not name or not os.fspath(place):
            raise ConfigError(f"Expected a method as a folder or NAME=DIR, got {name}={os.fspath(place)}. Name both.")
        folders[name] = folder
    places: dict[str, str] = {}
    for name, folder in folders.items():
        place = os.path.realpath(folder)
        if place in places:
            raise ConfigError(f"Expected a folder for each method, got {folder} for {places[place]} and {name}.")
        places[place] = name
    return folders


def match_methods(folders: Mapping[str, Path], reference: Place | None = None, *, pair_by: str = "path") -> MethodPlan:
    """Find the pictures that all methods have, by their names and never by their order.

    Args:
        folders: The folder of each method.
        reference: One picture, the reference of all, or a folder of them; ``None`` for models that need none.
        pair_by: As in ``acutance.score``: ``"path"`` below the folder, ``"stem"``, or a regular expression with
            one group.

    Raises:
        PairingError: Two pictures of one name in a folder.
        ConfigError: A regular expression that is none, or without a group.
        InputError: Folders that do not exist or hold no pictures.
    """
    found = {name: _collected(name, folder) for name, folder in folders.items()}
    ignored = [file for collection in found.values() for file in collection.ignored]
    nameless: list[str] = []
    by_method = {name: _by_key(collection, pair_by, name, nameless) for name, collection in found.items()}
    keys = sorted({key for pictures in by_method.values() for key in pictures})
    missing = {
        readable(key): lacking
        for key in keys
        if (lacking := [name for name, pictures in by_method.items() if key not in pictures])
    }
    theirs = None if reference is None else collect(os.fspath(reference))
    references, unused = _references(theirs, keys, pair_by)
    ignored += theirs.ignored if theirs else []
    unread = [file for collection in (*found.values(), *([theirs] if theirs else [])) for file in collection.unread]
    shared = [
        SharedPicture(readable(key), {name: by_method[name][key] for name in folders}, references.get(key))
        for key in keys
        if readable(key) not in missing and (theirs is None or key in references)
    ]
    alone = [readable(key) for key in keys if theirs is not None and key not in references]
    plan = MethodPlan(list(folders), shared, missing, alone, unused, nameless, ignored, unread)
    if not plan.left_over():
        return plan
    collections = [*found.values(), *([theirs] if theirs and not theirs.is_single else [])]
    names = [[picture.relative for picture in collection.images] for collection in collections]
    return replace(plan, proposal=propose_rule(names, matched=len(shared)))


def _named(place: Place) -> tuple[str, Place]:
    text = os.fspath(place)
    name, equals, folder = text.partition("=")
    if isinstance(place, str) and equals and not Path(text).is_dir():
        return name, folder
    return Path(os.path.abspath(text)).name or text, place  # noqa: PTH100 (a link keeps its own name)


def _collected(method: str, folder: Path) -> Collection:
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing there"
        raise InputError(f"Expected a folder of pictures by {method} at {folder}, got {got}. Name a folder.")
    return collect(folder)


def _by_key(collection: Collection, pair_by: str, whose: str, nameless: list[str]) -> dict[str, NamedImage]:
    rule = naming_rule(pair_by)
    pictures: dict[str, NamedImage] = {}
    for picture in collection.images:
        key = rule(picture.relative)
        if key is None:
            nameless.append(picture.name)
        elif key in pictures:
            raise PairingError(
                f"Expected one picture by {whose} for {key!r} (pairing by {pair_by}), got {pictures[key].name} and "
                f"{picture.name}. Remove one of them, or pair by another rule."
            )
        else:
            pictures[key] = picture
    return pictures


def _references(
    theirs: Collection | None, keys: Sequence[str], pair_by: str
) -> tuple[dict[str, NamedImage], list[str]]:
    """The reference of each picture, and names of those of which no method has a picture."""
    if theirs is None:
        return {}, []
    if theirs.is_single:
        return dict.fromkeys(keys, theirs.images[0]), []
    known, unused = set(keys), list[str]()
    references = _by_key(theirs, pair_by, "the references", unused)
    unused += [picture.name for key, picture in references.items() if key not in known]
    return references, sorted(unused)


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


def _add(gathered: _Gathered, method: str, model: str, line: ScoreRow, path: Path) -> None:
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
