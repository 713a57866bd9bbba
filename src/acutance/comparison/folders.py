"""Methods as folders of pictures: their names, and which of their pictures show the same thing."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from acutance.errors import ConfigError, InputError, PairingError
from acutance.scoring.left_out import kinds_of
from acutance.scoring.naming import Proposal, naming_rule, propose_rule
from acutance.scoring.sources import Collection, Picture, collect
from acutance.tables.text import readable, some

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
    images: dict[str, Picture]
    """The picture of each method."""
    reference: Picture | None = None


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
    names = [[picture.relative for picture in collection.pictures] for collection in collections]
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


def _by_key(collection: Collection, pair_by: str, whose: str, nameless: list[str]) -> dict[str, Picture]:
    rule = naming_rule(pair_by)
    pictures: dict[str, Picture] = {}
    for picture in collection.pictures:
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


def _references(theirs: Collection | None, keys: Sequence[str], pair_by: str) -> tuple[dict[str, Picture], list[str]]:
    """The reference of each picture, and names of those of which no method has a picture."""
    if theirs is None:
        return {}, []
    if theirs.is_single:
        return dict.fromkeys(keys, theirs.pictures[0]), []
    known, unused = set(keys), list[str]()
    references = _by_key(theirs, pair_by, "the references", unused)
    unused += [picture.name for key, picture in references.items() if key not in known]
    return references, sorted(unused)
