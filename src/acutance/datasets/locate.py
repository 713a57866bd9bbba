"""The pictures of a dataset that a published list names, whatever its folders, cases and endings."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from acutance.datasets.comparisons import Comparison
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError

Listed = TypeVar("Listed", bound=Comparison)


def located(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """Comparisons whose names are the paths of a table.

    A name is looked for without its folders and without regard to case; if there is none, without its ending,
    since A-FINE's lists call the references of PIPAL and TID2013 ``.png``.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset.

    Raises:
        DatasetError: A name that no picture has, or several.
    """
    index = _Index(table)
    return [
        replace(row, first=index.find(row.first), second=index.find(row.second), reference=index.find(row.reference))
        for row in comparisons
    ]


def belonging(comparisons: Iterable[Listed], table: OpinionTable) -> list[Listed]:
    """The comparisons whose reference is one of the table's, found without folder, case and ending.

    Args:
        comparisons: Comparisons or triplets, as they were read.
        table: Table of the dataset, or of a part of it.
    """
    references = {PurePosixPath(row.reference).stem.casefold() for row in table if row.reference}
    return [row for row in comparisons if PurePosixPath(row.reference).stem.casefold() in references]


class _Index:
    def __init__(self, table: OpinionTable) -> None:
        self._dataset = table.name
        self._by_name: dict[str, set[str]] = {}
        self._by_stem: dict[str, set[str]] = {}
        for path in {path for row in table for path in (row.image, row.reference) if path}:
            self._by_name.setdefault(PurePosixPath(path).name.casefold(), set()).add(path)
            self._by_stem.setdefault(PurePosixPath(path).stem.casefold(), set()).add(path)

    def find(self, name: str) -> str:
        wanted = PurePosixPath(name)
        found = self._by_name.get(wanted.name.casefold()) or self._by_stem.get(wanted.stem.casefold()) or set()
        if name in found:
            return name
        if len(found) != 1:
            got = f"several: {', '.join(sorted(found)[:3])}" if found else "none"
            raise DatasetError(
                f"Expected one picture of {self._dataset} for {name!r} of the list, got {got}. "
                "Take the table of the dataset that the list is for."
            )
        return next(iter(found))
