import json

from acutance.errors import MissingExtraError
from acutance.extras import require
from tests.raising import raises


def test_a_package_that_is_there_is_imported():
    assert require("json", extra="none") is json


def test_a_package_that_is_not_there_says_how_to_get_it():
    with raises(MissingExtraError, "no_such_package", "acutance[parquet]"):
        require("no_such_package.inside", extra="parquet")
