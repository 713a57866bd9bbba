"""Methods: their folders, the images that all of them have, and the scores of these."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from acutance.comparison.results import ImageScores
from acutance.errors import ConfigError, EvaluationError, InputError, PairingError
from acutance.evaluation.score_files import asked_direction, read_sheet
from acutance.scoring.naming import Proposal, naming_rule, propose_rule
from acutance.scoring.pairing import SHOWN_NAMES, Collection, NamedImage, collect, images_by_key, left_over_error
from acutance.scoring.rows import ScoreRow
from acutance.tables.text import readable, some
from acutance.types import Better

Place = str | os.PathLike[str]
Methods = Mapping[str, Place] | Sequence[Place]
"""Folders by the name of their method, or folders that give their names, or ``NAME=DIR``."""

NO_ROW = "no row in the file of scores"
"""The error of an image that a file of scores does not have by a model."""


@dataclass(frozen=True)
class SharedImage:
    """One image as several methods made it."""

    name: str
    """What the paths of all of them share."""
    images: dict[str, NamedImage]
    """The image of each method."""
    reference: NamedImage | None = None


@dataclass(frozen=True)
class MethodPlan:
    """Images that methods are compared on, and what was left over."""

    methods: list[str]
    images: list[SharedImage]
    """Those that every method has, and the references too where there are some; sorted by name."""
    missing: dict[str, list[str]] = field(default_factory=dict)
    """Methods that lack an image, by its name."""
    without_reference: list[str] = field(default_factory=list)
    """Images whose reference is missing, by name."""
    unused_references: list[str] = field(default_factory=list)
    """References of which no method has an image."""
    nameless: list[str] = field(default_factory=list)
    """Files in whose path the regular expression finds nothing."""
    ignored: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Both as in ``Collection``, of all folders together."""
    proposal: Proposal | None = None
    """The rule by which more would be shared, if there is one."""
    cure: str = "Mend the names, pair by a regular expression (--pair-by), or compare the rest (--allow-unmatched)."
    """What to try when something was left over and there is no such rule."""

    def check_usable(self, *, allow_unmatched: bool) -> None:
        """Raise ``PairingError`` if anything was left over that may not be, or everything was."""
        left_over = self.left_over()
        if left_over and not allow_unmatched:
            raise left_over_error("Methods differ in their images", left_over, self.cure, self.proposal, self.unread)
        if not self.images:
            problem = "There is no image that every method has"
            raise left_over_error(problem, left_over or "none at all", self.cure, self.proposal, self.unread)

    def left_over(self) -> str:
        """One line that names what was left over; empty if nothing was."""
        lacking = [f"{name} not in {', '.join(methods)}" for name, methods in self.missing.items()]
        parts = [
            f"{len(names)} {kind}{'s' if len(names) > 1 else ''} {what} ({some(names, SHOWN_NAMES)})"
            for names, kind, what in (
                (lacking, "image", "missing from a method"),
                (self.without_reference, "image", "without a reference"),
                (self.unused_references, "reference", "without images"),
                (self.nameless, "file", "without a name by the regular expression"),
            )
            if names
        ]
        return " and ".join(parts)

    def left_out(self) -> list[str]:
        """Names of all images that are not compared, sorted."""
        return sorted({*self.missing, *self.without_reference, *self.unused_references, *self.nameless})


@dataclass(frozen=True)
class MethodRows:
    """Scores of methods from a file."""

    models: list[str]
    images: list[ImageScores]
    """Those that every method has, sorted by name."""
    plan: MethodPlan
    """The names of these images, and what was left over."""
    strays: int
    """How many images of the file are in no folder of a method."""
    asked: dict[str, Better | None]
    """Which direction is better by the file or by who asks, by model."""


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
                f"Two methods are called {name}: {folders[name]} and {folder}. Choose names with NAME=DIR."
            )
        if not name or not os.fspath(place):
            raise ConfigError(f"{name}={os.fspath(place)} is no method. Name its folder, as DIR or NAME=DIR.")
        folders[name] = folder
    by_place: dict[str, str] = {}
    for name, folder in folders.items():
        place = os.path.realpath(folder)
        if place in by_place:
            raise ConfigError(f"{by_place[place]} and {name} are one folder, {folder}. Leave one of them out.")
        by_place[place] = name
    return folders


def match_methods(folders: Mapping[str, Path], reference: Place | None = None, *, pair_by: str = "path") -> MethodPlan:
    """Find the images that all methods have, by their names and never by their order.

    Args:
        reference: One image, the reference of all, or a folder of them; ``None`` for models that need none.
        pair_by: As in ``acutance.score``: ``"path"`` below the folder, ``"stem"``, or a regular expression with
            one group.

    Raises:
        PairingError: Two images of one name in a folder.
        ConfigError: A regular expression that is none, or without a group.
        InputError: Folders that do not exist or hold no images.
    """
    found = {name: _collected(name, folder) for name, folder in folders.items()}
    theirs = None if reference is None else collect(os.fspath(reference))
    nameless: list[str] = []
    by_method = {name: _by_key(collection, pair_by, name, nameless) for name, collection in found.items()}
    keys = sorted({key for images in by_method.values() for key in images})
    missing = {
        readable(key): lacking
        for key in keys
        if (lacking := [name for name, images in by_method.items() if key not in images])
    }
    unused: list[str] = []
    references: Mapping[str, NamedImage] = {}
    if theirs is not None and theirs.is_single:
        references = dict.fromkeys(keys, theirs.images[0])
    elif theirs is not None:
        references = _by_key(theirs, pair_by, "the references", unused)
        known = set(keys)
        unused += [image.name for key, image in references.items() if key not in known]
    alone = [key for key in keys if key not in references] if theirs is not None else []
    collections = [*found.values(), *([theirs] if theirs else [])]
    shared = [
        SharedImage(readable(key), {name: by_method[name][key] for name in folders}, references.get(key))
        for key in keys
        if readable(key) not in missing and (theirs is None or key in references)
    ]
    plan = MethodPlan(
        list(folders),
        shared,
        missing,
        without_reference=list(map(readable, alone)),
        unused_references=sorted(unused),
        nameless=nameless,
        ignored=[file for collection in collections for file in collection.ignored],
        unread=[file for collection in collections for file in collection.unread],
    )
    if not plan.left_over():
        return plan
    names = [[image.relative for image in one.images] for one in collections if not (one is theirs and one.is_single)]
    return replace(plan, proposal=propose_rule(names, matched=len(shared)))


def gather_rows(images: Sequence[SharedImage], models: Sequence[str], rows: Iterable[ScoreRow]) -> list[ImageScores]:
    """Rows as scoring makes them, sorted into images and methods.

    Args:
        images: What was scored, in this order, each by its methods in their order.
        models: Names of the models, each giving a row of every image in this order.
    """
    coming = iter(rows)
    found = []
    for one in images:
        by_method = {method: {model: next(coming) for model in models} for method in one.images}
        names = {method: image.name for method, image in one.images.items()}
        reference = one.reference.name if one.reference else None
        found.append(_scores(one.name, reference, names, by_method, product(by_method, models)))
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
    """Scores of methods from a file of ``acutance score`` on their folders; no image is looked for.

    Args:
        path: A file as ``read_sheet`` takes it.
        folders: The folder of each method, by the paths that stand in the file or from the present folder.
        models: The models to take; by default all of the file, in its order.
        pair_by: As in ``match_methods``.

    Raises:
        EvaluationError: A file that cannot be read, an image that is there twice, a model that is not there,
            references that differ between methods, no image of a method, or another direction than the file says.
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
            raise EvaluationError(
                f"{path} has no scores by {model}, only by {', '.join(sheet)}. Score with it too, or leave it out."
            )
    found: dict[str, dict[str, dict[str, ScoreRow]]] = {}  # by name, method and model
    references: dict[str, str] = {}
    strays: dict[str, None] = {}
    nameless: dict[str, None] = {}
    rule = naming_rule(pair_by)
    places = {os.path.abspath(folder).rstrip(os.sep) + os.sep: name for name, folder in folders.items()}  # noqa: PTH100
    innermost = sorted(places.items(), key=lambda item: -len(item[0]))
    for model in wanted:
        for row in sheet[model]:
            method, below = _located(row.image, innermost)
            key = rule(below) if method else None
            if key is None:
                (nameless if method else strays)[row.image] = None
                continue
            name = readable(key)
            _add(found.setdefault(name, {}).setdefault(method, {}), method, model, row, path)
            if row.reference is not None and references.setdefault(name, row.reference) != row.reference:
                raise EvaluationError(
                    f"One image has two references in {path}: {references[name]}, and {row.reference} for "
                    f"{row.image}. Score all methods beside the same references."
                )
    for method, folder in folders.items():
        if not any(method in by_method for by_method in found.values()):
            raise EvaluationError(f"{path} has no scores of images in {folder}. Name the folders as they were scored.")
    lacking = {name: [method for method in folders if method not in found[name]] for name in sorted(found)}
    missing = {name: methods for name, methods in lacking.items() if methods}
    images = []
    for name in sorted(set(found) - set(missing)):
        names = {method: next(iter(found[name][method].values())).image for method in folders}
        order = [(method, model) for model in wanted for method in folders]
        images.append(_scores(name, references.get(name), names, found[name], order))
    plan = MethodPlan(
        list(folders),
        [SharedImage(one.picture, {}) for one in images],
        missing,
        nameless=list(nameless),
        cure="Score all methods on the same images, or compare the rest (--allow-unmatched).",
    )
    asked = {model: asked_direction(path, model, sheet[model], better or {}) for model in wanted}
    return MethodRows(wanted, images, plan, len(strays), asked)


def _named(place: Place) -> tuple[str, Place]:
    text = os.fspath(place)
    name, equals, folder = text.partition("=")
    if isinstance(place, str) and equals and not Path(text).is_dir():
        return name, folder
    return Path(os.path.abspath(text)).name or text, place  # noqa: PTH100 (a link keeps its own name)


def _collected(method: str, folder: Path) -> Collection:
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing there"
        raise InputError(f"The method {method} needs a folder of images; at {folder} is {got}. Name a folder.")
    return collect(folder)


def _by_key(collection: Collection, pair_by: str, whose: str, nameless: list[str]) -> dict[str, NamedImage]:
    by_key, without, repeated = images_by_key(collection.images, pair_by)
    if repeated:
        key, first, second = repeated
        raise PairingError(
            f"Two images of {whose} meet {key!r} (pairing by {pair_by}): {first.name} and {second.name}. Remove one "
            "of them, or pair by another rule."
        )
    nameless += [image.name for image in without]
    return by_key


def _located(image: str, folders: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The method of an image, by the innermost of their folders, and its path below."""
    place = os.path.abspath(image)  # noqa: PTH100 (links stay as they are written)
    for folder, name in folders:
        if place.startswith(folder):
            return name, Path(place[len(folder) :]).as_posix()
    return "", ""


def _add(by_model: dict[str, ScoreRow], method: str, model: str, row: ScoreRow, path: Path) -> None:
    before = next(iter(by_model.values()), row).image
    if before != row.image or model in by_model:
        twice = f"{before} and {row.image}, which pair alike" if before != row.image else f"{before} by {model} twice"
        raise EvaluationError(f"{path} has an image of {method} twice: {twice}. Remove one of them.")
    by_model[model] = row


def _scores(
    name: str,
    reference: str | None,
    images: Mapping[str, str],
    rows: Mapping[str, Mapping[str, ScoreRow]],
    order: Iterable[tuple[str, str]],
) -> ImageScores:
    """The scores of an image, with an error wherever there is no row; methods and models in this order."""
    scores: dict[str, dict[str, float | None]] = {}
    errors: dict[str, dict[str, str]] = {}
    for method, model in order:
        row = rows[method].get(model)
        scores.setdefault(model, {})[method] = row.score if row else None
        if row is None or row.score is None:
            errors.setdefault(model, {})[method] = (row and row.error) or NO_ROW
    return ImageScores(picture=name, reference=reference, images=dict(images), scores=scores, errors=errors)
