"""Numbers and names as text, for files, errors and people."""

SHOWN_CHARACTERS = 80
"""How much of a file's own text an error repeats."""


def shown(text: str) -> str:
    """Text from a file as an error tells it: one short line, what cannot be printed as escapes.

    Example:
        >>> shown("dmos"), len(shown(chr(0) * 1000))
        ('dmos', 80)
    """
    cut = text[: SHOWN_CHARACTERS + 1]
    told = cut if cut.isprintable() else repr(cut)
    return told if len(told) <= SHOWN_CHARACTERS else f"{told[: SHOWN_CHARACTERS - 3]}..."
