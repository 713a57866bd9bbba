"""Pairing of images and references: by name, by position, or by a manifest."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, cast

from acutance.errors import ImageReadError, InputError, PairingError
from acutance.images.formats import find_images, kinds_of
from acutance.scoring.naming import Proposal, naming_rule, propose_rule
from acutance.tables.read import parser, read_cells, row_place
from acutance.tables.text import readable, some

if TYPE_CHECKING:
    from acutance.images.read import ImageSource

Sources = Union["ImageSource", Sequence["ImageSource"]]
"""One image, a folder, a manifest, or a list of images and folders; a 4-D array is a list."""
SHOWN_NAMES = 5
"""How many unmatched files an error names before it only counts."""
MANIFEST_ENDINGS = (".csv", ".jsonl")
MANIFEST_FIELDS = ("image", "reference")


@dataclass(frozen=True)
class NamedImage:
    """One image to read."""

    source: Any
    """Anything that ``read_image`` takes."""
    name: str
    """What results call it."""
    relative: str
    """Its path below the folder it was found in, or its file name: what pairing looks at."""

    @cached_property
    def key(self) -> str:
        """The same for two mentions of one image."""
        return str(Path(self.source).absolute()) if is_path(self.source) else f"object {id(self.source)}"


@dataclass(frozen=True)
class Collection:
    """Images that were named together."""

    images: list[NamedImage]
    ignored: list[str]
    """Files in folders that are no images by their ending."""
    unread: list[str]
    """Images in folders of a kind that is not read, and folders that may not be looked into."""
    is_single: bool
    """Whether one image was named, not a folder or a list."""
    is_ordered: bool
    """Whether the caller gave the order, naming no folder."""


@dataclass(frozen=True)
class Pair:
    """An image and its reference, if it has one."""

    image: NamedImage
    reference: NamedImage | None = None


@dataclass(frozen=True)
class Pairing:
    """Pairs to score, and the files that were left over."""

    pairs: list[Pair]
    unmatched_images: list[str] = field(default_factory=list)
    """Images without a reference."""
    unused_references: list[str] = field(default_factory=list)
    """References without an image."""
    ignored: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Both as in ``Collection``, of images and references together."""
    is_single: bool = False
    """Whether the caller named one image."""
    proposal: Proposal | None = None
    """The rule by which more would meet, if there is one."""
    notes: list[str] = field(default_factory=list)
    """What was asked for and has no use here, or was passed over, a line each."""

    def require_complete(self) -> None:
        """Raise ``PairingError`` if anything was left over."""
        if self.unmatched_images or self.unused_references:
            raise self._error("Some images and references do not meet")

    def require_pairs(self) -> None:
        """Raise ``PairingError`` if no image met its reference."""
        if not self.pairs:
            raise self._error("No image meets a reference")

    def left_over(self) -> str:
        """One line that names what was left over."""
        parts = [
            f"{len(names)} {one if len(names) == 1 else one + 's'} without {other} ({some(names, SHOWN_NAMES)})"
            for names, one, other in (
                (self.unmatched_images, "image", "a reference"),
                (self.unused_references, "reference", "an image"),
            )
            if names
        ]
        return " and ".join(parts)

    def _error(self, problem: str) -> PairingError:
        cure = (
            "Rename them, pair by a regular expression (--pair-by), or allow it (--allow-unmatched, "
            "allow_unmatched=True) to score the rest."
        )
        return left_over_error(problem, self.left_over(), cure, self.proposal, self.unread)


def collect(sources: Sources) -> Collection:
    """The images that ``sources`` names, folders in sorted order, lists in their own.

    Raises:
        ImageReadError: A path that does not exist.
        InputError: A folder without images, an empty list, or bare bytes.
    """
    if isinstance(sources, bytes | bytearray | memoryview):
        raise InputError(
            f"Images cannot be given as {type(sources).__name__}. Pass a path, or io.BytesIO(data) for a file's bytes."
        )
    single = _is_one_image(sources)
    items: list[Any] = [sources] if single or is_path(sources) else list(cast("Iterable[Any]", sources))
    collection = Collection([], [], [], is_single=single, is_ordered=not any(map(_is_folder, items)))
    for item in items:
        if not _is_folder(item):
            collection.images.append(_alone(item, len(collection.images)))
            continue
        folder = Path(item)
        found = find_images(folder)
        if not found.images:
            got = f"only {kinds_of(found.unread)}. Convert them to PNG" if found.unread else "no images"
            raise InputError(f"The folder {os.fspath(item)} holds {got}. Name another folder.")
        collection.images.extend(NamedImage(folder / name, _named(folder, name), name) for name in found.images)
        collection.ignored.extend(_named(folder, name) for name in found.ignored)
        # a folder keeps the slash that marks it
        collection.unread.extend(_named(folder, name) + "/" * name.endswith("/") for name in found.unread)
    if not collection.images:
        raise InputError("There is no image to read in an empty list. Name files or folders.")
    return collection


def is_path(source: object) -> bool:
    """Whether this is a path and not an image in memory."""
    return isinstance(source, str | os.PathLike)


def pair_up(images: Sources, reference: Sources | None = None, *, pair_by: str = "path") -> Pairing:
    """Pair images with their references.

    Args:
        images: One image, a folder, or a list of them.
        reference: ``None``; one image, the reference of all; a list as long as the list ``images``, in its
            order; or a folder, or a list with folders, whose files are found by name.
        pair_by: How names meet when the references are a folder: ``"path"``, the path below the folder;
            ``"stem"``, the file name without folders and ending; or a regular expression with one group, searched
            for in both paths, whose group must agree.

    Raises:
        PairingError: Two references of one name, lists of different lengths, or a folder beside a list.
        ConfigError: A regular expression that is none, or without a group.
        InputError: Paths that do not exist.
    """
    ours = collect(images)
    if reference is None:
        pairs = [Pair(image) for image in ours.images]
        return replace(_of(ours), pairs=pairs, notes=_unused_rule(pair_by, "there is no reference"))
    theirs = collect(reference)
    if theirs.is_single:
        pairs = [Pair(image, theirs.images[0]) for image in ours.images]
        return replace(_of(ours, theirs), pairs=pairs, notes=_unused_rule(pair_by, "there is one reference for all"))
    if theirs.is_ordered:
        notes = _unused_rule(pair_by, "lists pair by position")
        return replace(_of(ours, theirs), pairs=_by_position(ours, theirs), notes=notes)
    return _by_name(ours, theirs, pair_by)


def images_by_key(
    images: Iterable[NamedImage], pair_by: str
) -> tuple[dict[str, NamedImage], list[NamedImage], tuple[str, NamedImage, NamedImage] | None]:
    """Images by what they meet by; those in whose names a regular expression finds nothing; a key that two have."""
    rule = naming_rule(pair_by)
    by_key: dict[str, NamedImage] = {}
    nameless = []
    for image in images:
        key = rule(image.relative)
        if key is None:
            nameless.append(image)
        elif key in by_key:
            return by_key, nameless, (key, by_key[key], image)
        else:
            by_key[key] = image
    return by_key, nameless, None


def left_over_error(
    problem: str, left_over: str, cure: str, proposal: Proposal | None, unread: Sequence[str]
) -> PairingError:
    """The error for images that do not meet, with the rule by which more would, or else this cure."""
    rule = None if proposal is None else proposal.pair_by
    not_read = f" Not read here: {kinds_of(unread)}; convert them to PNG." if unread else ""
    return PairingError(f"{problem}: {left_over}. {proposal or cure}{not_read}", pair_by=rule)


def is_manifest(source: object) -> bool:
    """Whether this names a file of pairs."""
    is_named_so = isinstance(source, str | Path) and Path(source).suffix.lower() in MANIFEST_ENDINGS
    return is_named_so and not Path(str(source)).is_dir()


@dataclass(frozen=True, slots=True)
class _ManifestRow:
    image: str
    reference: str | None = None


def read_manifest(path: Path) -> Pairing:
    """The pairs of a manifest, in its order.

    Args:
        path: A CSV file with a header, or a file of JSON objects, one a line. ``image`` is needed,
            ``reference`` may be absent or empty, other fields are passed over with a note. Paths are relative to the
            manifest's folder.

    Raises:
        PairingError: A file that cannot be read as one, naming file and line.
    """
    if not path.is_file():
        raise PairingError(f"There is no manifest at {path}. Check the path.")
    parse = parser(_ManifestRow, PairingError, "Fill it in.")
    others: dict[str, None] = {}
    pairs = []
    for number, cells in read_cells(path, PairingError, header=lambda names: _manifest_columns(path, names)):
        row = parse(cells, row_place(path, number))
        image, *reference = (
            NamedImage(path.parent / name, readable(name), name) for name in (row.image, row.reference) if name
        )
        pairs.append(Pair(image, *reference))
        others |= dict.fromkeys(name for name in cells if name not in MANIFEST_FIELDS)
    if not pairs:
        raise PairingError(f"The manifest {path} holds no pair. Add a line with an image.")
    return Pairing(pairs, notes=[f"fields of {path} passed over: {', '.join(map(readable, others))}"] if others else [])


def _manifest_columns(path: Path, names: list[str]) -> list[str]:
    if "image" not in names:
        got = ", ".join(names) or "nothing"
        raise PairingError(
            f"The manifest {path} lacks the columns image and reference: it has {got}. Name them in the first line."
        )
    return names


def _is_folder(source: object) -> bool:
    return isinstance(source, str | os.PathLike) and Path(source).is_dir()


def _is_one_image(sources: object) -> bool:
    if is_path(sources):
        return not _is_folder(sources)
    if isinstance(sources, list | tuple):
        return False
    if isinstance(sources, Iterable) and not hasattr(sources, "read") and not hasattr(sources, "shape"):
        return hasattr(sources, "convert")  # Pillow's images
    return getattr(sources, "ndim", 3) != 4


def _named(folder: Path, relative: str) -> str:
    return readable((folder / relative).as_posix())


def _alone(item: Any, index: int) -> NamedImage:  # noqa: ANN401
    from acutance.images.read import image_name

    if not is_path(item):
        name = image_name(item, index)
        return NamedImage(item, name, Path(name).name)
    path = Path(item)
    if not path.exists():
        raise ImageReadError(f"There is no image or folder at {path}. Check the path.")
    return NamedImage(path, readable(path.as_posix()), path.name)


def _by_position(ours: Collection, theirs: Collection) -> list[Pair]:
    if not ours.is_ordered:
        raise PairingError(
            "A list of references needs a list of images beside it, not a folder, whose order means nothing. "
            "Name the folder of references, which pairs by name, or list the images."
        )
    if len(ours.images) != len(theirs.images):
        raise PairingError(
            f"The numbers of images ({len(ours.images)}) and of references ({len(theirs.images)}) differ. "
            "Give one reference for all, a list of equal length, or a folder."
        )
    return [Pair(image, reference) for image, reference in zip(ours.images, theirs.images, strict=True)]


def _unused_rule(pair_by: str, reason: str) -> list[str]:
    """A line where a rule for names was chosen that has no use; a wrong one is an error all the same."""
    naming_rule(pair_by)
    return [] if pair_by == "path" else [f"pairing by {pair_by} has no use: {reason}"]


def _of(*collections: Collection) -> Pairing:
    """A plan without pairs, and what the folders hold beside images; the first collection is scored."""
    ignored, unread = ([name for one in collections for name in getattr(one, kind)] for kind in ("ignored", "unread"))
    return Pairing([], ignored=ignored, unread=unread, is_single=collections[0].is_single)


def _by_name(ours: Collection, theirs: Collection, pair_by: str) -> Pairing:
    key = naming_rule(pair_by)
    names = [[image.relative for image in collection.images] for collection in (ours, theirs)]
    by_key, nameless, repeated = images_by_key(theirs.images, pair_by)
    if repeated:
        shared, first, second = repeated
        proposal = propose_rule(names, matched=0, first_repeats=True)
        raise PairingError(
            f"Two references meet {shared!r} (pairing by {pair_by}): {first.name} and {second.name}. "
            f"{proposal or 'Remove one of them, or pair by another rule.'}",
            pair_by=None if proposal is None else proposal.pair_by,
        )
    unused = [reference.name for reference in nameless]
    pairs: list[Pair] = []
    unmatched: list[str] = []
    used: set[str] = set()
    for image in ours.images:
        name = key(image.relative)
        if name is None or name not in by_key:
            unmatched.append(image.name)
        else:
            pairs.append(Pair(image, by_key[name]))
            used.add(name)
    unused += [reference.name for name, reference in by_key.items() if name not in used]
    pairing = replace(_of(ours, theirs), pairs=pairs, unmatched_images=unmatched, unused_references=sorted(unused))
    if not pairing.left_over():
        return pairing
    return replace(pairing, proposal=propose_rule(names, matched=len(pairs), first_repeats=True))
