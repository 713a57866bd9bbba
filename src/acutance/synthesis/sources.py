"""Pristine pictures, each with a name of its own that files can carry."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acutance.errors import ConfigError, InputError
from acutance.scoring.left_out import LeftOut
from acutance.scoring.sources import collect

_LOGGER = logging.getLogger(__name__)
LONGEST_NAME = 120
"""Bytes of a name at most: what is added to it must fit into the 255 of most file systems."""

_UNFIT = re.compile(r"[^\w.+() -]")
"""Characters of a file name that become an underscore."""


@dataclass(frozen=True)
class Source:
    """One pristine picture."""

    path: Path
    """Where it was found."""
    name: str
    """Its file name without ending; numbered where two would meet, also where case does not count."""


def find_sources(places: Sequence[str | Path], output: Path | None = None) -> list[Source]:
    """The pictures that files and folders hold, each once: folders sorted, places in their own order.

    Args:
        places: Files and folders; folders are walked.
        output: Folder that is written to; left out when a folder around it is walked.

    Raises:
        ImageReadError: A place that does not exist.
        InputError: A folder without pictures, or no place at all.
    """
    found = collect([*places])
    for line in LeftOut(found.unread).before():
        _LOGGER.warning("%s", line)
    pictures = {picture.key: Path(picture.source) for picture in found.pictures}
    if output is not None and not any(_is_below(Path(place), output) for place in places):
        below = {folder for folder in {path.parent for path in pictures.values()} if _is_below(folder, output)}
        pictures = {key: path for key, path in pictures.items() if path.parent not in below}
        if not pictures:
            raise InputError(f"Expected pictures outside {output}, which is written to, got none. Name another folder.")
    taken: set[str] = set()
    used: dict[str, int] = {}
    return [Source(path, _own_name(path, taken, used)) for path in pictures.values()]


def demand_outside(sources: Sequence[Source], folder: Path) -> None:
    """Raise ``ConfigError`` if a source lies in the folder that is written to."""
    for source in sources:
        if _is_below(source.path, folder):
            raise ConfigError(
                f"Expected sources outside {folder}, which is written to, got {source.path}. Choose another output."
            )


def demand_unchanged(sources: Sequence[Source], began: int) -> None:
    """Raise ``ConfigError`` if a source was changed after a moment, in nanoseconds since 1970."""
    for source in sources:
        if not source.path.exists():
            continue
        times = source.path.stat()
        if max(times.st_mtime_ns, times.st_ctime_ns) > began:
            raise ConfigError(
                f"Expected {source.path} as it was when the run began, got a file that was changed since. "
                "Start anew with --overwrite."
            )


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _own_name(path: Path, taken: set[str], used: dict[str, int]) -> str:
    stem = _UNFIT.sub("_", path.stem).encode()[:LONGEST_NAME].decode(errors="ignore")
    name, number = stem, used.get(stem.casefold(), 1)
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    used[stem.casefold()] = number
    taken.add(name.casefold())
    return name
