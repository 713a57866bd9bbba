"""Numbers and names as text, for files, errors and people."""

from collections.abc import Sequence

SHOWN_CHARACTERS = 80
"""How much of a file's own text an error repeats."""
FEW = 3
"""How many names an error shows before it only counts."""


def shown(text: str) -> str:
    """Text from a file as an error tells it: one short line, what cannot be printed as escapes.

    Example:
        >>> shown("dmos"), len(shown(chr(0) * 1000))
        ('dmos', 80)
    """
    cut = text[: SHOWN_CHARACTERS + 1]
    told = cut if cut.isprintable() else repr(cut)
    return told if len(told) <= SHOWN_CHARACTERS else f"{told[: SHOWN_CHARACTERS - 3]}..."


def some(names: Sequence[str], few: int = FEW) -> str:
    """The first names, and how many more.

    Args:
        names: The names.
        few: How many to show.

    Example:
        >>> some(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    more = len(names) - few
    return ", ".join(names[:few]) + (f" and {more} more" if more > 0 else "")
