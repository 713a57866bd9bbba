"""Which files below a folder are pictures."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from acutance.errors import InputError
from acutance.images.formats import PICTURE_ENDINGS, unread_kind


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundImages:
    """What a folder holds; every name is relative to it, with forward slashes, and sorted."""

    images: list[str]
    """Files with the ending of a picture that is read."""
    ignored: list[str]
    """Files with the ending of no picture."""
    unread: list[str]
    """Pictures of a kind that is not read, and folders that may not be looked into (these end in a slash)."""


def find_images(folder: Path) -> FoundImages:
    """The pictures below a folder, at any depth, those that cannot be read, and the files that are none.

    A file is a picture by its ending (any case). Hidden files and folders, whose names begin with a dot, are
    in no list. Links are followed, except one that leads to a folder it lies in.

    Args:
        folder: Where to look.

    Raises:
        InputError: If the folder does not exist, is a file or may not be read.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.PNG", "a.jpg", "c.heic", "notes.txt", ".hidden.png"):
        ...         _ = Path(folder, name).write_bytes(b"")
        ...     find_images(Path(folder))
        FoundImages(images=['a.jpg', 'b.PNG'], ignored=['notes.txt'], unread=['c.heic'])
    """
    images: list[str] = []
    ignored: list[str] = []
    unread: list[str] = []

    def note_unreadable(error: OSError) -> None:
        unreadable = Path(error.filename)
        if unreadable == folder:
            raise InputError(f"Expected a folder of pictures, got {folder}: {error.strerror}.") from error
        unread.append(unreadable.relative_to(folder).as_posix() + "/")

    for place, subfolders, names in os.walk(folder, onerror=note_unreadable, followlinks=True):
        subfolders[:] = [name for name in subfolders if _is_worth_a_visit(Path(place, name))]
        for name in names:
            if not name.startswith("."):
                found = Path(place, name).relative_to(folder).as_posix()
                if PurePath(name).suffix.lower() in PICTURE_ENDINGS:
                    images.append(found)
                else:
                    (ignored if unread_kind(name) is None else unread).append(found)
    return FoundImages(images=sorted(images), ignored=sorted(ignored), unread=sorted(unread))


def _is_worth_a_visit(folder: Path) -> bool:
    """False for a hidden folder and for a link that would lead round in a circle."""
    if folder.name.startswith("."):
        return False
    return not (folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()))
