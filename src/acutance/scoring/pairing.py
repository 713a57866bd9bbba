"""Which reference belongs to which picture: by name and never by order."""

from dataclasses import dataclass, field, replace

from acutance.errors import PairingError
from acutance.scoring.left_out import kinds_of
from acutance.scoring.naming import Proposal, naming_rule, propose_rule
from acutance.scoring.sources import Collection, Picture, Sources, collect
from acutance.tables.text import some

SHOWN_NAMES = 5
"""How many unmatched files an error names before it only counts."""


@dataclass(frozen=True)
class Pair:
    """A picture and its reference, if it has one."""

    image: Picture
    reference: Picture | None = None


@dataclass(frozen=True)
class Pairing:
    """What will be scored, and what was left over."""

    pairs: list[Pair]
    unmatched_images: list[str] = field(default_factory=list)
    """Pictures without a reference."""
    unused_references: list[str] = field(default_factory=list)
    """References without a picture."""
    ignored: list[str] = field(default_factory=list)
    """Files that are no pictures by their ending."""
    unread: list[str] = field(default_factory=list)
    """Pictures of a kind that is not read, and folders that may not be looked into."""
    is_single: bool = False
    """Whether the caller named one picture."""
    proposal: Proposal | None = None
    """The rule by which more would meet, if there is one."""
    notes: list[str] = field(default_factory=list)
    """What was asked for and has no use here, or was passed over, a line each."""

    def demand_complete(self) -> None:
        """Raise ``PairingError`` if anything was left over."""
        if self.unmatched_images or self.unused_references:
            raise self._error("Expected every picture to meet its reference")

    def demand_some(self) -> None:
        """Raise ``PairingError`` if no picture met its reference."""
        if not self.pairs:
            raise self._error("Expected at least one pair")

    def left_over(self) -> str:
        """One line that names what was left over."""
        parts = [
            f"{len(names)} {one if len(names) == 1 else one + 's'} without a {other} ({some(names, SHOWN_NAMES)})"
            for names, one, other in (
                (self.unmatched_images, "picture", "reference"),
                (self.unused_references, "reference", "picture"),
            )
            if names
        ]
        return " and ".join(parts)

    def _error(self, expected: str) -> PairingError:
        cure = (
            "Rename them, pair by a regular expression (--pair-by), or allow it (--allow-unmatched, "
            "allow_unmatched=True) to score the rest."
        )
        rule = None if self.proposal is None else self.proposal.pair_by
        unread = f" Not read here: {kinds_of(self.unread)}; convert them to PNG." if self.unread else ""
        return PairingError(f"{expected}, got {self.left_over()}. {self.proposal or cure}{unread}", pair_by=rule)


def pair_up(images: Sources, reference: Sources | None = None, *, pair_by: str = "path") -> Pairing:
    """Pair pictures with their references.

    Args:
        images: One picture, a folder, or a list of them.
        reference: ``None``; one picture, the reference of all; a list as long as the list ``images``, in its
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
        pairs = [Pair(picture) for picture in ours.pictures]
        return replace(_of(ours), pairs=pairs, notes=_unused_rule(pair_by, "there is no reference"))
    theirs = collect(reference)
    if theirs.is_single:
        pairs = [Pair(picture, theirs.pictures[0]) for picture in ours.pictures]
        return replace(_of(ours, theirs), pairs=pairs, notes=_unused_rule(pair_by, "there is one reference for all"))
    if theirs.is_ordered:
        notes = _unused_rule(pair_by, "lists pair by position")
        return replace(_of(ours, theirs), pairs=_by_position(ours, theirs), notes=notes)
    return _by_name(ours, theirs, pair_by)


def _by_position(ours: Collection, theirs: Collection) -> list[Pair]:
    if not ours.is_ordered:
        raise PairingError(
            "Expected a list of pictures beside a list of references, got a folder, whose order means nothing. "
            "Name the folder of references, which pairs by name, or list the pictures."
        )
    if len(ours.pictures) != len(theirs.pictures):
        raise PairingError(
            f"Expected as many references as pictures, got {len(theirs.pictures)} for {len(ours.pictures)}. "
            "Give one reference for all, a list of equal length, or a folder."
        )
    return [Pair(image, reference) for image, reference in zip(ours.pictures, theirs.pictures, strict=True)]


def _unused_rule(pair_by: str, reason: str) -> list[str]:
    """A line where a rule for names was chosen that has no use; a wrong one is an error all the same."""
    naming_rule(pair_by)
    return [] if pair_by == "path" else [f"pairing by {pair_by} has no use: {reason}"]


def _of(*collections: Collection) -> Pairing:
    """A plan without pairs, and what the folders hold beside pictures; the first collection is scored."""
    ignored, unread = ([name for one in collections for name in getattr(one, kind)] for kind in ("ignored", "unread"))
    return Pairing([], ignored=ignored, unread=unread, is_single=collections[0].is_single)


def _by_name(ours: Collection, theirs: Collection, pair_by: str) -> Pairing:
    key = naming_rule(pair_by)
    by_key: dict[str, Picture] = {}
    unused = []
    for picture in theirs.pictures:
        name = key(picture.relative)
        if name is None:
            unused.append(picture.name)
        elif name in by_key:
            proposal = propose_rule(_names(ours, theirs), matched=0, first_repeats=True)
            raise PairingError(
                f"Expected one reference for {name!r} (pairing by {pair_by}), got {by_key[name].name} and "
                f"{picture.name}. {proposal or 'Remove one of them, or pair by another rule.'}",
                pair_by=None if proposal is None else proposal.pair_by,
            )
        else:
            by_key[name] = picture
    pairs: list[Pair] = []
    unmatched: list[str] = []
    used: set[str] = set()
    for image in ours.pictures:
        name = key(image.relative)
        if name is None or name not in by_key:
            unmatched.append(image.name)
        else:
            pairs.append(Pair(image, by_key[name]))
            used.add(name)
    unused += [picture.name for name, picture in by_key.items() if name not in used]
    pairing = replace(_of(ours, theirs), pairs=pairs, unmatched_images=unmatched, unused_references=sorted(unused))
    if not pairing.left_over():
        return pairing
    return replace(pairing, proposal=propose_rule(_names(ours, theirs), matched=len(pairs), first_repeats=True))


def _names(ours: Collection, theirs: Collection) -> list[list[str]]:
    return [[picture.relative for picture in collection.pictures] for collection in (ours, theirs)]
