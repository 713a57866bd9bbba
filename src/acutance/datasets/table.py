"""One table for every dataset: pictures, their references, what people said of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from acutance.tables.read import Number, Whole
from acutance.types import Better


def _known_part(split: str) -> str:
    if split not in ("train", "validation", "test"):
        raise ValueError("train, validation or test")
    return split


@dataclass(frozen=True, kw_only=True, slots=True)
class RatedPicture:
    """One row: a picture and the opinion of it."""

    image: str
    """Path of the picture, relative to the root of the dataset, with ``/``, as it is on this disk."""
    reference: str | None = None
    """Path of its reference, if it has one."""
    mos: Number = None
    """Mean opinion score as published; ``None`` where there is none."""
    mos_std: Number = None
    """Standard deviation of the opinions."""
    num_votes: Whole = None
    """How many people were asked."""
    better: Better = "higher"
    """Which direction of ``mos`` means better quality."""
    low: Number = None
    """Lowest value of the scale of ``mos``."""
    high: Number = None
    """Highest value of the scale."""
    distortion: str | None = None
    """What was done to the picture, in the dataset's own words."""
    level: Whole = None
    """How strongly, 1 for least."""
    scene: str | None = None
    """What must not stand on two sides of a split: the reference, or the picture itself."""
    split: Annotated[str | None, AfterValidator(_known_part)] = None
    """``train``, ``validation`` or ``test``, where the dataset says so."""


COLUMNS = tuple(field.name for field in fields(RatedPicture))
"""Names of the columns, in their order in files."""


class OpinionTable:
    """Rated pictures of one root folder.

    Args:
        rows: The pictures, in an order that does not depend on the file system.
        root: Folder that their paths start from.
        name: Name of the dataset.
        notes: What a user should know of it, a line each: pictures that are not there, columns that were not read.
    """

    def __init__(self, rows: Iterable[RatedPicture], root: Path, name: str, notes: Sequence[str] = ()) -> None:
        self.rows = list(rows)
        self.root = root
        self.name = name
        self.notes = tuple(notes)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RatedPicture]:
        return iter(self.rows)

    def path(self, relative: str) -> Path:
        """Where a picture of the table is."""
        return self.root / relative

    def paths(self) -> list[Path]:
        """Where the pictures are, in the order of the rows."""
        return [self.path(row.image) for row in self.rows]
