"""The error of datasets, and how it tells what stands in a file."""

import shlex
from pathlib import Path

from acutance.errors import AcutanceError

SHOWN_CHARACTERS = 80
"""How much of a file's own text an error repeats."""


class DatasetError(AcutanceError, ValueError):
    """A dataset that is not where it should be, not whole, or damaged."""


class OpinionDirectionError(DatasetError):
    """Opinions of which nobody said whether higher or lower is better.

    Args:
        path: The file.
        column: Name of their column.
        command: What was called, to be shown with each direction.
        place: Which row of the file, where others do tell.
    """

    def __init__(self, path: Path, column: str, command: str = "", place: str = "") -> None:
        self.path, self.column, self.place = path, column, place
        command = command or f"acutance evaluate MODEL --data {shlex.quote(str(path))} --output results"
        super().__init__(
            f"Expected which direction of the column {column} of {place or path} means better quality, got none: lower "
            f"in LIVE and CSIQ, higher in KADID-10k. Say it: {command} --opinion-better lower, or: {command} "
            "--opinion-better higher (in Python opinion_better; read_list: better)."
        )


def shown(text: str) -> str:
    """Text from a file as an error tells it: one short line, what cannot be printed as escapes.

    Example:
        >>> shown("dmos"), len(shown(chr(0) * 1000))
        ('dmos', 80)
    """
    cut = text[: SHOWN_CHARACTERS + 1]
    told = cut if cut.isprintable() else repr(cut)
    return told if len(told) <= SHOWN_CHARACTERS else f"{told[: SHOWN_CHARACTERS - 3]}..."
