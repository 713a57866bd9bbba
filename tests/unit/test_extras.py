import json

import pytest

from acutance.errors import MissingExtraError
from acutance.extras import require


def test_a_package_that_is_there_is_imported():
    assert require("json", extra="none") is json


def test_a_package_that_is_not_there_says_how_to_get_it():
    with pytest.raises(MissingExtraError, match=r'not installed\. Do: pip install "acutance\[parquet\]"'):
        require("no_such_package.inside", extra="parquet")
