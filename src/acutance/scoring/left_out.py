"""What a run leaves out, said in lines and written into its provenance: kinds not read, later frames, lost bits."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acutance.images.formats import unread_kind
from acutance.tables.text import FEW, some

if TYPE_CHECKING:
    from acutance.scoring.rows import ScoreRow

LOCKED = "folder without the right to look into"


def kinds_of(unread: Sequence[str]) -> str:
    """How many files of which kind, the first ones by name.

    Args:
        unread: Pictures of kinds that are not read; what ends in a slash is a folder.

    Example:
        >>> kinds_of(["a.heic", "b.HEIC", "c.jxl"])
        '2 HEIC (a.heic, b.HEIC) and 1 JPEG XL (c.jxl)'
    """
    parts = [f"{len(names)} {kind} ({some(names)})" for kind, names in _by_kind(unread).items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@dataclass
class LeftOut:
    """What a run left out: known before it of kinds that are not read, while it runs of later frames.

    Example:
        >>> left_out = LeftOut(["a.heic"])
        >>> left_out.frames["b.gif"] = 11
        >>> left_out.fields()["later_frames"]
        {'count': 1, 'first': {'b.gif': 11}}
    """

    unread: Sequence[str] = ()
    """Pictures of kinds that are not read, and folders that may not be looked into (these end in a slash)."""
    frames: dict[str, int] = field(default_factory=dict)
    """How many later frames each picture has, by its name; those without are not in it."""
    depths: Counter[str] = field(default_factory=Counter)
    """How many scores come from fewer bits than the files hold, by what was kept, such as ``8 of 16``."""

    def count_depth(self, rows: "Iterable[ScoreRow]") -> None:
        """Count those of the rows that come from fewer bits than their files hold."""
        self.depths.update(row.depth for row in rows if row.depth is not None)

    def before(self) -> list[str]:
        """Lines for a user before the work begins."""
        return [f"left out, not read here: {kinds_of(self.unread)}"] if self.unread else []

    def after(self) -> list[str]:
        """Lines for a user when the work is done."""
        lines = []
        if self.frames:
            count = f"{len(self.frames):,} picture{'s' if len(self.frames) > 1 else ''}"
            named = some([f"{name}: {more} more" for name, more in self.frames.items()])
            lines.append(f"only the first frame of {count} counts ({named})")
        if self.depths:
            kinds = ", ".join(f"depth {depth} in {count:,}" for depth, count in self.depths.items())
            lines.append(f"fewer bits than their files hold: {kinds} score{'s' if self.depths.total() > 1 else ''}")
        return lines

    def fields(self) -> dict[str, Any]:
        """The same for the provenance, as plain JSON values; empty if nothing was left out."""
        fields: dict[str, Any] = {}
        if self.unread:
            kinds = _by_kind(self.unread).items()
            fields["left_out"] = {kind: {"count": len(names), "first": list(names[:FEW])} for kind, names in kinds}
        if self.frames:
            first = dict(list(self.frames.items())[:FEW])
            fields["later_frames"] = {"count": len(self.frames), "first": first}
        if self.depths:
            fields["depth"] = dict(self.depths)
        return fields


def later_frames_of(source: object) -> int:
    """How many frames of a file follow the one that is read; 0 for what is no file, or cannot be read again.

    Args:
        source: Anything that ``read_image`` takes; a file object is left anywhere.
    """
    from PIL import Image  # here: what reads rows of scores must not load torch

    from acutance.images.frames import later_frames, later_frames_of_picture
    from acutance.images.tags import SeekableFile

    try:
        if isinstance(source, str | os.PathLike):
            with Path(source).open("rb") as file:
                return later_frames(file)
        if isinstance(source, Image.Image):
            return later_frames_of_picture(source)
        if isinstance(source, SeekableFile) and hasattr(source, "seekable") and source.seekable():
            return later_frames(source)
    except OSError:
        return 0
    return 0


def _by_kind(unread: Sequence[str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name in unread:
        kinds.setdefault(LOCKED if name.endswith("/") else unread_kind(name) or "", []).append(name)
    return kinds
