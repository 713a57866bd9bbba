"""Every row of "A-FINE: training and testing" has one test, in one of the modules that test it."""

from collections import Counter
from importlib import import_module

from tests.integration.authors.table import rows

MODULES = ("test_afine_files", "test_afine_lists", "test_afine_settings", "test_afine_distributed")


def test_every_row_of_the_section_is_run_once():
    names = [f"{__package__}.{name}" for name in MODULES]
    tested = Counter(row for name in names for row in import_module(name).ROWS)
    assert tested == Counter(list(rows("A-FINE: training and testing")))
