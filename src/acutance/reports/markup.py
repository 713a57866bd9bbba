"""HTML in which every text is escaped, whoever wrote it: file names, errors and model names are never markup."""

import html
import math
from collections.abc import Iterable

from acutance.tables.text import printable

_VOID = frozenset({"img", "input", "meta"})


class Html(str):
    """A piece of markup that is safe to put into a page as it is; anything else is text."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """A text as markup; markup stays as it is.

    Example:
        >>> escaped('<b> & "c"')
        '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return text if isinstance(text, Html) else Html(html.escape(printable(text), quote=True))


def joined(pieces: Iterable[str]) -> Html:
    """Pieces of markup, and texts, one behind the other."""
    return Html("".join(map(escaped, pieces)))


def tag(name: str, *children: str, **attributes: str | bool) -> Html:
    """An element.

    Args:
        name: Its name.
        children: Markup as it is and texts escaped.
        attributes: By name; underscores stand for hyphens and one at the end falls away (``class_``); ``True`` is
            an attribute without a value, ``False`` one that is not there.

    Example:
        >>> tag("td", "a<b", data_value="1", class_="number", hidden=False)
        '<td data-value="1" class="number">a&lt;b</td>'
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not False}
    opening = "".join(f" {key}" if value is True else f' {key}="{escaped(str(value))}"' for key, value in given.items())
    if name in _VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{joined(children)}</{name}>")


def number(value: float | None, form: str = ".5g") -> str:
    """A number as people read it; a dash where there is none.

    Args:
        value: The number; NaN counts as none.
        form: How to write it, as in an f-string.

    Example:
        >>> number(0.91234567), number(None), number(float("inf")), number(0.5, ".4f")
        ('0.91235', '-', '∞', '0.5000')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    written = format(value, form)
    return written if float(written.replace(",", "")) else format(0.0, form)  # no minus before a zero


def probability(value: float | None) -> str:
    """A p-value: four digits after the point, and no zero that is none.

    Example:
        >>> probability(0.04999), probability(1e-9)
        ('0.0500', '<0.0001')
    """
    return "<0.0001" if value is not None and value < 0.0001 else number(value, ".4f")
