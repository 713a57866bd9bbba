from collections.abc import Callable
from pathlib import Path

import pytest

from acutance.datasets.catalogue import find_dataset, read_dataset
from acutance.datasets.folder import DatasetFolder
from acutance.datasets.table import OpinionTable, RatedImage
from tests.fakes.datasets.catalogue import FAKES

Rows = dict[str, RatedImage]
"""Rows by the path of their image."""


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the fake of a dataset and tells its root."""

    def make(name: str) -> Path:
        root = tmp_path / name
        FAKES[name].write(root)
        return root

    return make


def rows_of(table: OpinionTable) -> Rows:
    return {row.image: row for row in table}


def read_rows(name: str, root: Path) -> Rows:
    return rows_of(read_dataset(name, root))


def folder_of(name: str, root: Path) -> DatasetFolder:
    return DatasetFolder(root, find_dataset(name).facts)
