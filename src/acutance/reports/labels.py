"""Names and numbers as a figure shows them."""

import math
import re
import textwrap
from collections.abc import Sequence

from acutance.evaluation.results import Interval
from acutance.types import Better

WIDTH = 18
"""Characters a line of a name beside an axis."""
LINES = 3
"""Lines of such a name."""
NONE = "\N{EN DASH}"
"""Stands where there is no number."""
MINUS = "\N{MINUS SIGN}"
"""As wide as a plus, as on axes."""
BREAK_AFTER = re.compile(r"(?<=[-_./ ])")
STATISTICS = {"srcc": "SRCC", "plcc": "PLCC", "krcc": "KRCC", "rmse": "RMSE", "mae": "MAE", "mos": "MOS"}


def drawable(text: str) -> str:
    r"""Text with a sign in place of what cannot be drawn: line breaks, control characters, broken Unicode.

    Example:
        >>> drawable("two\nlines")
        'two�lines'
    """
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def wrapped(name: str, width: int = WIDTH, lines: int = LINES) -> str:
    """A name on several lines, broken after ``_ - . /`` where it can be; the middle of a very long one is left out.

    Args:
        name: The name.
        width: Characters a line, at least 4.
        lines: How many lines at most.

    Example:
        >>> print(wrapped("ms_hyperiqa.koniq10k", 14))
        ms_hyperiqa.
        koniq10k
    """
    name = drawable(name)
    for length in range(min(len(name), width * lines), width, -1):
        rows = _broken(shortened(name, length), width)
        if len(rows) <= lines:
            return "\n".join(rows)
    return shortened(name, width)


def prose(text: str, width: int = 50, lines: int = 3) -> str:
    r"""A sentence on several lines, cut off after the last.

    Example:
        >>> prose("Expected scores that differ, got 40 times 3.", 20, 2)
        'Expected scores that\ndiffer, got 40 …'
    """
    return "\n".join(textwrap.wrap(drawable(text), width, max_lines=lines, placeholder=" …"))


def shortened(name: str, length: int) -> str:
    """A name without its middle, if it is longer than a length.

    Example:
        >>> shortened("ms_hyper_lr2e-05_bs96", 11)
        'ms_hy…_bs96'
    """
    if len(name) <= length:
        return name
    tail = (length - 1) // 2
    return f"{name[: length - 1 - tail]}…{name[len(name) - tail :]}"


def longest_line(names: Sequence[str]) -> int:
    r"""Characters of the longest line of some names.

    Example:
        >>> longest_line(["ms_hyperiqa.\nkoniq10k", "afine"])
        12
    """
    return max(len(line) for name in names for line in name.splitlines() or [""])


def all_wrapped(names: Sequence[str], width: int = WIDTH, lines: int = LINES) -> list[str]:
    """Names on several lines each; whole, however long, where shortening would make two of them look the same."""
    short = [wrapped(name, width, lines) for name in names]
    if len(set(short)) == len(set(names)):
        return short
    return [wrapped(name, width, -(-len(name) // width) + LINES) for name in names]


def direction(better: Better) -> str:
    """What the end of an axis means.

    Example:
        >>> direction("lower")
        'lower is better'
    """
    return f"{better} is better"


def number(value: float | None, digits: int = 3) -> str:
    """A number with fixed digits after the point, or a dash where there is none.

    Example:
        >>> number(0.91234), number(1234.5), number(None) == NONE
        ('0.912', '1234', True)
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    return (f"{value:.{digits}f}" if abs(value) < 100 or not digits else f"{value:.4g}").replace("-", MINUS)


def with_interval(value: float | None, interval: Interval | None) -> str:
    """A number and its interval.

    Example:
        >>> with_interval(0.9, Interval(low=0.88, high=0.92))
        '0.900 [0.880, 0.920]'
    """
    if interval is None:
        return number(value)
    return f"{number(value)} [{number(interval.low)}, {number(interval.high)}]"


def statistic_label(name: str) -> str:
    """The name of a statistic as papers write it.

    Example:
        >>> statistic_label("srcc"), statistic_label("outlier_ratio")
        ('SRCC', 'outlier ratio')
    """
    return STATISTICS.get(name, drawable(name.replace("_", " ")))


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts names with numbers as people do: 2 before 10.

    Example:
        >>> sorted(["10", "2", "jpeg"], key=natural)
        ['2', '10', 'jpeg']
    """
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def _broken(name: str, width: int) -> list[str]:
    """A name on as many lines as it takes."""
    words = BREAK_AFTER.split(name)
    pieces = [word[start : start + width] for word in words for start in range(0, len(word), width)]
    rows = [""]
    for piece in pieces:
        if rows[-1] and len(rows[-1]) + len(piece.rstrip()) > width:
            rows.append(piece)
        else:
            rows[-1] += piece
    return [row.strip() for row in rows if row.strip()]
