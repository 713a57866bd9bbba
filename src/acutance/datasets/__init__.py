"""Public datasets of rated images as tables, their splits, triplets and pairs.

Files and tables that are missing, damaged or do not fit together raise ``DatasetError``, which names the place and the
cure; a file that cannot be written raises ``ConfigError``.
"""

from acutance.datasets.catalogue import DatasetReport, check_dataset, find_dataset, list_datasets, read_dataset
from acutance.datasets.folder import DatasetFacts
from acutance.datasets.lists import read_list
from acutance.datasets.table import (
    COLUMNS,
    OpinionTable,
    Problem,
    RatedImage,
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
    "RatedImage",
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
