"""What a user names becomes a list of pictures: files, folders, lists, arrays."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from acutance.errors import ImageReadError, InputError
from acutance.images.formats import find_images
from acutance.scoring.left_out import kinds_of
from acutance.tables.text import readable

if TYPE_CHECKING:
    from acutance.images.read import ImageSource

Sources = Union["ImageSource", Sequence["ImageSource"]]
"""One picture, a folder, a manifest, or a list of pictures and folders; a 4-D array is a list."""


@dataclass(frozen=True)
class Picture:
    """One picture to read."""

    source: Any
    """Anything that ``read_image`` takes."""
    name: str
    """What results call it."""
    relative: str
    """Its path below the folder it was found in, or its file name: what pairing looks at."""

    @cached_property
    def key(self) -> str:
        """The same for two mentions of one picture."""
        return str(Path(self.source).absolute()) if is_path(self.source) else f"object {id(self.source)}"


@dataclass(frozen=True)
class Collection:
    """Pictures that were named together."""

    pictures: list[Picture]
    ignored: list[str]
    """Files in folders that are no pictures by their ending."""
    unread: list[str]
    """Pictures in folders of a kind that is not read, and folders that may not be looked into."""
    is_single: bool
    """Whether one picture was named, not a folder or a list."""
    is_ordered: bool
    """Whether the caller gave the order, naming no folder."""


def collect(sources: Sources) -> Collection:
    """The pictures that ``sources`` names, folders in sorted order, lists in their own.

    Raises:
        ImageReadError: A path that does not exist.
        InputError: A folder without pictures, an empty list, or bare bytes.
    """
    if isinstance(sources, bytes | bytearray | memoryview):
        raise InputError(
            f"Expected a picture, got {type(sources).__name__}. Pass a path, or io.BytesIO(data) for a file's bytes."
        )
    single = _is_one_picture(sources)
    items: list[Any] = [sources] if single or is_path(sources) else list(_items(sources))
    pictures: list[Picture] = []
    ignored: list[str] = []
    unread: list[str] = []
    is_ordered = True
    for item in items:
        if is_path(item) and Path(item).is_dir():
            is_ordered = False
            found = find_images(Path(item))
            if not found.images:
                got = f"only {kinds_of(found.unread)}. Convert them to PNG" if found.unread else "none"
                raise InputError(f"Expected pictures in the folder {os.fspath(item)}, got {got}. Name another folder.")
            pictures += [_in_folder(Path(item), relative) for relative in found.images]
            ignored += [readable((Path(item) / relative).as_posix()) for relative in found.ignored]
            unread += [_named_below(item, relative) for relative in found.unread]
        else:
            pictures.append(_alone(item, len(pictures)))
    if not pictures:
        raise InputError("Expected at least one picture, got an empty list. Name files or folders.")
    return Collection(pictures, ignored, unread, is_single=single, is_ordered=is_ordered)


def is_path(source: object) -> bool:
    """Whether this is a path and not a picture in memory."""
    return isinstance(source, str | os.PathLike)


def _named_below(folder: Any, relative: str) -> str:  # noqa: ANN401
    """The path of what was found in a folder; a folder keeps the slash that marks it."""
    return readable((Path(folder) / relative).as_posix()) + ("/" if relative.endswith("/") else "")


def _is_one_picture(sources: object) -> bool:
    if is_path(sources):
        return not Path(sources).is_dir()  # type: ignore[arg-type]
    if isinstance(sources, list | tuple):
        return False
    if isinstance(sources, Iterable) and not hasattr(sources, "read") and not hasattr(sources, "shape"):
        return hasattr(sources, "convert")  # Pillow's pictures
    return getattr(sources, "ndim", 3) != 4


def _items(sources: Any) -> Iterable[Any]:  # noqa: ANN401
    items: Iterable[Any] = iter(sources)
    return items


def _in_folder(folder: Path, relative: str) -> Picture:
    path = folder / relative
    return Picture(path, readable(path.as_posix()), relative)


def _alone(item: Any, index: int) -> Picture:  # noqa: ANN401
    from acutance.images.read import image_name

    if not is_path(item):
        name = image_name(item, index)
        return Picture(item, name, Path(name).name)
    path = Path(item)
    if not path.exists():
        raise ImageReadError(f"Expected a picture or a folder at {path}, got nothing there. Check the path.")
    return Picture(path, readable(path.as_posix()), path.name)
