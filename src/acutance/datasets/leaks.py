"""Whether a picture, reference or scene stands on two sides: by name, by case, by file and by content."""

import hashlib
import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from acutance.datasets.table import OpinionTable, RatedPicture
from acutance.errors import DatasetError


def scene_of(row: RatedPicture) -> str:
    """What must not stand on two sides: the scene, else the reference, else the picture itself."""
    return row.scene or row.reference or row.image


def demand_separate(
    table: OpinionTable, sides: Sequence[str], *, kind: str = "part", compare_contents: bool = False
) -> None:
    """Raise if anything stands on two sides.

    Two names are one thing if they are equal, if both lead to one file (links), or if they differ in case only,
    unless both files are there with different contents.

    Args:
        table: The pictures; files that are not there are compared by name alone.
        sides: Side of each row, such as ``train`` or the name of its scene.
        kind: What a side is, for the error.
        compare_contents: Find copies under other names too; reads every file whose size occurs on two sides.

    Raises:
        DatasetError: A leak, naming both sides and both names.
    """
    checker = _Checker(table, kind)
    for row, side in zip(table, sides, strict=True):
        checker.add_scene(scene_of(row), side)
        for name in filter(None, (row.image, row.reference)):
            checker.add_file(name, side)
    if compare_contents:
        checker.compare_contents()


class _Checker:
    """What was seen so far, and where."""

    def __init__(self, table: OpinionTable, kind: str) -> None:
        self._table = table
        self._kind = kind
        self._scenes: dict[str, tuple[str, str]] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._links: dict[tuple[int, int], tuple[str, str]] = {}
        self._files: dict[str, str] = {}

    def add_scene(self, scene: str, side: str) -> None:
        other, other_side = self._scenes.setdefault(scene.casefold(), (scene, side))
        if other_side != side and (scene == other or not self._are_two_files(scene, other)):
            raise self._leak("scene", (other, other_side), (scene, side))

    def add_file(self, name: str, side: str) -> None:
        if name in self._files:
            if self._files[name] != side:
                raise self._leak("file", (name, self._files[name]), (name, side))
            return
        self._files[name] = side
        key = posixpath.normpath(name).casefold()
        other, other_side = self._names.setdefault(key, (name, side))
        if other_side != side and not self._are_two_files(name, other):
            raise self._leak("file", (other, other_side), (name, side))
        link = _identity(self._table.path(name))
        if link:
            other, other_side = self._links.setdefault(link, (name, side))
            if other_side != side:
                raise self._leak("file", (other, other_side), (name, side))

    def compare_contents(self) -> None:
        by_size: dict[int, list[str]] = {}
        for name in self._files:
            path = self._table.path(name)
            if path.is_file():
                by_size.setdefault(path.stat().st_size, []).append(name)
        for names in by_size.values():
            if len({self._files[name] for name in names}) > 1:
                self._compare(names)

    def _compare(self, names: list[str]) -> None:
        seen: dict[bytes, str] = {}
        for name in names:
            other = seen.setdefault(_digest(self._table.path(name)), name)
            if self._files[other] != self._files[name]:
                raise self._leak("file", (other, self._files[other]), (name, self._files[name]))

    def _are_two_files(self, one: str, other: str) -> bool:
        """Whether names that differ in case only are two files of different contents."""
        first, second = self._table.path(one), self._table.path(other)
        if not (first.is_file() and second.is_file()) or _identity(first) == _identity(second):
            return False
        return first.stat().st_size != second.stat().st_size or _digest(first) != _digest(second)

    def _leak(self, thing: str, one: tuple[str, str], other: tuple[str, str]) -> DatasetError:
        names = repr(one[0]) if one[0] == other[0] else f"{one[0]!r}, the same as {other[0]!r},"
        return DatasetError(
            f"Expected every {thing} of {self._table.name} in one {self._kind}, got {names} in {one[1]!r} and in "
            f"{other[1]!r}: a leak. Give its rows one scene, or split by scene again."
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """What two links to one file share, where the file system tells."""
    try:
        status = os.stat(path)  # noqa: PTH116 (as quick as it gets: large datasets ask 700,000 times)
    except (OSError, ValueError):  # a name that no file can have, such as one with a zero byte
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.digest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
