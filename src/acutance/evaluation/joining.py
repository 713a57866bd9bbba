"""Scores from files meet the pictures of a table: by path below the root or by unique file name, never by order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from acutance.errors import EvaluationError
from acutance.evaluation.protocol import PictureKey
from acutance.evaluation.score_sheets import ScoredLine

SHOWN_NAMES = 3
"""How many names an error shows before it only counts."""


class PathFinder:
    """Finds a path of a table by any longer path that ends with it, else by a file name that only one has.

    Args:
        paths: Paths relative to the root of the table.

    Example:
        >>> finder = PathFinder(["images/a.png", "images/b.png", "other/b.png"])
        >>> finder.find("/data/set/images/b.png"), finder.find("a.png"), finder.find("b.png")
        ('images/b.png', 'images/a.png', None)
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = {_plain(path): path for path in paths}
        self._by_name: dict[str, str | None] = {}
        for path in self._paths.values():
            name = PurePosixPath(path).name
            self._by_name[name] = None if name in self._by_name else path

    def find(self, name: str) -> str | None:
        """The path, or ``None`` if there is none, or several."""
        tail = _plain(name)
        while tail:
            if tail in self._paths:
                return self._paths[tail]
            tail = tail.partition("/")[2]
        return self._by_name.get(PurePosixPath(_plain(name)).name)


@dataclass
class JoinedScores:
    """What a file says of the pictures of one table."""

    scores: dict[PictureKey, ScoredLine]
    """By picture."""
    strays: list[ScoredLine]
    """Lines that meet no picture."""


def join(lines: Sequence[ScoredLine], keys: Iterable[PictureKey], what: str) -> JoinedScores:
    """The lines of one model, each at the picture it belongs to.

    Args:
        lines: What a file says of one model.
        keys: Pictures with their references.
        what: What the lines are, for errors.

    Raises:
        EvaluationError: Two lines for one picture that do not say the same.
    """
    by_image: dict[str, list[PictureKey]] = {}
    for picture in keys:
        by_image.setdefault(picture[0], []).append(picture)
    images = PathFinder(by_image)
    references = PathFinder({reference for listed in by_image.values() for _, reference in listed if reference})
    joined = JoinedScores({}, [])
    for line in lines:
        image = images.find(line.image)
        found = [] if image is None else _meant(by_image[image], line, references)
        if not found:
            joined.strays.append(line)
        for key in found:
            before = joined.scores.setdefault(key, line)
            if (before.score, before.error) != (line.score, line.error):
                raise EvaluationError(
                    f"Expected one score of {key[0]} in {what}, got one for {before.image} and another for "
                    f"{line.image}. Leave one out, or name pictures by their paths below the root."
                )
    return joined


def some(names: Sequence[str]) -> str:
    """The first names, and how many more.

    Example:
        >>> some(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _meant(keys: Sequence[PictureKey], line: ScoredLine, references: PathFinder) -> list[PictureKey]:
    """Which of the places of a picture a line means: all of them if it names no reference and none stands alone.

    A picture of one place is meant beside any reference but that of another picture.
    """
    if line.reference is None:
        return [key for key in keys if key[1] is None] or list(keys)
    reference = references.find(line.reference)
    if len(keys) == 1 and (reference is None or keys[0][1] is None):
        return list(keys)
    return [key for key in keys if reference is not None and key[1] == reference]


def _plain(path: str) -> str:
    r"""The path without ``./`` and with ``/`` for ``\`` where it has no other."""
    if "\\" in path and "/" not in path:
        path = path.replace("\\", "/")
    return path.removeprefix("./").lstrip("/")
