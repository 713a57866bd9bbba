"""Which of many files is meant: by the end of its path, or by its name."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePosixPath


class PathIndex:
    """Finds paths by what other files call them.

    Args:
        paths: With ``/``, below one folder.

    Example:
        >>> index = PathIndex(["images/a.png", "images/b.png", "other/b.png"])
        >>> index.by_end("/data/set/images/b.png"), index.by_end("a.png"), index.by_end("b.png")
        ('images/b.png', 'images/a.png', None)
        >>> index.by_name("A.bmp"), index.by_name("b.png")
        (['images/a.png'], ['images/b.png', 'other/b.png'])
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = list(dict.fromkeys(paths))

    def by_end(self, name: str) -> str | None:
        r"""The longest path that the name ends with, else the only one of this file name; case counts.

        Args:
            name: A path from anywhere, with ``/`` or with ``\`` alone.
        """
        tail = name = _plain(name)
        while tail:
            if tail in self._by_path:
                return self._by_path[tail]
            tail = tail.partition("/")[2]
        return self._by_file_name.get(PurePosixPath(name).name)

    def by_name(self, name: str) -> list[str]:
        """The paths that may be meant: the name itself if it is one, else those of its name, whatever folder and case.

        Where no path has that, its ending doesn't count: A-FINE's lists call the references of PIPAL and TID2013
        ``.png``.

        Args:
            name: A file name or a path, of which the folders don't count.
        """
        found = self._by_folded_name.get(PurePosixPath(name).name.casefold()) or self.by_stem(name)
        return [name] if name in found else found

    def by_stem(self, name: str) -> list[str]:
        """The paths of a file name, without regard to folder, case and ending."""
        return self._by_stem.get(PurePosixPath(name).stem.casefold(), [])

    @cached_property
    def _by_path(self) -> dict[str, str]:
        return {_plain(path): path for path in self._paths}

    @cached_property
    def _by_file_name(self) -> dict[str, str | None]:
        """Path of each file name, ``None`` where several have it."""
        found: dict[str, str | None] = {}
        for path in self._by_path.values():
            name = PurePosixPath(path).name
            found[name] = None if name in found else path
        return found

    @cached_property
    def _by_folded_name(self) -> dict[str, list[str]]:
        return _grouped((PurePosixPath(path).name, path) for path in self._paths)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _grouped((PurePosixPath(path).stem, path) for path in self._paths)


def _grouped(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, path in named:
        found.setdefault(name.casefold(), []).append(path)
    return found


def _plain(path: str) -> str:
    r"""The path without ``./`` and with ``/`` for ``\`` where it has no other."""
    if "\\" in path and "/" not in path:
        path = path.replace("\\", "/")
    return path.removeprefix("./").lstrip("/")
