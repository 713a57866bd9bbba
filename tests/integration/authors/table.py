"""The rows of the guide "From the authors' code", so that a test runs each of them as it stands there."""

import re
import shlex
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "from-the-authors-code.md"


def rows(heading: str) -> dict[str, str]:
    """What stands under a heading of the guide: their command, file or option, and ours."""
    section = GUIDE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    pairs = [row for row in cells if row[0] != "theirs" and set(row[0]) != {"-"}]
    assert all(len(row) == 2 for row in pairs)
    found = dict(pairs)
    assert len(found) == len(pairs), f"a row of {heading} stands there twice"
    return found


def commands(ours: str) -> list[str]:
    """The command lines in a cell, without what Markdown needs around them."""
    return [code.replace(r"\|", "|") for code in re.findall(r"`(acutance [^`]+)`", ours)]


def code(ours: str) -> list[str]:
    """The lines of Python in a cell."""
    return [line.replace(r"\|", "|") for line in re.findall(r"`([^`]+)`", ours) if not line.startswith("acutance ")]


def options(ours: str) -> list[str]:
    """The words of the options in a cell that go behind a command, those of each of its pieces one after the other."""
    return [word for piece in re.findall(r"`(--[^`]+)`", ours) for word in shlex.split(piece.replace(r"\|", "|"))]


def row_of(table: dict[str, str], begins: str) -> str:
    """Ours beside the one row whose first cell begins so."""
    (found,) = (ours for theirs, ours in table.items() if theirs.startswith(begins))
    return found
