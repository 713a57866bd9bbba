"""Numbers and names as text, for files, errors and people."""

import math
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

    Example:
        >>> some(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    more = len(names) - few
    return ", ".join(names[:few]) + (f" and {more:,} more" if more > 0 else "")


def printable(text: str) -> str:
    r"""The text on one line: what cannot be seen, or written as UTF-8, is spelt out.

    Args:
        text: Such as a file name, which may hold line breaks, marks that turn the direction of writing, and bytes
            that are no UTF-8 (which Python keeps as lone surrogates).

    Example:
        >>> print(printable("two\nlines and a byte: \udcff"))
        two\nlines and a byte: \udcff
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def readable(name: str) -> str:
    """The name as text that every file can hold: bytes of a file name that are no UTF-8 are spelt out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def number(value: float | None, form: str = "z.4f") -> str:
    """A number as tables in a terminal show it: whole ones as they are, a dash where there is none.

    Args:
        form: How a finite one that is not whole is written, as in an f-string.

    Example:
        >>> number(0.91234567), number(12), number(None), number(float("-inf"))
        ('0.9123', '12', '-', '-inf')
    """
    if value is None:
        return "-"
    return format(value, form) if isinstance(value, float) and math.isfinite(value) else str(value)


def pretty(value: float | None, form: str = ".5g") -> str:
    """A number as pages and plots show it: a dash where there is none, and no minus before a zero.

    Args:
        value: The number; NaN counts as none.
        form: How to write it, as in an f-string.

    Example:
        >>> pretty(0.91234567), pretty(None), pretty(float("inf")), pretty(0.5, ".4f")
        ('0.91235', '-', '∞', '0.5000')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    written = format(value, form)
    return written if float(written.replace(",", "")) else format(0.0, form)


def probability(value: float | None) -> str:
    """A p-value: four digits after the point, and no zero that is none.

    Example:
        >>> probability(0.04999), probability(1e-9)
        ('0.0500', '<0.0001')
    """
    return "<0.0001" if value is not None and value < 0.0001 else pretty(value, ".4f")
