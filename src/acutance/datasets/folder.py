"""A dataset as published, and as it lies on disk."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError
from acutance.types import Better

RESEARCH_ONLY = "Education and research only, commercial use: no."
NOT_STATED = "Not stated with the data."
TAKE_WHAT_IS_THERE = (
    "take what is there (--allow-missing, allow_missing=True, in a training --set task.data.allow_missing=true)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFacts:
    """Published facts of a dataset; its counts are the paper's."""

    name: str
    """Name on the command line and in Python."""
    title: str
    """Name as the paper spells it."""
    rated: int
    """Images with an opinion score."""
    unrated: int = 0
    """Images without one that belong to the dataset all the same."""
    references: int | None = None
    """Pristine images; ``None`` where there are none."""
    distortions: int | None = None
    """Kinds of distortion, methods or generators; ``None`` where nobody counts them."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Images in each official split."""
    better: Better = "higher"
    """Which direction of the published scores means better quality."""
    low: float | None = None
    """Lowest value of the published scale; ``None`` where it has no stated end."""
    high: float | None = None
    """Highest value of the scale."""
    layout: str
    """Files and folders below the root."""
    licence: str
    """What may be done with it, as far as its authors say."""
    where: str
    """Where to get it."""
    paper: str
    """Authors, title, venue and year."""
    note: str = ""
    """What surprises."""

    @property
    def pictures(self) -> int:
        """All images that have a row, references left out."""
        return self.rated + self.unrated


@dataclass(frozen=True, slots=True)
class Dataset:
    """Facts of a dataset, and the reader of its folder."""

    facts: DatasetFacts
    read: Callable[["DatasetFolder"], list[RatedImage]]
    """Rows in any order, without the scale, which the facts tell; the scene is the reference or else the image, where
    nothing else is said. Missing images are noted in the folder."""


class DatasetFolder:
    """The root of a dataset. Names are found without regard to case, and given back as they are on the disk.

    Args:
        root: The folder that the published layout starts from.

    Attributes:
        missing: Images that should be there, in the order in which they were looked for.
    """

    def __init__(self, root: Path, facts: DatasetFacts) -> None:
        self.root = root
        self.facts = facts
        self.missing: dict[str, None] = {}
        self._listings: dict[str, dict[str, str]] = {}
        self._gathered: dict[str, dict[str, str]] = {}
        if not root.is_dir():
            got = "a file" if root.exists() else "no such folder"
            raise DatasetError(f"Expected {facts.title} in the folder {root}, got {got}. {self._cure()}")

    def find(self, *relatives: str) -> Path | None:
        """The first of these files or folders that is there."""
        for relative in relatives:
            real = self._real(relative)
            if real is not None:
                return self.root / real
        return None

    def need(self, *relatives: str) -> Path:
        """The first of these files or folders that is there."""
        found = self.find(*relatives)
        if found is None:
            below = self._one_level_down(relatives)
            raise DatasetError(
                f"Expected {self.facts.title} in {self.root} with {' or '.join(relatives)}, got no such file. "
                + (f"Did you mean {below}?" if below else self._cure())
            )
        return found

    def image(self, relative: str) -> str:
        """The path of an image; one that is not there is noted as missing, under the name given."""
        real = self._real(relative)
        if real is None:
            self.missing[relative] = None
        return real or relative

    def image_below(self, folder: str, name: str) -> str:
        """The path of an image of this name anywhere below a folder; else noted as missing."""
        found = self.gather(folder).get(name.lower())
        return found if found is not None else self.image(f"{folder}/{name}" if folder else name)

    def names(self, relative: str) -> list[str]:
        """Names of what lies in a folder, sorted; nothing if there is no such folder."""
        real = self._real(relative)
        return [] if real is None else sorted(set(self._listing(real).values()), key=name_order)

    def gather(self, folder: str) -> dict[str, str]:
        """Every file below a folder: name in lower case to path, the first in order where names clash."""
        if folder not in self._gathered:
            found: dict[str, str] = {}
            real = self._real(folder)
            for path in self._walk(real) if real is not None else ():
                found.setdefault(PurePosixPath(path).name.lower(), path)
            self._gathered[folder] = found
        return self._gathered[folder]

    def require_whole(self, expected: int) -> None:
        """Raise if images are missing, of so many that the lists name."""
        if self.missing:
            count, first = len(self.missing), min(self.missing, key=name_order)
            raise DatasetError(
                f"Expected {expected:,} images of {self.facts.title} in {self.root}, got {expected - count:,}: "
                f"{first} is missing{f' and {count - 1:,} more' if count > 1 else ''}. "
                f"Copy it again from {self.facts.where}, or {TAKE_WHAT_IS_THERE}."
            )

    def _real(self, relative: str) -> str | None:
        found = ""
        for part in relative.split("/") if relative else ():
            listing = self._listing(found)
            name = part if part in listing else listing.get(part.lower())
            if name is None:
                return None
            found = f"{found}/{listing[name]}" if found else listing[name]
        return found

    def _listing(self, real: str) -> dict[str, str]:
        """What lies in a folder: real and lower-case name to real name."""
        if real not in self._listings:
            try:
                with os.scandir(self.root / real) as entries:
                    names = sorted(entry.name for entry in entries)
            except NotADirectoryError:
                names = []
            except OSError as error:
                raise DatasetError(
                    f"Expected {self.facts.title} in {self.root / real}, got: {error.strerror}. Check its rights."
                ) from error
            listing = {name.lower(): name for name in reversed(names) if not name.startswith(".")}
            self._listings[real] = listing | {name: name for name in listing.values()}
        return self._listings[real]

    def _walk(self, real: str) -> Iterator[str]:
        for place, folders, names in os.walk(self.root / real):
            folders[:] = sorted((name for name in folders if not name.startswith(".")), key=name_order)
            below = Path(place).relative_to(self.root).as_posix()
            for name in sorted(names, key=name_order):
                if not name.startswith("."):
                    yield name if below == "." else f"{below}/{name}"

    def _one_level_down(self, relatives: tuple[str, ...]) -> Path | None:
        for name in self.names(""):
            folder = self.root / name
            if folder.is_dir() and DatasetFolder(folder, self.facts).find(*relatives) is not None:
                return folder
        return None

    def _cure(self) -> str:
        return f"Name the folder that holds {self.facts.layout}, or get it from {self.facts.where}."


def name_order(path: str) -> tuple[str, str]:
    """Order of names: without regard to case, then by it."""
    return path.lower(), path
