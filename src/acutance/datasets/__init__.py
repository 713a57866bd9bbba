"""Public datasets of rated pictures as tables, their splits, triplets and pairs."""

from acutance.datasets.catalogue import DatasetReport, check_dataset, find_dataset, list_datasets, read_dataset
from acutance.datasets.folder import DatasetFacts
from acutance.datasets.lists import read_list
from acutance.datasets.table import (
    COLUMNS,
    OpinionTable,
    Problem,
    RatedPicture,
    check_table,
    read_table,
    require_sound,
    write_table,
)
from acutance.errors import DatasetError

__all__ = [
    "COLUMNS",
    "DatasetError",
    "DatasetFacts",
    "DatasetReport",
    "OpinionTable",
    "Problem",
    "RatedPicture",
    "check_dataset",
    "check_table",
    "find_dataset",
    "list_datasets",
    "read_dataset",
    "read_list",
    "read_table",
    "require_sound",
    "write_table",
]
