"""Keep a list of all tests with their tiers, so that none is lost on the way from one tier to another.

    python .ci/names.py          # fails, and prints the difference, if tests/names.txt is not what is there
    python .ci/names.py --write  # after tests were added, renamed or moved: the change is then seen in review

A line is a tier, the number of cases and the test: ``default 3 tests/unit/stats/test_ties.py::test_...``.
"""

import contextlib
import difflib
import io
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "tests", ROOT / "src")
LIST = ROOT / "tests" / "names.txt"
TIERS = ("gpu", "network", "weights", "slow")
"""Marks of the tests that the default tier leaves out."""


class Collected:
    """A plugin of pytest that counts the cases of every test."""

    def __init__(self) -> None:
        self.cases: Counter[tuple[str, str]] = Counter()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what was collected."""
        for item in session.items:
            tier = next((mark for mark in TIERS if item.get_closest_marker(mark)), "default")
            self.cases[item.nodeid.partition("[")[0], tier] += 1


def main() -> int:
    """Compare the list with the tests, or write it."""
    collected = Collected()
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        status = pytest.main(
            [f"--rootdir={ROOT}", "--collect-only", "-q", "-m", "", *map(str, FOLDERS)], plugins=[collected]
        )
    if status != pytest.ExitCode.OK:
        print("\n".join(shown.getvalue().splitlines()[-40:]))
        return int(status)
    lines = [f"{tier} {count} {name}" for (name, tier), count in sorted(collected.cases.items())]
    totals = Counter[str]()
    for (_, tier), count in collected.cases.items():
        totals[tier] += count
    print(", ".join(f"{totals[tier]} {tier}" for tier in ("default", *TIERS)))
    if "--write" in sys.argv[1:]:
        LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return 0
    difference = list(difflib.unified_diff(LIST.read_text("utf-8").splitlines(), lines, "names.txt", "tests", n=0))
    print("\n".join(difference))
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
